/* SPDX-License-Identifier: MIT */
/*
 * mutants.c - would the tests of the engine notice if the engine had one rule less?
 *
 * Covers: each mutant of lib/explore/mutant.h. A table (mutant_shapes.h) names a program of a few lines that the
 * mutant changes, and how; without the mutant the same program is right. mutant_programs.c has those that take more
 * than a line. And random programs as fuzz_engine.c makes them: which mutants they find, how soon (printed), is what
 * fuzz_engine.c's own claim rests on; those that they don't find are listed here as rare.
 * Not here: mistakes of kinds that no mutant stands for.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mutant_shapes.h"
#include "random_prog.h"
#include "run_table.h"

static const char *const damage_name[] = { "adds",    "loses",	"repeats", "misses",
					   "invents", "claims", "wastes" };

#define NAME(name, rule) #name,
static const char *const mutant_name[] = { "none", FLX_MUTANTS(NAME) };

static const struct mutant_shapes *const tables[] = { &mutant_shapes_lkmm, &mutant_shapes_rc11,
						      &mutant_shapes_search };

#define NR_TABLES (sizeof(tables) / sizeof(tables[0]))

static size_t nr_shapes(void)
{
	size_t n = 0;

	for (size_t i = 0; i < NR_TABLES; i++)
		n += tables[i]->n;
	return n;
}

/* Number @i of all tables. */
static const struct mutant_shape *shape(size_t i)
{
	size_t t = 0;

	while (i >= tables[t]->n)
		i -= tables[t++]->n;
	return &tables[t]->shape[i];
}

static char now_running[600];

static void crashed(int sig)
{
	ssize_t n = write(STDERR_FILENO, now_running, strlen(now_running));

	(void)n;
	signal(sig, SIG_DFL);
	raise(sig);
}

static void announce(enum flx_mutant m, const char *what)
{
	snprintf(now_running, sizeof(now_running), "mutant %s: %s\n", mutant_name[m], what);
	signal(SIGSEGV, crashed);
	signal(SIGALRM, crashed);
	alarm(30);
}

static void parse(struct rm_prog *p, const char *text)
{
	char err[128] = "";

	ck_assert_msg(!rm_parse(p, text, err, sizeof(err)), "%s: %s", text, err);
}

static struct flx_result run(const struct mutant_shape *r, const struct rm_prog *p,
			     enum flx_mutant mutant)
{
	struct rt_options o = {
		.model = r->model,
		.mutant = mutant,
		.races = r->damage == MISSES || r->damage == INVENTS,
		.may_wait = r->damage != CLAIMS,
		.max_executions = 1000,
	};
	struct rt_result got;

	rt_run(p, &o, &got);
	rt_result_free(&got);
	return got.r;
}

/* @right: what the reference says, or the engine without a mutant. */
static bool is_damaged(enum damage d, uint64_t right, enum flx_verdict right_verdict,
		       const struct flx_result *got)
{
	switch (d) {
	case ADDS:
		return got->executions > right && !got->duplicates;
	case LOSES:
		return got->executions < right && !got->duplicates;
	case REPEATS:
		return got->duplicates;
	case MISSES:
		return right_verdict == FLX_VIOLATION && got->verdict == FLX_VERIFIED;
	case INVENTS:
		return right_verdict == FLX_VERIFIED && got->verdict != FLX_VERIFIED;
	case CLAIMS:
		return right_verdict == FLX_INCONCLUSIVE && got->verdict == FLX_VIOLATION;
	case WASTES:
		return got->executions == right && !got->duplicates;
	}
	return false;
}

static bool does(const struct mutant_shape *r, const struct rm_prog *p)
{
	struct flx_result without = run(r, p, FLX_MUT_NONE), with = run(r, p, r->mutant);
	struct rm_result want;
	bool ok;

	ck_assert_int_eq(rm_enumerate(p, (enum rm_model)r->model, 10000000, &want), 0);
	ok = is_damaged(r->damage, want.complete.n + want.stuck.n, without.verdict, &with) &&
	     (r->damage != WASTES || with.blocked > without.blocked);
	if (!ok)
		fprintf(stderr,
			"%s: %llu executions, %llu duplicates, %llu blocked, verdict %d; reference "
			"%zu\n",
			r->prog, (unsigned long long)with.executions,
			(unsigned long long)with.duplicates, (unsigned long long)with.blocked,
			with.verdict, want.complete.n + want.stuck.n);
	rm_result_free(&want);
	return ok;
}

START_TEST(each_mutant_changes_its_program)
{
	const struct mutant_shape *r = shape(_i);
	struct rm_prog p;
	char why[2048];

	announce(r->mutant, r->prog);
	parse(&p, r->prog);
	ck_assert_msg(rt_agrees(&p, r->model, FLX_MUT_NONE, 4, why, sizeof(why), NULL),
		      "wrong without a mutant: %s\n%s", r->prog, why);
	ck_assert_msg(does(r, &p), "%s under %s: %s nothing", mutant_name[r->mutant],
		      rm_model_name[r->model], damage_name[r->damage]);
	if (r->damage != WASTES)
		ck_assert_msg(!rt_agrees(&p, r->model, r->mutant, 4, why, sizeof(why), NULL),
			      "%s passes %s", mutant_name[r->mutant], r->prog);
}
END_TEST

START_TEST(each_mutant_changes_its_program_in_c)
{
	const struct mutant_program *p = &mutant_programs[_i];
	enum flx_verdict right = p->oracle ? FLX_VIOLATION : FLX_VERIFIED;
	struct flx_result res;

	announce(p->mutant, p->name);
	mutant_program_run(p, FLX_MUT_NONE, &res);
	ck_assert_msg(res.verdict == right, "%s without a mutant: verdict %d %s %s", p->name,
		      res.verdict, res.oracle, res.message);
	if (p->oracle)
		ck_assert_str_eq(res.oracle, p->oracle);
	else
		ck_assert_uint_eq(res.executions, p->executions);
	mutant_program_run(p, p->mutant, &res);
	ck_assert_msg(is_damaged(p->damage, p->executions, right, &res),
		      "%s in %s: %s nothing: %llu executions, %llu duplicates, verdict %d %s",
		      mutant_name[p->mutant], p->name, damage_name[p->damage],
		      (unsigned long long)res.executions, (unsigned long long)res.duplicates,
		      res.verdict, res.oracle);
}
END_TEST

START_TEST(each_mutant_has_a_program)
{
	bool seen[FLX_NR_MUTANTS] = { [FLX_MUT_NONE] = true };

	for (size_t i = 0; i < nr_shapes(); i++)
		seen[shape(i)->mutant] = true;
	for (size_t i = 0; i < nr_mutant_programs; i++)
		seen[mutant_programs[i].mutant] = true;
	for (int m = 0; m < FLX_NR_MUTANTS; m++)
		ck_assert_msg(seen[m], "%s has no program", mutant_name[m]);
}
END_TEST

/* ---- random programs ---- */

#define MAX_PROGRAMS 300

static void (*const list[])(struct rm_prog *p, uint64_t seed,
			    const char **profile) = { rp_program, rp_program_c11,
						      rp_program_waiting };

#define NR_LISTS (sizeof(list) / sizeof(list[0]))

static bool shows(const struct rm_prog *p, enum flx_mutant mutant)
{
	char why[2048];

	for (int model = FLX_SC; model <= FLX_RC11; model++)
		if (rm_judges((enum rm_model)model, p) &&
		    !rt_agrees(p, model, mutant, 4, why, sizeof(why), NULL))
			return true;
	return false;
}

/* The number of the first program that shows the mutant, or 0. */
static int first_to_show(enum flx_mutant m)
{
	int n = 0;

	for (uint64_t seed = 1; n < MAX_PROGRAMS; seed++) {
		for (size_t l = 0; l < NR_LISTS; l++) {
			char text[512];
			struct rm_prog p;

			list[l](&p, seed, NULL);
			if (rp_cost(&p) > 3000)
				continue;
			n++;
			rm_format(&p, text, sizeof(text));
			announce(m, text);
			if (shows(&p, m))
				return n;
		}
	}
	return 0;
}

/* Too rare for a run of random programs: their words have to stand in a certain way. */
static const enum flx_mutant rare[] = {
	FLX_MUT_RMW_NO_MB_BEFORE,
	FLX_MUT_NO_BEFORE_ATOMIC,
	FLX_MUT_NO_AFTER_ATOMIC,
	FLX_MUT_NO_AFTER_SPINLOCK,
	FLX_MUT_NO_AFTER_UNLOCK_LOCK,
	FLX_MUT_RETURN_ALL,
	FLX_MUT_UNLOCK_RF_LOCK,
	FLX_MUT_UNLOCK_PO_LOCK,
	FLX_MUT_PPO_NO_OVERWRITE,
	FLX_MUT_PPO_NO_PLAIN_WMB,
	FLX_MUT_RMW_NO_DATA,
	FLX_MUT_CUMUL_NO_UNLOCK_LOCK,
	FLX_MUT_CUMUL_NO_RMW,
	FLX_MUT_CUMUL_ONCE,
	FLX_MUT_PB_NO_HB,
	FLX_MUT_NO_PROPAGATION,
	FLX_MUT_NO_PLAIN_RF,
	FLX_MUT_NO_PLAIN_FR,
	FLX_MUT_NO_PLAIN_CO,
	FLX_MUT_SYNC_RFI,
	FLX_MUT_RCU_NO_GP_RS,
	FLX_MUT_RCU_NO_RS_GP,
	FLX_MUT_RCU_NO_GP_ORDER_RS,
	FLX_MUT_RCU_NO_RS_ORDER_GP,
	FLX_MUT_RCU_NO_CHAIN,
	FLX_MUT_RCU_NO_NESTING,
	FLX_MUT_LINK_NO_HB,
	FLX_MUT_LINK_NO_PB,
	FLX_MUT_RB_NO_HB,
	FLX_MUT_RB_NO_PB,
	FLX_MUT_FENCE_NO_RCU,
	FLX_MUT_STRONG_NO_RCU,
	FLX_MUT_XB_NO_HB,
	FLX_MUT_XB_NO_PB,
	FLX_MUT_XB_NO_RB,
	FLX_MUT_VIS_NO_CUMUL,
	FLX_MUT_VIS_NO_STRONG,
	FLX_MUT_VIS_NO_INT,
	FLX_MUT_PRE_NO_ADDR,
	FLX_MUT_PRE_NO_FENCE,
	FLX_MUT_PRE_NO_RMB,
	FLX_MUT_POST_NO_FENCE,
	FLX_MUT_POST_NO_RMB,
	FLX_MUT_POST_NO_RMW,
	FLX_MUT_VIS_NO_FENCE,
	FLX_MUT_WW_VIS_NO_STRONG,
	FLX_MUT_WW_VIS_NO_POST,
	FLX_MUT_WR_VIS_NO_STRONG,
	FLX_MUT_WR_VIS_NO_POST,
	FLX_MUT_RW_XB_NO_FENCE,
	FLX_MUT_RW_XB_NO_POST,
	FLX_MUT_NO_WR_RACE,
	FLX_MUT_WR_RACE_NO_CO,
	FLX_MUT_NO_RW_RACE,
	FLX_MUT_TSO_NO_LOCKED,
	FLX_MUT_SW_NO_ACQUIRE_FENCE,
	FLX_MUT_SW_NO_SEQUENCE,
	FLX_MUT_HB_NO_CREATE,
	FLX_MUT_HB_NO_JOIN,
	FLX_MUT_PSC_NO_FENCE_FIRST,
	FLX_MUT_PSC_NO_FENCE_LAST,
	FLX_MUT_PSC_F_NO_ECO,
	FLX_MUT_PSC_NO_RF,
	FLX_MUT_SCB_NO_SB_HB_SB,
	FLX_MUT_ALWAYS_SURE,
};

static bool is_rare(enum flx_mutant m)
{
	for (size_t i = 0; i < sizeof(rare) / sizeof(rare[0]); i++)
		if (rare[i] == m)
			return true;
	return false;
}

static bool has_a_shape(enum flx_mutant m)
{
	for (size_t i = 0; i < nr_shapes(); i++)
		if (shape(i)->mutant == m && shape(i)->damage != WASTES)
			return true;
	return false;
}

START_TEST(random_programs_find_each_mutant_that_is_not_rare)
{
	enum flx_mutant m = _i;
	int n;

	if (is_rare(m) || !has_a_shape(m))
		return;
	n = first_to_show(m);
	printf("mutant %-20s random program %4d shows it\n", mutant_name[m], n);
	ck_assert_msg(n > 0, "%s is not found", mutant_name[m]);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mutants");
	TCase *tc = tcase_create("mutants");
	SRunner *sr;
	int failed;

	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, each_mutant_has_a_program);
	tcase_add_loop_test(tc, each_mutant_changes_its_program, 0, nr_shapes());
	tcase_add_loop_test(tc, each_mutant_changes_its_program_in_c, 0, nr_mutant_programs);
	tcase_add_loop_test(tc, random_programs_find_each_mutant_that_is_not_rare, FLX_MUT_NONE + 1,
			    FLX_NR_MUTANTS);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
