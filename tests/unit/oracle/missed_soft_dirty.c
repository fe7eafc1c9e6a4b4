// SPDX-License-Identifier: MIT
/* missed_soft_dirty.c - tests lib/oracle/missed_soft_dirty.c: what it reports, and what it must not. */
#include "told.h"

#include <faultline/file.h>
#include <faultline/proc.h>

/* clear_refs(4) on @cpu, without a flush if @broken. */
static void clear_refs(unsigned int cpu, bool broken)
{
	vma_of(a)->vm_flags &= ~VM_SOFTDIRTY;
	*ptep_of(a) &= ~(_PAGE_SOFT_DIRTY | _PAGE_RW);
	if (!broken)
		flush_tlb_mm(mm);
	TELL(SOFT_DIRTY_CLEARED, .cpu = cpu, .mm = fl_mm);
}

START_TEST(a_store_that_made_its_page_soft_dirty_is_fine)
{
	set_up_ends();
	clear_refs(0, false);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_silent();
}
END_TEST

START_TEST(a_store_through_a_translation_that_was_not_flushed_is_missed)
{
	set_up_ends();
	clear_refs(0, true);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_reported("missed-soft-dirty",
			   "0x10 was stored to after CPU0 had cleared the soft-dirty bits of mm 1");
}
END_TEST

/* Hardware sets the dirty bit and no more. */
START_TEST(a_store_through_an_entry_that_stayed_writable_is_missed)
{
	set_up_ends();
	clear_refs(0, false);
	*ptep_of(a) |= _PAGE_RW;
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_reported("missed-soft-dirty", "0x10 was stored to after CPU0 had cleared");
}
END_TEST

START_TEST(so_is_a_change_that_the_clearing_cpu_can_see)
{
	set_up_ends();
	store_on_cpu1(a, 2);
	clear_refs(0, true);
	ck_assert_uint_eq(load(cpu0, a), 2);
	store_on_cpu1(a, 3); /* CPU 1 has it dirty in its TLB */
	ck_assert_reported("missed-soft-dirty", "0x2 was loaded at 0x10");
}
END_TEST

START_TEST(another_cpus_store_may_have_been_before)
{
	set_up_ends();
	store_on_cpu1(a, 2);
	clear_refs(0, true);
	store_on_cpu1(a, 3);
	ck_assert_silent();
}
END_TEST

/* A file's page that is mapped privately: whoever shares the file may store to it, and this mapping need not hear of it. */
START_TEST(a_files_page_may_be_stored_to_by_other_names)
{
	fl_vaddr private = 0, shared = 0;
	struct fl_file *file;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_REGULAR, 1, 0), 0);
	ck_assert_int_eq(fl_mmap(&private, fl_mm, 0, 1, FL_READ | FL_WRITE, 0, file, 0), 0);
	ck_assert_int_eq(fl_mmap(&shared, fl_mm, 0, 1, FL_READ | FL_WRITE, FL_MAP_SHARED, file, 0),
			 0);
	ck_assert_int_eq(fl_store(cpu0, shared, 7), 0);
	set_up_ends();
	ck_assert_uint_eq(load(cpu0, private), 7);
	ck_assert_int_eq(fl_clear_refs(fl_mm, FL_CLEAR_REFS_SOFT_DIRTY), 0);
	ck_assert_uint_eq(load(cpu0, private), 7);
	store_on_cpu1(shared, 8);
	ck_assert_uint_eq(load(cpu0, private), 8);
	ck_assert_silent();
	/* Of the mapping's own copy it need. */
	store_on_cpu1(private, 9);
	ck_assert_silent();
	*ptep_of(private) &= ~_PAGE_SOFT_DIRTY;
	ck_assert_reported("missed-soft-dirty", "now there is 0x9");
	fl_file_put(file);
}
END_TEST

START_TEST(unless_set_up_code_cleared)
{
	store_on_cpu1(a, 2);
	clear_refs(0, true);
	set_up_ends();
	store_on_cpu1(a, 3);
	ck_assert_reported("missed-soft-dirty", "0x10 was stored to after");
}
END_TEST

START_TEST(a_vma_that_is_soft_dirty_as_a_whole_says_enough)
{
	set_up_ends();
	clear_refs(0, true);
	vma_of(a)->vm_flags |= VM_SOFTDIRTY;
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_silent();
}
END_TEST

START_TEST(a_second_clearing_begins_anew)
{
	set_up_ends();
	clear_refs(0, true);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	clear_refs(1, false);
	ck_assert_silent();
}
END_TEST

START_TEST(discarded_pages_are_out)
{
	set_up_ends();
	clear_refs(0, true);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	TELL(DISCARD, .cpu = 1, .mm = fl_mm, .addr = a, .end = a + PAGE);
	ck_assert_silent();
}
END_TEST

START_TEST(so_are_pages_whose_entries_alone_are_gone)
{
	set_up_ends();
	clear_refs(0, true);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	TELL(DISCARD, .cpu = 1, .mm = fl_mm, .addr = a, .end = a + PAGE, .value = 2);
	ck_assert_silent();
}
END_TEST

START_TEST(what_set_up_code_threw_away_is_forgotten)
{
	clear_refs(0, true);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	TELL(DISCARD, .mm = fl_mm, .addr = a, .end = a + PAGE);
	set_up_ends();
	ck_assert_silent();
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0); /* what comes later is not */
	ck_assert_reported("missed-soft-dirty", "0x10 was stored to after");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.missed_soft_dirty");
	TCase *tc = test_case("missed-soft-dirty");

	tcase_add_checked_fixture(tc, begin_newest_world, end_world);
	tcase_add_test(tc, a_store_that_made_its_page_soft_dirty_is_fine);
	tcase_add_test(tc, a_store_through_a_translation_that_was_not_flushed_is_missed);
	tcase_add_test(tc, a_store_through_an_entry_that_stayed_writable_is_missed);
	tcase_add_test(tc, so_is_a_change_that_the_clearing_cpu_can_see);
	tcase_add_test(tc, another_cpus_store_may_have_been_before);
	tcase_add_test(tc, a_files_page_may_be_stored_to_by_other_names);
	tcase_add_test(tc, unless_set_up_code_cleared);
	tcase_add_test(tc, a_vma_that_is_soft_dirty_as_a_whole_says_enough);
	tcase_add_test(tc, a_second_clearing_begins_anew);
	tcase_add_test(tc, discarded_pages_are_out);
	tcase_add_test(tc, so_are_pages_whose_entries_alone_are_gone);
	tcase_add_test(tc, what_set_up_code_threw_away_is_forgotten);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
