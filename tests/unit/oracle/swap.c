// SPDX-License-Identifier: MIT
/*
 * swap.c - tests what oracles say of pages in swap: lost_write.c, isolation.c, pin_coherence.c and refcount.c follow
 * them there; and device_write.c.
 */
#include "told.h"

#include <faultline/reclaim.h>

#include "mm/swapfile.h"

static uint64_t slot;

/* The page at @a, with 1 in its first word, is in swap. */
static void begin_swapped(void)
{
	struct fl_machine_config config = { .cpus = 2, .swap_slots = 2 };

	fl_machine_config_small(&config);
	fl_oracle_watch_accesses(true);
	make_world_with(&config, "6.12", NULL);
	fl_native_report_clear();
	a = map(1, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_reclaim_page(cpu0, pte_pfn(entry_of(a))), 0);
	slot = pte_swp_offset(entry_of(a));
}

START_TEST(a_page_in_swap_is_where_it_was)
{
	set_up_ends();
	ck_assert_silent();
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_int_eq(fl_reclaim_page(cpu0, pte_pfn(entry_of(a))), 0);
	ck_assert_silent();
}
END_TEST

START_TEST(a_page_in_swap_without_a_mapping_is_reported)
{
	fl_vaddr b = map(1, FL_READ | FL_WRITE);
	pte_t entry = entry_of(a);

	set_up_ends();
	ck_assert_int_eq(fl_munmap(fl_mm, b, 1), 0);
	*ptep_of(b) = entry;
	*ptep_of(a) = PTE_NONE; /* the slot's count is right */
	ck_assert_reported("permission", "has a page in swap at 0x20, where nothing is mapped");
	*ptep_of(b) = PTE_NONE;
	*ptep_of(a) = entry;
	ck_assert_silent();
}
END_TEST

START_TEST(a_store_that_did_not_get_to_swap_is_lost)
{
	set_up_ends();
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert_int_eq(fl_reclaim_page(cpu0, pte_pfn(entry_of(a))), 0);
	slot = pte_swp_offset(entry_of(a));
	swap_slot(machine, slot)->words[0] = 1; /* as if it had come behind the write */
	ck_assert_reported("lost-write", "0x2, which CPU0 stored at");
}
END_TEST

START_TEST(content_of_another_page_is_reported_when_it_is_loaded)
{
	set_up_ends();
	swap_slot(machine, slot)->words[0] = 9; /* somebody else got the slot */
	ck_assert_uint_eq(load(cpu0, a), 9);
	ck_assert_reported("lost-write", "CPU0 loads 0x9");
}
END_TEST

START_TEST(what_another_process_can_read_in_swap_is_reported)
{
	struct fl_mm *child;
	struct page *page;

	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	fl_switch_mm(cpu1, child);
	set_up_ends();
	ck_assert_int_eq(fl_store(cpu0, a, 7), 0);
	ck_assert_silent();
	ck_assert_int_eq(swap_slot(machine, slot)->count, 1);
	page = swap_slot(machine, slot)->folio;
	swap_slot(machine, slot)->folio = NULL; /* the child's entry leads to the slot */
	swap_slot(machine, slot)->words[0] = 7;
	failures();
	ck_assert_str_eq(oracle, "isolation");
	swap_slot(machine, slot)->folio = page;
	fl_switch_mm(cpu1, fl_mm);
	fl_mm_destroy(child);
}
END_TEST

START_TEST(a_pinned_page_comes_back_from_swap_as_itself)
{
	struct page *page;
	struct fl_pin pin;

	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE, &pin), 1);
	set_up_ends();
	ck_assert_silent();
	/* broken on purpose: it is unmapped, and its slot's page is another one */
	page = page_of(a);
	ptep_clear_flush(vma_of(a), a, ptep_of(a));
	page_remove_rmap(page);
	put_page(machine, page);
	ck_assert_int_eq(swap_duplicate(machine, 2), 0);
	swap_slot(machine, 2)->words[0] = 1;
	set_pte_at(mm, a, ptep_of(a), make_swp_pte(SWP_SWAP, 2));
	ck_assert_reported("pin-coherence", "where swap slot 2 has the page now");
	swap_free(machine, 2);
	machine->swap->inuse++; /* it was not on loan */
	set_pte_at(mm, a, ptep_of(a), PTE_NONE);
	fl_unpin(cpu0, &pin);
}
END_TEST

START_TEST(slots_that_are_counted_wrong_are_reported)
{
	set_up_ends();
	swap_slot(machine, slot)->count = 2;
	ck_assert_reported("refcount", "swap slot 1 counts 2 entries, 1 refer to it");
	swap_slot(machine, slot)->count = 0;
	ck_assert_reported("refcount", "swap slot 1 counts 0 entries, 1 refer to it");
	swap_slot(machine, slot)->count = 1;
	ck_assert_silent();
}
END_TEST

START_TEST(a_slot_that_nobody_uses_is_a_leak)
{
	uint32_t head = machine->swap->head;

	set_up_ends();
	machine->swap->head = 0;
	ck_assert_reported("leak", "swap slot 2 is not free, and nobody uses it");
	machine->swap->head = head;
	ck_assert_silent();
}
END_TEST

START_TEST(a_slot_that_is_free_and_in_use_is_reported)
{
	set_up_ends();
	swap_slot(machine, 2)->next = (uint32_t)slot;
	ck_assert_reported("refcount", "swap slot 1 is free and in use");
	swap_slot(machine, 2)->next = 0;
}
END_TEST

/* --- device_write.c --- */

static struct fl_pin pin_and_write(void)
{
	struct fl_pin pin;

	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE, &pin), 1);
	fl_pin_store(&pin, 0, 7);
	fl_pin_store(&pin, 1, 7);
	fl_unpin_dirty(cpu0, &pin);
	return pin;
}

START_TEST(what_a_device_wrote_is_there)
{
	set_up_ends();
	pin_and_write();
	ck_assert_uint_eq(load(cpu0, a), 7);
	ck_assert_silent();
	ck_assert_int_eq(fl_poke(cpu0, fl_mm, a, 8), 0);
	ck_assert_uint_eq(load(cpu0, a), 8);
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert_uint_eq(load(cpu0, a), 3);
	ck_assert_silent();
}
END_TEST

START_TEST(what_a_device_wrote_is_not_lost)
{
	struct fl_pin pin;

	set_up_ends();
	pin = pin_and_write();
	frame_words(machine, pin.pfn)[1] = 0;
	ck_assert_uint_eq(load(cpu0, a + 8), 0);
	ck_assert_reported("lost-write", "0x7, which was written for CPU0");
}
END_TEST

START_TEST(what_a_debugger_wrote_is_not_lost)
{
	set_up_ends();
	ck_assert_int_eq(fl_poke(cpu0, fl_mm, a + 8, 7), 0);
	*word_of(a + 8) = 0;
	ck_assert_uint_eq(load(cpu0, a + 8), 0);
	ck_assert_reported("lost-write", "0x7, which was written for CPU0");
}
END_TEST

START_TEST(others_may_store_there_too)
{
	set_up_ends();
	pin_and_write();
	store_on_cpu1(a, 5);
	ck_assert_uint_eq(load(cpu0, a), 5);
	ck_assert_silent();
}
END_TEST

START_TEST(who_discards_can_lose_what_a_device_wrote)
{
	set_up_ends();
	pin_and_write();
	ck_assert_int_eq(fl_madvise(fl_mm, a, 1, FL_MADV_DONTNEED), 0);
	ck_assert_uint_eq(load(cpu0, a), 0);
	ck_assert_silent();
}
END_TEST

START_TEST(another_cpu_need_not_have_waited)
{
	set_up_ends();
	pin_and_write();
	TELL(LOAD, .mm = fl_mm, .addr = a, .cpu = 1, .value = 1);
	ck_assert_silent();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("oracle.swap");
	TCase *tc = test_case("swap");

	tcase_add_checked_fixture(tc, begin_swapped, end_world);
	tcase_add_test(tc, a_page_in_swap_is_where_it_was);
	tcase_add_test(tc, a_page_in_swap_without_a_mapping_is_reported);
	tcase_add_test(tc, a_store_that_did_not_get_to_swap_is_lost);
	tcase_add_test(tc, content_of_another_page_is_reported_when_it_is_loaded);
	tcase_add_test(tc, what_another_process_can_read_in_swap_is_reported);
	tcase_add_test(tc, a_pinned_page_comes_back_from_swap_as_itself);
	tcase_add_test(tc, slots_that_are_counted_wrong_are_reported);
	tcase_add_test(tc, a_slot_that_nobody_uses_is_a_leak);
	tcase_add_test(tc, a_slot_that_is_free_and_in_use_is_reported);
	tcase_add_test(tc, what_a_device_wrote_is_there);
	tcase_add_test(tc, what_a_device_wrote_is_not_lost);
	tcase_add_test(tc, what_a_debugger_wrote_is_not_lost);
	tcase_add_test(tc, others_may_store_there_too);
	tcase_add_test(tc, who_discards_can_lose_what_a_device_wrote);
	tcase_add_test(tc, another_cpu_need_not_have_waited);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
