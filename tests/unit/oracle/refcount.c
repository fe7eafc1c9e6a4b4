// SPDX-License-Identifier: MIT
/* refcount.c - tests lib/oracle/refcount.c: what it reports, and what it must not. */
#include "told.h"

START_TEST(counts_that_agree_are_fine)
{
	struct fl_pin pin;

	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE, &pin), 1);
	set_up_ends();
	ck_assert_int_eq(fl_store(cpu0, a + PAGE / 2, 2), 0);
	ck_assert_silent();
	fl_unpin(cpu0, &pin);
	ck_assert_silent();
}
END_TEST

START_TEST(a_map_count_that_is_wrong_is_reported)
{
	page_of(a)->_mapcount.counter++;
	ck_assert_reported("refcount", "page_mapcount() is 2, 1 entries map it");
	page_of(a)->_mapcount.counter--;
}
END_TEST

START_TEST(fewer_references_than_holders_are_reported)
{
	struct fl_pin pin;

	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE, &pin), 1);
	page_of(a)->_refcount.counter -= 1000;
	ck_assert_reported("refcount", "has 25 references, of which 1025 are known");
	page_of(a)->_refcount.counter += 1000;
	fl_unpin(cpu0, &pin);
}
END_TEST

START_TEST(more_references_may_be_anybodys)
{
	get_page(page_of(a));
	ck_assert_silent();
	put_page(machine, page_of(a));
}
END_TEST

START_TEST(a_free_frame_that_is_mapped_is_reported)
{
	struct page *page = page_of(a);

	put_page(machine, page); /* the entry's reference */
	ck_assert_reported("refcount", "at 0x10, which is free");
	ck_assert_ptr_eq(alloc_page(machine), page);
	page->flags = FL_BIT(PG_anon) | FL_BIT(PG_anon_exclusive);
}
END_TEST

START_TEST(a_frame_that_nobody_has_is_a_leak)
{
	struct page *page = alloc_page(machine);

	page->_refcount.counter = 0; /* nor any list */
	ck_assert_reported("leak", "is not free and has 0 references");
	page->_refcount.counter = 1;
	put_page(machine, page);
	ck_assert_silent();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.refcount");
	TCase *tc = test_case("refcount");

	tcase_add_checked_fixture(tc, begin_newest_world, end_world);
	tcase_add_test(tc, counts_that_agree_are_fine);
	tcase_add_test(tc, a_map_count_that_is_wrong_is_reported);
	tcase_add_test(tc, fewer_references_than_holders_are_reported);
	tcase_add_test(tc, more_references_may_be_anybodys);
	tcase_add_test(tc, a_free_frame_that_is_mapped_is_reported);
	tcase_add_test(tc, a_frame_that_nobody_has_is_a_leak);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
