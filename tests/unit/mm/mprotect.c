// SPDX-License-Identifier: MIT
/*
 * mprotect.c - tests lib/mm/mprotect.c: what may be done afterwards, what the range looks like, and when
 * giving write permission spares a fault.
 */
#include "layout.h"

#include <errno.h>

START_TEST(taking_write_permission_holds_for_all_cpus)
{
	uint64_t word;

	map_at(1, 3, RW);
	touch(1);
	touch(2);
	ck_assert_int_eq(fl_store(cpu1, 2 * PAGE, 5), 0);
	protect(2, 1, FL_READ);
	ck_assert_str_eq(picture(), "ABC............");
	ck_assert_int_eq(fl_store(cpu0, 2 * PAGE, 6), -EFAULT);
	ck_assert_int_eq(fl_store(cpu1, 2 * PAGE, 6), -EFAULT);
	ck_assert_uint_eq(load(cpu1, 2 * PAGE), 5);
	ck_assert_int_eq(fl_store(cpu1, 1 * PAGE, 6), 0);
	protect(2, 1, 0);
	ck_assert_int_eq(fl_load(&word, cpu1, 2 * PAGE), -EFAULT);
	ck_assert_int_eq(fl_load(&word, cpu0, 2 * PAGE), -EFAULT);
	protect(2, 1, RW);
	ck_assert_str_eq(picture(), "AAA............");
	ck_assert_uint_eq(load(cpu0, 2 * PAGE), 5);
	ck_assert_int_eq(fl_store(cpu1, 2 * PAGE, 6), 0);
	ck_assert_int_eq(atomic_read(&mm->tlb_flush_pending), 0);
}
END_TEST

START_TEST(it_goes_across_areas)
{
	map_at(1, 2, RW);
	map_at(3, 2, FL_READ);
	map_at(5, 2, 0);
	touch(2);
	protect(2, 4, FL_READ);
	ck_assert_str_eq(picture(), "ABCCCD.........");
	ck_assert_int_eq(fl_store(cpu0, 2 * PAGE, 1), -EFAULT);
	protect(1, 6, RW);
	ck_assert_str_eq(picture(), "AAAAAA.........");
	ck_assert_uint_eq(load(cpu0, 2 * PAGE), 2);
}
END_TEST

START_TEST(what_is_before_a_hole_is_changed)
{
	map_at(1, 2, RW);
	map_at(4, 2, RW);
	ck_assert_int_eq(fl_mprotect(fl_mm, 1 * PAGE, 5, FL_READ), -ENOMEM);
	ck_assert_uint_eq(area_of(1)->vm_flags & VM_WRITE, 0);
	ck_assert_uint_eq(area_of(4)->vm_flags & VM_WRITE, VM_WRITE);
	ck_assert_int_eq(fl_mprotect(fl_mm, 3 * PAGE, 2, FL_READ), -ENOMEM);
	ck_assert_uint_eq(area_of(4)->vm_flags & VM_WRITE, VM_WRITE);
	ck_assert_int_eq(fl_mprotect(fl_mm, 5 * PAGE, 2, FL_READ), -ENOMEM);
	ck_assert_uint_eq(area_of(5)->vm_flags & VM_WRITE, 0);
	ck_assert_str_eq(picture(), "AA.BC..........");
	ck_assert_int_eq(fl_mprotect(fl_mm, 8 * PAGE, 1, FL_READ), -ENOMEM);
}
END_TEST

START_TEST(nonsense_is_refused)
{
	map_at(1, 2, RW);
	ck_assert_int_eq(fl_mprotect(fl_mm, 1 * PAGE + 8, 1, FL_READ), -EINVAL);
	ck_assert_int_eq(fl_mprotect(fl_mm, 1 * PAGE, 1, 4), -EINVAL);
	ck_assert_int_eq(fl_mprotect(fl_mm, 1 * PAGE, 16, FL_READ), -ENOMEM);
	ck_assert_int_eq(fl_mprotect(fl_mm, 1 * PAGE, SIZE_MAX, FL_READ), -ENOMEM);
	ck_assert_int_eq(fl_mprotect(fl_mm, 1 * PAGE, 0, FL_READ), 0);
	ck_assert_uint_eq(area_of(1)->vm_flags & VM_WRITE, VM_WRITE);
}
END_TEST

START_TEST(a_shared_mapping_that_may_not_be_written_stays_so)
{
	struct fl_file *file;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 4, 0), 0);
	map_file_at(1, 4, FL_MAP_SHARED, file, 0);
	map_at(5, 1, FL_READ);
	protect(1, 4, FL_READ);
	mmap_write_lock(mm);
	vm_flags_reset(area_of(1), area_of(1)->vm_flags & ~VM_MAYWRITE);
	mmap_write_unlock(mm);
	ck_assert_int_eq(fl_mprotect(fl_mm, 1 * PAGE, 5, RW), -EACCES);
	ck_assert_uint_eq(area_of(1)->vm_flags & VM_WRITE, 0);
	ck_assert_uint_eq(area_of(5)->vm_flags & VM_WRITE, 0);
	protect(2, 2, 0);
	ck_assert_str_eq(picture(), "ABBCD..........");
	ck_assert_uint_eq(i_mmap_length(file), 3);
	fl_file_put(file);
}
END_TEST

START_TEST(the_protection_of_new_entries_follows)
{
	struct fl_file *file;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 4, 0), 0);
	map_file_at(1, 1, FL_MAP_SHARED, file, 0);
	map_at(3, 1, RW);
	ck_assert_uint_ne(area_of(1)->vm_page_prot & _PAGE_RW, 0);
	protect(1, 1, FL_READ);
	ck_assert_uint_eq(area_of(1)->vm_page_prot & _PAGE_RW, 0);
	protect(1, 1, 0);
	protect(3, 1, 0);
	ck_assert(pte_protnone(area_of(1)->vm_page_prot));
	ck_assert(pte_protnone(area_of(3)->vm_page_prot));
	protect(1, 1, RW);
	protect(3, 1, RW);
	ck_assert_uint_ne(area_of(1)->vm_page_prot & _PAGE_RW, 0);
	ck_assert_uint_eq(area_of(3)->vm_page_prot & (_PAGE_RW | _PAGE_PROTNONE), 0);
	fl_file_put(file);
}
END_TEST

/* Is the page's entry writable right after write permission came back? */
static bool spares_the_fault(void)
{
	map_at(1, 1, RW);
	touch(1);
	protect(1, 1, FL_READ);
	ck_assert(!pte_write(entry_of(1 * PAGE)));
	protect(1, 1, RW);
	return pte_write(entry_of(1 * PAGE));
}

START_TEST(an_exclusive_page_is_writable_at_once)
{
	ck_assert(spares_the_fault());
	/* The zero page is nobody's. */
	map_at(2, 1, RW);
	load(cpu0, 2 * PAGE);
	protect(2, 1, FL_READ);
	protect(2, 1, RW);
	ck_assert(!pte_write(entry_of(2 * PAGE)));
}
END_TEST

START_TEST(no_private_page_is_writable_at_once)
{
	ck_assert(!spares_the_fault());
	ck_assert_int_eq(fl_store(cpu0, 1 * PAGE, 7), 0);
	ck_assert_uint_eq(load(cpu1, 1 * PAGE), 7);
}
END_TEST

static void dirty_accountable(void)
{
	make_world("6.1", "mprotect_upgrade=dirty-accountable");
}

static void try_change_writable(void)
{
	make_world("5.19", "mprotect_upgrade=try-change-writable");
}

int main(void)
{
	TCase *cases[2], *old = test_case("mprotect_upgrade=dirty-accountable"),
			 *new = test_case("mprotect_upgrade=try-change-writable");
	Suite *suite = layout_suite("mm.mprotect", cases);

	add_both(cases, taking_write_permission_holds_for_all_cpus);
	add_both(cases, it_goes_across_areas);
	add_both(cases, what_is_before_a_hole_is_changed);
	add_both(cases, nonsense_is_refused);
	add_both(cases, a_shared_mapping_that_may_not_be_written_stays_so);
	add_both(cases, the_protection_of_new_entries_follows);
	tcase_add_checked_fixture(old, dirty_accountable, end_world);
	tcase_add_test(old, no_private_page_is_writable_at_once);
	suite_add_tcase(suite, old);
	tcase_add_checked_fixture(new, try_change_writable, end_world);
	tcase_add_test(new, an_exclusive_page_is_writable_at_once);
	suite_add_tcase(suite, new);
	return run_suite(suite);
}
