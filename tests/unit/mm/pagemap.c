// SPDX-License-Identifier: MIT
/* pagemap.c - tests lib/mm/pagemap.c: what is shown of each kind of entry, and where there is none. */
#include "shared.h"

#include <errno.h>

static fl_vaddr a; /* four private pages; address 0 is never mapped */

static void set_up(void)
{
	make_world("6.1", NULL);
	a = map(4, FL_READ | FL_WRITE);
	track(a);
}

static uint64_t shown(fl_vaddr addr)
{
	uint64_t entry = ~0ULL;

	ck_assert_int_eq(fl_pagemap(&entry, fl_mm, addr, 1), 0);
	return entry;
}

START_TEST(a_private_page_is_present_and_exclusive)
{
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_uint_eq(shown(a), FL_PM_PRESENT | FL_PM_MMAP_EXCLUSIVE | FL_PM_SOFT_DIRTY |
					    pte_pfn(entry_of(a)));
	ck_assert_uint_eq(FL_PM_PFN(shown(a)), pte_pfn(entry_of(a)));
	*entry_at(a) &= ~_PAGE_SOFT_DIRTY;
	ck_assert(!(shown(a) & FL_PM_SOFT_DIRTY));
	*entry_at(a) = pte_mkuffd_wp(entry_of(a));
	ck_assert(shown(a) & FL_PM_UFFD_WP);
	ck_assert_int_eq(fl_change_prot_numa(fl_mm, a, 1), 1);
	ck_assert(shown(a) & FL_PM_PRESENT); /* hinted: it is still there */
	atomic_inc(&page_of(a)->_mapcount);  /* as if it were mapped twice */
	ck_assert(!(shown(a) & FL_PM_MMAP_EXCLUSIVE));
	atomic_dec(&page_of(a)->_mapcount);
}
END_TEST

START_TEST(the_zero_page_is_nobodys)
{
	load(cpu0, a);
	ck_assert_uint_eq(shown(a), FL_PM_PRESENT | ZERO_PFN);
}
END_TEST

START_TEST(a_page_of_a_file_says_so)
{
	struct fl_file *file = make_file();
	struct vm_area_struct *vma = map_file(file, a + 8 * PAGE, VM_SHARED);

	map_entry(vma, a + 8 * PAGE, 0);
	ck_assert_uint_eq(shown(a + 8 * PAGE), FL_PM_PRESENT | FL_PM_FILE | FL_PM_MMAP_EXCLUSIVE |
						       pte_pfn(entry_of(a + 8 * PAGE)));
	ck_assert_int_eq(fl_munmap(fl_mm, a + 8 * PAGE, SHARED_PAGES), 0);
	free_file(file);
}
END_TEST

START_TEST(a_marker_looks_like_swap)
{
	*entry_at(a) = make_pte_marker_uffd_wp();
	ck_assert_uint_eq(shown(a), FL_PM_SWAP | FL_PM_UFFD_WP | 31);
	ck_assert_uint_eq(FL_PM_SWAP_TYPE(shown(a)), 31);
	*entry_at(a) = PTE_NONE;
	ck_assert_uint_eq(shown(a), 0);
}
END_TEST

START_TEST(a_new_mapping_is_soft_dirty_where_it_has_no_entries)
{
	ck_assert_uint_eq(shown(a + 3 * PAGE), 0);
	count_as_new(a);
	ck_assert_uint_eq(shown(a + 3 * PAGE), FL_PM_SOFT_DIRTY);
	load(cpu0, a);
	ck_assert(shown(a) & FL_PM_SOFT_DIRTY);
}
END_TEST

START_TEST(ranges_go_over_tables_mappings_and_holes)
{
	/* |.aaa|a...|.bb.|....| pages 1 to 4 and 9 to 10 of 16, four to a table */
	struct fl_file *file = make_file();
	uint64_t out[16];

	ck_assert_uint_eq(a, PAGE);
	map_file(file, 9 * PAGE, VM_SHARED | VM_SOFTDIRTY);
	ck_assert_int_eq(fl_munmap(fl_mm, 11 * PAGE, 5), 0);
	ck_assert_int_eq(fl_store(cpu0, 3 * PAGE, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, 4 * PAGE, 1), 0);
	ck_assert_int_eq(fl_pagemap(out, fl_mm, 0, 16), 0);
	for (fl_vaddr i = 0; i < 16; i++) {
		if (i == 3 || i == 4)
			ck_assert_uint_eq(FL_PM_PFN(out[i]), pte_pfn(entry_of(i * PAGE)));
		else
			ck_assert_uint_eq(out[i], i == 9 || i == 10 ? FL_PM_SOFT_DIRTY : 0);
	}
	/* the same from the middle */
	ck_assert_int_eq(fl_pagemap(out, fl_mm, 4 * PAGE, 6), 0);
	ck_assert_uint_eq(FL_PM_PFN(out[0]), pte_pfn(entry_of(4 * PAGE)));
	ck_assert_uint_eq(out[5], FL_PM_SOFT_DIRTY);
	ck_assert_int_eq(fl_munmap(fl_mm, 9 * PAGE, 2), 0);
	free_file(file);
}
END_TEST

START_TEST(ranges_are_checked)
{
	uint64_t out = 1;

	ck_assert_int_eq(fl_pagemap(&out, fl_mm, a + 8, 1), -EINVAL);
	ck_assert_int_eq(fl_pagemap(&out, fl_mm, 16 * PAGE, 1), -EINVAL);
	ck_assert_int_eq(fl_pagemap(&out, fl_mm, PAGE, SIZE_MAX), -EINVAL);
	ck_assert_int_eq(fl_pagemap(&out, fl_mm, 16 * PAGE, 0), 0);
	ck_assert_uint_eq(out, 1);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.pagemap");
	TCase *tc = test_case("6.1");

	tcase_add_checked_fixture(tc, set_up, end_world);
	tcase_add_test(tc, a_private_page_is_present_and_exclusive);
	tcase_add_test(tc, the_zero_page_is_nobodys);
	tcase_add_test(tc, a_page_of_a_file_says_so);
	tcase_add_test(tc, a_marker_looks_like_swap);
	tcase_add_test(tc, a_new_mapping_is_soft_dirty_where_it_has_no_entries);
	tcase_add_test(tc, ranges_go_over_tables_mappings_and_holes);
	tcase_add_test(tc, ranges_are_checked);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
