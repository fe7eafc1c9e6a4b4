// SPDX-License-Identifier: MIT
/*
 * enomem_pairs.c - a call that fails for want of memory, and another thread's, to the end of all executions: no race, no
 * oracle fails, and the same allocation fails in each of them. One call alone: enomem.h.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <faultline/inject.h>
#include <faultline/mm.h>
#include <faultline/oracle.h>
#include <faultline/run.h>

struct world {
	struct fl_mm *mm;
	fl_vaddr range; /* three pages of one private anonymous VMA */
};

/* Which allocation fails, and in how many runs of the thread it did. Not of the explored world. */
static uint64_t nth, failures, runs;

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;

	(void)cpu;
	w->mm = mm;
	return fl_mmap_anon(&w->range, mm, 3, FL_READ | FL_WRITE);
}

static int set_up_touched(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up(cpu, mm, world);

	return err ? err : fl_store(cpu, ((struct world *)world)->range, 1);
}

/* The thread that fails. What it answers is the same in each execution. */
static void must_fail(int err)
{
	struct fl_alloc_point at;
	bool failed = fl_inject_failed(&at);

	runs++;
	failures += failed;
	if (err != (failed ? -ENOMEM : 0))
		fl_oracle_fail("enomem", "%d, though %s failed", err,
			       failed ? "an allocation" : "none");
}

static void do_fork(struct fl_cpu *cpu, void *world)
{
	struct fl_mm *child = NULL;
	int err;

	(void)cpu;
	fl_inject_fail_nth(FL_ALLOC_ANY, nth);
	err = fl_fork(&child, ((struct world *)world)->mm);
	must_fail(err);
}

static void do_first_store(struct fl_cpu *cpu, void *world)
{
	fl_inject_fail_nth(FL_ALLOC_FRAME | FL_ALLOC_ANON_VMA, nth);
	must_fail(fl_store(cpu, ((struct world *)world)->range, 2));
}

static void do_munmap(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_inject_fail_nth(FL_ALLOC_ANY & ~(unsigned int)FL_ALLOC_FALLBACK, nth);
	must_fail(fl_munmap(w->mm, fl_page(cpu, w->range, 1), 1));
}

static void do_mprotect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_inject_fail_nth(FL_ALLOC_ANY, nth);
	must_fail(fl_mprotect(w->mm, fl_page(cpu, w->range, 1), 1, FL_READ));
}

/* The thread that goes on. */
static void do_store(struct fl_cpu *cpu, void *world)
{
	uint64_t word;
	fl_vaddr addr = ((struct world *)world)->range;

	if (fl_inject_left())
		fl_oracle_fail("enomem", "another thread's rule reached this one");
	if (fl_store(cpu, addr, 3) || fl_load(&word, cpu, addr) || word < 2)
		fl_oracle_fail("enomem", "no store, or lost");
}

static const struct pair {
	int (*set_up)(struct fl_cpu *cpu, struct fl_mm *mm, void *world);
	void (*fails)(struct fl_cpu *cpu, void *world);
	unsigned int allocations; /* that it makes at least */
	bool always;		  /* whatever the other one does */
} pairs[] = {
	{ set_up_touched, do_fork, 8, true },
	{ set_up, do_first_store, 3, false },
	{ set_up, do_munmap, 4, false },
	{ set_up_touched, do_mprotect, 4, true },
};

static const char *const kernels[] = { "6.1", "6.12" };

/* False: there are fewer allocations. */
static bool explore(const struct pair *pair, const char *kernel, const char *model)
{
	struct fl_scenario s = {
		.name = "enomem",
		.needs = { .cpus = 2, .mms = 2, .pages = 3 },
		.world = sizeof(struct world),
		.set_up = pair->set_up,
		.threads = { { "fails", pair->fails }, { "goes on", do_store } },
	};
	struct fl_run_options opt = { .kernel = kernel, .model = model };
	struct fl_run_result r = { 0 };
	char err[1024] = "";

	failures = runs = 0;
	ck_assert_msg(!fl_run_check(&s, &opt, &r, err, sizeof(err)), "%s: %s", kernel, err);
	printf("%s, allocation %u: %llu executions, %u events, %u of %u failed, %.2f s\n", kernel,
	       (unsigned int)nth, (unsigned long long)r.executions, r.events,
	       (unsigned int)failures, (unsigned int)runs, r.seconds);
	ck_assert_msg(r.verdict == FL_VERDICT_VERIFIED, "%s, allocation %u: %s: %s", kernel,
		      (unsigned int)nth, r.oracle, r.message);
	ck_assert(!failures || !pair->always || failures == runs);
	fl_run_result_free(&r);
	return failures;
}

START_TEST(whoever_runs_out_of_memory_disturbs_nobody)
{
	const struct pair *pair = &pairs[_i / 2];

	nth = 1;
	while (explore(pair, kernels[_i % 2], "lkmm"))
		nth++;
	ck_assert_uint_gt(nth, pair->allocations);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.enomem_pairs");
	TCase *tc = tcase_create("pairs");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, whoever_runs_out_of_memory_disturbs_nobody, 0,
			    2 * sizeof(pairs) / sizeof(*pairs));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
