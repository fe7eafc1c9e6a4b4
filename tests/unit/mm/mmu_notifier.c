// SPDX-License-Identifier: MIT
/* mmu_notifier.c - tests lib/mm/mmu_notifier.c: who is told of what. The race is mmu-notifier-register's. */
#include <errno.h>

#include "mm/mmu_notifier.h" /* whose parameters have the names of the world's variables */

#include "../world.h"

static fl_vaddr addr;

static void begin(const char *set)
{
	struct fl_machine_config config = { .cpus = 2, .mmu_notifiers = 1 };

	fl_machine_config_small(&config);
	make_world_with(&config, "6.5", set);
	addr = map(1, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, addr, 1), 0);
}

START_TEST(who_subscribes_hears_of_starts_and_ends)
{
	struct fl_mmu_notifier *first, *second;
	struct fl_mm *child;

	begin(NULL);
	ck_assert_int_eq(fl_mmu_notifier_register(&first, fl_mm), 0);
	mmu_notifier_invalidate_range_start(mm);
	ck_assert_int_eq(fl_mmu_notifier_in_progress(first), 1);
	mmu_notifier_invalidate_range_end(mm);
	/* A page is copied: over when the store is. */
	ck_assert_int_eq(fl_mmu_notifier_register(&second, fl_mm), 0);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	ck_assert_int_eq(fl_store(cpu0, addr, 2), 0);
	ck_assert_int_eq(fl_mmu_notifier_in_progress(first), 0);
	ck_assert_int_eq(fl_mmu_notifier_in_progress(second), 0);
	mmu_notifier_invalidate_range_start(mm);
	mmu_notifier_invalidate_range_start(&child->mm); /* nobody listens */
	ck_assert_int_eq(fl_mmu_notifier_in_progress(first), 1);
	ck_assert_int_eq(fl_mmu_notifier_in_progress(second), 1);
	mmu_notifier_invalidate_range_end(mm);
	mmu_notifier_invalidate_range_end(&child->mm);
	fl_mm_destroy(child);
	end_world();
}
END_TEST

static bool marked(void)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);
	struct fl_mmu_notifier *n;
	int seq = mm->mm_lock_seq;

	ck_assert_int_eq(fl_mmu_notifier_register(&n, fl_mm), 0);
	return vma->vm_lock_seq == seq;
}

START_TEST(registration_marks_all_areas)
{
	begin(NULL);
	ck_assert(marked());
	end_world();
}
END_TEST

START_TEST(unless_the_policy_says_otherwise)
{
	begin("take_all_locks_vma=none");
	ck_assert(!marked());
	end_world();
}
END_TEST

START_TEST(machines_without_notifiers_have_none)
{
	struct fl_mmu_notifier *n;

	make_world("6.5", NULL);
	ck_assert_int_eq(fl_mmu_notifier_register(&n, fl_mm), -EOPNOTSUPP);
	end_world();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.mmu_notifier");
	TCase *tc = test_case("6.5");

	tcase_add_test(tc, who_subscribes_hears_of_starts_and_ends);
	tcase_add_test(tc, registration_marks_all_areas);
	tcase_add_test(tc, unless_the_policy_says_otherwise);
	tcase_add_test(tc, machines_without_notifiers_have_none);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
