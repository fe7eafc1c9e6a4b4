// SPDX-License-Identifier: MIT
/* plan.c - lib/stress/plan.c: where the threads of a run are late. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "stress/plan.h"

#define THREADS 3
#define RUNS 4000
#define STALLS 4 /* of a run that is upon no other one, at most */

#define PLACES 90u
#define SHARED 4u

/* Odd places are marked. */
static uint32_t marked[PLACES / 2], all[PLACES];
static uint32_t shared[THREADS][SHARED] = { { 2, 3, 6, 89 }, { 1, 8, 14, 16 }, { 6, 12, 13, 18 } };
static uint32_t both[THREADS][2] = { { 3, 89 }, { 1 }, { 13 } };
static struct fl_places places[THREADS];
static struct fl_plan plan[THREADS];

static void set_up(void)
{
	for (uint32_t i = 0; i < PLACES; i++)
		all[i] = i + 1;
	for (uint32_t i = 0; i < PLACES / 2; i++)
		marked[i] = 2 * i + 1;
	for (int i = 0; i < THREADS; i++)
		places[i] = (struct fl_places){
			.n = { PLACES / 2, PLACES, i ? 1 : 2, SHARED },
			.at = { marked, all, both[i], shared[i] },
		};
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
	int kinds[3] = { 0 }, stalls[STALLS + 1] = { 0 };

	for (uint64_t run = 0; run < RUNS; run++) {
		fl_plan_run(plan, THREADS, places, 1, run);
		kinds[plan[0].kind]++;
		ck_assert_int_le(nr_stalls(), STALLS);
		stalls[nr_stalls()]++;
	}
	ck_assert_int_gt(kinds[FL_PLAN_CLOSE], RUNS / 20);
	ck_assert_int_gt(kinds[FL_PLAN_NOISE], RUNS / 20);
	ck_assert_int_gt(kinds[FL_PLAN_STALLS], RUNS / 2);
	for (int i = 1; i <= STALLS; i++)
		ck_assert_int_gt(stalls[i], RUNS / 40);
	ck_assert_int_eq(stalls[0], kinds[FL_PLAN_CLOSE] + kinds[FL_PLAN_NOISE]);
}
END_TEST

static bool is_shared(int thread, uint64_t at)
{
	for (uint32_t i = 0; i < SHARED; i++)
		if (shared[thread][i] == at)
			return true;
	return !at; /* before the thread begins */
}

START_TEST(stalls_are_at_places_of_the_thread_mostly_shared_ones)
{
	int stalls = 0, met = 0, plain = 0;

	for (uint64_t run = 0; run < RUNS; run++) {
		fl_plan_run(plan, THREADS, places, 2, run);
		for (int i = 0; i < THREADS; i++)
			for (int k = 0; k < plan[i].nr_stalls; k++) {
				uint64_t at = plan[i].stall[k].at;

				ck_assert_uint_le(at, PLACES);
				if (k)
					ck_assert_uint_le(plan[i].stall[k - 1].at, at);
				stalls++;
				met += is_shared(i, at);
				plain += at && at % 2 == 0;
			}
	}
	ck_assert_int_gt(met, stalls / 2);
	ck_assert_int_lt(met, stalls);
	ck_assert_int_gt(plain, stalls / 20);
	ck_assert_int_lt(plain, stalls / 2);
}
END_TEST

START_TEST(each_place_gets_its_stall_in_some_run)
{
	bool seen[THREADS][PLACES + 1] = { 0 };

	for (uint64_t run = 0; run < 10 * RUNS; run++) {
		fl_plan_run(plan, THREADS, places, 3, run);
		for (int i = 0; i < THREADS; i++)
			for (int k = 0; k < plan[i].nr_stalls; k++)
				seen[i][plan[i].stall[k].at] = true;
	}
	for (int i = 0; i < THREADS; i++)
		for (uint32_t at = 0; at <= PLACES; at++)
			ck_assert_msg(seen[i][at], "place %u of thread %d", at, i);
}
END_TEST

/* ---- upon another run ---- */

static bool has_stall(const struct fl_plan *of, int thread, uint64_t at)
{
	for (int k = 0; k < of[thread].nr_stalls; k++)
		if (of[thread].stall[k].at == at)
			return true;
	return false;
}

START_TEST(a_run_upon_another_one_has_its_stalls_but_one_and_one_or_two_more)
{
	struct fl_plan base[THREADS];
	int whole = 0, more[3] = { 0 };

	ck_assert(fl_plan_parse(base, THREADS, "0@2,1@8,1@14", 1, 0));
	for (uint64_t run = 0; run < RUNS; run++) {
		int kept;

		fl_plan_upon(plan, THREADS, base, places, 5, run);
		ck_assert_int_eq(plan[0].kind, FL_PLAN_STALLS);
		kept = has_stall(plan, 0, 2) + has_stall(plan, 1, 8) + has_stall(plan, 1, 14);
		ck_assert_int_ge(kept, 2);
		whole += kept == 3;
		ck_assert_int_ge(nr_stalls(), 3);
		ck_assert_int_le(nr_stalls(), 5);
		more[nr_stalls() - 3]++;
		for (int i = 0; i < THREADS; i++)
			ck_assert_int_eq(plan[i].start.stalls, has_stall(plan, i, 0));
	}
	ck_assert_int_gt(whole, RUNS / 2);
	ck_assert_int_lt(whole, RUNS);
	for (int i = 0; i < 3; i++)
		ck_assert_int_gt(more[i], RUNS / 40);
}
END_TEST

START_TEST(stalls_upon_stalls_are_at_most_so_many)
{
	struct fl_plan base[THREADS];

	fl_plan_run(plan, THREADS, places, 6, 2);
	for (uint64_t run = 0; run < RUNS; run++) {
		memcpy(base, plan, sizeof(base));
		fl_plan_upon(plan, THREADS, base, places, 6, run);
		ck_assert_int_le(nr_stalls(), FL_PLAN_MAX_STALLS);
	}
	ck_assert_int_ge(nr_stalls(), FL_PLAN_MAX_STALLS - 1);
}
END_TEST

START_TEST(some_runs_are_upon_another_one_of_every_nth_run_too)
{
	for (uint64_t n = 1; n <= 8; n++) {
		int upon = 0;

		for (uint64_t run = 0; run < RUNS; run++)
			upon += fl_plan_is_upon(n * run);
		ck_assert_int_gt(upon, RUNS / 4);
		ck_assert_int_lt(upon, RUNS / 2);
	}
}
END_TEST

/* ---- as a text ---- */

START_TEST(a_text_of_stalls_gives_the_same_stalls)
{
	struct fl_plan again[THREADS];
	char text[FL_PLAN_TEXT], same[FL_PLAN_TEXT];

	for (uint64_t run = 0; run < RUNS; run++) {
		fl_plan_run(plan, THREADS, places, 7, run);
		fl_plan_text(text, plan, THREADS);
		if (!nr_stalls()) {
			ck_assert_str_eq(text, "");
			continue;
		}
		ck_assert_msg(fl_plan_parse(again, THREADS, text, 7, run), "%s", text);
		fl_plan_text(same, again, THREADS);
		ck_assert_str_eq(text, same);
		for (int i = 0; i < THREADS; i++) {
			ck_assert_int_eq(again[i].start.stalls, plan[i].start.stalls);
			ck_assert_uint_eq(again[i].start.turns, plan[i].start.turns);
		}
	}
	ck_assert(fl_plan_parse(plan, 2, "1@40b,0@0", 0, 0));
	ck_assert(plan[1].stall[0].briefly && plan[0].start.stalls);
}
END_TEST

START_TEST(what_is_no_text_of_stalls_is_refused)
{
	static const char *const bad[] = {
		"",
		"x",
		"1",
		"1@",
		"@1",
		"0@1,",
		"0@1 ",
		"2@1",
		"-1@1",
		"0@1x",
		"0@1,0@1,0@1,0@1,0@1,0@1,0@1,0@1,0@1",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!fl_plan_parse(plan, 2, bad[i], 0, 0), "%s", bad[i]);
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
	tcase_add_test(tc, a_run_upon_another_one_has_its_stalls_but_one_and_one_or_two_more);
	tcase_add_test(tc, stalls_upon_stalls_are_at_most_so_many);
	tcase_add_test(tc, some_runs_are_upon_another_one_of_every_nth_run_too);
	tcase_add_test(tc, a_text_of_stalls_gives_the_same_stalls);
	tcase_add_test(tc, what_is_no_text_of_stalls_is_refused);
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
