// SPDX-License-Identifier: MIT
/* frame_use.c - tests lib/oracle/frame_use.c: what it reports at once, and what it must not. */
#include "told.h"

static void reported(const char *name, const char *text)
{
	fl_native_report_first(oracle, sizeof(oracle), message, sizeof(message));
	ck_assert_str_eq(oracle, name);
	ck_assert_msg(strstr(message, text) != NULL, "%s", message);
}

/* Broken on purpose: the page goes, the translation stays. */
static uint64_t free_without_flush(void)
{
	struct page *page = page_of(a);
	pte_t pte = ptep_get_and_clear(mm, a, ptep_of(a));

	page_remove_rmap(page);
	put_page(machine, page);
	return pte_pfn(pte);
}

START_TEST(what_is_mapped_can_be_used)
{
	set_up_ends();
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_silent();
}
END_TEST

START_TEST(a_load_from_a_free_frame_is_reported)
{
	uint64_t pfn;

	set_up_ends();
	pfn = free_without_flush();
	fl_native_report_clear();
	load(cpu0, a);
	ck_assert_uint_eq(fl_native_report_count(), 1);
	reported("stale-tlb", "CPU0 loads through its TLB from frame");
	ck_assert_uint_ne(pfn, 0);
}
END_TEST

START_TEST(a_store_to_a_free_frame_is_reported)
{
	set_up_ends();
	free_without_flush();
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	reported("stale-tlb", "CPU0 stores through its TLB to frame");
}
END_TEST

START_TEST(so_are_references_of_other_kinds)
{
	uint64_t pfn;

	set_up_ends();
	pfn = free_without_flush();
	TELL(KERNEL_STORE, .pfn = pfn, .value = 3);
	reported("use-after-free", "CPU0 writes, through a reference, to frame");
	fl_native_report_clear();
	TELL(PIN, .mm = fl_mm, .addr = a, .pfn = pfn);
	reported("use-after-free", "CPU0 has pinned frame");
	TELL(UNPIN, .pfn = pfn);
}
END_TEST

START_TEST(the_next_owner_may_use_it)
{
	set_up_ends();
	free_without_flush();
	flush_tlb_mm(mm);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0); /* the same frame, most likely */
	ck_assert_uint_eq(load(cpu0, a), 2);
	ck_assert_uint_eq(fl_native_report_count(), 0);
}
END_TEST

START_TEST(natively_nobody_listens_unless_told_to)
{
	ck_assert_uint_ne(fl_oracle_wanted & FL_EVENT_BIT(LOAD), 0);
	fl_oracle_watch_accesses(false);
	ck_assert_uint_eq(fl_oracle_wanted, 0);
	free_without_flush();
	load(cpu0, a);
	ck_assert_uint_eq(fl_native_report_count(), 0);
	fl_oracle_watch_accesses(true);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.frame_use");
	TCase *tc = test_case("stale-tlb");

	tcase_add_checked_fixture(tc, begin_newest_world, end_world);
	tcase_add_test(tc, what_is_mapped_can_be_used);
	tcase_add_test(tc, a_load_from_a_free_frame_is_reported);
	tcase_add_test(tc, a_store_to_a_free_frame_is_reported);
	tcase_add_test(tc, so_are_references_of_other_kinds);
	tcase_add_test(tc, the_next_owner_may_use_it);
	tcase_add_test(tc, natively_nobody_listens_unless_told_to);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
