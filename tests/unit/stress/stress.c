// SPDX-License-Identifier: MIT
/* stress.c - lib/stress: scenarios on real threads, over and over. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/scenario.h>

#include "stress/stress.h"

/* ThreadSanitizer ends a test at a data race, and buggy variants have some. */
#if defined(__SANITIZE_THREAD__)
#define TSAN true
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TSAN true
#endif
#endif
#ifndef TSAN
#define TSAN false
#endif

static struct fl_stress_result result;
static char err[512];

static int run(const char *scenario, const char *variant, uint64_t seed, double seconds,
	       bool until_hit)
{
	const struct fl_stress_options opt = {
		.variant = variant,
		.seed = seed,
		.step = 1,
		.seconds = seconds,
		.until_hit = until_hit,
		.hang_after = 60,
	};

	return fl_stress(fl_scenario_find(scenario), &opt, &result, err, sizeof(err));
}

static const struct fl_stress_failure *failure(const char *oracle)
{
	for (int i = 0; i < result.nr_failures; i++)
		if (!strcmp(result.failure[i].oracle, oracle))
			return &result.failure[i];
	return NULL;
}

static void hits(const char *scenario, const char *variant, const char *oracle)
{
	if (TSAN)
		return;
	ck_assert_msg(!run(scenario, variant, 0, 20, true), "%s", err);
	ck_assert_msg(failure(oracle) != NULL, "%s %s: not hit in %llu runs", scenario, variant,
		      (unsigned long long)result.runs);
	ck_assert_uint_eq(result.hits, 1);
	ck_assert_uint_eq(failure(oracle)->hits, 1);
}

START_TEST(a_lost_write_is_hit)
{
	hits("fork-vma-lock", "linux-6.4", "lost-write");
}
END_TEST

START_TEST(a_bug_of_two_threads_is_hit)
{
	hits("vma-lock-seq", "no-second-look", "vma-torn");
}
END_TEST

/* Its oracle needs what each CPU has heard of under the check engine: here, what is left behind. */
START_TEST(a_page_that_is_left_behind_is_hit)
{
	hits("vma-shrunk", "no-range-check", "permission");
}
END_TEST

START_TEST(a_fixed_variant_is_not_hit)
{
	ck_assert_msg(!run("fork-vma-lock", "linux-6.5", 0, .7, false), "%s", err);
	ck_assert_uint_gt(result.runs, 10);
	ck_assert_uint_eq(result.hits, 0);
	ck_assert_int_eq(result.nr_failures, 0);
	ck_assert_msg(!run("vma-lock-seq", "linux-6.5", 0, .7, false), "%s", err);
	ck_assert_uint_eq(result.hits, 0);
}
END_TEST

START_TEST(memory_that_is_used_after_it_was_freed_is_hit)
{
#ifdef FL_STRESS_ACCESSES
	hits("mbind-vma-lock", "linux-6.4", "use-after-free");
#endif
}
END_TEST

START_TEST(places_are_the_same_in_each_process_and_some_are_shared)
{
	struct fl_stress_result first;

	ck_assert(!run("fork-vma-lock", "linux-6.5", 0, .01, false));
	first = result;
	ck_assert(!run("fork-vma-lock", "linux-6.5", 1, .01, false));
	ck_assert_int_eq(first.nr_threads, 3);
	for (int i = 0; i < 3; i++) {
		const uint32_t *n = result.places[i].n;

		ck_assert_mem_eq(first.places[i].n, n, sizeof(first.places[i].n));
		ck_assert_uint_gt(n[0], 5);
		ck_assert_uint_le(n[0], n[FL_PLACES_PLAIN]);
#ifdef FL_STRESS_ACCESSES
		ck_assert_uint_gt(n[FL_PLACES_SHARED], 2);
		ck_assert_uint_lt(n[0], n[FL_PLACES_PLAIN]);
#endif
	}
}
END_TEST

/* It takes stalls at four places, which no run finds at once. */
START_TEST(a_bug_of_many_orders_is_hit_by_runs_upon_others_and_again_by_its_stalls)
{
#ifdef FL_STRESS_ACCESSES
	struct fl_stress_failure found;
	struct fl_stress_options again = {
		.variant = "before-lock",
		.seconds = 40,
		.until_hit = true,
		.hang_after = 60,
	};

	ck_assert_msg(!run("vma-anon-check", "before-lock", 0, 60, true), "%s", err);
	ck_assert_msg(failure("use-after-free") != NULL, "not hit in %llu runs",
		      (unsigned long long)result.runs);
	ck_assert_int_gt(result.kept, 5);
	found = result.failure[0];
	if (!found.stalls[0])
		return; /* by luck */
	again.first = found.first_run;
	again.stalls = found.stalls;
	ck_assert_msg(
		!fl_stress(fl_scenario_find("vma-anon-check"), &again, &result, err, sizeof(err)),
		"%s", err);
	ck_assert_uint_eq(result.hits, 1);
	ck_assert_str_eq(result.failure[0].stalls, found.stalls);
	ck_assert_int_eq(result.kept, 0);
#endif
}
END_TEST

START_TEST(stalls_that_are_none_are_an_error)
{
	const struct fl_stress_options opt = {
		.variant = "linux-6.5", .seconds = 1, .hang_after = 60, .stalls = "0@"
	};

	ck_assert_int_eq(
		fl_stress(fl_scenario_find("fork-vma-lock"), &opt, &result, err, sizeof(err)),
		-EINVAL);
	ck_assert_ptr_nonnull(strstr(err, "0@"));
}
END_TEST

/* A thread that waits for user space for ever ends the run. */
START_TEST(waits_for_ever_that_are_legal_end)
{
	ck_assert_msg(!run("uffd-wp-frozen", "f2-flush-under-ptl", 0, .5, false), "%s", err);
	ck_assert_uint_gt(result.runs, 3);
	ck_assert_uint_eq(result.hits, 0);
}
END_TEST

START_TEST(what_is_not_there_is_said)
{
	ck_assert_int_eq(run("fork-vma-lock", "linux-6.44", 0, 1, false), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err, "linux-6.4"));
}
END_TEST

static volatile sig_atomic_t stop;

static void stop_it(void *arg, const struct fl_stress_result *r)
{
	(void)arg;
	ck_assert_uint_gt(r->runs, 0);
	stop = 1;
}

START_TEST(a_signal_ends_it_between_runs)
{
	const struct fl_stress_options opt = {
		.variant = "linux-6.5",
		.step = 1,
		.seconds = 1000,
		.hang_after = 60,
		.stop = &stop,
		.progress = stop_it,
	};

	stop = 0;
	ck_assert(!fl_stress(fl_scenario_find("fork-vma-lock"), &opt, &result, err, sizeof(err)));
	ck_assert_double_lt(result.seconds, 60);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stress.stress");
	TCase *tc = tcase_create("stress");
	TCase *learns = tcase_create("learns");
	SRunner *runner;
	int failed;

	tcase_set_timeout(learns, 110);
	tcase_add_test(learns,
		       a_bug_of_many_orders_is_hit_by_runs_upon_others_and_again_by_its_stalls);
	tcase_add_test(tc, a_lost_write_is_hit);
	tcase_add_test(tc, a_bug_of_two_threads_is_hit);
	tcase_add_test(tc, a_page_that_is_left_behind_is_hit);
	tcase_add_test(tc, a_fixed_variant_is_not_hit);
	tcase_add_test(tc, memory_that_is_used_after_it_was_freed_is_hit);
	tcase_add_test(tc, places_are_the_same_in_each_process_and_some_are_shared);
	tcase_add_test(tc, stalls_that_are_none_are_an_error);
	tcase_add_test(tc, waits_for_ever_that_are_legal_end);
	tcase_add_test(tc, what_is_not_there_is_said);
	tcase_add_test(tc, a_signal_ends_it_between_runs);
	suite_add_tcase(suite, tc);
	suite_add_tcase(suite, learns);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
