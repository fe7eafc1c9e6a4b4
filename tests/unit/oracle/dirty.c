// SPDX-License-Identifier: MIT
/* dirty.c - tests lib/oracle/dirty.c: what it reports, and what it must not. */
#include "told.h"

#include "mm/file.h"

static struct page *pages[1];
static struct fl_file file;

/* As if it were a shared mapping of a file. */
static void set_up(void)
{
	begin_newest_world();
	pages[0] = page_of(a);
	file = (struct fl_file){ .mapping = { .capacity = 1, .size = 1, .pages = pages } };
	vma_of(a)->vm_file = &file;
	vma_of(a)->vm_flags |= VM_SHARED;
	vma_of(a)->vm_pgoff = 0;
	pages[0]->index = 0;
	set_up_ends();
}

static void tear_down(void)
{
	vma_of(a)->vm_file = NULL;
	vma_of(a)->vm_flags &= ~VM_SHARED;
	end_world();
}

START_TEST(a_store_that_the_file_system_was_asked_about_is_fine)
{
	struct fl_file *real;
	fl_vaddr at;

	file.shmem = true; /* what set-up code stored is not the question here */
	ck_assert_int_eq(fl_file_create(&real, machine, FL_FILE_REGULAR, 1, 1), 0);
	ck_assert_int_eq(fl_mmap(&at, fl_mm, 0, 1, FL_READ | FL_WRITE, FL_MAP_SHARED, real, 0), 0);
	ck_assert_uint_eq(load(cpu0, at), 0);
	ck_assert_int_eq(fl_store(cpu0, at, 2), 0);
	ck_assert_silent();
	ClearPageDirty(page_of(at)); /* as if it had not been */
	ck_assert_reported("missed-dirty", "was not asked before (page_mkwrite)");
	ck_assert_int_eq(fl_munmap(fl_mm, at, 1), 0);
	fl_file_put(real);
}
END_TEST

/* The entry was writable: the store met no fault. */
START_TEST(a_dirty_entry_is_not_enough)
{
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert(pte_dirty(entry_of(a)));
	ck_assert_reported("missed-dirty", "was not asked before (page_mkwrite)");
}
END_TEST

START_TEST(a_dirty_page_is_enough)
{
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	*ptep_of(a) &= ~_PAGE_DIRTY;
	pages[0]->flags |= FL_BIT(PG_dirty);
	ck_assert_silent();
}
END_TEST

START_TEST(a_page_that_was_stored_to_and_counts_as_clean_is_reported)
{
	*ptep_of(a) &= ~_PAGE_DIRTY; /* and no flush */
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_reported("missed-dirty",
			   "CPU0 stored to page 0 of a file at 0x10; the page counts as clean");
}
END_TEST

START_TEST(shared_memory_may_seem_clean)
{
	file.shmem = true;
	*ptep_of(a) &= ~_PAGE_DIRTY;
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_silent();
}
END_TEST

START_TEST(a_page_that_is_gone_is_out)
{
	*ptep_of(a) &= ~_PAGE_DIRTY;
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	TELL(DISCARD, .addr = 0, .end = 0); /* a hole, wherever it is mapped */
	ck_assert_silent();
}
END_TEST

/* MADV_DONTNEED of a shared mapping. */
START_TEST(a_page_whose_entries_alone_are_gone_is_not_out)
{
	*ptep_of(a) &= ~_PAGE_DIRTY;
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	TELL(DISCARD, .mm = fl_mm, .addr = a, .end = a + PAGE, .value = 2);
	ck_assert_reported("missed-dirty", "CPU0 stored to page");
}
END_TEST

START_TEST(what_set_up_code_stored_to_an_earlier_mapping_is_forgotten)
{
	struct fl_file *first, *second;
	fl_vaddr at;

	begin_newest_world();
	ck_assert_int_eq(fl_file_create(&first, machine, FL_FILE_REGULAR, 1, 0), 0);
	ck_assert_int_eq(fl_file_create(&second, machine, FL_FILE_REGULAR, 1, 0), 0);
	ck_assert_int_eq(fl_mmap(&at, fl_mm, 0, 1, FL_READ | FL_WRITE, FL_MAP_SHARED, first, 0), 0);
	ck_assert_int_eq(fl_store(cpu0, at, 1), 0);
	ck_assert_int_eq(fl_munmap(fl_mm, at, 1), 0);
	ck_assert_int_eq(fl_mmap(&at, fl_mm, at, 1, FL_READ | FL_WRITE,
				 FL_MAP_SHARED | FL_MAP_FIXED, second, 0),
			 0);
	ck_assert_uint_eq(load(cpu0, at), 0);
	set_up_ends();
	ck_assert_silent();
	ck_assert_int_eq(fl_store(cpu0, at, 2), 0);
	ClearPageDirty(page_of(at));
	ck_assert_reported("missed-dirty", "was not asked before (page_mkwrite)");
	ck_assert_int_eq(fl_munmap(fl_mm, at, 1), 0);
	fl_file_put(first);
	fl_file_put(second);
	end_world();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.dirty");
	TCase *tc = test_case("missed-dirty"), *own = test_case("own world");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_store_that_the_file_system_was_asked_about_is_fine);
	tcase_add_test(tc, a_dirty_entry_is_not_enough);
	tcase_add_test(tc, a_dirty_page_is_enough);
	tcase_add_test(tc, a_page_that_was_stored_to_and_counts_as_clean_is_reported);
	tcase_add_test(tc, shared_memory_may_seem_clean);
	tcase_add_test(tc, a_page_that_is_gone_is_out);
	tcase_add_test(tc, a_page_whose_entries_alone_are_gone_is_not_out);
	suite_add_tcase(suite, tc);
	tcase_add_test(own, what_set_up_code_stored_to_an_earlier_mapping_is_forgotten);
	suite_add_tcase(suite, own);
	return run_suite(suite);
}
