// SPDX-License-Identifier: MIT
/*
 * swap.c - tests lib/mm/swapfile.c, swap_state.c, swap_fault.c and rmap_unmap.c: pages go to swap and come
 * back as they were.
 */
#include "../world.h"

#include <errno.h>

#include <faultline/reclaim.h>

#include "mm/swap_state.h"
#include "mm/swapfile.h"

#define SLOTS 4

static fl_vaddr a;

static void begin_with(const char *kernel, const char *set, unsigned int slots)
{
	struct fl_machine_config config = { .cpus = 2, .swap_slots = slots };

	fl_machine_config_small(&config);
	make_world_with(&config, kernel, set);
	a = map(4, FL_READ | FL_WRITE);
}

static void begin(const char *kernel, const char *set)
{
	begin_with(kernel, set, SLOTS);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_store(cpu0, a + 8, 2), 0);
}

static unsigned int slots_used(void)
{
	struct fl_swap_info info;

	fl_inspect_swap(&info, machine);
	return info.used;
}

static void end(void)
{
	struct fl_machine *m = machine;

	fl_mm_destroy(fl_mm);
	ck_assert_uint_eq(slots_used(), 0);
	ck_assert_uint_eq(fl_machine_free_frames(m), m->nr_frames - 1);
	fl_cpu_unbind(cpu0);
	fl_machine_destroy(m);
}

static int reclaim(fl_vaddr addr)
{
	return fl_reclaim_page(cpu0, pte_pfn(entry_of(addr)));
}

static struct fl_slot_info slot_of(fl_vaddr addr)
{
	struct fl_slot_info info = { 0 };

	ck_assert_int_eq(fl_inspect_slot(&info, machine, pte_swp_offset(entry_of(addr))), 0);
	return info;
}

START_TEST(a_page_goes_to_swap_and_comes_back)
{
	uint64_t frames, word;

	begin("6.12", NULL);
	frames = fl_machine_free_frames(machine);
	ck_assert_int_eq(reclaim(a), 0);
	ck_assert(pte_is_swap_slot(entry_of(a)));
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames + 1);
	ck_assert_uint_eq(slots_used(), 1);
	ck_assert_uint_eq(slot_of(a).count, 1);
	ck_assert(!slot_of(a).cached);
	ck_assert_int_eq(fl_inspect_slot_word(&word, machine, pte_swp_offset(entry_of(a)), 1), 0);
	ck_assert_uint_eq(word, 2);
	ck_assert_uint_eq(load(cpu1, a), 1);
	ck_assert_uint_eq(load(cpu0, a + 8), 2);
	ck_assert(pte_present(entry_of(a)));
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames);
	end();
}
END_TEST

START_TEST(no_translation_survives_reclaim)
{
	static const char *const sets[] = { "unmap_flush=deferred,tlb_flush=broadcast",
					    "unmap_flush=at-once,tlb_flush=ipi" };

	for (size_t i = 0; i < 2; i++) {
		uint64_t word;

		begin("6.12", sets[i]);
		ck_assert_uint_eq(load(cpu0, a), 1);
		ck_assert_int_eq(reclaim(a), 0);
		ck_assert(!mmu_access(cpu0, a, MMU_LOAD, &word));
		end();
	}
}
END_TEST

START_TEST(a_page_that_was_not_written_to_since_need_not_be_written_again)
{
	uint64_t slot;

	begin("6.12", NULL);
	ck_assert_int_eq(reclaim(a), 0);
	slot = pte_swp_offset(entry_of(a));
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert(PageSwapCache(page_of(a)) && !PageDirty(page_of(a)));
	swap_slot(machine, slot)->words[0] = 7; /* would be overwritten */
	ck_assert_int_eq(reclaim(a), 0);
	ck_assert_uint_eq(pte_swp_offset(entry_of(a)), slot);
	ck_assert_uint_eq(load(cpu0, a), 7);
	/* and one that was is */
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert_int_eq(reclaim(a), 0);
	ck_assert_uint_eq(load(cpu0, a), 3);
	end();
}
END_TEST

START_TEST(without_swap_nothing_goes)
{
	begin_with("6.12", NULL, 0);
	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(reclaim(a), -EOPNOTSUPP);
	ck_assert_int_eq(fl_reclaim(cpu0, 1), -EOPNOTSUPP);
	ck_assert_int_eq(fl_madvise(fl_mm, a, 1, FL_MADV_PAGEOUT), -EOPNOTSUPP);
	ck_assert(pte_present(entry_of(a)));
	end();
}
END_TEST

START_TEST(what_is_no_page_in_use_is_refused)
{
	begin("6.12", NULL);
	ck_assert_int_eq(fl_reclaim_page(cpu0, 0), -EINVAL);
	ck_assert_int_eq(fl_reclaim_page(cpu0, machine->nr_frames), -EINVAL);
	ck_assert_int_eq(fl_reclaim_page(cpu0, machine->nr_frames - 1), -EINVAL);
	end();
}
END_TEST

START_TEST(without_a_free_slot_a_page_stays)
{
	begin_with("6.12", NULL, 1);
	for (uint64_t i = 0; i < 2; i++)
		ck_assert_int_eq(fl_store(cpu0, a + i * PAGE, i + 1), 0);
	ck_assert_int_eq(reclaim(a), 0);
	ck_assert_int_eq(reclaim(a + PAGE), -EBUSY);
	ck_assert_uint_eq(load(cpu0, a + PAGE), 2);
	/* the slot of a page that is back is there for others */
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_uint_eq(slots_used(), 1);
	ck_assert_int_eq(reclaim(a + PAGE), 0);
	ck_assert(PageDirty(page_of(a)) && !PageSwapCache(page_of(a)));
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_uint_eq(load(cpu0, a + PAGE), 2);
	end();
}
END_TEST

START_TEST(a_page_that_somebody_else_has_stays)
{
	struct fl_pin pin;
	uint64_t pfn;

	begin("6.12", NULL);
	pfn = pte_pfn(entry_of(a));
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE, &pin), 1);
	ck_assert_int_eq(reclaim(a), -EBUSY);
	ck_assert(pte_present(entry_of(a)) && pte_write(entry_of(a)));
	fl_unpin(cpu0, &pin);
	/* a plain reference is found when it is unmapped already; the next fault finds the same page */
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_GET, &pin), 1);
	ck_assert_int_eq(reclaim(a), -EBUSY);
	ck_assert(pte_is_swap_slot(entry_of(a)));
	ck_assert_int_eq(fl_store(cpu0, a, 5), 0);
	ck_assert_uint_eq(pte_pfn(entry_of(a)), pfn);
	fl_unpin(cpu0, &pin);
	ck_assert_int_eq(fl_page_trylock(machine, pfn), 0);
	ck_assert_int_eq(reclaim(a), -EBUSY);
	fl_page_unlock(machine, pfn);
	ck_assert_int_eq(reclaim(a), 0);
	ck_assert_uint_eq(load(cpu0, a), 5);
	end();
}
END_TEST

START_TEST(an_exclusive_page_stays_exclusive_from_5_19_on)
{
	struct fl_pte_info pte;

	begin("5.19", NULL);
	ck_assert_int_eq(reclaim(a), 0);
	ck_assert_int_eq(fl_inspect_pte(&pte, fl_mm, a), 0);
	ck_assert(pte.swap && pte.exclusive && !pte.present);
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert(PageAnonExclusive(page_of(a)) && !pte_write(entry_of(a)));
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	end();
	/* a read maps it writable, too */
	begin("6.12", NULL);
	ck_assert_int_eq(reclaim(a), 0);
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert(PageAnonExclusive(page_of(a)) && pte_write(entry_of(a)) &&
		  !pte_dirty(entry_of(a)));
	end();
	/* without the bit nobody knows */
	begin("6.12", "swap_exclusive=refcount");
	ck_assert_int_eq(reclaim(a), 0);
	ck_assert(!pte_swp_exclusive(entry_of(a)));
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert(!PageAnonExclusive(page_of(a)) && !pte_write(entry_of(a)));
	end();
}
END_TEST

/* A write brings the page back while somebody has a reference, taken before: same page? */
static bool reused_beside_a_reference(const char *kernel)
{
	struct fl_pin pin;
	uint64_t pfn;
	bool same;

	begin(kernel, NULL);
	ck_assert_int_eq(reclaim(a), 0);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_GET, &pin), 1);
	pfn = pte_pfn(entry_of(a));
	ck_assert_uint_eq(pin.pfn, pfn);
	/* out of the page tables again, not out of memory */
	ck_assert_int_eq(reclaim(a), -EBUSY);
	ck_assert(pte_is_swap_slot(entry_of(a)));
	ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
	ck_assert_uint_eq(load(cpu0, a), 3);
	ck_assert_uint_eq(load(cpu0, a + 8), 2);
	same = pte_pfn(entry_of(a)) == pfn;
	fl_unpin(cpu0, &pin);
	end();
	return same;
}

START_TEST(who_may_write_to_a_page_that_comes_back_differs_by_release)
{
	ck_assert(reused_beside_a_reference("5.7"));
	ck_assert(reused_beside_a_reference("5.12"));
	ck_assert(!reused_beside_a_reference("5.18"));
	ck_assert(reused_beside_a_reference("5.19")); /* exclusive: it was this mm's all the time */
}
END_TEST

START_TEST(a_write_fault_maps_the_page_writable_at_once)
{
	static const char *const kernels[] = { "4.8", "5.12", "5.18", "5.19", "6.12" };

	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		begin(kernels[i], NULL);
		ck_assert_int_eq(reclaim(a), 0);
		ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
		ck_assert(pte_write(entry_of(a)) && pte_dirty(entry_of(a)));
		ck_assert_uint_eq(load(cpu0, a + 8), 2);
		ck_assert_int_eq(page_mapcount(page_of(a)), 1);
		end();
	}
}
END_TEST

START_TEST(under_a_vma_lock_faults_give_up_before_6_6)
{
	struct fl_counters before, after;

	begin("6.5", NULL);
	ck_assert_int_eq(reclaim(a), 0);
	fl_inspect_counters(&before, machine);
	ck_assert_uint_eq(load(cpu0, a), 1);
	fl_inspect_counters(&after, machine);
	ck_assert_uint_eq(after.faults_vma_lock, before.faults_vma_lock);
	ck_assert_uint_eq(after.swap_ins, before.swap_ins + 1);
	end();
	begin("6.12", NULL);
	ck_assert_int_eq(reclaim(a), 0);
	fl_inspect_counters(&before, machine);
	ck_assert_uint_eq(load(cpu0, a), 1);
	fl_inspect_counters(&after, machine);
	ck_assert_uint_eq(after.faults_vma_lock, before.faults_vma_lock + 1);
	end();
}
END_TEST

START_TEST(entries_keep_soft_dirty)
{
	for (int dirty = 0; dirty < 2; dirty++) {
		begin("6.12", NULL);
		ck_assert_int_eq(fl_clear_refs(fl_mm, FL_CLEAR_REFS_SOFT_DIRTY), 0);
		if (dirty)
			ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
		ck_assert_int_eq(reclaim(a), 0);
		ck_assert_int_eq(pte_soft_dirty(entry_of(a)), dirty);
		ck_assert_uint_eq(load(cpu0, a + 8), 2);
		ck_assert_int_eq(pte_soft_dirty(entry_of(a)), dirty);
		/* a write that tracking waits for must fault */
		ck_assert_int_eq(pte_write(entry_of(a)), dirty);
		ck_assert_int_eq(fl_store(cpu0, a, 4), 0);
		ck_assert(pte_soft_dirty(entry_of(a)));
		end();
	}
}
END_TEST

START_TEST(entries_keep_uffd_wp)
{
	static const char *const kernels[] = { "5.12", "6.12" };

	for (size_t i = 0; i < 2; i++) {
		struct fl_uffd *uffd;

		begin(kernels[i], NULL);
		ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
		ck_assert_int_eq(fl_uffd_register(uffd, cpu0, a, 1, FL_UFFD_WP), 0);
		ck_assert_int_eq(fl_uffd_writeprotect(uffd, a, 1, true), 0);
		ck_assert_int_eq(reclaim(a), 0);
		ck_assert(pte_uffd_wp(entry_of(a)));
		ck_assert_uint_eq(load(cpu0, a), 1);
		ck_assert(pte_uffd_wp(entry_of(a)) && !pte_write(entry_of(a)));
		ck_assert_int_eq(fl_uffd_writeprotect(uffd, a, 1, false), 0);
		ck_assert_int_eq(fl_store(cpu0, a, 3), 0);
		fl_uffd_close(uffd);
		end();
	}
}
END_TEST

START_TEST(unmapping_frees_the_slot)
{
	begin("6.12", NULL);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 3), 0);
	ck_assert_int_eq(reclaim(a), 0);
	ck_assert_int_eq(reclaim(a + PAGE), 0);
	ck_assert_uint_eq(slots_used(), 2);
	ck_assert_int_eq(fl_munmap(fl_mm, a, 1), 0);
	ck_assert_uint_eq(slots_used(), 1);
	ck_assert_int_eq(fl_madvise(fl_mm, a + PAGE, 1, FL_MADV_DONTNEED), 0);
	ck_assert_uint_eq(slots_used(), 0);
	ck_assert_uint_eq(load(cpu0, a + PAGE), 0);
	end();
}
END_TEST

START_TEST(the_swap_cache_goes_with_the_last_entry)
{
	struct fl_pin pin;

	begin("6.12", NULL);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_GET, &pin), 1);
	ck_assert_int_eq(reclaim(a), -EBUSY);
	ck_assert(slot_of(a).cached && slot_of(a).count == 1);
	ck_assert_int_eq(fl_madvise(fl_mm, a, 1, FL_MADV_DONTNEED), 0);
	ck_assert_uint_eq(slots_used(), 0);
	fl_unpin(cpu0, &pin);
	end();
}
END_TEST

START_TEST(a_child_shares_what_is_in_swap)
{
	static const char *const kernels[] = { "4.8", "5.12", "5.18", "5.19", "6.12" };

	for (size_t i = 0; i < sizeof(kernels) / sizeof(kernels[0]); i++) {
		struct fl_mm *child;

		begin(kernels[i], NULL);
		ck_assert_int_eq(reclaim(a), 0);
		ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
		ck_assert_uint_eq(slot_of(a).count, 2);
		ck_assert(!pte_swp_exclusive(entry_of(a)));
		fl_switch_mm(cpu1, child);
		/* the parent's write is its own */
		ck_assert_int_eq(fl_store(cpu0, a, 9), 0);
		ck_assert_uint_eq(load(cpu1, a), 1);
		ck_assert_int_eq(fl_store(cpu1, a + 8, 8), 0);
		ck_assert_uint_eq(load(cpu0, a), 9);
		ck_assert_uint_eq(load(cpu0, a + 8), 2);
		ck_assert_uint_eq(load(cpu1, a + 8), 8);
		fl_switch_mm(cpu1, fl_mm);
		fl_mm_destroy(child);
		end();
	}
}
END_TEST

START_TEST(a_page_of_several_leaves_all_of_them)
{
	struct fl_mm *child;

	begin("6.12", NULL);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	ck_assert_int_eq(reclaim(a), 0);
	ck_assert_uint_eq(slot_of(a).count, 2);
	ck_assert(!pte_swp_exclusive(entry_of(a)));
	fl_switch_mm(cpu1, child);
	ck_assert_uint_eq(load(cpu1, a), 1);
	ck_assert_uint_eq(load(cpu0, a), 1);
	ck_assert_int_eq(page_mapcount(page_of(a)), 2);
	/* and again, from the swap cache's page */
	ck_assert_int_eq(reclaim(a), 0);
	ck_assert_int_eq(fl_store(cpu1, a, 4), 0);
	ck_assert_uint_eq(load(cpu0, a), 1);
	fl_switch_mm(cpu1, fl_mm);
	fl_mm_destroy(child);
	ck_assert_int_eq(fl_store(cpu0, a, 5), 0);
	end();
}
END_TEST

START_TEST(ksm_pages_stay)
{
	begin("6.12", NULL);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(fl_store(cpu0, a + (unsigned int)i * PAGE, 1), 0);
		ck_assert_int_eq(fl_store(cpu0, a + (unsigned int)i * PAGE + 8, 2), 0);
	}
	ck_assert_int_eq(fl_madvise(fl_mm, a, 2, FL_MADV_MERGEABLE), 0);
	for (int i = 0; i < 4; i++)
		fl_ksm_scan(cpu0, machine);
	ck_assert(PageKsm(page_of(a)));
	ck_assert_int_eq(reclaim(a), -EBUSY);
	ck_assert_uint_eq(slots_used(), 0);
	end();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.swap");
	TCase *tc = test_case("swap");

	tcase_add_test(tc, a_page_goes_to_swap_and_comes_back);
	tcase_add_test(tc, no_translation_survives_reclaim);
	tcase_add_test(tc, a_page_that_was_not_written_to_since_need_not_be_written_again);
	tcase_add_test(tc, without_swap_nothing_goes);
	tcase_add_test(tc, what_is_no_page_in_use_is_refused);
	tcase_add_test(tc, without_a_free_slot_a_page_stays);
	tcase_add_test(tc, a_page_that_somebody_else_has_stays);
	tcase_add_test(tc, an_exclusive_page_stays_exclusive_from_5_19_on);
	tcase_add_test(tc, who_may_write_to_a_page_that_comes_back_differs_by_release);
	tcase_add_test(tc, a_write_fault_maps_the_page_writable_at_once);
	tcase_add_test(tc, under_a_vma_lock_faults_give_up_before_6_6);
	tcase_add_test(tc, entries_keep_soft_dirty);
	tcase_add_test(tc, entries_keep_uffd_wp);
	tcase_add_test(tc, unmapping_frees_the_slot);
	tcase_add_test(tc, the_swap_cache_goes_with_the_last_entry);
	tcase_add_test(tc, a_child_shares_what_is_in_swap);
	tcase_add_test(tc, a_page_of_several_leaves_all_of_them);
	tcase_add_test(tc, ksm_pages_stay);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
