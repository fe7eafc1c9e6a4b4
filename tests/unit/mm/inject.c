// SPDX-License-Identifier: MIT
/*
 * inject.c - tests lib/mm/inject.c and lib/mm/swap_state.c: references, locks and the swap cache by
 * frame number. What COW decisions make of them is tested in cow.c. And lib/mmu/alloc.c: which allocation
 * fails. What calls make of that: enomem.h.
 */
#include "../world.h"

#include <errno.h>
#include <string.h>

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

/* --- failing allocations --- */

/* Of @n page frames, one after the other, those that there were: '+', else '-'. */
static const char *frames_got(size_t n)
{
	static char got[32];

	for (size_t i = 0; i < n; i++) {
		struct page *frame = alloc_page(machine);

		got[i] = frame ? '+' : '-';
		if (frame)
			put_page(machine, frame);
	}
	got[n] = '\0';
	return got;
}

START_TEST(the_nth_allocation_fails_and_no_other)
{
	ck_assert_str_eq(frames_got(3), "+++");
	fl_inject_fail_nth(FL_ALLOC_FRAME, 2);
	ck_assert_uint_eq(fl_inject_left(), 2);
	ck_assert_str_eq(frames_got(1), "+");
	ck_assert_uint_eq(fl_inject_left(), 1);
	ck_assert_str_eq(frames_got(3), "-++");
	ck_assert_uint_eq(fl_inject_left(), 0);
	fl_inject_fail_nth(FL_ALLOC_ANY, 1);
	ck_assert_str_eq(frames_got(2), "-+");
	fl_inject_fail_nth(FL_ALLOC_ANY, 1);
	fl_inject_fail_nth(FL_ALLOC_ANY, 0);
	ck_assert_str_eq(frames_got(2), "++");
}
END_TEST

START_TEST(others_than_the_kinds_asked_for_neither_fail_nor_count)
{
	struct fl_mm *other;

	fl_inject_fail_nth(FL_ALLOC_PGTABLE | FL_ALLOC_VMA, 2);
	ck_assert_str_eq(frames_got(3), "+++");
	ck_assert_uint_eq(fl_inject_left(), 2);
	ck_assert_int_eq(fl_mm_create(&other, machine), 0); /* has a page table */
	ck_assert_uint_eq(fl_inject_left(), 1);
	ck_assert_int_eq(fl_mm_create(&other, machine), -ENOMEM);
	ck_assert_uint_eq(fl_inject_left(), 0);
}
END_TEST

START_TEST(failures_can_come_again_and_again)
{
	fl_inject_fail(&(struct fl_fail_attr){ .kinds = FL_ALLOC_FRAME });
	ck_assert_str_eq(frames_got(4), "----");
	fl_inject_fail(&(struct fl_fail_attr){ .kinds = FL_ALLOC_FRAME, .space = 2, .times = 3 });
	ck_assert_str_eq(frames_got(8), "++---+++");
	fl_inject_fail(
		&(struct fl_fail_attr){ .kinds = FL_ALLOC_FRAME, .space = 1, .interval = 3 });
	ck_assert_uint_eq(fl_inject_left(), 2);
	ck_assert_str_eq(frames_got(2), "+-");
	ck_assert_uint_eq(fl_inject_left(), 3);
	ck_assert_str_eq(frames_got(8), "++-++-++");
	ck_assert_uint_eq(fl_inject_left(), 1);
	fl_inject_fail(NULL);
	ck_assert_uint_eq(fl_inject_left(), 0);
	ck_assert_str_eq(frames_got(3), "+++");
}
END_TEST

START_TEST(it_is_known_where_an_allocation_failed)
{
	struct fl_alloc_point at;

	struct fl_mm *other;

	fl_inject_fail_nth(FL_ALLOC_OBJECT, 1);
	ck_assert(!fl_inject_failed(&at));
	ck_assert_int_eq(fl_mm_create(&other, machine), -ENOMEM);
	ck_assert(fl_inject_failed(&at));
	ck_assert_int_eq(at.kind, FL_ALLOC_OBJECT);
	ck_assert_str_eq(at.func, "fl_mm_create");
	ck_assert_ptr_nonnull(strstr(at.file, "lib/mm/mm.c"));
	ck_assert_int_gt(at.line, 0);
	ck_assert_str_eq(fl_alloc_kind_name(at.kind), "object");
	fl_inject_fail_nth(FL_ALLOC_OBJECT, 0);
	ck_assert(!fl_inject_failed(&at));
}
END_TEST

static void allocate_on(struct fl_cpu *cpu, void *arg)
{
	struct page *frame = alloc_page(machine);

	*(bool *)arg = frame;
	if (frame)
		put_page(cpu->machine, frame);
}

START_TEST(other_threads_go_on)
{
	struct call c;
	bool got = false;

	fl_inject_fail_nth(FL_ALLOC_FRAME, 1);
	begin_on(&c, cpu1, allocate_on, &got);
	end_on(&c);
	ck_assert(got);
	ck_assert_uint_eq(fl_inject_left(), 1);
	ck_assert_str_eq(frames_got(1), "-");
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
	tcase_add_test(tc, the_nth_allocation_fails_and_no_other);
	tcase_add_test(tc, others_than_the_kinds_asked_for_neither_fail_nor_count);
	tcase_add_test(tc, failures_can_come_again_and_again);
	tcase_add_test(tc, it_is_known_where_an_allocation_failed);
	tcase_add_test(tc, other_threads_go_on);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
