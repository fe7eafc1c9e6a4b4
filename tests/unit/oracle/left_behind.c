// SPDX-License-Identifier: MIT
/* left_behind.c - tests lib/oracle/left_behind.c: what it reports, and what it must not. */
#include "told.h"

START_TEST(what_calls_leave_is_fine)
{
	fl_vaddr b = map(4, FL_READ | FL_WRITE), zero = map(1, FL_READ | FL_WRITE);
	struct fl_mm *child;

	for (fl_vaddr i = 0; i < 4; i++)
		ck_assert_int_eq(fl_store(cpu0, b + i * PAGE, i), 0);
	ck_assert_uint_eq(load(cpu0, zero), 0);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	ck_assert_int_eq(fl_mprotect(fl_mm, b, 1, FL_READ), 0);
	ck_assert_int_eq(fl_mprotect(fl_mm, b + PAGE, 1, 0), 0);
	ck_assert_int_eq(fl_mprotect(fl_mm, b + 2 * PAGE, 1, FL_WRITE), 0);
	ck_assert_int_eq(fl_munmap(fl_mm, b + 3 * PAGE, 1), 0);
	ck_assert_int_eq(fl_mprotect(fl_mm, zero, 1, FL_READ), 0);
	ck_assert_silent();
	/* nobody's access needs the right: what a debugger writes does not make the entry writable */
	ck_assert_int_eq(fl_poke(cpu0, child, b, 7), 0);
	ck_assert_int_eq(fl_poke(cpu0, fl_mm, b, 8), 0);
	ck_assert_silent();
	fl_mm_destroy(child);
}
END_TEST

START_TEST(a_writable_entry_of_a_read_only_mapping_is_reported)
{
	pte_t entry = entry_of(a);

	ck_assert_int_eq(fl_mprotect(fl_mm, a, 1, FL_READ), 0);
	*ptep_of(a) = entry; /* as a fault that looked at the mapping before */
	ck_assert_reported("permission", "maps a page at 0x10 writable, which the mapping is not");
	*ptep_of(a) = pte_wrprotect(entry);
	ck_assert_silent();
}
END_TEST

START_TEST(an_entry_that_can_be_reached_where_nothing_may_be_is_reported)
{
	pte_t entry = entry_of(a), none;

	ck_assert_int_eq(fl_mprotect(fl_mm, a, 1, 0), 0);
	none = entry_of(a);
	*ptep_of(a) = pte_wrprotect(entry);
	ck_assert_reported("permission", "maps a page at 0x10, where nothing may be accessed");
	*ptep_of(a) = none;
	ck_assert_silent();
}
END_TEST

START_TEST(an_entry_without_a_mapping_is_reported)
{
	fl_vaddr b = map(1, FL_READ | FL_WRITE), zero = map(1, FL_READ | FL_WRITE);
	pte_t entry, zeroes;

	/* a page of the same table, so that this stays */
	ck_assert_int_eq(fl_store(cpu0, b, 1), 0);
	ck_assert_uint_eq(load(cpu0, zero), 0);
	entry = entry_of(b);
	zeroes = entry_of(zero);
	ck_assert_int_eq(fl_munmap(fl_mm, b, 1), 0);
	ck_assert_int_eq(fl_munmap(fl_mm, zero, 1), 0);
	ck_assert_silent();
	*ptep_of(b) = entry;
	fl_native_report_clear();
	fl_oracle_finish();
	ck_assert_uint_gt(fl_native_report_count(), 0); /* of a frame that is free, at first */
	*ptep_of(b) = PTE_NONE;
	*ptep_of(zero) = zeroes;
	ck_assert_reported("permission", "where nothing is mapped any more");
	*ptep_of(zero) = PTE_NONE;
	ck_assert_silent();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.left_behind");
	TCase *tc = test_case("left_behind");

	tcase_add_checked_fixture(tc, begin_newest_world, end_world);
	tcase_add_test(tc, what_calls_leave_is_fine);
	tcase_add_test(tc, a_writable_entry_of_a_read_only_mapping_is_reported);
	tcase_add_test(tc, an_entry_that_can_be_reached_where_nothing_may_be_is_reported);
	tcase_add_test(tc, an_entry_without_a_mapping_is_reported);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
