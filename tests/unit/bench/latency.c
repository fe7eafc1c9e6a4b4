// SPDX-License-Identifier: MIT
/* latency.c - sim/bench/latency.c: histograms of single operations, and which operations are timed. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "bench/latency.h"

static void add(gsl_histogram *h, double ns, int times)
{
	for (int i = 0; i < times; i++)
		ck_assert_int_eq(gsl_histogram_increment(h, ns), 0);
}

static void near(double value, double want)
{
	ck_assert_msg(fabs(value - want) <= want * 0.035 + 1, "%g is not about %g", value, want);
}

START_TEST(quantiles_are_those_of_the_values)
{
	gsl_histogram *h = latency_new();
	struct quantiles q;

	for (int i = 1; i <= 10000; i++)
		add(h, i, 1);
	q = latency_quantiles(h);
	near(q.p50, 5000);
	near(q.p99, 9900);
	near(q.p999, 9990);
	ck_assert_uint_eq(latency_samples(h), 10000);
	gsl_histogram_free(h);
}
END_TEST

START_TEST(quantiles_of_nothing_are_zero)
{
	gsl_histogram *h = latency_new();
	struct quantiles q = latency_quantiles(h);

	ck_assert_double_eq(q.p50, 0);
	ck_assert_double_eq(q.p999, 0);
	gsl_histogram_free(h);
}
END_TEST

START_TEST(a_rare_slow_one_is_in_the_tail_alone)
{
	gsl_histogram *h = latency_new();
	struct quantiles q;

	add(h, 100, 9980);
	add(h, 3e6, 20);
	q = latency_quantiles(h);
	near(q.p50, 100);
	near(q.p99, 100);
	near(q.p999, 3e6);
	gsl_histogram_free(h);
}
END_TEST

START_TEST(sums_have_the_values_of_both)
{
	gsl_histogram *a = latency_new(), *b = latency_new();

	add(a, 100, 500);
	add(b, 1000, 500);
	latency_add(a, b);
	ck_assert_uint_eq(latency_samples(a), 1000);
	near(latency_quantiles(a).p99, 1000);
	gsl_histogram_free(a);
	gsl_histogram_free(b);
}
END_TEST

/* GSL looks a bucket up by its bounds, the meter computes it. */
START_TEST(a_meter_finds_the_bucket_that_gsl_finds)
{
	struct meter m;

	latency_init();
	ck_assert_int_eq(meter_begin(&m, 1, 0), 0);
	for (uint64_t ticks = 1 << 24; ticks < 1ULL << 38; ticks += ticks / 7) {
		double ns = latency_ns(ticks);
		size_t i;

		meter_reset(&m);
		meter_record(&m, latency_clock() - ticks);
		for (i = 0; i < m.h->n && m.h->bin[i] == 0; i++)
			;
		ck_assert_uint_eq(latency_samples(m.h), 1);
		/* The clock went on meanwhile. */
		ck_assert_msg(m.h->range[i] <= ns * 1.1 && m.h->range[i + 1] >= ns * 0.96,
			      "%g ns are in [%g, %g)", ns, m.h->range[i], m.h->range[i + 1]);
	}
	meter_end(&m);
}
END_TEST

START_TEST(ticks_are_as_long_as_the_system_s_clock_says)
{
	const struct timespec nap = { .tv_nsec = 50000000 };
	uint64_t begin, ticks;

	latency_init();
	begin = latency_clock();
	nanosleep(&nap, NULL);
	ticks = latency_clock() - begin;
	ck_assert_double_gt(latency_ns(ticks), 0.9 * 50e6);
	ck_assert_double_lt(latency_ns(ticks), 50e9); /* however busy the machine is */
}
END_TEST

START_TEST(buckets_are_log_linear_without_gaps)
{
	gsl_histogram *h = latency_new();

	for (size_t i = 0; i < h->n; i++) {
		ck_assert(h->range[i] < h->range[i + 1]);
		ck_assert(h->range[i + 1] - h->range[i] <= 1 + h->range[i] / 32);
	}
	gsl_histogram_free(h);
}
END_TEST

START_TEST(one_operation_in_so_many_is_timed)
{
	enum { OPS = 160000 };
	struct meter m;
	int timed = 0, last = 0, gaps[4 * TIME_USUAL] = { 0 }, kinds = 0;

	ck_assert_int_eq(meter_begin(&m, 5, 0), 0);
	for (int i = 0; i < OPS; i++) {
		uint64_t t = op_begin(&m);

		op_end(&m, t);
		if (!t)
			continue;
		timed++;
		gaps[i - last]++;
		last = i;
	}
	ck_assert_uint_eq(m.count, OPS);
	ck_assert_uint_eq(latency_samples(m.h), timed);
	ck_assert_int_gt(timed, OPS / TIME_USUAL * 95 / 100);
	ck_assert_int_lt(timed, OPS / TIME_USUAL * 105 / 100);
	for (int i = 0; i < 4 * TIME_USUAL; i++)
		kinds += gaps[i] > 0;
	ck_assert_int_gt(kinds, TIME_USUAL); /* not at equal distances */
	meter_end(&m);
}
END_TEST

START_TEST(slow_operations_can_all_be_timed)
{
	struct meter m;

	ck_assert_int_eq(meter_begin(&m, 5, 1), 0);
	for (int i = 0; i < 100; i++)
		op_end(&m, op_begin(&m));
	ck_assert_uint_eq(latency_samples(m.h), 100);
	meter_end(&m);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bench.latency");
	TCase *tcase = tcase_create("latency");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, quantiles_are_those_of_the_values);
	tcase_add_test(tcase, quantiles_of_nothing_are_zero);
	tcase_add_test(tcase, a_rare_slow_one_is_in_the_tail_alone);
	tcase_add_test(tcase, sums_have_the_values_of_both);
	tcase_add_test(tcase, a_meter_finds_the_bucket_that_gsl_finds);
	tcase_add_test(tcase, ticks_are_as_long_as_the_system_s_clock_says);
	tcase_add_test(tcase, buckets_are_log_linear_without_gaps);
	tcase_add_test(tcase, slow_operations_can_all_be_timed);
	tcase_add_test(tcase, one_operation_in_so_many_is_timed);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
