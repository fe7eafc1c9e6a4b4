// SPDX-License-Identifier: MIT
/*
 * cow.c - tests lib/mm/cow.c: use the page that is there, or copy it? Read-only entries are made
 * by KSM's write protection, references by hand.
 */
#include "../world.h"

#include <errno.h>

static fl_vaddr a;
static struct page *page; /* behind it: written to, then write-protected, no longer exclusive */

static void set_up(void)
{
	make_world("6.1", NULL);
	a = map(1, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, a + 8, 2), 0);
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), 0);
	page = page_of(a);
	ck_assert(!pte_write(entry_of(a)) && !PageAnonExclusive(page));
}

START_TEST(the_only_reference_is_reused)
{
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert_ptr_eq(page_of(a), page);
	ck_assert(pte_write(entry_of(a)) && pte_dirty(entry_of(a)) && PageAnonExclusive(page));
	ck_assert_uint_eq(load(cpu1, a), 3);
	ck_assert_uint_eq(load(cpu1, a + 8), 2);
	ck_assert(!PageLocked(page));
}
END_TEST

START_TEST(an_exclusive_page_is_reused_whoever_else_has_it)
{
	SetPageAnonExclusive(page);
	page_ref_add(page, 1);
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert_ptr_eq(page_of(a), page);
	put_page(machine, page);
}
END_TEST

START_TEST(a_page_that_somebody_else_has_is_copied)
{
	uint64_t frames = fl_machine_free_frames(machine);

	ck_assert_uint_eq(load(cpu1, a), 1);
	page_ref_add(page, 1);
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert_ptr_ne(page_of(a), page);
	ck_assert(PageAnonExclusive(page_of(a)) && pte_write(entry_of(a)));
	ck_assert_int_eq(page_count(page), 1);
	ck_assert_int_eq(page_mapcount(page), 0);
	ck_assert_int_eq(page_mapcount(page_of(a)), 1);
	/* the whole page came along; the old one is as it was; no TLB has the old one */
	ck_assert_uint_eq(load(cpu0, a), 3);
	ck_assert_uint_eq(load(cpu0, a + 8), 2);
	ck_assert_uint_eq(load(cpu1, a), 3);
	ck_assert_uint_eq(frame_words(machine, page_to_pfn(page))[0], 1);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 1);
	put_page(machine, page);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames);
}
END_TEST

START_TEST(a_locked_page_is_copied)
{
	ck_assert(trylock_page(page));
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert_ptr_ne(page_of(a), page);
}
END_TEST

static vm_fault_t unshare(void)
{
	vm_fault_t fault;

	mmap_read_lock(mm);
	fault = handle_mm_fault(vma_lookup(mm, a), a, FAULT_FLAG_UNSHARE);
	mmap_read_unlock(mm);
	return fault;
}

START_TEST(unsharing_the_only_reference_makes_it_exclusive_and_no_more)
{
	pte_t before = entry_of(a);

	ck_assert_uint_eq(unshare(), 0);
	ck_assert(PageAnonExclusive(page));
	ck_assert_uint_eq(entry_of(a), before);
}
END_TEST

START_TEST(unsharing_a_shared_page_copies_it_read_only)
{
	page_ref_add(page, 1);
	ck_assert_uint_eq(unshare(), 0);
	ck_assert_ptr_ne(page_of(a), page);
	ck_assert(PageAnonExclusive(page_of(a)));
	ck_assert(!pte_write(entry_of(a)) && !pte_dirty(entry_of(a)));
	ck_assert_uint_eq(load(cpu0, a + 8), 2);
	put_page(machine, page);
}
END_TEST

START_TEST(without_a_frame_nothing_changes)
{
	struct page *taken[16];
	int n = 0;

	page_ref_add(page, 1);
	while ((taken[n] = alloc_page(machine)))
		n++;
	ck_assert_int_eq(fl_store(cpu0, a, 3), -ENOMEM);
	ck_assert_ptr_eq(page_of(a), page);
	ck_assert_int_eq(page_count(page), 2);
	ck_assert_uint_eq(load(cpu0, a), 1);
	while (n > 0)
		put_page(machine, taken[--n]);
	put_page(machine, page);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.cow");
	TCase *tc = test_case("cow");

	tcase_add_checked_fixture(tc, set_up, end_world);
	tcase_add_test(tc, the_only_reference_is_reused);
	tcase_add_test(tc, an_exclusive_page_is_reused_whoever_else_has_it);
	tcase_add_test(tc, a_page_that_somebody_else_has_is_copied);
	tcase_add_test(tc, a_locked_page_is_copied);
	tcase_add_test(tc, unsharing_the_only_reference_makes_it_exclusive_and_no_more);
	tcase_add_test(tc, unsharing_a_shared_page_copies_it_read_only);
	tcase_add_test(tc, without_a_frame_nothing_changes);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
