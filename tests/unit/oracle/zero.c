// SPDX-License-Identifier: MIT
/* zero.c - tests lib/oracle/zero.c: what it reports, and what it must not. */
#include "told.h"

#include "mm/zap.h"

/* MADV_DONTNEED on @cpu; with @broken the page stays where it was. */
static void dontneed(unsigned int cpu, bool broken)
{
	TELL(DISCARD, .cpu = cpu, .mm = fl_mm, .addr = a, .end = a + PAGE, .value = 1);
	if (!broken)
		zap_page_range_single(vma_lookup(mm, a), a, a + PAGE, NULL);
	TELL(DONTNEED_DONE, .cpu = cpu, .mm = fl_mm, .addr = a, .end = a + PAGE);
}

START_TEST(zero_is_what_is_expected)
{
	set_up_ends();
	dontneed(0, false);
	ck_assert_uint_eq(load(cpu0, a), 0);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_uint_eq(load(cpu0, a), 2);
	ck_assert_silent();
}
END_TEST

START_TEST(the_old_content_is_reported)
{
	set_up_ends();
	dontneed(0, true);
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_reported("stale-tlb",
			   "CPU0 loads at 0x10, where the page was thrown away before, 0x1");
}
END_TEST

START_TEST(for_all_cpus_if_set_up_code_did_it)
{
	dontneed(0, true);
	set_up_ends();
	ck_assert_uint_eq(load_on_cpu1(a), 1);
	ck_assert_reported("stale-tlb", "CPU1 loads at 0x10");
}
END_TEST

START_TEST(another_cpu_may_have_looked_before)
{
	set_up_ends();
	dontneed(0, true);
	ck_assert_uint_eq(load_on_cpu1(a), 1);
	ck_assert_silent();
}
END_TEST

START_TEST(another_cpus_store_may_be_seen)
{
	set_up_ends();
	dontneed(0, false);
	store_on_cpu1(a, 3);
	ck_assert_uint_eq(load(cpu0, a), 3);
	ck_assert_silent();
}
END_TEST

START_TEST(another_cpu_that_unmaps_may_have_mapped_something_else)
{
	set_up_ends();
	dontneed(0, true);
	TELL(DISCARD, .cpu = 1, .mm = fl_mm, .addr = a, .end = a + PAGE);
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_silent();
}
END_TEST

START_TEST(another_cpus_madvise_leaves_zeroes)
{
	set_up_ends();
	dontneed(0, true);
	TELL(DISCARD, .cpu = 1, .mm = fl_mm, .addr = a, .end = a + PAGE, .value = 1);
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_reported("stale-tlb", "CPU0 loads at 0x10");
}
END_TEST

START_TEST(what_is_mapped_at_the_end_may_have_come_after_the_load)
{
	fl_vaddr addr;

	set_up_ends();
	dontneed(0, true); /* of a file's page, say, which comes back */
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_int_eq(fl_mmap(&addr, fl_mm, a, 1, FL_READ | FL_WRITE, FL_MAP_FIXED, NULL, 0), 0);
	ck_assert_silent();
}
END_TEST

START_TEST(a_handler_may_have_filled_it)
{
	set_up_ends();
	dontneed(0, true);
	vma_of(a)->vm_flags |= VM_UFFD_MISSING;
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_silent();
	vma_of(a)->vm_flags &= ~VM_UFFD_MISSING;
}
END_TEST

/* mremap() puts another page there, with its content. */
START_TEST(something_else_may_be_there_afterwards)
{
	fl_vaddr b, at;

	ck_assert_int_eq(fl_mmap(&b, fl_mm, 64 * PAGE, 1, FL_READ | FL_WRITE, 0, NULL, 0), 0);
	ck_assert_int_eq(fl_store(cpu0, b, 2), 0);
	set_up_ends();
	ck_assert_int_eq(fl_madvise(fl_mm, a, 1, FL_MADV_DONTNEED), 0);
	ck_assert_int_eq(fl_mremap(&at, fl_mm, b, 1, 1, FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED, a), 0);
	ck_assert_uint_eq(load(cpu0, a), 2);
	ck_assert_silent();
	dontneed(0, true); /* a record again */
	ck_assert_uint_eq(load(cpu0, a), 2);
	ck_assert_reported("stale-tlb", "CPU0 loads at 0x10");
}
END_TEST

START_TEST(also_if_set_up_code_did_it)
{
	dontneed(0, true);
	TELL(DISCARD, .cpu = 1, .mm = fl_mm, .addr = a, .end = a + PAGE);
	set_up_ends();
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_silent();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.zero");
	TCase *tc = test_case("zero");

	tcase_add_checked_fixture(tc, begin_newest_world, end_world);
	tcase_add_test(tc, zero_is_what_is_expected);
	tcase_add_test(tc, the_old_content_is_reported);
	tcase_add_test(tc, for_all_cpus_if_set_up_code_did_it);
	tcase_add_test(tc, another_cpu_may_have_looked_before);
	tcase_add_test(tc, another_cpus_store_may_be_seen);
	tcase_add_test(tc, another_cpu_that_unmaps_may_have_mapped_something_else);
	tcase_add_test(tc, another_cpus_madvise_leaves_zeroes);
	tcase_add_test(tc, what_is_mapped_at_the_end_may_have_come_after_the_load);
	tcase_add_test(tc, a_handler_may_have_filled_it);
	tcase_add_test(tc, something_else_may_be_there_afterwards);
	tcase_add_test(tc, also_if_set_up_code_did_it);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
