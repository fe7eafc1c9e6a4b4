// SPDX-License-Identifier: MIT
/* huge_memory.c - tests lib/mm/huge_memory.c: PMDs that map a huge page, and all that changes them. */
#include "mm/change_protection.h"
#include "mm/huge_memory.h"

#include "../world.h"

#include <faultline/gup.h>
#include <faultline/inspect.h>
#include <faultline/ksm.h>
#include <faultline/migrate.h>
#include <faultline/numa.h>
#include <faultline/proc.h>
#include <faultline/reclaim.h>
#include <faultline/thp.h>
#include <faultline/uffd.h>

#include <errno.h>

#include "oracle/oracle.h"

#define HPAGE (4 * PAGE)

#define must(call) ck_assert_int_eq(call, 0)

static void make_huge_world(const char *kernel, const char *set, unsigned int blocks)
{
	struct fl_machine_config config = { .cpus = 2, .huge_pages = blocks };

	fl_machine_config_small(&config);
	config.frames = 32;
	config.levels = 3;
	make_world_with(&config, kernel, set);
	fl_oracle_watch_accesses(true);
}

/*
 * After each test, if it has not done so itself between two worlds. What nobody has by now is free: and the
 * oracles agree with the counts.
 */
static void end_huge_world(void)
{
	if (!machine)
		return;
	fl_oracle_finish();
	end_world();
	machine = NULL;
}

static fl_vaddr map_at(fl_vaddr addr, size_t pages)
{
	must(fl_mmap(&addr, fl_mm, addr, pages, FL_READ | FL_WRITE, FL_MAP_FIXED, NULL, 0));
	return addr;
}

/* @n huge pages' worth, where they fit; nothing is there yet. */
static fl_vaddr map_huge(size_t n)
{
	fl_vaddr addr = map_at(HPAGE, 4 * n);

	must(fl_madvise(fl_mm, addr, 4 * n, FL_MADV_HUGEPAGE));
	return addr;
}

static struct fl_pte_info info(fl_vaddr addr)
{
	struct fl_pte_info pte;

	must(fl_inspect_pte(&pte, fl_mm, addr));
	return pte;
}

static struct fl_page_info page_info(fl_vaddr addr)
{
	struct fl_page_info page;

	must(fl_inspect_page(&page, machine, info(addr).pfn));
	return page;
}

static void store(fl_vaddr addr, uint64_t word)
{
	must(fl_store(cpu0, addr, word));
}

/* A world with memory that can become one huge page. */
static fl_vaddr make_room(void)
{
	make_huge_world("6.1", NULL, 2);
	return map_huge(1);
}

/* A world with one huge page, that was written to. */
static fl_vaddr make_huge_page(const char *kernel)
{
	fl_vaddr addr;

	make_huge_world(kernel, NULL, 2);
	addr = map_huge(1);
	store(addr, 1);
	ck_assert(info(addr).huge);
	return addr;
}

/* Each of its base pages has content of its own: 10, 11 and so on. */
static fl_vaddr make_full_huge_page(const char *kernel)
{
	fl_vaddr addr = make_huge_page(kernel);

	for (unsigned int i = 0; i < 4; i++)
		store(addr + i * PAGE, 10 + i);
	return addr;
}

static struct fl_mm *fork_it(void)
{
	struct fl_mm *child;

	must(fl_fork(&child, fl_mm));
	return child;
}

static void discard(fl_vaddr addr, size_t pages)
{
	must(fl_madvise(fl_mm, addr, pages, FL_MADV_DONTNEED));
}

static struct fl_uffd *watch(fl_vaddr addr)
{
	struct fl_uffd *uffd;

	must(fl_uffd_create(&uffd, fl_mm));
	must(fl_uffd_register(uffd, cpu0, addr, 4, FL_UFFD_WP));
	return uffd;
}

/* --- faults --- */

START_TEST(a_huge_page_stays_when_others_move_or_go_to_swap)
{
	struct fl_machine_config config = {
		.cpus = 2, .huge_pages = 1, .swap_slots = 4, .migration = FL_MIGRATION_CALLS
	};
	fl_vaddr addr;
	uint64_t pfn;

	fl_machine_config_small(&config);
	config.frames = 32;
	config.levels = 3;
	make_world_with(&config, "6.12", NULL);
	addr = map_huge(1);
	store(addr, 1);
	pfn = info(addr).pfn;
	for (uint64_t i = 0; i < 4; i++) {
		ck_assert_int_eq(fl_migrate_page(cpu0, pfn + i), -EBUSY);
		ck_assert_int_lt(fl_reclaim_page(cpu0, pfn + i), 0);
	}
	ck_assert_uint_eq(fl_reclaim(cpu0, 4), 0);
	/* Its parts, when the PMD is split. */
	must(fl_mprotect(fl_mm, addr, 1, FL_READ));
	for (uint64_t i = 0; i < 4; i++) {
		ck_assert_int_eq(fl_migrate_page(cpu0, pfn + i), -EBUSY);
		ck_assert_int_lt(fl_reclaim_page(cpu0, pfn + i), 0);
	}
	ck_assert_uint_eq(load(cpu0, addr), 1);
}
END_TEST

START_TEST(a_first_touch_maps_a_huge_page)
{
	fl_vaddr addr = make_room();

	store(addr + PAGE, 7);
	for (unsigned int i = 0; i < 4; i++) {
		ck_assert(info(addr + i * PAGE).huge && info(addr + i * PAGE).write);
		ck_assert_uint_eq(info(addr + i * PAGE).pfn, info(addr).pfn + i);
		ck_assert_uint_eq(load(cpu1, addr + i * PAGE), i == 1 ? 7 : 0);
	}
	ck_assert_int_eq(page_info(addr + 2 * PAGE).refcount, 1);
	ck_assert_int_eq(page_info(addr + 2 * PAGE).mapcount, 1);
	ck_assert(page_info(addr + 2 * PAGE).huge && page_info(addr + 2 * PAGE).anon_exclusive);
}
END_TEST

START_TEST(a_read_maps_one_as_well)
{
	fl_vaddr addr = make_room();

	ck_assert_uint_eq(load(cpu0, addr), 0);
	ck_assert(info(addr).huge && info(addr).write);
}
END_TEST

START_TEST(memory_that_does_not_ask_gets_base_pages)
{
	fl_vaddr addr;

	make_huge_world("6.1", NULL, 2);
	addr = map_huge(2);
	must(fl_madvise(fl_mm, addr, 4, FL_MADV_NOHUGEPAGE));
	store(addr, 1);
	store(addr + HPAGE, 1);
	ck_assert(!info(addr).huge && info(addr + HPAGE).huge);
}
END_TEST

START_TEST(a_mapping_that_is_too_small_gets_base_pages)
{
	fl_vaddr addr;

	make_huge_world("6.1", NULL, 2);
	addr = map_at(HPAGE + PAGE, 4);
	must(fl_madvise(fl_mm, addr, 4, FL_MADV_HUGEPAGE));
	store(addr, 1);
	store(addr + 3 * PAGE, 1);
	ck_assert(!info(addr).huge && !info(addr + 3 * PAGE).huge);
}
END_TEST

START_TEST(a_userfaultfd_range_gets_base_pages)
{
	fl_vaddr addr = make_room();

	watch(addr);
	store(addr, 1);
	ck_assert(!info(addr).huge);
}
END_TEST

START_TEST(without_the_option_there_are_none)
{
	fl_vaddr addr;

	make_huge_world("6.1", NULL, 0);
	addr = map_at(HPAGE, 4);
	ck_assert_int_eq(fl_madvise(fl_mm, addr, 4, FL_MADV_HUGEPAGE), -EOPNOTSUPP);
	ck_assert_int_eq(fl_madvise(fl_mm, addr, 4, FL_MADV_COLLAPSE), -EOPNOTSUPP);
	ck_assert_int_eq(fl_khugepaged_scan(cpu0, fl_mm), -EOPNOTSUPP);
}
END_TEST

START_TEST(no_block_of_frames_means_base_pages)
{
	fl_vaddr addr, hole;

	make_huge_world("6.1", NULL, 1);
	/* All base frames but three. */
	hole = map_at(HPAGE, 24);
	for (unsigned int i = 0; i < 24; i++)
		store(hole + i * PAGE, 1);
	addr = map_at(40 * PAGE, 8);
	must(fl_madvise(fl_mm, addr, 8, FL_MADV_HUGEPAGE));
	store(addr, 1);
	store(addr + HPAGE, 2);
	ck_assert(info(addr).huge && info(addr + HPAGE).present && !info(addr + HPAGE).huge);
}
END_TEST

START_TEST(a_block_is_broken_up_when_base_frames_run_out_and_comes_back)
{
	fl_vaddr addr, base;

	make_huge_world("6.1", NULL, 7); /* three base frames are left */
	base = map(8, FL_READ | FL_WRITE);
	for (unsigned int i = 0; i < 8; i++)
		store(base + i * PAGE, i);
	for (unsigned int i = 0; i < 8; i++)
		ck_assert_uint_eq(load(cpu1, base + i * PAGE), i);
	must(fl_munmap(fl_mm, base, 8));
	addr = map_huge(7);
	for (unsigned int i = 0; i < 7; i++) {
		store(addr + i * HPAGE, i);
		ck_assert(info(addr + i * HPAGE).huge);
	}
}
END_TEST

/* --- split --- */

static void expect_split(fl_vaddr addr, uint64_t pfn, int entries)
{
	for (unsigned int i = 0; i < 4; i++) {
		ck_assert(!info(addr + i * PAGE).huge);
		if (info(addr + i * PAGE).present)
			ck_assert_uint_eq(info(addr + i * PAGE).pfn, pfn + i);
		if (info(addr + i * PAGE).present)
			ck_assert_int_eq(page_info(addr + i * PAGE).mapcount, 1);
	}
	ck_assert_int_eq(((struct page *)pfn_to_page(machine, pfn))->_refcount.counter, entries);
}

START_TEST(discarding_a_part_splits_the_entry_and_keeps_the_rest)
{
	fl_vaddr addr = make_full_huge_page("6.1");
	uint64_t pfn = info(addr).pfn;

	discard(addr + PAGE, 1);
	expect_split(addr, pfn, 3);
	ck_assert(info(addr + PAGE).none);
	ck_assert(page_info(addr).anon_exclusive && page_info(addr + 3 * PAGE).anon_exclusive);
	ck_assert_uint_eq(load(cpu1, addr), 10);
	ck_assert_uint_eq(load(cpu1, addr + PAGE), 0);
	ck_assert_uint_eq(load(cpu1, addr + 3 * PAGE), 13);
	store(addr + 3 * PAGE, 5);
	ck_assert_uint_eq(info(addr + 3 * PAGE).pfn, pfn + 3);
}
END_TEST

START_TEST(discarding_all_of_it_gives_the_page_back)
{
	fl_vaddr addr = make_room();
	uint64_t frames = fl_machine_free_frames(machine);

	store(addr, 1);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 4);
	discard(addr, 4);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames);
	ck_assert_uint_eq(load(cpu0, addr), 0);
}
END_TEST

START_TEST(a_split_page_is_free_when_its_last_part_goes)
{
	fl_vaddr addr = make_room();
	uint64_t frames = fl_machine_free_frames(machine);

	store(addr, 1);
	for (unsigned int i = 0; i < 4; i++) {
		ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 4);
		discard(addr + i * PAGE, 1);
	}
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames);
}
END_TEST

START_TEST(unmapping_a_part_splits_the_vma_and_the_entry)
{
	fl_vaddr addr = make_huge_page("6.1");
	uint64_t pfn = info(addr).pfn;

	must(fl_munmap(fl_mm, addr + 3 * PAGE, 1));
	expect_split(addr, pfn, 3);
	ck_assert_uint_eq(load(cpu1, addr), 1);
}
END_TEST

START_TEST(protecting_a_part_splits_the_entry)
{
	fl_vaddr addr = make_huge_page("6.1");
	uint64_t pfn = info(addr).pfn;

	must(fl_mprotect(fl_mm, addr, 2, FL_READ));
	expect_split(addr, pfn, 4);
	ck_assert_int_eq(fl_store(cpu0, addr, 2), -EFAULT);
	store(addr + 2 * PAGE, 3);
	ck_assert_uint_eq(info(addr + 2 * PAGE).pfn, pfn + 2);
}
END_TEST

START_TEST(protecting_all_of_it_does_not)
{
	fl_vaddr addr = make_huge_page("6.1");

	ck_assert_uint_eq(load(cpu1, addr + PAGE), 0);
	must(fl_mprotect(fl_mm, addr, 4, FL_READ));
	ck_assert(info(addr).huge && !info(addr).write);
	ck_assert_int_eq(fl_store(cpu1, addr + PAGE, 2), -EFAULT);
	must(fl_mprotect(fl_mm, addr, 4, FL_READ | FL_WRITE));
	store(addr, 3);
	ck_assert(info(addr).huge && info(addr).write);
}
END_TEST

START_TEST(moving_a_huge_page_splits_its_entry)
{
	fl_vaddr addr = make_room(), to;
	uint64_t pfn;

	store(addr + PAGE, 9);
	pfn = info(addr).pfn;
	must(fl_mremap(&to, fl_mm, addr, 4, 4, FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED,
		       addr + 2 * HPAGE + PAGE));
	ck_assert_uint_eq(load(cpu1, to + PAGE), 9);
	ck_assert_uint_eq(info(to + PAGE).pfn, pfn + 1);
	ck_assert_int_eq(fl_load(&pfn, cpu0, addr), -EFAULT);
}
END_TEST

START_TEST(userfaultfd_protects_base_pages_of_a_huge_one)
{
	fl_vaddr addr = make_huge_page("6.1");
	struct fl_uffd *uffd = watch(addr);

	must(fl_uffd_writeprotect(uffd, addr, 4, true));
	for (unsigned int i = 0; i < 4; i++)
		ck_assert(!info(addr + i * PAGE).huge && info(addr + i * PAGE).uffd_wp);
}
END_TEST

/* --- hinting, soft-dirty, free --- */

START_TEST(hinting_makes_a_huge_page_inaccessible_and_a_fault_undoes_it)
{
	static const char *const kernels[] = { "4.8", "5.7", "6.1", "6.17" };
	fl_vaddr addr = make_huge_page(kernels[_i]);

	ck_assert_int_eq(fl_change_prot_numa(fl_mm, addr, 4), 4);
	ck_assert(info(addr).huge && info(addr).protnone);
	ck_assert_uint_eq(load(cpu1, addr), 1);
	ck_assert(info(addr).huge && !info(addr).protnone && info(addr).write);
	store(addr + PAGE, 2);
}
END_TEST

/* And then finds that the page has other references than this entry's: it can't be moved. */
START_TEST(hinting_a_part_splits_the_entry)
{
	fl_vaddr addr = make_huge_page("6.1");

	ck_assert_int_eq(fl_change_prot_numa(fl_mm, addr, 2), 0);
	ck_assert(!info(addr).huge && !info(addr).protnone && info(addr).write);
	ck_assert_uint_eq(load(cpu1, addr), 1);
}
END_TEST

START_TEST(a_hinted_huge_page_is_split_to_accessible_entries)
{
	fl_vaddr addr = make_huge_page("6.1");

	fl_change_prot_numa(fl_mm, addr, 4);
	discard(addr + PAGE, 1);
	ck_assert(!info(addr).huge && !info(addr).protnone && info(addr).present);
}
END_TEST

/* CPU 1 has a translation; does it still store through it when the hint is made, and not flushed? */
static bool stores_until_the_batch_ends(const char *kernel, const char *set)
{
	struct mmu_gather tlb;
	fl_vaddr addr;
	bool stores;

	make_huge_world(kernel, set, 2);
	addr = map_huge(1);
	ck_assert_int_eq(fl_store(cpu1, addr + PAGE, 1), 0);
	tlb_gather_mmu(&tlb, mm);
	ck_assert_int_eq(change_protection(&tlb, vma_lookup(mm, addr), addr, addr + HPAGE, 0,
					   MM_CP_PROT_NUMA),
			 4);
	ck_assert(info(addr).huge && info(addr).protnone);
	stores = mmu_access(cpu1, addr + PAGE, MMU_STORE, &(uint64_t){ 2 });
	tlb_finish_mmu(&tlb);
	ck_assert(!mmu_access(cpu1, addr + PAGE, MMU_STORE, &(uint64_t){ 3 }));
	ck_assert_uint_eq(load(cpu0, addr + PAGE), stores ? 2 : 1);
	end_huge_world();
	return stores;
}

START_TEST(programs_go_on_until_the_flush_of_the_batch_from_5_19_on)
{
	ck_assert(!stores_until_the_batch_ends("5.18", NULL));
	ck_assert(stores_until_the_batch_ends("5.19", NULL));
	ck_assert(stores_until_the_batch_ends("6.12", "tlb_flush=ipi"));
	ck_assert(!stores_until_the_batch_ends("6.12", "thp_protect_flush=at-once"));
	/* and as up to 4.10, when it was cleared for a moment */
	ck_assert(stores_until_the_batch_ends("5.18", "thp_none_pmd=clear"));
}
END_TEST

/* The mutant that leaves that out is harmless where the PMD is flushed at once. */
START_TEST(taking_write_permission_needs_the_flush_of_the_batch)
{
	static const char *const sets[] = { "protect_flush=never,thp_protect_flush=at-once",
					    "protect_flush=never" };
	fl_vaddr addr;

	for (int i = 0; i < 2; i++) {
		make_huge_world("6.12", sets[i], 2);
		addr = map_huge(1);
		ck_assert_int_eq(fl_store(cpu1, addr, 1), 0);
		ck_assert_int_eq(fl_mprotect(fl_mm, addr, 4, FL_READ), 0);
		ck_assert_int_eq(mmu_access(cpu1, addr, MMU_STORE, &(uint64_t){ 2 }), i);
		end_huge_world();
	}
}
END_TEST

/* A write fault copies base pages only: it splits the PMD first. The split does not wait for the batch. */
START_TEST(a_split_flushes_what_a_batch_has_yet_to_flush)
{
	struct mmu_gather tlb;
	fl_vaddr addr;
	pte_t *ptep;

	make_huge_world("6.12", NULL, 2);
	addr = map_huge(1);
	ck_assert_int_eq(fl_store(cpu1, addr, 1), 0);
	tlb_gather_mmu(&tlb, mm);
	change_protection(&tlb, vma_lookup(mm, addr), addr, addr + HPAGE, 0, MM_CP_PROT_NUMA);
	ck_assert(mmu_access(cpu1, addr, MMU_STORE, &(uint64_t){ 2 }));
	split_huge_pmd(vma_lookup(mm, addr), pmd_offset_lockless(machine, mm->pgd, addr), addr);
	/* So that the table can't answer for the TLB. */
	ptep = pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, addr), addr);
	*ptep &= ~_PAGE_PRESENT;
	ck_assert(!mmu_access(cpu1, addr, MMU_STORE, &(uint64_t){ 3 }));
	*ptep |= _PAGE_PRESENT;
	tlb_finish_mmu(&tlb);
	ck_assert_uint_eq(load(cpu0, addr), 2);
	end_huge_world();
}
END_TEST

START_TEST(soft_dirty_is_cleared_for_all_of_it)
{
	uint64_t map[4];
	fl_vaddr addr = make_huge_page("6.1");

	must(fl_clear_refs(fl_mm, FL_CLEAR_REFS_SOFT_DIRTY));
	ck_assert(info(addr).huge && !info(addr).write && !info(addr).soft_dirty);
	must(fl_pagemap(map, fl_mm, addr + PAGE, 2));
	ck_assert_uint_eq(map[0] & (FL_PM_SOFT_DIRTY | FL_PM_PRESENT), FL_PM_PRESENT);
	ck_assert_uint_eq(FL_PM_PFN(map[1]), info(addr).pfn + 2);
	store(addr + 2 * PAGE, 1);
	ck_assert(info(addr).huge && info(addr).write);
	must(fl_pagemap(map, fl_mm, addr, 4));
	for (unsigned int i = 0; i < 4; i++)
		ck_assert(map[i] & FL_PM_SOFT_DIRTY && map[i] & FL_PM_MMAP_EXCLUSIVE);
	must(fl_clear_refs(fl_mm, FL_CLEAR_REFS_ALL));
	ck_assert(info(addr).huge && !info(addr).accessed);
}
END_TEST

START_TEST(madv_free_makes_all_of_it_clean)
{
	static const char *const kernels[] = { "4.8", "6.1" };
	fl_vaddr addr = make_huge_page(kernels[_i]);

	must(fl_madvise(fl_mm, addr, 4, FL_MADV_FREE));
	ck_assert(info(addr).huge && !info(addr).dirty && !info(addr).accessed);
	ck_assert(!PageSwapBacked(pfn_to_page(machine, info(addr).pfn)));
	store(addr + PAGE, 2);
	ck_assert(info(addr).dirty);
	must(fl_madvise(fl_mm, addr, 2, FL_MADV_FREE));
	ck_assert(!info(addr).huge);
	ck_assert_uint_eq(load(cpu1, addr + PAGE), 2);
}
END_TEST

/* --- fork, COW --- */

static uint64_t load_from(struct fl_mm *other, fl_vaddr addr)
{
	uint64_t word = 0;

	fl_switch_mm(cpu1, other);
	must(fl_load(&word, cpu1, addr));
	fl_switch_mm(cpu1, fl_mm);
	return word;
}

START_TEST(fork_shares_a_huge_page_and_a_write_copies_one_base_page)
{
	static const char *const kernels[] = { "4.8",  "5.7", "5.8", "5.9", "5.18",
					       "5.19", "6.1", "6.5", "6.17" };
	fl_vaddr addr = make_full_huge_page(kernels[_i]);
	uint64_t pfn = info(addr).pfn;
	struct fl_mm *child = fork_it();

	ck_assert(info(addr).huge && !info(addr).write);
	ck_assert_int_eq(page_info(addr).refcount, 2);
	ck_assert_int_eq(page_info(addr).mapcount, 2);
	ck_assert(!page_info(addr).anon_exclusive);
	ck_assert_uint_eq(load_from(child, addr + PAGE), 11);

	store(addr + PAGE, 99);
	ck_assert(!info(addr).huge && info(addr).pfn == pfn && info(addr + PAGE).pfn != pfn + 1);
	ck_assert_uint_eq(load_from(child, addr + PAGE), 11);
	ck_assert_uint_eq(load(cpu1, addr + 2 * PAGE), 12);
	ck_assert_uint_eq(load(cpu1, addr + PAGE), 99);
	fl_oracle_finish();
	fl_mm_destroy(child);
	store(addr, 98);
	ck_assert_uint_eq(load(cpu1, addr), 98);
}
END_TEST

START_TEST(the_last_owner_writes_to_the_huge_page_itself)
{
	static const char *const kernels[] = { "4.8", "5.9", "5.18", "6.1" };
	fl_vaddr addr = make_huge_page(kernels[_i]);
	uint64_t pfn = info(addr).pfn;
	struct fl_mm *child = fork_it();

	fl_mm_destroy(child);
	store(addr + PAGE, 2);
	ck_assert(info(addr).huge && info(addr).write && info(addr).pfn == pfn);
}
END_TEST

START_TEST(a_reference_that_is_no_mapping_counts_from_5_18)
{
	static const char *const kernels[] = { "5.9", "5.18", "6.1" };
	struct fl_pin pin;
	fl_vaddr addr = make_huge_page(kernels[_i]);
	struct fl_mm *child = fork_it();

	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, addr, 1, FL_GUP_GET, &pin), 1);
	fl_mm_destroy(child);
	store(addr, 2);
	ck_assert_int_eq(info(addr).huge, _i == 0);
	ck_assert_uint_eq(fl_pin_load(&pin, 0), _i == 0 ? 2 : 1);
	fl_unpin(cpu0, &pin);
}
END_TEST

/* --- GUP --- */

START_TEST(gup_takes_parts_of_a_huge_page)
{
	struct fl_pin pins[4];
	bool fast = _i & 1, pin = _i & 2;
	unsigned int flags = FL_GUP_WRITE | (pin ? 0 : FL_GUP_GET);
	long n;
	fl_vaddr addr = make_huge_page("6.1");

	n = fast ? fl_pin_user_pages_fast(cpu0, addr + PAGE, 3, flags | FL_GUP_FAST_ONLY, pins)
		 : fl_pin_user_pages(cpu0, fl_mm, addr + PAGE, 3, flags, pins);
	ck_assert_int_eq(n, 3);
	for (unsigned int i = 0; i < 3; i++)
		ck_assert_uint_eq(pins[i].pfn, info(addr).pfn + i + 1);
	ck_assert_int_eq(page_info(addr).refcount, 4);
	ck_assert_int_eq(page_info(addr + PAGE).maybe_pinned, pin);
	fl_pin_store(&pins[1], 0, 6);
	ck_assert_uint_eq(load(cpu1, addr + 2 * PAGE), 6);
	fl_oracle_finish();
	for (unsigned int i = 0; i < 3; i++)
		fl_unpin(cpu0, &pins[i]);
	ck_assert_int_eq(page_info(addr).refcount, 1);
	ck_assert(!page_info(addr).maybe_pinned);
}
END_TEST

START_TEST(many_references_are_no_pins_of_a_huge_page)
{
	fl_vaddr addr = make_huge_page("6.1");

	page_ref_add(pfn_to_page(machine, info(addr).pfn), 2000);
	ck_assert(!page_info(addr).maybe_pinned);
	ck_assert(!page_maybe_dma_pinned(pfn_to_page(machine, info(addr).pfn + 1)));
	put_page_refs(machine, pfn_to_page(machine, info(addr).pfn + 1), 2000);
}
END_TEST

START_TEST(a_pinned_huge_page_stays_the_parents)
{
	static const char *const kernels[] = { "5.9", "5.12", "5.19", "6.1", "6.17" };
	struct fl_mm *child;
	struct fl_pin pin;
	uint64_t pfn;
	fl_vaddr addr;

	make_huge_world(kernels[_i], NULL, 2);
	addr = map_huge(1);
	store(addr + PAGE, 1);
	pfn = info(addr).pfn;
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, addr + PAGE, 1, FL_GUP_WRITE, &pin), 1);
	child = fork_it();
	ck_assert(!info(addr).huge);
	store(addr + PAGE, 2);
	ck_assert_uint_eq(info(addr + PAGE).pfn, pfn + 1);
	ck_assert_uint_eq(fl_pin_load(&pin, 0), 2);
	ck_assert_uint_eq(load_from(child, addr + PAGE), 1);
	fl_oracle_finish();
	fl_unpin(cpu0, &pin);
	fl_mm_destroy(child);
}
END_TEST

START_TEST(a_read_only_pin_of_a_shared_huge_page_gets_a_page_of_its_own)
{
	struct fl_pin pin;
	fl_vaddr addr = make_huge_page("6.1");
	struct fl_mm *child = fork_it();

	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, addr, 1, FL_GUP_FAST_ONLY, &pin), 0);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, addr, 1, 0, &pin), 1);
	ck_assert(!info(addr).huge && info(addr).pfn == pin.pfn);
	store(addr, 2);
	ck_assert_uint_eq(fl_pin_load(&pin, 0), 2);
	fl_oracle_finish();
	fl_unpin(cpu0, &pin);
	fl_mm_destroy(child);
}
END_TEST

START_TEST(a_debugger_writes_to_a_huge_page)
{
	fl_vaddr addr = make_huge_page("6.1");

	must(fl_mprotect(fl_mm, addr, 4, FL_READ));
	must(fl_poke(cpu0, fl_mm, addr + PAGE, 5));
	ck_assert_uint_eq(load(cpu1, addr + PAGE), 5);
	ck_assert(info(addr).huge);
}
END_TEST

START_TEST(ksm_leaves_huge_pages_alone)
{
	fl_vaddr addr = make_huge_page("6.1");

	ck_assert_int_lt(fl_ksm_write_protect(cpu0, fl_mm, addr), 0);
	ck_assert(info(addr).huge && info(addr).write);
	discard(addr + PAGE, 1);
	ck_assert_int_lt(fl_ksm_write_protect(cpu0, fl_mm, addr), 0);
	ck_assert(info(addr).write);
}
END_TEST

/* --- collapse --- */

START_TEST(base_pages_become_a_huge_one)
{
	uint64_t frames;
	fl_vaddr addr;

	make_huge_world("6.1", NULL, 2);
	addr = map_at(HPAGE, 4);
	frames = fl_machine_free_frames(machine);
	store(addr, 7);
	store(addr + 2 * PAGE, 8);
	ck_assert_int_eq(fl_khugepaged_scan(cpu0, fl_mm), 0); /* nobody asked */
	must(fl_madvise(fl_mm, addr, 4, FL_MADV_HUGEPAGE));
	ck_assert_int_eq(fl_khugepaged_scan(cpu0, fl_mm), 1);
	ck_assert(info(addr).huge && info(addr).write && page_info(addr).anon_exclusive);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 4);
	ck_assert_uint_eq(load(cpu1, addr), 7);
	ck_assert_uint_eq(load(cpu1, addr + PAGE), 0);
	ck_assert_uint_eq(load(cpu1, addr + 2 * PAGE), 8);
	ck_assert_int_eq(fl_khugepaged_scan(cpu0, fl_mm), 0);
}
END_TEST

START_TEST(a_pinned_page_is_not_collapsed)
{
	struct fl_pin pin;
	fl_vaddr addr;

	make_huge_world("6.1", NULL, 2);
	addr = map_at(HPAGE, 4);
	ck_assert_int_eq(fl_madvise(fl_mm, addr, 4, FL_MADV_COLLAPSE), -EINVAL); /* nothing there */
	store(addr, 7);
	store(addr + PAGE, 8);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, addr + PAGE, 1, FL_GUP_WRITE, &pin), 1);
	ck_assert_int_eq(fl_madvise(fl_mm, addr, 4, FL_MADV_COLLAPSE), -EAGAIN);
	ck_assert(!info(addr).huge && info(addr + PAGE).pfn == pin.pfn);
	fl_unpin(cpu0, &pin);
	must(fl_madvise(fl_mm, addr, 4, FL_MADV_COLLAPSE));
	ck_assert(info(addr).huge);
	ck_assert_uint_eq(load(cpu1, addr + PAGE), 8);
}
END_TEST

/* --- out of memory --- */

START_TEST(exit_takes_all_that_is_left)
{
	struct fl_mm *child;
	fl_vaddr addr;

	make_huge_world("6.17", NULL, 3);
	addr = map_huge(2);
	store(addr, 1);
	store(addr + HPAGE, 1);
	child = fork_it();
	store(addr, 2);
	fl_mm_destroy(child);
}
END_TEST

static TCase *huge_case(const char *name)
{
	TCase *tc = test_case(name);

	tcase_add_checked_fixture(tc, NULL, end_huge_world);
	return tc;
}

int main(void)
{
	Suite *suite = suite_create("mm.huge_memory");
	TCase *tc = huge_case("faults");

	tcase_add_test(tc, a_huge_page_stays_when_others_move_or_go_to_swap);
	tcase_add_test(tc, a_first_touch_maps_a_huge_page);
	tcase_add_test(tc, a_read_maps_one_as_well);
	tcase_add_test(tc, memory_that_does_not_ask_gets_base_pages);
	tcase_add_test(tc, a_mapping_that_is_too_small_gets_base_pages);
	tcase_add_test(tc, a_userfaultfd_range_gets_base_pages);
	tcase_add_test(tc, without_the_option_there_are_none);
	tcase_add_test(tc, no_block_of_frames_means_base_pages);
	tcase_add_test(tc, a_block_is_broken_up_when_base_frames_run_out_and_comes_back);
	tcase_add_test(tc, exit_takes_all_that_is_left);
	suite_add_tcase(suite, tc);
	tc = huge_case("changes");
	tcase_add_test(tc, discarding_a_part_splits_the_entry_and_keeps_the_rest);
	tcase_add_test(tc, discarding_all_of_it_gives_the_page_back);
	tcase_add_test(tc, a_split_page_is_free_when_its_last_part_goes);
	tcase_add_test(tc, unmapping_a_part_splits_the_vma_and_the_entry);
	tcase_add_test(tc, protecting_a_part_splits_the_entry);
	tcase_add_test(tc, protecting_all_of_it_does_not);
	tcase_add_test(tc, moving_a_huge_page_splits_its_entry);
	tcase_add_test(tc, userfaultfd_protects_base_pages_of_a_huge_one);
	tcase_add_loop_test(tc, hinting_makes_a_huge_page_inaccessible_and_a_fault_undoes_it, 0, 4);
	tcase_add_test(tc, hinting_a_part_splits_the_entry);
	tcase_add_test(tc, a_hinted_huge_page_is_split_to_accessible_entries);
	tcase_add_test(tc, programs_go_on_until_the_flush_of_the_batch_from_5_19_on);
	tcase_add_test(tc, taking_write_permission_needs_the_flush_of_the_batch);
	tcase_add_test(tc, a_split_flushes_what_a_batch_has_yet_to_flush);
	tcase_add_test(tc, soft_dirty_is_cleared_for_all_of_it);
	tcase_add_loop_test(tc, madv_free_makes_all_of_it_clean, 0, 2);
	suite_add_tcase(suite, tc);
	tc = huge_case("sharing");
	tcase_add_loop_test(tc, fork_shares_a_huge_page_and_a_write_copies_one_base_page, 0, 9);
	tcase_add_loop_test(tc, the_last_owner_writes_to_the_huge_page_itself, 0, 4);
	tcase_add_loop_test(tc, a_reference_that_is_no_mapping_counts_from_5_18, 0, 3);
	tcase_add_loop_test(tc, gup_takes_parts_of_a_huge_page, 0, 4);
	tcase_add_test(tc, many_references_are_no_pins_of_a_huge_page);
	tcase_add_loop_test(tc, a_pinned_huge_page_stays_the_parents, 0, 5);
	tcase_add_test(tc, a_read_only_pin_of_a_shared_huge_page_gets_a_page_of_its_own);
	tcase_add_test(tc, a_debugger_writes_to_a_huge_page);
	tcase_add_test(tc, ksm_leaves_huge_pages_alone);
	tcase_add_test(tc, base_pages_become_a_huge_one);
	tcase_add_test(tc, a_pinned_page_is_not_collapsed);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
