// SPDX-License-Identifier: MIT
/* rmap.c - tests lib/oracle/rmap.c: what it reports, and what it must not. */
#include "told.h"

#include <faultline/file.h>

START_TEST(what_walks_find_is_fine)
{
	fl_vaddr there, b = map(2, FL_READ | FL_WRITE);
	struct fl_file *file;
	struct fl_mm *child;

	/* pages of a parent, of a VMA that moved or was split, a private copy of a file's, a file's */
	ck_assert_int_eq(fl_store(cpu0, b, 2), 0);
	ck_assert_int_eq(fl_store(cpu0, b + PAGE, 3), 0);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	ck_assert_int_eq(fl_store(cpu0, b, 4), 0);
	ck_assert_silent();
	ck_assert_int_eq(fl_mremap(&there, fl_mm, b + PAGE, 1, 1,
				   FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED, 10 * PAGE),
			 0);
	ck_assert_int_eq(fl_mprotect(fl_mm, a, 1, FL_READ), 0);
	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 2, 0), 0);
	ck_assert_int_eq(fl_mmap(&b, fl_mm, 0, 2, FL_READ | FL_WRITE, 0, file, 0), 0);
	ck_assert_int_eq(fl_store(cpu0, b + PAGE, 5), 0);
	ck_assert_uint_eq(load(cpu0, b), 0);
	ck_assert_silent();
	fl_file_put(file);
	fl_mm_destroy(child);
}
END_TEST

START_TEST(a_page_of_an_anon_vma_that_does_not_know_the_vma_is_reported)
{
	void *mapping = page_of(a)->mapping;

	page_of(a)->mapping = &mapping;
	ck_assert_reported("rmap", "at 0x10; the page's anon_vma does not know that VMA");
	page_of(a)->mapping = NULL;
	ck_assert_reported("rmap", "does not know");
	page_of(a)->mapping = mapping;
}
END_TEST

START_TEST(a_page_with_another_number_is_reported)
{
	page_of(a)->index++;
	ck_assert_reported("rmap", "at 0x10, page number 1; the page says it is number 2");
	page_of(a)->index--;
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.rmap");
	TCase *tc = test_case("rmap");

	tcase_add_checked_fixture(tc, begin_newest_world, end_world);
	tcase_add_test(tc, what_walks_find_is_fine);
	tcase_add_test(tc, a_page_of_an_anon_vma_that_does_not_know_the_vma_is_reported);
	tcase_add_test(tc, a_page_with_another_number_is_reported);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
