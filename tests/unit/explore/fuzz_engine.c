/* SPDX-License-Identifier: MIT */
/*
 * fuzz_engine.c - the check engine against the reference on random programs.
 *
 * Covers: the set of executions (reads-from and store orders) of programs of 2 or 3 threads under sc,
 * tso and lkmm, each found once; executions in which a thread waits for ever, and that they are
 * reported as deadlocks; data races of plain accesses and the two operations that race.
 * Not here: programs with known counts (tests/counts), the record and its replay (replay.c).
 *
 * The engine shows registers and final memory, not graphs; each constant stored is unique, so that
 * reads-from can be read off the values, and the store orders that values don't show are compared by
 * number: for each outcome as many executions as the reference has graphs.
 *
 * How likely it is to miss: a mistake that shows in one program of n is missed by a run over k with
 * probability (1 - 1/n)^k. Of the 13 mutants of the engine (enum flx_mutant) the rarest shows in 1
 * of about 160 programs (mutants.c, docs/internals/engine-tests.md); the default run does some
 * 8,000, so such a mistake escapes with less than 1e-20, one that shows in 1 of 1,000 with less
 * than 1e-3. Real ones were rarer still: run long after a change of the search. Blind: 5 threads
 * and more, more than 4 locations, loops, call_rcu(), accesses of mixed sizes.
 *
 *	fuzz_engine [SECONDS [FIRST-SEED [LAST-SEED]]]
 *	fuzz_engine -p PROGRAM		one program of refmodel.h's language, under each model
 * ENGINE_TEST_SECONDS sets the time too (default 25).
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "random_prog.h"
#include "run_table.h"

#define MODELS 3

static const enum flx_model models[MODELS] = { FLX_SC, FLX_TSO, FLX_LKMM };

/* Candidates of the reference: keeps a program at some milliseconds. */
#define MAX_COST 30000

static double seconds = 25;
static uint64_t first_seed = 1, last_seed = UINT64_MAX;

/* For the handler of crashes and endless loops: what runs now. */
static char now_running[2200];

static void crashed(int sig)
{
	ssize_t n;

	n = write(STDERR_FILENO, now_running, strlen(now_running));
	n = write(STDERR_FILENO, sig == SIGALRM ? "  did not end\n" : "  crashed\n", 12);
	(void)n;
	signal(sig, SIG_DFL);
	raise(sig);
}

static void announce(const struct rm_prog *p, uint64_t seed, enum flx_model m)
{
	int n = snprintf(now_running, sizeof(now_running),
			 "seed %llu, model %s: ", (unsigned long long)seed, rm_model_name[m]);

	rm_format(p, now_running + n, sizeof(now_running) - (size_t)n - 1);
	strcat(now_running, "\n");
	alarm(60);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

struct failure {
	enum flx_model model;
	unsigned int size;
	uint64_t seed;
};

static bool disagrees(const struct rm_prog *p, void *arg)
{
	const struct failure *f = arg;
	char why[4096];

	announce(p, f->seed, f->model);
	return !rt_agrees(p, f->model, FLX_MUT_NONE, f->size, why, sizeof(why), NULL);
}

static void report(struct rm_prog *p, struct failure *f)
{
	static char table[4096], line[2048], why[4096];
	const char *profile;
	struct rm_prog q;

	rp_program(&q, f->seed, &profile);
	rp_shrink(p, disagrees, f);
	rt_agrees(p, f->model, FLX_MUT_NONE, f->size, why, sizeof(why), NULL);
	rm_table(p, table, sizeof(table));
	rm_format(p, line, sizeof(line));
	ck_abort_msg("model %s, seed %llu (%s), made smaller:\n%s  text: %s\n%s",
		     rm_model_name[f->model], (unsigned long long)f->seed, profile, table, line,
		     why);
}

START_TEST(engine_and_reference_agree_on_random_programs)
{
	double end = now() + seconds;
	uint64_t programs = 0, skipped = 0, seed;

	signal(SIGSEGV, crashed);
	signal(SIGABRT, crashed);
	signal(SIGALRM, crashed);
	for (seed = first_seed; now() < end && seed <= last_seed; seed++) {
		struct rm_prog p;
		bool skip = false;

		rp_program(&p, seed, NULL);
		if (rp_cost(&p) > MAX_COST) {
			skipped++;
			continue;
		}
		for (int m = 0; m < MODELS; m++) {
			struct failure f = { models[m], seed / 7 % 2 ? 8 : 4, seed };
			char why[4096];

			announce(&p, seed, models[m]);
			if (!rt_agrees(&p, f.model, FLX_MUT_NONE, f.size, why, sizeof(why), &skip))
				report(&p, &f);
		}
		programs++;
	}
	alarm(0);
	printf("fuzz_engine: seeds %llu..%llu, %llu programs under three models, %llu too large\n",
	       (unsigned long long)first_seed, (unsigned long long)seed - 1,
	       (unsigned long long)programs, (unsigned long long)skipped);
}
END_TEST

/* One program given on the command line. */
static int one_program(const char *text)
{
	static char why[4096];
	struct rm_prog p;
	int status = 0;

	if (rm_parse(&p, text, why, sizeof(why))) {
		fprintf(stderr, "%s\n", why);
		return 2;
	}
	signal(SIGSEGV, crashed);
	signal(SIGABRT, crashed);
	signal(SIGALRM, crashed);
	for (int m = 0; m < MODELS; m++) {
		struct rt_options o = { .model = models[m], .may_wait = true, .races = true };
		struct rt_result r;

		announce(&p, 0, models[m]);
		rt_run(&p, &o, &r);
		printf("%-4s  verdict %d %s %s; executions %llu (%zu stuck), blocked %llu, "
		       "duplicates %llu %s\n",
		       rm_model_name[models[m]], r.r.verdict, r.r.oracle, r.r.message,
		       (unsigned long long)r.r.executions, r.stuck.n,
		       (unsigned long long)r.r.blocked, (unsigned long long)r.r.duplicates, r.why);
		rt_result_free(&r);
		if (!rt_agrees(&p, models[m], FLX_MUT_NONE, 4, why, sizeof(why), NULL)) {
			printf("differs from the reference:\n%s", why);
			status = 1;
		}
	}
	return status;
}

int main(int argc, char **argv)
{
	Suite *s = suite_create("fuzz_engine");
	TCase *tc = tcase_create("fuzz");
	SRunner *sr;
	int failed;

	if (getenv("ENGINE_TEST_SECONDS"))
		seconds = atof(getenv("ENGINE_TEST_SECONDS"));
	if (argc > 2 && !strcmp(argv[1], "-p"))
		return one_program(argv[2]);
	if (argc > 1)
		seconds = atof(argv[1]);
	if (argc > 2)
		first_seed = strtoull(argv[2], NULL, 0);
	if (argc > 3)
		last_seed = strtoull(argv[3], NULL, 0);
	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, engine_and_reference_agree_on_random_programs);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
