// SPDX-License-Identifier: MIT
/*
 * inject.c - tests lib/mm/inject.c and lib/mm/swap_state.c: references, locks and the swap cache by
 * frame number. What COW decisions make of them is tested in cow.c.
 */
#include "../world.h"

#include <errno.h>

#include "mm/swap_state.h"

static fl_vaddr a;
static struct page *page;
static uint64_t pfn;

static void set_up(void)
{
	make_world("5.18", NULL);
	a = map(1, FL_READ | FL_WRITE);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	page = page_of(a);
	pfn = page_to_pfn(page);
}

START_TEST(a_reference_is_taken_unless_the_frame_is_free)
{
	ck_assert_int_eq(fl_page_try_get(machine, pfn), 0);
	ck_assert_int_eq(page_count(page), 2);
	fl_page_put(machine, pfn);
	ck_assert_int_eq(page_count(page), 1);
	ck_assert_int_eq(fl_munmap(fl_mm, a, 1), 0);
	ck_assert_int_eq(fl_page_try_get(machine, pfn), -EAGAIN);
	ck_assert_int_eq(fl_page_try_get(machine, machine->nr_frames), -EINVAL);
}
END_TEST

START_TEST(a_reference_keeps_the_frame)
{
	uint64_t frames = fl_machine_free_frames(machine);

	ck_assert_int_eq(fl_page_try_get(machine, pfn), 0);
	ck_assert_int_eq(fl_munmap(fl_mm, a, 1), 0);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames);
	fl_page_put(machine, pfn);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames + 1);
}
END_TEST

START_TEST(the_page_lock_is_had_once)
{
	ck_assert_int_eq(fl_page_trylock(machine, pfn), 0);
	ck_assert_int_eq(fl_page_trylock(machine, pfn), -EAGAIN);
	ck_assert_int_eq(fl_swapcache_add(machine, pfn), -EBUSY);
	fl_page_unlock(machine, pfn);
	ck_assert_int_eq(fl_page_trylock(machine, pfn), 0);
	fl_page_unlock(machine, pfn);
	ck_assert_int_eq(page_count(page), 1);
}
END_TEST

START_TEST(the_swap_cache_has_a_flag_and_a_reference)
{
	ck_assert_int_eq(fl_swapcache_add(machine, pfn), 0);
	ck_assert(PageSwapCache(page) && !PageLocked(page));
	ck_assert_int_eq(page_count(page), 2);
	ck_assert_int_eq(fl_swapcache_add(machine, pfn), -EBUSY);
	ck_assert_int_eq(page_count(page), 2);
	ck_assert_int_eq(fl_swapcache_remove(machine, pfn), 0);
	ck_assert(!PageSwapCache(page) && !PageLocked(page));
	ck_assert_int_eq(page_count(page), 1);
	ck_assert_int_eq(fl_swapcache_remove(machine, pfn), -EINVAL);
}
END_TEST

START_TEST(only_mapped_anonymous_pages_go_there)
{
	struct page *other = alloc_page(machine);

	ck_assert_int_eq(fl_swapcache_add(machine, page_to_pfn(other)), -EINVAL);
	ck_assert_int_eq(fl_swapcache_add(machine, ZERO_PFN), -EINVAL);
	ck_assert_int_eq(fl_swapcache_add(machine, machine->nr_frames), -EINVAL);
	ck_assert_int_eq(page_count(other), 1);
	put_page(machine, other);
	ck_assert_int_eq(fl_swapcache_add(machine, page_to_pfn(other)), -EINVAL);
}
END_TEST

START_TEST(a_page_that_nobody_maps_any_more_leaves_the_swap_cache)
{
	ck_assert_int_eq(fl_swapcache_add(machine, pfn), 0);
	free_swap_cache(machine, page); /* it is mapped: no */
	ck_assert(PageSwapCache(page));
	ck_assert_int_eq(fl_page_try_get(machine, pfn), 0);
	ck_assert_int_eq(fl_munmap(fl_mm, a, 1), 0);
	free_swap_cache(machine, page);
	ck_assert(!PageSwapCache(page));
	ck_assert_int_eq(page_count(page), 1);
	fl_page_put(machine, pfn);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.inject");
	TCase *tc = test_case("inject");

	tcase_add_checked_fixture(tc, set_up, end_world);
	tcase_add_test(tc, a_reference_is_taken_unless_the_frame_is_free);
	tcase_add_test(tc, a_reference_keeps_the_frame);
	tcase_add_test(tc, the_page_lock_is_had_once);
	tcase_add_test(tc, the_swap_cache_has_a_flag_and_a_reference);
	tcase_add_test(tc, only_mapped_anonymous_pages_go_there);
	tcase_add_test(tc, a_page_that_nobody_maps_any_more_leaves_the_swap_cache);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
