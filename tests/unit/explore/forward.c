/* SPDX-License-Identifier: MIT */
/*
 * forward.c - the searches that only go forward against the exhaustive one, on random programs.
 *
 * Covers: with preemptions enough for any schedule, the bounded search has the same executions, each once, and
 * says "verified"; fewer preemptions never give more, and as many whatever the order of the threads, on which it hangs
 * what the search comes to first and remembers; random runs and runs by priorities have none that the
 * exhaustive search has not, and on small programs random runs have all of them. Under sc, tso, lkmm and rc11.
 * Not here: whether the exhaustive search is right (fuzz_engine.c); what the searches promise (modes.c).
 *
 * Two searches that take different ways to the same graphs check each other: one goes back to loads and never
 * twice to a graph, the others never go back.
 *
 *	forward [SECONDS [FIRST-SEED]]
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "random_prog.h"
#include "run_table.h"

#define MODELS 4
#define ENOUGH 10000	  /* preemptions */
#define MAX_EXECUTIONS 60 /* of a program: schedules are many more */
#define MAX_OPS 10

static const struct family {
	const char *name;
	void (*program)(struct rm_prog *p, uint64_t seed, const char **profile);
	bool under[MODELS];
} families[] = {
	{ "kernel", rp_program, { [FLX_SC] = true, [FLX_TSO] = true, [FLX_LKMM] = true } },
	{ "waiting",
	  rp_program_waiting,
	  { [FLX_SC] = true, [FLX_TSO] = true, [FLX_LKMM] = true, [FLX_RC11] = true } },
	{ "c11", rp_program_c11, { [FLX_SC] = true, [FLX_RC11] = true } },
};

#define FAMILIES (sizeof(families) / sizeof(families[0]))

static double seconds = 6;
static uint64_t first_seed = 1;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

static int nout;
static uint64_t reversals;

static int cmp_out(const void *a, const void *b)
{
	const int *x = *(int *const *)a, *y = *(int *const *)b;

	for (int i = 0; i < nout; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

/* Is each outcome of @part one of @all? Of as many executions, too? Sorts both. */
static bool within(struct rt_outcomes *part, struct rt_outcomes *all, bool *as_many)
{
	size_t i = 0;

	if (part->n)
		qsort(part->out, part->n, sizeof(*part->out), cmp_out);
	if (all->n)
		qsort(all->out, all->n, sizeof(*all->out), cmp_out);
	*as_many = part->n == all->n;
	for (size_t k = 0; k < part->n; k++, i++) {
		while (i < all->n && cmp_out(&all->out[i], &part->out[k]) < 0)
			i++;
		if (i == all->n || cmp_out(&all->out[i], &part->out[k]))
			return false;
	}
	return true;
}

struct trial {
	const struct rm_prog *p;
	enum flx_model model;
	uint64_t seed;
	struct rt_result all; /* of the exhaustive search */
};

static void disagree(const struct trial *t, const char *search, const struct rt_result *got)
{
	char text[2048];

	rm_format(t->p, text, sizeof(text));
	ck_abort_msg("seed %llu, %s: %s\n  %s: %llu executions, %zu stuck, verdict %d %s\n"
		     "  exhaustive: %llu executions, %zu stuck",
		     (unsigned long long)t->seed, rm_model_name[t->model], text, search,
		     (unsigned long long)got->r.executions, got->stuck.n, got->r.verdict, got->why,
		     (unsigned long long)t->all.r.executions, t->all.stuck.n);
}

/* Runs a search; no execution may be new. Are all executions among what it has? */
static bool has_all(struct trial *t, enum flx_search search, unsigned int bound, uint64_t runs,
		    const char *name, struct rt_result *got)
{
	const struct rt_options o = {
		.model = t->model,
		.may_wait = true,
		.search = search,
		.bound = bound,
		.seed = t->seed,
		.max_executions = runs,
	};
	bool complete = false, stuck = false;

	rt_run(t->p, &o, got);
	nout = rm_nout(t->p);
	if (got->err || !within(&got->complete, &t->all.complete, &complete) ||
	    !within(&got->stuck, &t->all.stuck, &stuck) ||
	    got->r.executions != got->complete.n + got->stuck.n)
		disagree(t, name, got);
	return complete && stuck;
}

/* @p with its threads in the opposite order. False: they have to be in this one. */
static bool reversed(struct rm_prog *q, const struct rm_prog *p)
{
	char text[2048], other[2048] = "", err[128], *end;

	for (int i = 0; i < p->nops; i++)
		if (p->op[i].kind == RM_SPAWN || p->op[i].kind == RM_JOIN)
			return false;
	rm_format(p, text, sizeof(text));
	while ((end = strrchr(text, '|'))) {
		strcat(strcat(other, end + 1), " |");
		*end = '\0';
	}
	strcat(other, text);
	return !rm_parse(q, other, err, sizeof(err));
}

/* The same number of executions as @count with the threads in the opposite order? */
static void try_reversed(struct trial *t, unsigned int bound, uint64_t count)
{
	const struct rt_options o = {
		.model = t->model, .may_wait = true, .search = FLX_PREEMPTIONS, .bound = bound
	};
	struct rt_result got;
	struct rm_prog q;

	if (!reversed(&q, t->p))
		return;
	rt_run(&q, &o, &got);
	if (got.r.executions != count)
		disagree(t, "preemptions, threads reversed", &got);
	reversals++;
	rt_result_free(&got);
}

static void try_preemptions(struct trial *t)
{
	uint64_t before = 0;
	struct rt_result got;

	for (unsigned int n = 0; n <= 2; n++) {
		bool all = has_all(t, FLX_PREEMPTIONS, n, 0, "preemptions", &got);

		if (got.r.executions < before || (got.r.verdict == FLX_VERIFIED && !all))
			disagree(t, "few preemptions", &got);
		before = got.r.executions;
		try_reversed(t, n, before);
		rt_result_free(&got);
	}
	if (!has_all(t, FLX_PREEMPTIONS, ENOUGH, 0, "preemptions", &got) ||
	    got.r.verdict != FLX_VERIFIED)
		disagree(t, "preemptions enough", &got);
	rt_result_free(&got);
}

static bool try_chance(struct trial *t, enum flx_search search, uint64_t runs, const char *name)
{
	struct rt_result got;
	bool all = has_all(t, search, 2, runs, name, &got);

	if (got.r.verdict != FLX_INCONCLUSIVE || got.r.runs != runs ||
	    got.r.executions + got.r.blocked + got.r.duplicates > runs)
		disagree(t, name, &got);
	rt_result_free(&got);
	return all;
}

START_TEST(forward_searches_find_what_the_exhaustive_one_finds)
{
	const struct family *f = &families[_i];
	double end = now() + seconds;
	uint64_t programs = 0, executions = 0, complete = 0;
	uint64_t seed;

	for (seed = first_seed; now() < end; seed++) {
		struct rm_prog p;

		f->program(&p, seed, NULL);
		if (p.nops > MAX_OPS)
			continue;
		for (int m = 0; m < MODELS; m++) {
			struct trial t = { .p = &p, .model = m, .seed = seed };
			const struct rt_options o = { .model = m,
						      .may_wait = true,
						      .max_executions = MAX_EXECUTIONS };

			if (!f->under[m])
				continue;
			rt_run(&p, &o, &t.all);
			if (t.all.r.verdict == FLX_VERIFIED) {
				try_preemptions(&t);
				complete += try_chance(&t, FLX_RANDOM, 3000, "random");
				try_chance(&t, FLX_PCT, 300, "pct");
				programs++;
				executions += t.all.r.executions;
			}
			rt_result_free(&t.all);
		}
	}
	printf("forward: %s, seeds %llu..%llu, %llu programs, %llu executions, %llu times random "
	       "found all\n",
	       f->name, (unsigned long long)first_seed, (unsigned long long)seed - 1,
	       (unsigned long long)programs, (unsigned long long)executions,
	       (unsigned long long)complete);
	/* An execution of ten operations is rare at worst, not out of chance's reach. */
	ck_assert_uint_gt(complete, programs * 9 / 10);
	ck_assert_uint_gt(reversals, programs);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *s = suite_create("forward");
	TCase *tc = tcase_create("forward");
	SRunner *sr;
	int failed;

	if (argc > 1)
		seconds = atof(argv[1]);
	if (argc > 2)
		first_seed = strtoull(argv[2], NULL, 0);
	tcase_set_timeout(tc, 0);
	tcase_add_loop_test(tc, forward_searches_find_what_the_exhaustive_one_finds, 0, FAMILIES);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
