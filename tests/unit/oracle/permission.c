// SPDX-License-Identifier: MIT
/* permission.c - tests lib/oracle/permission.c: what it reports, and what it must not. */
#include "told.h"

/* mprotect() on @cpu, without a change of the entries or a flush. */
static void protect(unsigned int cpu, unsigned int prot)
{
	vma_of(a)->vm_flags &= ~(VM_READ | VM_WRITE);
	vma_of(a)->vm_flags |= (prot & FL_READ ? VM_READ : 0) | (prot & FL_WRITE ? VM_WRITE : 0);
	TELL(PROTECTED, .cpu = cpu, .mm = fl_mm, .addr = a, .end = a + PAGE, .value = prot);
}

START_TEST(what_is_permitted_is_fine)
{
	set_up_ends();
	protect(0, FL_READ);
	ck_assert_uint_eq(load(cpu0, a), 1);
	protect(0, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	protect(0, FL_WRITE); /* which lets read, too */
	ck_assert_uint_eq(load(cpu0, a), 2);
	ck_assert_silent();
}
END_TEST

/* In time for left_behind.c, which has nothing to say then. */
static void entry_follows(void)
{
	pte_t *ptep = ptep_of(a);

	*ptep = pte_wrprotect(*ptep);
	if (!(vma_of(a)->vm_flags & VM_READ))
		*ptep = (*ptep & ~(pte_t)_PAGE_PRESENT) | _PAGE_PROTNONE;
}

START_TEST(a_store_to_what_was_made_read_only_is_reported)
{
	set_up_ends();
	protect(0, FL_READ);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_reported("permission",
			   "CPU0 stored to 0x10 of mm 1, which CPU0 had made read-only before");
}
END_TEST

START_TEST(so_is_a_load_of_what_was_made_inaccessible)
{
	set_up_ends();
	protect(0, 0);
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_reported("permission", "CPU0 loaded from 0x10");
}
END_TEST

START_TEST(another_cpu_may_have_come_first)
{
	set_up_ends();
	protect(0, FL_READ);
	store_on_cpu1(a, 2);
	entry_follows();
	ck_assert_silent();
}
END_TEST

START_TEST(unless_set_up_code_protected)
{
	protect(0, FL_READ);
	set_up_ends();
	store_on_cpu1(a, 2);
	ck_assert_reported("permission", "CPU1 stored to 0x10");
}
END_TEST

START_TEST(a_later_call_or_a_new_mapping_lifts_it)
{
	pte_t entry = entry_of(a);

	set_up_ends();
	protect(0, 0);
	fl_oracle_vma_flags(vma_of(a), VM_READ); /* another CPU's mprotect(), not yet back */
	ck_assert_uint_eq(load(cpu0, a), 1);
	entry_follows();
	ck_assert_silent();
	*ptep_of(a) = entry;
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	TELL(PROTECTED, .cpu = 1, .mm = fl_mm, .addr = a, .end = a + PAGE, .value = 0);
	entry_follows();
	ck_assert_silent(); /* before or after the store */
}
END_TEST

START_TEST(what_is_permitted_at_the_end_was_lifted)
{
	set_up_ends();
	protect(0, FL_READ);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	vma_of(a)->vm_flags |= VM_WRITE;
	ck_assert_silent();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.permission");
	TCase *tc = test_case("permission");

	tcase_add_checked_fixture(tc, begin_newest_world, end_world);
	tcase_add_test(tc, what_is_permitted_is_fine);
	tcase_add_test(tc, a_store_to_what_was_made_read_only_is_reported);
	tcase_add_test(tc, so_is_a_load_of_what_was_made_inaccessible);
	tcase_add_test(tc, another_cpu_may_have_come_first);
	tcase_add_test(tc, unless_set_up_code_protected);
	tcase_add_test(tc, a_later_call_or_a_new_mapping_lifts_it);
	tcase_add_test(tc, what_is_permitted_at_the_end_was_lifted);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
