// SPDX-License-Identifier: MIT
/* lock_order.c - tests lib/oracle/lock_order.c: scenarios whose threads take locks one by one. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/run.h>

#include "mm/mmap_lock.h"

struct world {
	struct mm_struct *mm;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;

	w->mm = &mm->mm;
	return 0;
}

static void in_order(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	mmap_read_lock(w->mm);
	spin_lock(&w->mm->page_table_lock);
	spin_unlock(&w->mm->page_table_lock);
	mmap_read_unlock(w->mm);
	spin_lock(&w->mm->page_table_lock);
	spin_unlock(&w->mm->page_table_lock);
	mmap_read_lock(w->mm);
	mmap_read_unlock(w->mm);
}

static void the_other_way(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	spin_lock(&w->mm->page_table_lock);
	mmap_read_lock(w->mm);
	mmap_read_unlock(w->mm);
	spin_unlock(&w->mm->page_table_lock);
}

static void a_try(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	spin_lock(&w->mm->page_table_lock);
	if (down_read_trylock(&w->mm->mmap_lock))
		mmap_read_unlock(w->mm);
	spin_unlock(&w->mm->page_table_lock);
}

static void twice(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	/* Of a class that does not nest, though these two would not wait for each other. */
	mmap_write_lock(w->mm);
	spin_lock(&w->mm->page_table_lock);
	mmap_write_downgrade(w->mm);
	spin_unlock(&w->mm->page_table_lock);
	mmap_read_unlock(w->mm);
}

static const struct fl_variant variants[] = {
	{ "v", "6.12", NULL, "sc", FL_VERIFIED, NULL },
};

static const struct {
	void (*run)(struct fl_cpu *cpu, void *world);
	const char *message; /* NULL: verified */
} cases[] = {
	{ in_order, NULL },
	{ the_other_way,
	  "CPU0 waits for mm->mmap_lock while it has mm->page_table_lock, which goes "
	  "inside" },
	{ a_try, NULL },
	{ twice, NULL },
};

START_TEST(the_order_is_that_of_the_table)
{
	struct fl_scenario s = {
		.name = "locks",
		.needs = { .cpus = 1, .mms = 1, .vmas = 1, .pages = 1 },
		.world = sizeof(struct world),
		.set_up = set_up,
		.threads = { { "locks", cases[_i].run } },
		.variants = variants,
		.nr_variants = 1,
	};
	struct fl_run_options opt = { .variant = "v" };
	struct fl_run_result r;
	char err[256];

	ck_assert_msg(!fl_run_check(&s, &opt, &r, err, sizeof(err)), "%s", err);
	if (cases[_i].message) {
		ck_assert_int_eq(r.verdict, FL_VERDICT_VIOLATION);
		ck_assert_str_eq(r.oracle, "lock-order");
		ck_assert_str_eq(r.message, cases[_i].message);
	} else {
		ck_assert_msg(r.verdict == FL_VERDICT_VERIFIED, "%s: %s", r.oracle, r.message);
	}
	fl_run_result_free(&r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lock-order");
	TCase *tc = tcase_create("order");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, the_order_is_that_of_the_table, 0,
			    sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
