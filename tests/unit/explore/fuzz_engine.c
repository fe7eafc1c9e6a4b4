/* SPDX-License-Identifier: MIT */
/*
 * fuzz_engine.c - the check engine against the reference on random programs.
 *
 * Covers: the set of executions (reads-from and store orders) of programs of 2 to 4 threads, each found once:
 * in the kernel's words under sc, tso and lkmm, in C11's under sc and rc11; executions in which a
 * thread waits for ever, and that they are reported as deadlocks; data races of plain accesses and
 * the two operations that race (lkmm, rc11).
 * Not here: programs with known counts (tests/counts), the record and its replay (replay.c).
 *
 * The engine shows registers and final memory, not graphs; each constant stored is unique, so that
 * reads-from can be read off the values, and the store orders that values don't show are compared by
 * number: for each outcome as many executions as the reference has graphs.
 *
 * How likely it is to miss: a mistake that shows in one program of n is missed by a run over k with
 * probability (1 - 1/n)^k. The default run does some 8,000 programs: a mistake that shows in 1 of 300 escapes
 * with less than 1e-11, one that shows in 1 of 1,000 with less than 1e-3. Which mutants of the engine
 * show how soon: mutants.c, docs/internals/engine-tests.md. Real ones were rarer still: run long after a change
 * of the search. Blind: 5 threads and more, more than 4 locations, loops, call_rcu(), accesses of mixed sizes.
 *
 *	fuzz_engine [kernel|c11|waiting] [SECONDS [FIRST-SEED [LAST-SEED]]]
 *	fuzz_engine -p PROGRAM		one program of refmodel.h's language, under each model
 * ENGINE_TEST_SECONDS sets the time too (default 25 for each of the three lists of programs). At the end a
 * line for each profile of the list: how much was explored, and how much of that in vain.
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

#define MODELS 4 /* enum flx_model and enum rm_model have the same numbers for these */

static const struct family {
	const char *name;
	void (*program)(struct rm_prog *p, uint64_t seed, const char **profile);
	double max_cost; /* candidates of the reference: keeps a program at some milliseconds */
	bool under[MODELS];
} families[] = {
	{ "kernel",
	  rp_program,
	  30000,
	  { [FLX_SC] = true, [FLX_TSO] = true, [FLX_LKMM] = true, [FLX_RC11] = false } },
	{ "waiting",
	  rp_program_waiting,
	  300000, /* most of them fail an await or a lock */
	  { [FLX_SC] = true, [FLX_TSO] = true, [FLX_LKMM] = true, [FLX_RC11] = true } },
	{ "c11", rp_program_c11, 30000, { [FLX_SC] = true, [FLX_RC11] = true } },
};

#define FAMILIES 3
#define MAX_PROFILES 64

static double seconds = 25;
static uint64_t first_seed = 1, last_seed = UINT64_MAX;
static int first_family, last_family = FAMILIES - 1;

/* What was explored of the programs of one profile. */
struct tally {
	const char *name;
	uint64_t programs, executions[MODELS], blocked[MODELS];
};

static void tally(struct tally *tallies, const char *name, int m, uint64_t executions,
		  uint64_t blocked)
{
	struct tally *t = tallies;

	while (t->name && strcmp(t->name, name))
		t++;
	t->name = name;
	if (m < 0) {
		t->programs++;
		return;
	}
	t->executions[m] += executions;
	t->blocked[m] += blocked;
}

static void print_tallies(const struct tally *t, const struct family *f)
{
	for (; t->name; t++) {
		printf("  %-26s %7llu programs", t->name, (unsigned long long)t->programs);
		for (int m = 0; m < MODELS; m++)
			if (f->under[m])
				printf("; %s %llu + %llu blocked", rm_model_name[m],
				       (unsigned long long)t->executions[m],
				       (unsigned long long)t->blocked[m]);
		printf("\n");
	}
}

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
	const struct family *family;
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

	f->family->program(&q, f->seed, &profile);
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
	const struct family *fam = &families[first_family + _i];
	struct tally tallies[MAX_PROFILES] = { 0 };
	double start = now(), end = start + seconds;
	uint64_t programs = 0, skipped = 0, seed;

	signal(SIGSEGV, crashed);
	signal(SIGABRT, crashed);
	signal(SIGALRM, crashed);
	for (seed = first_seed; now() < end && seed <= last_seed; seed++) {
		const char *profile;
		struct rm_prog p;
		bool skip = false;

		fam->program(&p, seed, &profile);
		if (rp_cost(&p) > fam->max_cost) {
			skipped++;
			continue;
		}
		for (int m = 0; m < MODELS; m++) {
			struct failure f = { fam, m, seed / 7 % 2 ? 8 : 4, seed };
			uint64_t executions = rt_executions, blocked = rt_blocked;
			char why[4096];

			if (!fam->under[m])
				continue;
			announce(&p, seed, m);
			if (!rt_agrees(&p, f.model, FLX_MUT_NONE, f.size, why, sizeof(why), &skip))
				report(&p, &f);
			ck_assert_msg(!skip, "seed %llu has no meaning under %s",
				      (unsigned long long)seed, rm_model_name[m]);
			tally(tallies, profile, m, rt_executions - executions,
			      rt_blocked - blocked);
		}
		tally(tallies, profile, -1, 0, 0);
		programs++;
	}
	alarm(0);
	printf("fuzz_engine: %s, seeds %llu..%llu, %llu programs (%.0f/s), %llu too large\n",
	       fam->name, (unsigned long long)first_seed, (unsigned long long)seed - 1,
	       (unsigned long long)programs, (double)programs / (now() - start),
	       (unsigned long long)skipped);
	print_tallies(tallies, fam);
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
		struct rt_options o = { .model = m, .may_wait = true, .races = true };
		struct rt_result r;

		if (!rm_judges((enum rm_model)m, &p))
			continue;
		announce(&p, 0, m);
		rt_run(&p, &o, &r);
		printf("%-4s  verdict %d %s %s; executions %llu (%zu stuck), blocked %llu, "
		       "duplicates %llu %s\n",
		       rm_model_name[m], r.r.verdict, r.r.oracle, r.r.message,
		       (unsigned long long)r.r.executions, r.stuck.n,
		       (unsigned long long)r.r.blocked, (unsigned long long)r.r.duplicates, r.why);
		rt_result_free(&r);
		if (!rt_agrees(&p, m, FLX_MUT_NONE, 4, why, sizeof(why), NULL)) {
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
	for (int f = 0; f < FAMILIES; f++) {
		if (argc < 2 || strcmp(argv[1], families[f].name))
			continue;
		first_family = last_family = f;
		argc--;
		argv++;
	}
	if (argc > 1)
		seconds = atof(argv[1]);
	if (argc > 2)
		first_seed = strtoull(argv[2], NULL, 0);
	if (argc > 3)
		last_seed = strtoull(argv[3], NULL, 0);
	tcase_set_timeout(tc, 0);
	tcase_add_loop_test(tc, engine_and_reference_agree_on_random_programs, 0,
			    last_family - first_family + 1);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
