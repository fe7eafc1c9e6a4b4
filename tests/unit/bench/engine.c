// SPDX-License-Identifier: MIT
/* engine.c - sim/bench: each workload does on both sides, for a moment, what it says; nothing about how fast. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/latency.h"

static const struct options opt = {
	.seconds = 0.02,
	.runs = 1,
	.vmas = 20,
	.mix = { { 50, 10, 10, 10, 10, 10 } },
	.theta = 0.99,
};

static void set_up(void)
{
	latency_init();
	ck_assert_uint_gt(cores_init(), 0);
}

static void tear_down(void)
{
	cores_exit();
}

static struct run run_of(const struct workload *w, const struct kernel *kernel,
			 unsigned int threads)
{
	return (struct run){
		.workload = w,
		.side = kernel ? &w->ours : &w->host,
		.kernel = kernel,
		.opt = &opt,
		.threads = threads,
		.seconds = opt.seconds,
		.seed = 3,
	};
}

static void has_worked(const struct workload *w, const struct figures *f, bool ours)
{
	/* A step may take longer than the time there is, or no thread had a processor. */
	if (!f->ops && !f->writer_ops)
		return;
	ck_assert_msg(f->seconds > 0, "%s", w->name);
	ck_assert(f->ops_per_second > 0 || f->writer_ops_per_second > 0);
	if (f->samples > 10)
		ck_assert_msg(f->op.p50 >= 0 && f->op.p99 >= f->op.p50 && f->op.p999 >= f->op.p99,
			      "%s", w->name);
	if (!w->writer)
		ck_assert_uint_eq(f->writer_ops, 0);
	if (!ours)
		ck_assert_uint_eq(f->faults, 0);
}

static void one(const struct workload *w, const char *strategy, unsigned int threads)
{
	const struct kernel kernel = { strategy, kernel_rwlock(0) };
	struct run run = run_of(w, &kernel, threads);
	struct figures f;
	int err = engine_run(&run, &f);

	ck_assert_msg(!err, "%s, %s, %u threads: %d", w->name, strategy, threads, err);
	has_worked(w, &f, true);
}

START_TEST(each_workload_runs_with_each_strategy)
{
	for (size_t s = 0; kernel_strategy(s); s++) {
		one(workloads[_i], kernel_strategy(s), 1);
		one(workloads[_i], kernel_strategy(s), 2);
	}
}
END_TEST

START_TEST(the_host_does_the_same)
{
	struct run run = run_of(workloads[_i], NULL, 2);
	struct figures f;

	if (!workloads[_i]->host.step)
		return;
	ck_assert_int_eq(engine_run(&run, &f), 0);
	has_worked(workloads[_i], &f, false);
}
END_TEST

START_TEST(anon_fault_counts_faults)
{
	const struct kernel kernel = { "vma-refcount", kernel_rwlock(0) };
	struct figures f = { 0 };

	for (int i = 0; i < 30 && !f.ops; i++) {
		struct run run = run_of(&anon_fault, &kernel, 1);

		run.seconds = 0.1;
		ck_assert_int_eq(engine_run(&run, &f), 0);
	}
	ck_assert_uint_gt(f.ops, 0);
	ck_assert_uint_eq(f.ops % 1024, 0);
	ck_assert_uint_gt(f.faults, 0);
	ck_assert_uint_eq(f.shootdowns, 0); /* nobody else is there */
}
END_TEST

/* A busy machine may give neither thread a processor for as long as a run is. */
START_TEST(two_threads_shoot_each_other_s_translations_down)
{
	const struct kernel kernel = { "mmap-lock", kernel_rwlock(0) };
	struct figures f = { 0 };

	for (int i = 0; i < 30 && !f.shootdowns; i++) {
		struct run run = run_of(&mprotect_toggle, &kernel, 2);

		run.seconds = 0.1;
		ck_assert_int_eq(engine_run(&run, &f), 0);
	}
	ck_assert_uint_gt(f.shootdowns, 0);
	ck_assert_uint_eq(f.fallbacks, 0); /* there is nothing to fall back from */
}
END_TEST

static bool never(void *arg, double seconds)
{
	return false;
}

START_TEST(a_run_can_be_ended_at_once)
{
	const struct kernel kernel = { "vma-refcount", kernel_rwlock(0) };
	struct run run = run_of(&fault_vs_mmap, &kernel, 2);
	struct figures f;

	run.go_on = never;
	run.seconds = 1000;
	ck_assert_int_eq(engine_run(&run, &f), -EINTR);
}
END_TEST

/* Every step fails: no memory for it. */
static uint64_t two_frames(const struct run *run)
{
	return 8;
}

START_TEST(an_error_of_a_thread_is_that_of_the_run)
{
	const struct kernel kernel = { "vma-refcount", kernel_rwlock(0) };
	struct side poor = anon_fault.ours;
	struct run run = run_of(&anon_fault, &kernel, 2);
	struct figures f;

	poor.frames = two_frames;
	run.side = &poor;
	ck_assert_int_eq(engine_run(&run, &f), -ENOMEM);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bench.engine");
	TCase *tcase = tcase_create("engine");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	tcase_set_timeout(tcase, 100); /* of each case, on a machine that has much else to do */
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, each_workload_runs_with_each_strategy, 0, (int)nr_workloads);
	tcase_add_loop_test(tcase, the_host_does_the_same, 0, (int)nr_workloads);
	tcase_add_test(tcase, anon_fault_counts_faults);
	tcase_add_test(tcase, two_threads_shoot_each_other_s_translations_down);
	tcase_add_test(tcase, a_run_can_be_ended_at_once);
	tcase_add_test(tcase, an_error_of_a_thread_is_that_of_the_run);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
