/* SPDX-License-Identifier: MIT */
/*
 * mutants.c - would the tests of the engine notice if the engine were weaker than it claims?
 *
 * Covers: each value of enum flx_mutant, twice. A table names a program of a few lines that the mutant
 * changes, and how (executions too many, too few, found twice, a race missed); without the mutant the
 * same program is right. And random programs as fuzz_engine.c makes them must find the mutant within
 * a stated number of programs: how soon is printed, and is what fuzz_engine.c's own claim rests on.
 * Not here: mistakes of kinds that no mutant stands for.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "random_prog.h"
#include "run_table.h"

enum damage {
	ADDS,	 /* an execution that the model forbids */
	LOSES,	 /* an execution that the model allows is not explored */
	REPEATS, /* an execution is explored twice */
	MISSES,	 /* a data race isn't reported */
};

static const char *const damage_name[] = { "adds", "loses", "repeats", "misses a race" };

static const struct row {
	enum flx_mutant mutant;
	const char *name;
	enum flx_model model;
	const char *prog;
	enum damage damage;
} rows[] = {
	{ FLX_MUT_IGNORE_MB, "ignore-mb", FLX_LKMM, "W x 1; mb; R y | W y 1; mb; R x", ADDS },
	{ FLX_MUT_IGNORE_MB, "ignore-mb", FLX_LKMM, "xchg x 1; R y | xchg y 1; R x", ADDS },
	{ FLX_MUT_IGNORE_RMB, "ignore-rmb", FLX_LKMM, "W x 1; wmb; W y 1 | R y; rmb; R x", ADDS },
	{ FLX_MUT_IGNORE_WMB, "ignore-wmb", FLX_LKMM, "W x 1; wmb; W y 1 | R y; rmb; R x", ADDS },
	{ FLX_MUT_IGNORE_ACQUIRE, "ignore-acquire", FLX_LKMM, "W x 1; Wr y 1 | Ra y; R x", ADDS },
	{ FLX_MUT_IGNORE_RELEASE, "ignore-release", FLX_LKMM, "W x 1; Wr y 1 | Ra y; R x", ADDS },
	{ FLX_MUT_TSO_NO_LOCKED, "tso-no-locked", FLX_TSO, "xchg.rlx x 1; R y | xchg.rlx y 1; R x",
	  ADDS },
	{ FLX_MUT_NO_REVISIT, "no-revisit", FLX_SC, "R x | W x 1", LOSES },
	{ FLX_MUT_NO_REVISIT, "no-revisit", FLX_LKMM, "R x | W x 1", LOSES },
	{ FLX_MUT_NO_MAXIMALITY, "no-maximality", FLX_SC, "R x | W x 1; W x 2", REPEATS },
	{ FLX_MUT_NO_MAXIMALITY, "no-maximality", FLX_LKMM, "R x | W x 1; W x 2", REPEATS },
	{ FLX_MUT_NO_CO, "no-co", FLX_SC, "W x 1 | W x 2", LOSES },
	{ FLX_MUT_NO_CO, "no-co", FLX_LKMM, "W x 1; W y 2 | W y 1; W x 2", LOSES },
	{ FLX_MUT_NO_STALE, "no-stale", FLX_SC, "W x 1 | R x", LOSES },
	{ FLX_MUT_NO_STALE, "no-stale", FLX_LKMM, "W x 1; W x 2; Wr y 1 | R y; R x", LOSES },
	{ FLX_MUT_NO_RACES, "no-races", FLX_LKMM, "Wp x 1 | Rp x", MISSES },
	{ FLX_MUT_NO_ATOMICITY, "no-atomicity", FLX_SC, "vadd x 1 | vadd x 1", ADDS },
	{ FLX_MUT_NO_ATOMICITY, "no-atomicity", FLX_LKMM, "vadd x 1 | vadd x 1", ADDS },
	{ FLX_MUT_NO_RCU, "no-rcu", FLX_LKMM, "W x 1; sync; W y 1 | rl; R x; R y; ru", ADDS },
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

static char now_running[600];

static void crashed(int sig)
{
	ssize_t n = write(STDERR_FILENO, now_running, strlen(now_running));

	(void)n;
	signal(sig, SIG_DFL);
	raise(sig);
}

static void parse(struct rm_prog *p, const char *text)
{
	char err[128] = "";

	ck_assert_msg(!rm_parse(p, text, err, sizeof(err)), "%s: %s", text, err);
}

static bool does(const struct row *r, const struct rm_prog *p)
{
	static const enum rm_model models[] = {
		[FLX_SC] = RM_SC, [FLX_TSO] = RM_TSO, [FLX_LKMM] = RM_LKMM
	};
	struct rt_options o = {
		.model = r->model,
		.mutant = r->mutant,
		.races = r->damage == MISSES,
		.may_wait = true,
		.max_executions = 1000,
	};
	struct rm_result want;
	struct rt_result got;
	bool ok = false;

	ck_assert_int_eq(rm_enumerate(p, models[r->model], 1000000, &want), 0);
	rt_run(p, &o, &got);
	switch (r->damage) {
	case ADDS:
		ok = got.r.executions > want.complete.n && !got.r.duplicates;
		break;
	case LOSES:
		ok = got.r.executions < want.complete.n && !got.r.duplicates;
		break;
	case REPEATS:
		ok = got.r.duplicates > 0;
		break;
	case MISSES:
		ok = want.race && got.r.verdict == FLX_VERIFIED;
		break;
	}
	if (!ok)
		fprintf(stderr, "%s: %llu executions, %llu duplicates, verdict %d; reference %zu\n",
			r->prog, (unsigned long long)got.r.executions,
			(unsigned long long)got.r.duplicates, got.r.verdict, want.complete.n);
	rt_result_free(&got);
	rm_result_free(&want);
	return ok;
}

START_TEST(each_mutant_changes_its_program)
{
	const struct row *r = &rows[_i];
	struct rm_prog p;
	char why[2048];

	snprintf(now_running, sizeof(now_running), "mutant %s: %s\n", r->name, r->prog);
	signal(SIGSEGV, crashed);
	alarm(30);
	parse(&p, r->prog);
	ck_assert_msg(rt_agrees(&p, r->model, FLX_MUT_NONE, 4, why, sizeof(why), NULL),
		      "wrong without a mutant: %s\n%s", r->prog, why);
	ck_assert_msg(does(r, &p), "%s under %s %s nothing", r->name, rm_model_name[r->model],
		      damage_name[r->damage]);
	ck_assert_msg(!rt_agrees(&p, r->model, r->mutant, 4, why, sizeof(why), NULL),
		      "%s passes %s", r->name, r->prog);
}
END_TEST

/* The mutants' numbers have no gap: a new one without a row fails here. */
START_TEST(each_mutant_has_a_row)
{
	bool seen[64] = { false };
	int last = 0;

	for (size_t i = 0; i < NR_ROWS; i++) {
		seen[rows[i].mutant] = true;
		if ((int)rows[i].mutant > last)
			last = rows[i].mutant;
	}
	for (int m = FLX_MUT_NONE + 1; m <= last; m++)
		ck_assert_msg(seen[m], "mutant %d has no row", m);
	ck_assert_int_eq(last, FLX_MUT_NO_RCU);
}
END_TEST

#define MAX_PROGRAMS 3000

START_TEST(random_programs_find_each_mutant)
{
	enum flx_mutant m = _i;
	char why[2048], text[512];
	int found = 0, first = 0, n = 0;

	signal(SIGSEGV, crashed);
	for (uint64_t seed = 1; n < MAX_PROGRAMS && found < 5; seed++) {
		struct rm_prog p;

		rp_program(&p, seed, NULL);
		if (rp_cost(&p) > 3000)
			continue;
		n++;
		rm_format(&p, text, sizeof(text));
		snprintf(now_running, sizeof(now_running), "mutant %d: %s\n", m, text);
		alarm(30);
		for (int model = FLX_SC; model <= FLX_LKMM; model++) {
			if (rt_agrees(&p, model, m, 4, why, sizeof(why), NULL))
				continue;
			if (!found++)
				first = n;
			break;
		}
	}
	printf("mutant %2d: first found by random program %d, %d of %d find it\n", m, first, found,
	       n);
	ck_assert_msg(found > 0, "mutant %d is not found by %d programs", m, n);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mutants");
	TCase *tc = tcase_create("mutants");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, each_mutant_has_a_row);
	tcase_add_loop_test(tc, each_mutant_changes_its_program, 0, NR_ROWS);
	tcase_add_loop_test(tc, random_programs_find_each_mutant, FLX_MUT_NONE + 1,
			    FLX_MUT_NO_RCU + 1);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
