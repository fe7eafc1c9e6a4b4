// SPDX-License-Identifier: MIT
/* cells.c - sim/bench/cells.c, disturb.c: whose turn it is, which runs count, what is lost to others. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cells.h"
#include "bench/disturb.h"

#define CELLS 3
#define RUNS 4

static struct cell cells[CELLS];

static void set_up(void)
{
	memset(cells, 0, sizeof(cells));
}

static struct figures figures(double rate, double lost)
{
	return (struct figures){
		.seconds = 1, .ops_per_second = rate, .lost = lost, .pinned = true
	};
}

/* The order in which the cells run, as letters. */
static void order(char *out, double (*lost)(int turn))
{
	struct cell *c;
	int n = 0;

	while ((c = cells_next(cells, CELLS, RUNS)) && n < 60) {
		struct figures f = figures(1, lost(n));

		out[n++] = (char)('A' + (c - cells));
		cell_add(c, RUNS, &f);
	}
	out[n] = '\0';
}

static double quiet(int turn)
{
	return 0;
}

static double always_disturbed(int turn)
{
	return 0.5;
}

static double fifth_disturbed(int turn)
{
	return turn == 4 ? 0.3 : 0.001;
}

START_TEST(cells_take_turns)
{
	char text[64];

	order(text, quiet);
	ck_assert_str_eq(text, "ABCABCABCABC");
}
END_TEST

START_TEST(a_disturbed_run_is_made_again_once_all_are_done)
{
	struct result r;
	char text[64];

	order(text, fifth_disturbed); /* B's second */
	ck_assert_str_eq(text, "ABCABCABCABCB");
	cell_result(&r, &cells[1]);
	ck_assert_uint_eq(r.runs, RUNS);
	ck_assert_uint_eq(r.again, 1);
	ck_assert_uint_eq(r.disturbed, 0);
}
END_TEST

START_TEST(what_is_always_disturbed_ends_and_says_so)
{
	struct result r;
	char text[64];

	order(text, always_disturbed);
	ck_assert_str_eq(text, "ABCABCABCABCABCABC");
	cell_result(&r, &cells[0]);
	ck_assert_uint_eq(r.again, (RUNS + 1) / 2);
	ck_assert_uint_eq(r.disturbed, RUNS);
}
END_TEST

START_TEST(the_less_disturbed_of_two_runs_counts)
{
	struct figures bad = figures(1, 0.5), good = figures(10, 0), worse = figures(0.1, 0.9);
	struct cell *c = &cells[0];
	struct result r;

	cell_add(c, 1, &bad);
	cell_add(c, 1, &worse);
	cell_result(&r, c);
	ck_assert_double_eq(r.ops_per_second, 1);
	cell_add(c, 1, &good);
	cell_result(&r, c);
	ck_assert_double_eq(r.ops_per_second, 10);
	ck_assert_uint_eq(r.disturbed, 0);
}
END_TEST

START_TEST(no_cells_are_done)
{
	ck_assert_ptr_null(cells_next(cells, 0, RUNS));
}
END_TEST

START_TEST(a_result_has_medians_spread_and_sums)
{
	const double rates[] = { 100, 300, 120, 110, 90 };
	struct result r;

	for (int i = 0; i < 5; i++) {
		struct figures f = figures(rates[i], 0);

		f.op.p99 = 10 * rates[i];
		f.retries = 2;
		f.ops = 7;
		f.pinned = i != 3;
		cell_add(&cells[0], 5, &f);
	}
	cell_result(&r, &cells[0]);
	ck_assert_double_eq(r.ops_per_second, 110);
	ck_assert_double_eq(r.op.p99, 1100);
	ck_assert_double_eq(r.least, 90);
	ck_assert_double_eq(r.most, 300);
	ck_assert_double_eq_tol(r.spread, 210.0 / 110, 1e-9);
	ck_assert_uint_eq(r.retries, 10);
	ck_assert_uint_eq(r.ops, 35);
	ck_assert_double_eq(r.seconds, 5);
	ck_assert(!r.pinned);
}
END_TEST

/* ---- what is lost ---- */

START_TEST(with_enough_cores_waiting_is_lost)
{
	struct disturb d = {
		.wall = 2, .cpu = 3, .process = 3, .waited = 1, .threads = 2, .cores = 2
	};

	ck_assert_double_eq_tol(disturb_lost(&d), 0.25, 1e-9);
	d.process = 3.5; /* a thread of ours, which frees memory */
	ck_assert_double_eq_tol(disturb_lost(&d), 0.125, 1e-9);
	d.waited = 0; /* it slept instead */
	ck_assert_double_eq(disturb_lost(&d), 0);
}
END_TEST

START_TEST(without_the_kernel_s_count_what_did_not_run_is_lost)
{
	struct disturb d = {
		.wall = 2, .cpu = 3, .process = 3, .waited = -1, .threads = 2, .cores = 4
	};

	ck_assert_double_eq_tol(disturb_lost(&d), 0.25, 1e-9);
}
END_TEST

START_TEST(with_fewer_cores_threads_may_wait_for_each_other)
{
	struct disturb d = {
		.wall = 1, .cpu = 2, .process = 2, .waited = 1, .threads = 3, .cores = 2
	};

	ck_assert_double_eq(disturb_lost(&d), 0);
	d.cpu = d.process = 1;
	ck_assert_double_eq_tol(disturb_lost(&d), 0.5, 1e-9);
}
END_TEST

START_TEST(who_waits_in_this_process_is_told_by_the_kernel)
{
	double before = disturb_thread_cpu();

	while (disturb_thread_cpu() - before < 0.005)
		;
	ck_assert(disturb_process_cpu() >= 0.005);
	ck_assert(disturb_waited() >= 0 || disturb_waited() == -1);
	ck_assert(disturb_stolen() >= 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bench.cells");
	TCase *tcase = tcase_create("cells");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, cells_take_turns);
	tcase_add_test(tcase, a_disturbed_run_is_made_again_once_all_are_done);
	tcase_add_test(tcase, what_is_always_disturbed_ends_and_says_so);
	tcase_add_test(tcase, the_less_disturbed_of_two_runs_counts);
	tcase_add_test(tcase, no_cells_are_done);
	tcase_add_test(tcase, a_result_has_medians_spread_and_sums);
	tcase_add_test(tcase, with_enough_cores_waiting_is_lost);
	tcase_add_test(tcase, without_the_kernel_s_count_what_did_not_run_is_lost);
	tcase_add_test(tcase, with_fewer_cores_threads_may_wait_for_each_other);
	tcase_add_test(tcase, who_waits_in_this_process_is_told_by_the_kernel);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
