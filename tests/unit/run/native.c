// SPDX-License-Identifier: MIT
/*
 * native.c - tests of fl_run_native(): lib/run/{setup,run_native}.c.
 *
 * That iterations are counted, hits are hits, worlds are fresh, and a run in which everybody waits ends.
 * Whether real threads show a given bug is a matter of luck, and not asked here.
 */
#include <check.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/oracle.h>
#include <faultline/run.h>

#define ITERATIONS 200

struct world {
	struct fl_uffd *uffd;
	fl_vaddr page;
	int used;
};

static atomic_int set_ups, begun;

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;

	ck_assert_int_eq(w->used, 0); /* a fresh one */
	w->used = 1;
	atomic_fetch_add(&set_ups, 1);
	if (fl_mmap_anon(&w->page, mm, 2, FL_READ | FL_WRITE))
		return -ENOMEM;
	/* the VMA's anon_vma: the kernel looks at it without a lock, which a sanitizer would report */
	return fl_store(cpu, w->page, 0);
}

static int set_up_fails(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	return -ENOSPC;
}

static void store(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word = 0;

	atomic_fetch_add(&begun, 1);
	if (fl_store(cpu, fl_page(cpu, w->page, fl_cpu_number(cpu) % 2), 1) ||
	    fl_load(&word, cpu, fl_page(cpu, w->page, fl_cpu_number(cpu) % 2)) || word != 1)
		fl_oracle_fail("lost-write", "CPU%u", fl_cpu_number(cpu));
}

static void store_and_fail(struct fl_cpu *cpu, void *world)
{
	fl_oracle_fail("lost-write", "as told");
	fl_oracle_fail("isolation", "after the first");
}

static struct fl_scenario scenario = {
	.name = "stores",
	.needs = { .cpus = 3, .mms = 1, .vmas = 1, .pages = 2 },
	.world = sizeof(struct world),
	.set_up = set_up,
	.threads = { { "one", store }, { "two", store }, { "three", store } },
};

static struct fl_run_result result;
static char err[1024];

/* 6.1: faults take mmap_lock, so that even plain accesses are in order, whatever a sanitizer thinks. */
static int run(const struct fl_scenario *s, uint64_t iterations)
{
	const struct fl_run_options opt = { .kernel = "6.1", .iterations = iterations, .seed = 7 };

	atomic_store(&set_ups, 0);
	atomic_store(&begun, 0);
	err[0] = '\0';
	return fl_run_native(s, &opt, &result, err, sizeof(err));
}

START_TEST(every_iteration_has_its_own_world)
{
	ck_assert_int_eq(run(&scenario, ITERATIONS), 0);
	ck_assert_uint_eq(result.executions, ITERATIONS);
	ck_assert_int_eq(atomic_load(&set_ups), ITERATIONS);
	ck_assert_int_eq(atomic_load(&begun), 3 * ITERATIONS);
	ck_assert_uint_eq(result.hits, 0);
	/* real threads prove nothing */
	ck_assert_int_eq(result.verdict, FL_VERDICT_INCONCLUSIVE);
	fl_run_result_free(&result);
}
END_TEST

START_TEST(a_hit_is_an_iteration_and_the_first_failure_is_told)
{
	struct fl_scenario s = scenario;

	s.threads[1].run = store_and_fail;
	ck_assert_int_eq(run(&s, 10), 0);
	ck_assert_uint_eq(result.hits, 10);
	ck_assert_int_eq(result.verdict, FL_VERDICT_VIOLATION);
	ck_assert_str_eq(result.oracle, "lost-write");
	ck_assert_str_eq(result.message, "as told");
	fl_run_result_free(&result);
}
END_TEST

/* A range that nobody handles: the fault waits for ever, which is a legal end. */
static int set_up_uffd(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int ret = set_up(cpu, mm, world);

	if (!ret)
		ret = fl_uffd_create(&w->uffd, mm);
	if (!ret)
		ret = fl_uffd_register(w->uffd, cpu, w->page, 2, FL_UFFD_MISSING);
	return ret;
}

static void wait_for_handler(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	if (fl_store(cpu, fl_page(cpu, w->page, 1), 1) != -EINTR)
		fl_oracle_fail("missed-wp", "the fault did not wait");
}

static void do_nothing(struct fl_cpu *cpu, void *world)
{
}

START_TEST(a_run_in_which_all_wait_ends)
{
	struct fl_scenario s = scenario;

	s.set_up = set_up_uffd;
	s.threads[0].run = wait_for_handler;
	s.threads[1].run = do_nothing;
	s.threads[2].run = wait_for_handler;
	ck_assert_int_eq(run(&s, 20), 0);
	ck_assert_uint_eq(result.executions, 20);
	ck_assert_msg(!result.hits, "%s", result.message);
	/* the next run waits again, and is sent home again */
	ck_assert_int_eq(run(&s, 2), 0);
	ck_assert_msg(!result.hits, "%s", result.message);
}
END_TEST

static bool stop_at_once(void *arg, uint64_t executions, double seconds, double done)
{
	return true;
}

START_TEST(a_run_can_be_stopped)
{
	const struct fl_run_options stopped = { .kernel = "6.1",
						.iterations = 1000000000,
						.progress = stop_at_once };
	const struct fl_run_options timed = { .kernel = "6.1",
					      .iterations = 1000000000,
					      .timeout = 1 };

	ck_assert_int_eq(fl_run_native(&scenario, &stopped, &result, err, sizeof(err)), 0);
	ck_assert_uint_eq(result.executions, 0);
	ck_assert_int_eq(fl_run_native(&scenario, &timed, &result, err, sizeof(err)), 0);
	ck_assert_uint_gt(result.executions, 0);
	ck_assert_double_lt(result.seconds, 60);
}
END_TEST

START_TEST(errors_are_told)
{
	struct fl_scenario s = scenario;

	ck_assert_int_eq(fl_run_native(&scenario, &(struct fl_run_options){ .kernel = "0.1" },
				       &result, err, sizeof(err)),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(err, "0.1"));
	s.set_up = set_up_fails;
	ck_assert_int_eq(run(&s, 3), -ENOSPC);
	ck_assert_ptr_nonnull(strstr(err, "stores can't be run"));
	ck_assert_int_eq(run(&scenario, 1), 0);
}
END_TEST

static void reclaim(struct fl_cpu *cpu, void *world)
{
	fl_reclaim(cpu, 1);
}

START_TEST(a_call_for_which_the_machine_was_not_made_is_an_error)
{
	struct fl_scenario s = scenario;

	s.threads[1].run = reclaim;
	ck_assert_int_eq(run(&s, 3), -EOPNOTSUPP);
	ck_assert_str_eq(err, "stores: fl_reclaim() needs a machine with swap: set .swap_slots in "
			      "the scenario's .needs");
	ck_assert_int_eq(run(&scenario, 1), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("run native");
	TCase *tc = tcase_create("run");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, every_iteration_has_its_own_world);
	tcase_add_test(tc, a_hit_is_an_iteration_and_the_first_failure_is_told);
	tcase_add_test(tc, a_run_in_which_all_wait_ends);
	tcase_add_test(tc, a_run_can_be_stopped);
	tcase_add_test(tc, errors_are_told);
	tcase_add_test(tc, a_call_for_which_the_machine_was_not_made_is_an_error);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
