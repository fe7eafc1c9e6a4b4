// SPDX-License-Identifier: MIT
/* anon_exclusive.c - tests lib/oracle/anon_exclusive.c: what it reports, and what it must not. */
#include "../world.h"

#include <stdio.h>
#include <string.h>

#include "oracle/hooks.h"
#include "oracle/native_report.h"
#include "oracle/oracle.h"

static char oracle[32], message[256];
static fl_vaddr a;
static struct fl_pin pin;

static void set_up(void)
{
	make_world("6.1", NULL);
	fl_native_report_clear();
	a = map(1, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, 0, &pin), 1);
}

static void tear_down(void)
{
	fl_unpin(cpu0, &pin);
	end_world();
}

static uint64_t failures(void)
{
	fl_oracle_finish();
	fl_native_report_first(oracle, sizeof(oracle), message, sizeof(message));
	return fl_native_report_count();
}

START_TEST(a_pinned_exclusive_page_is_fine)
{
	ck_assert_uint_eq(failures(), 0);
	ck_assert_str_eq(oracle, "");
}
END_TEST

START_TEST(a_pinned_page_that_lost_its_exclusiveness_is_reported)
{
	char want[128];

	ClearPageAnonExclusive(page_of(a)); /* broken on purpose */
	ck_assert_uint_eq(failures(), 1);
	ck_assert_str_eq(oracle, "anon-exclusive");
	snprintf(want, sizeof(want),
		 "CPU0 keeps a read-only pin on frame %llu, which is no longer exclusive to mm 1",
		 (unsigned long long)pin.pfn);
	ck_assert_str_eq(message, want);
}
END_TEST

START_TEST(who_unpinned_it_keeps_nothing)
{
	struct fl_pin second;

	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE, &second), 1);
	fl_unpin(cpu0, &second);
	ClearPageAnonExclusive(page_of(a));
	ck_assert_uint_eq(failures(), 1); /* the first pin */
	SetPageAnonExclusive(page_of(a));
}
END_TEST

START_TEST(pages_that_are_not_anonymous_are_none_of_its_business)
{
	struct page *other = alloc_page(machine); /* a file's, say */
	fl_vaddr zero = map(1, FL_READ);
	struct fl_pin second;

	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, zero, 1, 0, &second), 1);
	fl_oracle_pinned(1, mm, page_to_pfn(other), false);
	ck_assert_uint_eq(failures(), 0);
	fl_oracle_unpinned(page_to_pfn(other), false);
	put_page(machine, other);
	fl_unpin(cpu0, &second);
}
END_TEST

START_TEST(a_writable_entry_of_a_shared_page_is_reported)
{
	fl_vaddr b = map(1, FL_READ | FL_WRITE);

	ck_assert_int_eq(fl_store(cpu0, b, 1), 0);
	ck_assert_uint_eq(failures(), 0);
	ClearPageAnonExclusive(page_of(b));
	ck_assert_uint_eq(failures(), 1);
	ck_assert_msg(strstr(message, "may write to frame") != NULL, "%s", message);
}
END_TEST

START_TEST(an_exclusive_page_that_two_map_is_reported)
{
	struct page *page = page_of(a);
	struct fl_mm *other;
	fl_vaddr b;
	pte_t *ptep;

	ck_assert_int_eq(fl_mm_create(&other, machine), 0);
	fl_switch_mm(cpu1, other);
	ck_assert_int_eq(fl_mmap_anon(&b, other, 1, FL_READ), 0);
	load(cpu1, b);
	ptep = pte_offset_map(machine, *pmd_offset_lockless(machine, other->mm.pgd, b), b);
	*ptep = pte_wrprotect(entry_of(a)); /* broken on purpose: as a fork that forgot the flag */
	page->_mapcount.counter++;
	get_page(page);
	ck_assert_uint_gt(failures(), 0);
	ck_assert_msg(strstr(message, "and another mm maps it, too") != NULL, "%s", message);
	fl_mm_destroy(other);
	fl_native_report_clear();
	ck_assert_uint_eq(failures(), 0);
}
END_TEST

START_TEST(before_5_19_the_flag_means_nothing)
{
	machine->policy.wp_reuse = FL_WP_REUSE_REFCOUNT;
	ClearPageAnonExclusive(page_of(a));
	ck_assert_uint_eq(failures(), 0);
	SetPageAnonExclusive(page_of(a));
}
END_TEST

START_TEST(a_reset_keeps_what_set_up_did_and_forgets_the_rest)
{
	struct fl_pin second;

	fl_oracle_reset(); /* first: set-up is over */
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, 0, &second), 1);
	ClearPageAnonExclusive(page_of(a));
	ck_assert_uint_eq(failures(), 2);
	fl_native_report_clear();
	fl_oracle_reset();
	ck_assert_uint_eq(failures(), 1);
	SetPageAnonExclusive(page_of(a));
	put_page_refs(machine, page_of(a), GUP_PIN_COUNTING_BIAS);
}
END_TEST

/* --- huge pages --- */

#define HPAGE (4 * PAGE)

/* A huge page at a, of which the third base page is pinned. */
static void set_up_huge(void)
{
	struct fl_machine_config config = { .cpus = 2, .huge_pages = 2 };

	fl_machine_config_small(&config);
	config.frames = 32;
	config.levels = 3;
	make_world_with(&config, "6.1", NULL);
	fl_native_report_clear();
	a = HPAGE;
	ck_assert_int_eq(
		fl_mmap(&a, fl_mm, a, 4, FL_READ | FL_WRITE, FL_MAP_FIXED_NOREPLACE, NULL, 0), 0);
	ck_assert_int_eq(fl_madvise(fl_mm, a, 4, FL_MADV_HUGEPAGE), 0);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a + 2 * PAGE, 1, 0, &pin), 1);
	ck_assert(compound_head(pfn_to_page(machine, pin.pfn)) != pfn_to_page(machine, pin.pfn));
}

START_TEST(a_huge_pages_head_speaks_for_all_of_it)
{
	struct page *head = compound_head(pfn_to_page(machine, pin.pfn));

	ck_assert_uint_eq(failures(), 0);
	ClearPageAnonExclusive(head);
	ck_assert_uint_gt(failures(), 0);
	SetPageAnonExclusive(head);
}
END_TEST

START_TEST(a_huge_page_may_be_unmapped_while_it_is_pinned)
{
	struct page *head = compound_head(pfn_to_page(machine, pin.pfn));

	ck_assert_int_eq(fl_munmap(fl_mm, a, 4), 0);
	ck_assert_uint_eq(failures(), 0);
	ClearPageAnonExclusive(head);
	ck_assert_uint_eq(failures(), 1);
	SetPageAnonExclusive(head);
}
END_TEST

START_TEST(split_each_base_page_speaks_for_itself)
{
	struct page *page = pfn_to_page(machine, pin.pfn);

	ck_assert_int_eq(fl_munmap(fl_mm, a + 3 * PAGE, 1), 0);
	ck_assert_uint_eq(failures(), 0);
	ck_assert(PageAnonExclusive(compound_head(page)));
	ClearPageAnonExclusive(page);
	ck_assert_uint_eq(failures(), 1);
	ck_assert_int_eq(fl_munmap(fl_mm, a + 2 * PAGE, 1), 0); /* the head is mapped still */
	ck_assert_uint_eq(failures(), 2);
	SetPageAnonExclusive(page);
	fl_native_report_clear();
	ck_assert_int_eq(fl_munmap(fl_mm, a, 2), 0);
	ck_assert_uint_eq(failures(), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.anon_exclusive");
	TCase *tc = test_case("anon-exclusive");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_pinned_exclusive_page_is_fine);
	tcase_add_test(tc, a_pinned_page_that_lost_its_exclusiveness_is_reported);
	tcase_add_test(tc, who_unpinned_it_keeps_nothing);
	tcase_add_test(tc, pages_that_are_not_anonymous_are_none_of_its_business);
	tcase_add_test(tc, a_writable_entry_of_a_shared_page_is_reported);
	tcase_add_test(tc, an_exclusive_page_that_two_map_is_reported);
	tcase_add_test(tc, before_5_19_the_flag_means_nothing);
	tcase_add_test(tc, a_reset_keeps_what_set_up_did_and_forgets_the_rest);
	suite_add_tcase(suite, tc);

	tc = test_case("huge");
	tcase_add_checked_fixture(tc, set_up_huge, tear_down);
	tcase_add_test(tc, a_huge_pages_head_speaks_for_all_of_it);
	tcase_add_test(tc, a_huge_page_may_be_unmapped_while_it_is_pinned);
	tcase_add_test(tc, split_each_base_page_speaks_for_itself);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
