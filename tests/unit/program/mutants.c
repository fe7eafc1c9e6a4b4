// SPDX-License-Identifier: MIT
/*
 * mutants.c - would the tests notice if the engine had one rule less of those for ordinary programs?
 *
 * Covers: each mutant of FLX_PROGRAM_MUTANTS (lib/explore/mutant.h), by a case of round.c, retry.c, symmetry.c or
 * commute.c; without the mutant the same case is right. Not here: how soon random programs find them (fuzz_rounds SECONDS
 * SEED MUTANT tells).
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "explore_c.h"

#define NAME(name, rule) #name,
static const char *const mutant_name[] = { FLX_PROGRAM_MUTANTS(NAME) };

/* What is found, with the mutant and without: the oracle of a violation, or "" and so many executions. */
struct found {
	const char *oracle;
	uint64_t executions; /* 0: any number */
};

static const struct row {
	enum flx_mutant mutant;
	const char *file, *run; /* a function of the file */
	struct found right, then;
} rows[] = {
	{ FLX_MUT_NO_ROUNDS, "round.c", "a_round_ends_with_a_fence", { "", 1 }, { "", 5 } },
	{ FLX_MUT_ROUND_STORES, "round.c", "a_round_stores", { "assertion" }, { "" } },
	{ FLX_MUT_ROUND_OWN_STORES,
	  "round.c",
	  "the_first_round_stores_to_own_memory",
	  { "assertion" },
	  { "" } },
	{ FLX_MUT_ROUND_ANY_STATE, "round.c", "a_round_is_counted", { "assertion" }, { "" } },
	{ FLX_MUT_ROUND_ANY_ARGUMENTS,
	  "round.c",
	  "a_round_changes_an_argument",
	  { "assertion" },
	  { "" } },
	{ FLX_MUT_ROUND_ANY_ORDER,
	  "round.c",
	  "later_rounds_do_not_acquire",
	  { "data-race" },
	  { "" } },
	{ FLX_MUT_ROUND_ANY_PLACE, "round.c", "a_loop_is_counted", { "", 3 }, { "", 2 } },
	{ FLX_MUT_ROUND_STALE, "round.c", "a_round_has_two_loads", { "" }, { "deadlock" } },
	{ FLX_MUT_ROUND_STALE, "round.c", "a_round_ends_with_a_fence", { "", 1 }, { "deadlock" } },
	{ FLX_MUT_RETRY_UNORDERED, "retry.c", "a_try_is_seen", { "assertion" }, { "" } },
	{ FLX_MUT_SYM_ANY_CODE, "symmetry.c", "two_arguments", { "assertion" }, { "" } },
	{ FLX_MUT_SYM_BETWEEN, "symmetry.c", "a_store_between_creations", { "assertion" }, { "" } },
	{ FLX_MUT_SYM_JOINS, "symmetry.c", "one_is_joined_first", { "assertion" }, { "" } },
	{ FLX_MUT_SYM_RESULT, "symmetry.c", "results_are_compared", { "assertion" }, { "" } },
	{ FLX_MUT_SYM_SELF, "symmetry.c", "who_is_first", { "assertion" }, { "" } },
	{ FLX_MUT_SYM_OWN_ADDRESS,
	  "symmetry.c",
	  "own_addresses_are_compared",
	  { "assertion" },
	  { "" } },
	{ FLX_MUT_SYM_OTHER_WAY,
	  "symmetry.c",
	  "own_addresses_are_computed_with",
	  { "", 2 },
	  { "", 1 } },
	{ FLX_MUT_SYM_OTHERS, "symmetry.c", "what_a_child_says", { "assertion" }, { "" } },
	{ FLX_MUT_SYM_NO_CHOICE, "symmetry.c", "what_is_chosen", { "assertion" }, { "" } },
	{ FLX_MUT_SYM_ANY_KEY, "symmetry.c", "what_is_read_before", { "assertion" }, { "" } },
	{ FLX_MUT_SYM_ANY_ROW, "symmetry.c", "a_store_in_between", { "assertion" }, { "" } },
	{ FLX_MUT_SYM_MAY_FAIL, "symmetry.c", "an_exchange_fails", { "assertion" }, { "" } },
	{ FLX_MUT_ADD_USED, "commute.c", "a_sum_is_looked_at", { "assertion" }, { "" } },
	{ FLX_MUT_ADD_USED, "commute.c", "a_sum_is_returned", { "assertion" }, { "" } },
	{ FLX_MUT_ADD_USED, "commute.c", "a_sum_is_looked_at_on_one_way", { "assertion" }, { "" } },
	{ FLX_MUT_ADD_ANY_ORDER, "commute.c", "an_addition_acquires", { "" }, { "data-race" } },
	{ FLX_MUT_ADD_ANY_KIND, "commute.c", "a_sum_of_two_kinds_is_one", { "assertion" }, { "" } },
	{ FLX_MUT_ADD_PAST_STORES, "commute.c", "a_store_comes_between", { "assertion" }, { "" } },
	{ FLX_MUT_ADD_PAST_LOADS, "commute.c", "a_load_comes_between", { "assertion" }, { "" } },
	{ FLX_MUT_LOAD_PAST_ADDS, "commute.c", "a_later_thread_looks", { "assertion" }, { "" } },
	{ FLX_MUT_STORE_PAST_ADDS, "commute.c", "a_later_thread_stores", { "assertion" }, { "" } },
	{ FLX_MUT_ADD_ACQUIRE_FENCES,
	  "commute.c",
	  "a_fence_behind_an_addition_acquires",
	  { "" },
	  { "data-race" } },
	{ FLX_MUT_ADD_SC_FENCES, "commute.c", "additions_between_fences", { "" }, { "assertion" } },
	{ FLX_MUT_ADD_AGAIN, "commute.c", "a_store_after_sums", { "", 1 }, { "assertion" } },
	/* No rule alone, but what they rest on. */
	{ FLX_MUT_NONE, "commute.c", "nobody_looks_at_a_sum", { "", 1 }, { "", 1 } },
	{ FLX_MUT_NONE, "commute.c", "sums_of_either_sign", { "", 1 }, { "" } },
	{ FLX_MUT_NONE, "commute.c", "a_sum_of_two_kinds_is_two", { "assertion" }, { "" } },
	{ FLX_MUT_NONE, "commute.c", "an_exchange_after_sums", { "", 1 }, { "" } },
	{ FLX_MUT_NONE, "commute.c", "a_store_behind_an_addition", { "assertion" }, { "" } },
	{ FLX_MUT_NONE, "commute.c", "an_addition_to_what_is_freed", { "use-after-free" }, { "" } },
	{ FLX_MUT_NONE, "round.c", "a_round_sets_what_is_set", { "deadlock" }, { "" } },
	{ FLX_MUT_NONE, "round.c", "a_round_sets_nothing", { "", 1 }, { "" } },
	{ FLX_MUT_NONE, "commute.c", "an_addition_races", { "data-race" }, { "" } },
	{ FLX_MUT_NONE, "commute.c", "an_addition_races_with_a_part", { "data-race" }, { "" } },
	{ FLX_MUT_NONE, "retry.c", "a_push_is_tried_again", { "", 2 }, { "" } },
	{ FLX_MUT_NONE, "retry.c", "a_dead_register_differs", { "", 2 }, { "" } },
	{ FLX_MUT_NONE, "retry.c", "a_round_has_a_load_more", { "", 2 }, { "" } },
	{ FLX_MUT_NONE, "round.c", "a_round_sets_errno", { "assertion" }, { "assertion" } },
	{ FLX_MUT_NONE, "round.c", "a_round_is_read_by_another_thread", { "", 3 }, { "" } },
	{ FLX_MUT_NONE, "round.c", "a_round_races", { "data-race" }, { "" } },
	{ FLX_MUT_NONE, "round.c", "a_round_uses_what_is_freed", { "use-after-free" }, { "" } },
	{ FLX_MUT_NONE, "round.c", "waits_for_ever_with_a_fence", { "deadlock" }, { "deadlock" } },
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

static void expect(const struct build *b, const struct row *row, enum flx_mutant mutant,
		   const struct found *want)
{
	const struct flx_options o = {
		.model = FLX_RC11,
		.mutant = mutant,
		.races = true,
		.hash = true,
		.loop_bound = 4,
		.max_executions = 1000,
	};
	struct flx_result r;
	char err[256];

	ck_assert_msg(!explore_c(b, 0, &o, &r, err, sizeof(err)), "%s: %s", row->run, err);
	ck_assert_msg(!strcmp(r.oracle, want->oracle) &&
			      (!want->executions || r.executions == want->executions),
		      "%s%s%s: %s, %lu executions, instead of %s, %lu", row->run,
		      mutant ? " with " : "",
		      mutant ? mutant_name[mutant - FLX_NR_MUTANTS - 1] : "", r.oracle,
		      (unsigned long)r.executions, want->oracle, (unsigned long)want->executions);
	ck_assert_msg(mutant || !r.duplicates, "%s: executions are found twice", row->run);
}

START_TEST(each_mutant_changes_its_program)
{
	const struct row *row = &rows[_i];
	char path[512], run[128], err[512];
	const char *cc_args[] = { run, NULL };
	struct build b;

	snprintf(path, sizeof(path), "%s/%s", PROGRAM_CASES, row->file);
	snprintf(run, sizeof(run), "-DRUN=%s", row->run);
	ck_assert_msg(!build_program(&b, path, cc_args, err, sizeof(err)), "%s: %s", row->run, err);
	expect(&b, row, FLX_MUT_NONE, &row->right);
	if (row->mutant)
		expect(&b, row, row->mutant, &row->then);
	build_close(&b);
}
END_TEST

START_TEST(each_mutant_has_a_program)
{
	bool seen[FLX_NR_ALL_MUTANTS] = { false };

	for (size_t i = 0; i < NR_ROWS; i++)
		seen[rows[i].mutant] = true;
	for (int m = FLX_NR_MUTANTS + 1; m < FLX_NR_ALL_MUTANTS; m++)
		ck_assert_msg(seen[m], "%s has no program", mutant_name[m - FLX_NR_MUTANTS - 1]);
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
	tcase_add_loop_test(tc, each_mutant_changes_its_program, 0, NR_ROWS);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
