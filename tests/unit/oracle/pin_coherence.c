// SPDX-License-Identifier: MIT
/* pin_coherence.c - tests lib/oracle/pin_coherence.c: what it reports, and what it must not. */
#include "told.h"

static struct fl_pin pin;
static struct page *pinned;

static void set_up(void)
{
	begin_newest_world();
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, 0, &pin), 1);
	pinned = page_of(a);
}

/* Broken on purpose: another page takes the pinned one's place. */
static void part(void)
{
	ptep_clear_flush(vma_of(a), a, ptep_of(a));
	page_remove_rmap(pinned);
	put_page(machine, pinned);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_ptr_ne(page_of(a), pinned);
}

START_TEST(the_pinned_page_is_the_mapped_page)
{
	set_up_ends();
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_silent();
	fl_unpin(cpu0, &pin);
}
END_TEST

START_TEST(pin_and_mapping_that_part_are_reported)
{
	set_up_ends();
	part();
	ck_assert_reported("pin-coherence", "CPU0 keeps a read-only pin on frame");
	fl_unpin(cpu0, &pin);
	ck_assert_silent();
}
END_TEST

START_TEST(nothing_mapped_is_no_other_page)
{
	pte_t pte = *ptep_of(a);

	set_up_ends();
	*ptep_of(a) = PTE_NONE;
	failures();
	ck_assert_str_ne(oracle, "pin-coherence");
	*ptep_of(a) = pte;
	fl_unpin(cpu0, &pin);
}
END_TEST

START_TEST(who_discards_gets_another_page)
{
	set_up_ends();
	TELL(DISCARD, .mm = fl_mm, .addr = a, .end = a + PAGE);
	part();
	ck_assert_silent();
	fl_unpin(cpu0, &pin);
}
END_TEST

START_TEST(set_up_that_discards_does_too)
{
	TELL(DISCARD, .mm = fl_mm, .addr = a, .end = a + PAGE);
	part();
	set_up_ends();
	ck_assert_silent();
	fl_unpin(cpu0, &pin);
}
END_TEST

START_TEST(a_files_page_pinned_for_reading_in_a_private_mapping_may_part)
{
	set_up_ends();
	part();
	pinned->flags &= ~FL_BIT(PG_anon);
	failures();
	ck_assert_str_ne(oracle, "pin-coherence");
	fl_unpin(cpu0, &pin);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.pin_coherence");
	TCase *tc = test_case("pin-coherence");

	tcase_add_checked_fixture(tc, set_up, end_world);
	tcase_add_test(tc, the_pinned_page_is_the_mapped_page);
	tcase_add_test(tc, pin_and_mapping_that_part_are_reported);
	tcase_add_test(tc, nothing_mapped_is_no_other_page);
	tcase_add_test(tc, who_discards_gets_another_page);
	tcase_add_test(tc, set_up_that_discards_does_too);
	tcase_add_test(tc, a_files_page_pinned_for_reading_in_a_private_mapping_may_part);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
