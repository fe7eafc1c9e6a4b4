// SPDX-License-Identifier: MIT
/* mempolicy.c - tests lib/mm/mempolicy.c: which VMA has which policy, and who frees it. The race is mbind-vma-lock's. */
#include "../world.h"

#include <faultline/inject.h>

#include <errno.h>

#include "mm/mempolicy.h"

static fl_vaddr addr;

/* |..VVVV..| */
static void begin(const char *kernel, const char *set)
{
	struct fl_machine_config config = { .cpus = 2, .mempolicy = 1 };

	fl_machine_config_small(&config);
	make_world_with(&config, kernel, set);
	addr = map(4, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, addr, 1), 0);
}

static void set_up(void)
{
	begin("6.17", NULL);
}

static int mode(unsigned int page)
{
	return fl_get_mempolicy(fl_mm, addr + page * PAGE);
}

static struct vm_area_struct *vma(unsigned int page)
{
	return vma_lookup(mm, addr + page * PAGE);
}

START_TEST(a_range_gets_a_policy_and_is_a_vma_of_its_own)
{
	ck_assert_int_eq(mode(0), FL_MPOL_DEFAULT);
	ck_assert_int_eq(fl_mbind(fl_mm, addr + PAGE, 2, FL_MPOL_BIND), 0);
	ck_assert_int_eq(mode(0), FL_MPOL_DEFAULT);
	ck_assert_int_eq(mode(1), FL_MPOL_BIND);
	ck_assert_int_eq(mode(2), FL_MPOL_BIND);
	ck_assert_int_eq(mode(3), FL_MPOL_DEFAULT);
	ck_assert_ptr_eq(vma(1), vma(2));
	ck_assert_ptr_ne(vma(0), vma(1));
	ck_assert_ptr_ne(vma(2), vma(3));
	/* faults go on as before */
	for (unsigned int i = 0; i < 4; i++)
		ck_assert_int_eq(fl_store(cpu1, addr + i * PAGE, i), 0);
	/* a new mapping is not part of one with a policy */
	ck_assert_int_eq(fl_munmap(fl_mm, addr + 3 * PAGE, 1), 0);
	ck_assert_uint_eq(map(1, FL_READ | FL_WRITE), addr + 3 * PAGE);
	ck_assert_ptr_ne(vma(3), vma(2));
	/* and all is one again without it */
	ck_assert_int_eq(fl_mbind(fl_mm, addr, 4, FL_MPOL_DEFAULT), 0);
	ck_assert_ptr_eq(vma(0), vma(2));
}
END_TEST

START_TEST(equal_policies_are_one_vma)
{
	ck_assert_int_eq(fl_mbind(fl_mm, addr, 2, FL_MPOL_INTERLEAVE), 0);
	ck_assert_ptr_ne(vma(1), vma(2));
	ck_assert_int_eq(fl_mbind(fl_mm, addr + 2 * PAGE, 2, FL_MPOL_INTERLEAVE), 0);
	ck_assert_ptr_eq(vma(0), vma(3));
	ck_assert_uint_eq(refcount_read(&vma(0)->vm_policy->refcnt), 1);
}
END_TEST

START_TEST(copies_of_a_vma_have_it_too)
{
	struct mempolicy *pol;
	struct fl_mm *child;
	fl_vaddr there;

	ck_assert_int_eq(fl_mbind(fl_mm, addr, 4, FL_MPOL_PREFERRED), 0);
	pol = vma(0)->vm_policy;
	ck_assert_int_eq(fl_mprotect(fl_mm, addr, 1, FL_READ), 0);
	ck_assert_uint_eq(refcount_read(&pol->refcnt), 2);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	ck_assert_uint_eq(refcount_read(&pol->refcnt), 4);
	ck_assert_int_eq(fl_get_mempolicy(child, addr), FL_MPOL_PREFERRED);
	fl_mm_destroy(child);
	ck_assert_uint_eq(refcount_read(&pol->refcnt), 2);
	ck_assert_int_eq(fl_mremap(&there, fl_mm, addr + 3 * PAGE, 1, 1,
				   FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED, 10 * PAGE),
			 0);
	ck_assert_int_eq(fl_get_mempolicy(fl_mm, there), FL_MPOL_PREFERRED);
	ck_assert_int_eq(fl_munmap(fl_mm, there, 1), 0);
	ck_assert_int_eq(fl_munmap(fl_mm, addr, 1), 0);
	ck_assert_uint_eq(refcount_read(&pol->refcnt), 1);
}
END_TEST

START_TEST(what_does_not_work_leaves_all_as_it_was)
{
	ck_assert_int_eq(fl_mbind(fl_mm, addr + 1, 1, FL_MPOL_BIND), -EINVAL);
	ck_assert_int_eq(fl_mbind(fl_mm, addr, 0, FL_MPOL_BIND), -EINVAL);
	ck_assert_int_eq(fl_mbind(fl_mm, addr, 1, (enum fl_mpol_mode)9), -EINVAL);
	ck_assert_int_eq(fl_mbind(fl_mm, 15 * PAGE, 1, FL_MPOL_BIND), -EFAULT);
	ck_assert_int_eq(fl_get_mempolicy(fl_mm, 15 * PAGE), -EFAULT);
	for (unsigned int n = 1;; n++) {
		int err;

		fl_inject_fail_nth(FL_ALLOC_ANY & ~FL_ALLOC_FALLBACK, n);
		err = fl_mbind(fl_mm, addr + PAGE, 2, FL_MPOL_BIND);
		if (fl_inject_left())
			break;
		ck_assert_int_eq(err, -ENOMEM);
		ck_assert_int_eq(mode(1), FL_MPOL_DEFAULT);
	}
	fl_inject_fail(NULL);
	ck_assert_int_eq(mode(1), FL_MPOL_BIND);
}
END_TEST

/* Is the VMA marked by the section that replaced its policy? */
static bool marked(void)
{
	int seq;

	ck_assert_int_eq(fl_mbind(fl_mm, addr, 4, FL_MPOL_BIND), 0);
	seq = mm->mm_lock_seq;
	ck_assert_int_eq(fl_mbind(fl_mm, addr, 4, FL_MPOL_INTERLEAVE), 0);
	return vma(0)->vm_lock_seq == seq;
}

START_TEST(faults_are_kept_out_while_it_is_replaced)
{
	begin("6.5", NULL);
	ck_assert(marked());
	end_world();
}
END_TEST

START_TEST(but_not_in_6_4)
{
	begin("6.4", NULL);
	ck_assert(!marked());
	end_world();
}
END_TEST

START_TEST(machines_without_policies_have_none)
{
	make_world("6.17", NULL);
	addr = map(1, FL_READ);
	ck_assert_int_eq(fl_mbind(fl_mm, addr, 1, FL_MPOL_BIND), -EOPNOTSUPP);
	ck_assert_int_eq(mode(0), FL_MPOL_DEFAULT);
	end_world();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.mempolicy");
	TCase *tc = test_case("6.17"), *other = test_case("other");

	tcase_add_checked_fixture(tc, set_up, end_world);
	tcase_add_test(tc, a_range_gets_a_policy_and_is_a_vma_of_its_own);
	tcase_add_test(tc, equal_policies_are_one_vma);
	tcase_add_test(tc, copies_of_a_vma_have_it_too);
	tcase_add_test(tc, what_does_not_work_leaves_all_as_it_was);
	suite_add_tcase(suite, tc);
	tcase_add_test(other, faults_are_kept_out_while_it_is_replaced);
	tcase_add_test(other, but_not_in_6_4);
	tcase_add_test(other, machines_without_policies_have_none);
	suite_add_tcase(suite, other);
	return run_suite(suite);
}
