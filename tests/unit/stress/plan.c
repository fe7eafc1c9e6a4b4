// SPDX-License-Identifier: MIT
/* plan.c - lib/stress/plan.c: where the threads of a run are late. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "stress/plan.h"

#define THREADS 3
#define RUNS 4000

static uint32_t shared[THREADS][4] = { { 2, 3, 5, 40 }, { 1, 7, 8, 9 }, { 6, 11, 12, 13 } };
static struct fl_places places[THREADS];
static struct fl_plan plan[THREADS];

static void set_up(void)
{
	for (int i = 0; i < THREADS; i++) {
		places[i].marked = (struct fl_place_list){ 40, 4, shared[i] };
		places[i].all = (struct fl_place_list){ 90, 4, shared[i] };
	}
}

static int nr_stalls(void)
{
	int n = 0;

	for (int i = 0; i < THREADS; i++)
		n += plan[i].nr_stalls;
	return n;
}

START_TEST(the_same_seed_and_run_give_the_same_plan)
{
	struct fl_plan again[THREADS];

	for (uint64_t run = 0; run < RUNS; run++) {
		fl_plan_run(plan, THREADS, places, 7, run);
		fl_plan_run(again, THREADS, places, 7, run);
		ck_assert_mem_eq(plan, again, sizeof(plan));
	}
}
END_TEST

START_TEST(other_seeds_and_other_runs_give_other_plans)
{
	struct fl_plan other[THREADS];
	int same_run = 0, same_seed = 0;

	for (uint64_t run = 0; run < RUNS; run++) {
		fl_plan_run(plan, THREADS, places, 7, run);
		fl_plan_run(other, THREADS, places, 8, run);
		same_run += !memcmp(plan, other, sizeof(plan));
		fl_plan_run(other, THREADS, places, 7, run + 8);
		same_seed += !memcmp(plan, other, sizeof(plan));
	}
	ck_assert_int_eq(same_run, 0);
	ck_assert_int_eq(same_seed, 0);
}
END_TEST

START_TEST(all_three_kinds_come_and_all_numbers_of_stalls)
{
	int kinds[3] = { 0 }, stalls[FL_PLAN_MAX_STALLS + 1] = { 0 };

	for (uint64_t run = 0; run < RUNS; run++) {
		fl_plan_run(plan, THREADS, places, 1, run);
		kinds[plan[0].kind]++;
		ck_assert_int_le(nr_stalls(), FL_PLAN_MAX_STALLS);
		stalls[nr_stalls()]++;
	}
	ck_assert_int_gt(kinds[FL_PLAN_CLOSE], RUNS / 20);
	ck_assert_int_gt(kinds[FL_PLAN_NOISE], RUNS / 20);
	ck_assert_int_gt(kinds[FL_PLAN_STALLS], RUNS / 2);
	for (int i = 1; i <= FL_PLAN_MAX_STALLS; i++)
		ck_assert_int_gt(stalls[i], RUNS / 40);
	ck_assert_int_eq(stalls[0], kinds[FL_PLAN_CLOSE] + kinds[FL_PLAN_NOISE]);
}
END_TEST

static bool is_shared(int thread, uint64_t at)
{
	for (int i = 0; i < 4; i++)
		if (shared[thread][i] == at)
			return true;
	return !at; /* before the thread begins */
}

START_TEST(stalls_are_at_places_of_the_thread_mostly_shared_ones)
{
	int all = 0, met = 0, plain = 0;

	for (uint64_t run = 0; run < RUNS; run++) {
		fl_plan_run(plan, THREADS, places, 2, run);
		for (int i = 0; i < THREADS; i++)
			for (int k = 0; k < plan[i].nr_stalls; k++) {
				ck_assert_uint_le(plan[i].stall[k].at, plan[i].plain ? 90 : 40);
				if (k)
					ck_assert_uint_le(plan[i].stall[k - 1].at,
							  plan[i].stall[k].at);
				all++;
				met += is_shared(i, plan[i].stall[k].at);
				plain += plan[i].plain;
			}
	}
	ck_assert_int_gt(met, all / 2);
	ck_assert_int_lt(met, all);
	ck_assert_int_gt(plain, all / 10);
	ck_assert_int_lt(plain, all / 2);
}
END_TEST

START_TEST(each_place_gets_its_stall_in_some_run)
{
	bool seen[41] = { false };

	for (uint64_t run = 0; run < 10 * RUNS; run++) {
		fl_plan_run(plan, THREADS, places, 3, run);
		for (int k = 0; k < plan[0].nr_stalls; k++)
			if (!plan[0].plain)
				seen[plan[0].stall[k].at] = true;
	}
	for (int i = 0; i <= 40; i++)
		ck_assert_msg(seen[i], "place %d", i);
}
END_TEST

START_TEST(the_next_place_is_the_next_stall_and_then_none)
{
	struct fl_late late;

	plan[0] = (struct fl_plan){
		.kind = FL_PLAN_STALLS,
		.nr_stalls = 3,
		.stall = { { 0, false }, { 4, true }, { 9, false } },
	};
	ck_assert_uint_eq(fl_plan_next(&plan[0], 0, &late), 4);
	ck_assert(late.stalls && late.briefly);
	ck_assert_uint_eq(fl_plan_next(&plan[0], 4, &late), 9);
	ck_assert(late.stalls && !late.briefly);
	ck_assert_uint_eq(fl_plan_next(&plan[0], 9, &late), 0);
	ck_assert(!late.stalls);
}
END_TEST

START_TEST(noise_goes_on_and_never_stalls)
{
	struct fl_late late;

	plan[0] = (struct fl_plan){ .kind = FL_PLAN_NOISE, .gap = 8, .turns = 100 };
	for (uint64_t at = 0; at < 1000;) {
		uint64_t next = fl_plan_next(&plan[0], at, &late);

		ck_assert_uint_gt(next, at);
		ck_assert_uint_le(next, at + 15);
		ck_assert_uint_lt(late.turns, 100);
		ck_assert(!late.stalls);
		at = next;
	}
}
END_TEST

START_TEST(one_thread_without_places_has_a_plan)
{
	static struct fl_places none;

	for (uint64_t run = 0; run < RUNS; run++)
		fl_plan_run(plan, 1, &none, 4, run);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stress.plan");
	TCase *tc = tcase_create("plan");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, the_same_seed_and_run_give_the_same_plan);
	tcase_add_test(tc, other_seeds_and_other_runs_give_other_plans);
	tcase_add_test(tc, all_three_kinds_come_and_all_numbers_of_stalls);
	tcase_add_test(tc, stalls_are_at_places_of_the_thread_mostly_shared_ones);
	tcase_add_test(tc, each_place_gets_its_stall_in_some_run);
	tcase_add_test(tc, the_next_place_is_the_next_stall_and_then_none);
	tcase_add_test(tc, noise_goes_on_and_never_stalls);
	tcase_add_test(tc, one_thread_without_places_has_a_plan);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
