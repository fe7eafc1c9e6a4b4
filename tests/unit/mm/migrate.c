// SPDX-License-Identifier: MIT
/*
 * migrate.c - tests lib/mm/migrate.c: what moves with a page and what must not, when it stays, what the
 * rest of mm makes of migration entries, and many at once on real threads.
 */
#include "layout.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include <faultline/inject.h>
#include <faultline/inspect.h>
#include <faultline/ksm.h>
#include <faultline/migrate.h>
#include <faultline/numa.h>
#include <faultline/proc.h>
#include <faultline/uffd.h>

#include "mmu/describe.h"

static void make_with(const char *kernel, const char *set, unsigned int migration)
{
	struct fl_machine_config config = { .cpus = 4, .migration = migration };

	fl_machine_config_small(&config);
	config.frames = 128;
	make_world_with(&config, kernel, set);
}

static void make(void)
{
	make_with("6.12", NULL, FL_MIGRATION_CALLS);
}

static uint64_t pfn_of(unsigned int i)
{
	return pte_pfn(entry_of(i * PAGE));
}

/* The page at number @i moves: its old frame is free, its content is what it was. */
static void moves(unsigned int i)
{
	uint64_t old = pfn_of(i), words[2];

	words[0] = load(cpu0, i * PAGE);
	words[1] = load(cpu0, i * PAGE + 8);
	ck_assert_int_eq(fl_migrate_page(cpu0, old), 0);
	ck_assert_uint_ne(pfn_of(i), old);
	ck_assert_int_eq(page_count(pfn_to_page(machine, old)), 0);
	ck_assert_int_eq(page_mapcount(pfn_to_page(machine, old)), 0);
	ck_assert_uint_eq(load(cpu0, i * PAGE), words[0]);
	ck_assert_uint_eq(load(cpu0, i * PAGE + 8), words[1]);
}

/* It stays, with this answer, and all is as before. */
static void stays(unsigned int i, int answer)
{
	struct page *page = page_of(i * PAGE);
	unsigned long flags = page->flags;
	int count = page_count(page);
	pte_t pte = entry_of(i * PAGE);
	uint64_t free = fl_machine_free_frames(machine);

	ck_assert_int_eq(fl_migrate_page(cpu0, page_to_pfn(page)), answer);
	/* Whether it is dirty is the page's business now, and it is old. */
	ck_assert_uint_eq(entry_of(i * PAGE) | _PAGE_DIRTY | _PAGE_ACCESSED,
			  pte | _PAGE_DIRTY | _PAGE_ACCESSED);
	ck_assert_uint_eq(page->flags | FL_BIT(PG_dirty), flags | FL_BIT(PG_dirty));
	ck_assert_int_eq(page_count(page), count);
	ck_assert_uint_eq(fl_machine_free_frames(machine), free);
}

START_TEST(a_page_moves_with_what_it_is)
{
	struct page *page;

	map_at(2, 1, RW);
	touch(2);
	ck_assert_int_eq(fl_store(cpu0, 2 * PAGE + 8, 77), 0);
	moves(2);
	page = page_of(2 * PAGE);
	ck_assert(PageAnon(page) && PageAnonExclusive(page) && PageSwapBacked(page) &&
		  PageLRU(page));
	ck_assert(PageDirty(page) && !PageLocked(page));
	ck_assert(pte_write(entry_of(2 * PAGE)) && pte_soft_dirty(entry_of(2 * PAGE)));
	ck_assert_int_eq(page_mapcount(page), 1);
	ck_assert_int_eq(page_count(page), 1);
	ck_assert_ptr_eq(page->mapping, area_of(2)->anon_vma);
	ck_assert_uint_eq(refcount_read(&area_of(2)->anon_vma->refcount), 1);
	moves(2);
}
END_TEST

START_TEST(a_read_only_page_stays_read_only_and_exclusive)
{
	map_at(2, 1, FL_READ);
	ck_assert_int_eq(fl_poke(cpu0, fl_mm, 2 * PAGE, 5), 0);
	ck_assert(!pte_write(entry_of(2 * PAGE)) && !pte_dirty(entry_of(2 * PAGE)));
	moves(2);
	ck_assert(!pte_write(entry_of(2 * PAGE)));
	ck_assert(PageAnonExclusive(page_of(2 * PAGE)));
}
END_TEST

START_TEST(a_shared_page_moves_for_all_and_is_nobodys_alone)
{
	struct fl_mm *child;
	struct page *page;

	map_at(2, 1, RW);
	touch(2);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	moves(2);
	page = page_of(2 * PAGE);
	ck_assert_int_eq(page_mapcount(page), 2);
	ck_assert(!PageAnonExclusive(page) && !pte_write(entry_of(2 * PAGE)));
	fl_switch_mm(cpu1, child);
	ck_assert_uint_eq(load(cpu1, 2 * PAGE), 2);
	ck_assert_int_eq(fl_store(cpu0, 2 * PAGE, 9), 0);
	ck_assert_uint_eq(load(cpu1, 2 * PAGE), 2);
	fl_switch_mm(cpu1, fl_mm);
	fl_mm_destroy(child);
}
END_TEST

START_TEST(the_mutant_makes_a_shared_page_exclusive)
{
	struct fl_mm *child;

	map_at(2, 1, RW);
	touch(2);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	moves(2);
	ck_assert(PageAnonExclusive(page_of(2 * PAGE)));
	ClearPageAnonExclusive(page_of(2 * PAGE));
	fl_mm_destroy(child);
}
END_TEST

START_TEST(without_the_flag_of_5_19_pages_move_as_well)
{
	map_at(2, 1, RW);
	touch(2);
	moves(2);
	ck_assert(pte_write(entry_of(2 * PAGE)) && !PageAnonExclusive(page_of(2 * PAGE)));
}
END_TEST

START_TEST(a_page_of_a_file_moves_in_its_cache_and_in_all_mappings)
{
	struct fl_file *file;
	uint64_t word, old;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 4, 0), 0);
	map_file_at(2, 2, FL_MAP_SHARED, file, 0);
	map_file_at(8, 1, FL_MAP_SHARED, file, 1);
	touch(3);
	load(cpu0, 8 * PAGE);
	ck_assert_uint_eq(pfn_of(3), pfn_of(8));
	old = pfn_of(3);
	moves(3);
	ck_assert_uint_eq(pfn_of(3), pfn_of(8));
	ck_assert_ptr_eq(file->mapping.pages[1], page_of(3 * PAGE));
	ck_assert_ptr_eq(page_of(3 * PAGE)->mapping, &file->mapping);
	ck_assert_int_eq(page_mapcount(page_of(3 * PAGE)), 2);
	ck_assert_int_eq(page_count(page_of(3 * PAGE)), 3);
	ck_assert_ptr_null(pfn_to_page(machine, old)->mapping);
	ck_assert_int_eq(fl_file_read(&word, file, 1, 0), 0);
	ck_assert_uint_eq(word, 3);
	/* Nobody maps it: it moves within the cache. */
	unmap(2, 2);
	unmap(8, 1);
	old = page_to_pfn(file->mapping.pages[1]);
	ck_assert_int_eq(fl_migrate_page(cpu0, old), 0);
	ck_assert_uint_ne(page_to_pfn(file->mapping.pages[1]), old);
	ck_assert_int_eq(fl_file_read(&word, file, 1, 0), 0);
	ck_assert_uint_eq(word, 3);
	fl_file_put(file);
}
END_TEST

START_TEST(what_is_pinned_or_referenced_stays)
{
	struct fl_file *file;
	struct fl_pin pin;

	map_at(2, 1, RW);
	touch(2);
	ck_assert_int_eq(fl_pin_user_pages(cpu0, fl_mm, 2 * PAGE, 1, FL_GUP_WRITE, &pin), 1);
	stays(2, -EAGAIN);
	fl_unpin(cpu0, &pin);
	ck_assert_int_eq(fl_page_try_get(machine, pfn_of(2)), 0);
	stays(2, -EAGAIN);
	ck_assert_int_eq(PageAnonExclusive(page_of(2 * PAGE)), machine->anon_exclusive);
	ck_assert(pte_write(entry_of(2 * PAGE)));
	fl_page_put(machine, pfn_of(2));
	moves(2);
	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 1, 0), 0);
	map_file_at(5, 1, FL_MAP_SHARED, file, 0);
	touch(5);
	ck_assert_int_eq(fl_pin_user_pages(cpu0, fl_mm, 5 * PAGE, 1, FL_GUP_WRITE, &pin), 1);
	stays(5, -EAGAIN);
	fl_unpin(cpu0, &pin);
	moves(5);
	fl_file_put(file);
}
END_TEST

START_TEST(the_mutant_that_counts_early_sees_only_what_is_there)
{
	map_at(2, 1, RW);
	touch(2);
	/* A reference that is there at once is seen. */
	ck_assert_int_eq(fl_page_try_get(machine, pfn_of(2)), 0);
	stays(2, -EAGAIN);
	fl_page_put(machine, pfn_of(2));
	moves(2);
}
END_TEST

START_TEST(what_others_have_in_hand_stays)
{
	struct page *page;

	map_at(2, 1, RW);
	touch(2);
	page = page_of(2 * PAGE);
	ck_assert(trylock_page(page));
	stays(2, -EAGAIN);
	unlock_page(page);
	ck_assert_int_eq(fl_swapcache_add(machine, pfn_of(2)), 0);
	stays(2, -EBUSY);
	ck_assert_int_eq(fl_swapcache_remove(machine, pfn_of(2)), 0);
	set_bit(PG_ksm, &page->flags);
	stays(2, -EBUSY);
	ClearPageKsm(page);
	FL_VOID_RMW(and, &page->flags, ~FL_BIT(PG_lru), "");
	stays(2, -EBUSY);
	SetPageLRU(page);
	moves(2);
	ck_assert_int_eq(fl_migrate_page(cpu0, ZERO_PFN), -EINVAL);
	ck_assert_int_eq(fl_migrate_page(cpu0, machine->nr_frames), -EINVAL);
	/* Free. */
	ck_assert_int_eq(fl_migrate_page(cpu0, machine->nr_frames - 1), -EBUSY);
}
END_TEST

START_TEST(without_a_free_frame_it_stays)
{
	struct page *taken[128];
	int n = 0;

	map_at(2, 1, RW);
	touch(2);
	while ((taken[n] = alloc_page(machine)))
		n++;
	stays(2, -ENOMEM);
	while (n > 0)
		put_page(machine, taken[--n]);
	moves(2);
}
END_TEST

START_TEST(a_machine_that_is_not_made_for_it_refuses)
{
	map_at(2, 1, RW);
	touch(2);
	ck_assert_int_eq(fl_migrate_page(cpu0, pfn_of(2)), -EOPNOTSUPP);
	ck_assert_int_eq(fl_move_pages(cpu0, fl_mm, 2 * PAGE, 1, NULL), -EOPNOTSUPP);
}
END_TEST

START_TEST(pages_move_by_address)
{
	int status[6];
	uint64_t old;

	map_at(2, 4, RW);
	touch(2);
	load(cpu0, 3 * PAGE); /* the zero page */
	touch(5);
	old = pfn_of(5);
	ck_assert_int_eq(fl_page_try_get(machine, old), 0);
	ck_assert_int_eq(fl_move_pages(cpu0, fl_mm, 2 * PAGE, 6, status), 1);
	ck_assert_int_eq(status[0], 0);
	ck_assert_int_eq(status[1], -EFAULT);
	ck_assert_int_eq(status[2], -ENOENT);
	ck_assert_int_eq(status[3], -EAGAIN);
	ck_assert_int_eq(status[4], -EFAULT);
	fl_page_put(machine, old);
	ck_assert_int_eq(fl_move_pages(cpu0, fl_mm, 5 * PAGE, 1, NULL), 1);
	ck_assert_int_eq(fl_move_pages(cpu0, fl_mm, 5 * PAGE + 8, 1, NULL), -EINVAL);
	ck_assert_uint_eq(load(cpu0, 5 * PAGE), 5);
}
END_TEST

START_TEST(tracking_goes_on_where_the_page_went)
{
	struct fl_uffd *uffd;

	map_at(2, 1, RW);
	touch(2);
	ck_assert_int_eq(fl_clear_refs(fl_mm, FL_CLEAR_REFS_SOFT_DIRTY), 0);
	moves(2);
	ck_assert(!pte_soft_dirty(entry_of(2 * PAGE)) && !pte_write(entry_of(2 * PAGE)));
	touch(2);
	moves(2);
	ck_assert(pte_soft_dirty(entry_of(2 * PAGE)));
	ck_assert_int_eq(fl_uffd_create(&uffd, fl_mm), 0);
	ck_assert_int_eq(fl_uffd_register(uffd, cpu0, 2 * PAGE, 1, FL_UFFD_WP), 0);
	ck_assert_int_eq(fl_uffd_writeprotect(uffd, 2 * PAGE, 1, true), 0);
	moves(2);
	ck_assert(pte_uffd_wp(entry_of(2 * PAGE)) && !pte_write(entry_of(2 * PAGE)));
	fl_uffd_close(uffd);
}
END_TEST

START_TEST(a_hinted_page_comes_back_accessible)
{
	uint64_t old;

	map_at(2, 1, RW);
	touch(2);
	ck_assert_int_eq(fl_change_prot_numa(fl_mm, 2 * PAGE, 1), 1);
	old = pfn_of(2);
	ck_assert_int_eq(fl_migrate_page(cpu0, old), 0);
	ck_assert(!pte_protnone(entry_of(2 * PAGE)));
	ck_assert_uint_eq(load(cpu0, 2 * PAGE), 2);
}
END_TEST

START_TEST(a_hinting_fault_moves_the_page_if_the_machine_says_so)
{
	uint64_t old;

	map_at(2, 2, RW);
	touch(2);
	old = pfn_of(2);
	ck_assert_int_eq(fl_change_prot_numa(fl_mm, 2 * PAGE, 1), 1);
	ck_assert_uint_eq(load(cpu0, 2 * PAGE), 2);
	ck_assert_uint_ne(pfn_of(2), old);
	/* It can't be moved: then it is accessible where it is. */
	old = pfn_of(2);
	ck_assert_int_eq(fl_change_prot_numa(fl_mm, 2 * PAGE, 1), 1);
	ck_assert_int_eq(fl_page_try_get(machine, old), 0);
	ck_assert_int_eq(fl_store(cpu0, 2 * PAGE, 7), 0);
	ck_assert_uint_eq(pfn_of(2), old);
	fl_page_put(machine, old);
	ck_assert_uint_eq(load(cpu0, 2 * PAGE), 7);
}
END_TEST

/* --- who meets a migration entry --- */

/* As M4 leaves it, for a page that one entry maps: locked, the entry's reference is ours. */
static struct page *freeze(unsigned int i, enum swp_type type)
{
	pmd_t pmd = pmd_read_lockless(machine, mm->pgd, i * PAGE);
	struct page *page = page_of(i * PAGE);

	ck_assert(trylock_page(page));
	set_pte(pte_offset_map(machine, pmd, i * PAGE), make_swp_pte(type, page_to_pfn(page)));
	flush_tlb_mm(mm);
	ClearPageAnonExclusive(page);
	page_remove_rmap(page);
	return page;
}

/* Nothing is left of it. */
static void drop(struct page *page)
{
	unlock_page(page);
	put_page(machine, page);
}

START_TEST(fork_makes_it_a_readable_one_in_both)
{
	static const enum swp_type types[] = { SWP_MIGRATION_READ, SWP_MIGRATION_READ_EXCLUSIVE,
					       SWP_MIGRATION_WRITE };
	pte_t *ptep;

	for (int i = 0; i < 3; i++) {
		struct fl_mm *child;
		struct page *page;
		pte_t pte;

		map_at(2, 1, RW);
		touch(2);
		page = freeze(2, types[i]);
		ptep = pte_offset_map(machine, pmd_read_lockless(machine, mm->pgd, 2 * PAGE),
				      2 * PAGE);
		set_pte(ptep, *ptep | _PAGE_SOFT_DIRTY | _PAGE_UFFD_WP);
		ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
		pte = make_swp_pte(SWP_MIGRATION_READ, page_to_pfn(page)) | _PAGE_SOFT_DIRTY;
		ck_assert_uint_eq(entry_of(2 * PAGE), pte | _PAGE_UFFD_WP);
		ck_assert_uint_eq(
			*pte_offset_map(machine,
					pmd_read_lockless(machine, child->mm.pgd, 2 * PAGE),
					2 * PAGE),
			pte);
		fl_mm_destroy(child);
		unmap(2, 1);
		drop(page);
	}
}
END_TEST

START_TEST(the_mutant_of_fork_leaves_it_as_it_is)
{
	struct fl_mm *child;
	struct page *page;

	map_at(2, 1, RW);
	touch(2);
	page = freeze(2, SWP_MIGRATION_WRITE);
	ck_assert_int_eq(fl_fork(&child, fl_mm), 0);
	ck_assert(pte_is_writable_migration(entry_of(2 * PAGE)));
	fl_mm_destroy(child);
	unmap(2, 1);
	drop(page);
}
END_TEST

START_TEST(mprotect_takes_write_permission_and_no_more)
{
	struct page *page;

	map_at(2, 1, RW);
	touch(2);
	page = freeze(2, SWP_MIGRATION_WRITE);
	protect(2, 1, FL_READ);
	ck_assert_int_eq(pte_swp_type(entry_of(2 * PAGE)), SWP_MIGRATION_READ_EXCLUSIVE);
	protect(2, 1, RW);
	ck_assert_int_eq(pte_swp_type(entry_of(2 * PAGE)), SWP_MIGRATION_READ_EXCLUSIVE);
	unmap(2, 1);
	drop(page);
}
END_TEST

START_TEST(of_a_file_mprotect_leaves_a_readable_one)
{
	struct fl_file *file;
	struct page *page;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 1, 0), 0);
	map_file_at(2, 1, FL_MAP_SHARED, file, 0);
	touch(2);
	page = freeze(2, SWP_MIGRATION_WRITE);
	protect(2, 1, FL_READ);
	ck_assert_int_eq(pte_swp_type(entry_of(2 * PAGE)), SWP_MIGRATION_READ);
	unmap(2, 1);
	drop(page);
	fl_file_put(file);
}
END_TEST

/* What clear_refs(4) makes of a writable one, by policy soft_dirty_migration. */
static void meets_clear_refs(enum swp_type becomes)
{
	struct page *page;

	map_at(2, 2, RW);
	touch(2);
	touch(3);
	page = freeze(2, SWP_MIGRATION_WRITE);
	set_pte(pte_offset_map(machine, pmd_read_lockless(machine, mm->pgd, 2 * PAGE), 2 * PAGE),
		entry_of(2 * PAGE) | _PAGE_SOFT_DIRTY);
	ck_assert_int_eq(fl_clear_refs(fl_mm, FL_CLEAR_REFS_SOFT_DIRTY), 0);
	ck_assert_uint_eq(entry_of(2 * PAGE),
			  make_swp_pte(becomes, page_to_pfn(page)) & ~_PAGE_SOFT_DIRTY);
	ck_assert(!pte_write(entry_of(3 * PAGE)));
	unmap(2, 2);
	drop(page);
}

START_TEST(clear_refs_takes_its_soft_dirty_bit_and_no_more)
{
	meets_clear_refs(SWP_MIGRATION_WRITE);
}
END_TEST

START_TEST(clear_refs_would_better_make_it_a_readable_one)
{
	meets_clear_refs(SWP_MIGRATION_READ_EXCLUSIVE);
}
END_TEST

START_TEST(it_goes_with_its_mapping_and_moves_with_it)
{
	struct page *page;

	map_at(2, 1, RW);
	touch(2);
	page = freeze(2, SWP_MIGRATION_READ);
	move(2, 1, 9);
	ck_assert_uint_eq(entry_of(9 * PAGE),
			  make_swp_pte(SWP_MIGRATION_READ, page_to_pfn(page)) | _PAGE_SOFT_DIRTY);
	ck_assert_int_eq(page_count(page), 1);
	ck_assert_int_eq(fl_madvise(fl_mm, 9 * PAGE, 1, FL_MADV_DONTNEED), 0);
	ck_assert_uint_eq(entry_of(9 * PAGE), PTE_NONE);
	ck_assert_int_eq(page_count(page), 1);
	drop(page);
}
END_TEST

START_TEST(pagemap_and_inspect_say_what_it_is)
{
	struct fl_pte_info info;
	struct page *page;
	uint64_t entry;
	char text[64];

	map_at(2, 1, RW);
	touch(2);
	page = freeze(2, SWP_MIGRATION_READ_EXCLUSIVE);
	ck_assert_int_eq(fl_pagemap(&entry, fl_mm, 2 * PAGE, 1), 0);
	ck_assert_uint_eq(entry & (FL_PM_PRESENT | FL_PM_SWAP | FL_PM_FILE), FL_PM_SWAP);
	ck_assert_uint_eq(FL_PM_SWAP_TYPE(entry), 25);
	ck_assert_uint_eq(FL_PM_SWAP_OFFSET(entry), page_to_pfn(page));
	ck_assert_int_eq(fl_inspect_pte(&info, fl_mm, 2 * PAGE), 0);
	ck_assert(info.migration && info.exclusive && !info.write && !info.swap && !info.present &&
		  !info.none && !info.marker);
	ck_assert_uint_eq(info.pfn, page_to_pfn(page));
	pte_text(text, sizeof(text), entry_of(2 * PAGE));
	ck_assert_ptr_nonnull(strstr(text, "migration-read-exclusive pfn="));
	unmap(2, 1);
	drop(page);
}
END_TEST

static void store_there(struct fl_cpu *cpu, void *arg)
{
	if (fl_store(cpu, 2 * PAGE, 9))
		abort();
	atomic_store((atomic_int *)arg, 1);
}

START_TEST(a_fault_waits_until_the_page_is_unlocked)
{
	atomic_int done = 0;
	struct page *page;
	struct call c;
	pte_t pte;

	map_at(2, 1, RW);
	touch(2);
	pte = entry_of(2 * PAGE);
	page = freeze(2, SWP_MIGRATION_WRITE);
	begin_on(&c, cpu1, store_there, &done);
	usleep(20000);
	ck_assert_int_eq(atomic_load(&done), 0);
	page_add_anon_rmap(page, true);
	set_pte(pte_offset_map(machine, pmd_read_lockless(machine, mm->pgd, 2 * PAGE), 2 * PAGE),
		pte);
	unlock_page(page);
	end_on(&c);
	ck_assert_int_eq(atomic_load(&done), 1);
	ck_assert_uint_eq(load(cpu0, 2 * PAGE), 9);
}
END_TEST

/* How many faults that met the entry were finished under the lock of their VMA. */
static uint64_t waits_under_vma_lock(void)
{
	struct fl_counters before, after;
	atomic_int done = 0;
	struct page *page;
	struct call c;
	pte_t pte;

	map_at(2, 1, RW);
	touch(2);
	pte = entry_of(2 * PAGE);
	page = freeze(2, SWP_MIGRATION_WRITE);
	fl_inspect_counters(&before, machine);
	begin_on(&c, cpu1, store_there, &done);
	while (fl_inspect_counters(&after, machine), after.faults == before.faults)
		usleep(1000);
	usleep(20000);
	page_add_anon_rmap(page, true);
	set_pte(pte_offset_map(machine, pmd_read_lockless(machine, mm->pgd, 2 * PAGE), 2 * PAGE),
		pte);
	unlock_page(page);
	end_on(&c);
	fl_inspect_counters(&after, machine);
	unmap(2, 1);
	return after.faults_vma_lock - before.faults_vma_lock;
}

START_TEST(under_a_vma_lock_faults_wait_from_6_6_on)
{
	ck_assert_uint_eq(waits_under_vma_lock(), 1);
}
END_TEST

START_TEST(under_a_vma_lock_faults_gave_up_before)
{
	ck_assert_uint_eq(waits_under_vma_lock(), 0);
}
END_TEST

/* --- many at once --- */

#define STRESS_PAGES 8
#define STRESS_ROUNDS 3000
#define STRESS_MOVES 200

static atomic_int stress_stop;
static atomic_long stress_moved;

/* Each has a word of each page for itself. */
static void stress_store(struct fl_cpu *cpu, void *arg)
{
	uint64_t word, expected[STRESS_PAGES] = { 0 };
	unsigned int mine = *(unsigned int *)arg, seed = mine + 1;

	for (uint64_t n = 1; n <= STRESS_ROUNDS || atomic_load(&stress_moved) < STRESS_MOVES; n++) {
		unsigned int i = (unsigned int)rand_r(&seed) % STRESS_PAGES;
		fl_vaddr addr = (2 + i) * PAGE + mine * 8;

		if (fl_load(&word, cpu, addr) || word != expected[i])
			abort();
		if (rand_r(&seed) % 2) {
			expected[i] = n << 8 | mine;
			if (fl_store(cpu, addr, expected[i]))
				abort();
		}
		if (n % 64 == 0 && mine == 0)
			fl_change_prot_numa(fl_mm, (2 + i) * PAGE, 2);
		if (n % 128 == 0 && mine == 1) {
			struct fl_mm *child;

			if (!fl_fork(&child, fl_mm))
				fl_mm_destroy(child);
		}
	}
	atomic_fetch_add(&stress_stop, 1);
}

static void stress_migrate(struct fl_cpu *cpu, void *arg)
{
	unsigned int seed = 77;

	while (atomic_load(&stress_stop) < 2) {
		uint64_t pfn = 1 + (uint64_t)rand_r(&seed) % (machine->nr_frames - 1);

		if (!fl_migrate_page(cpu, pfn))
			atomic_fetch_add(&stress_moved, 1);
		if (rand_r(&seed) % 8 == 0)
			fl_move_pages(cpu, fl_mm, 2 * PAGE, STRESS_PAGES, NULL);
	}
}

START_TEST(stores_are_never_lost_however_pages_move)
{
	unsigned int words[2] = { 0, 1 };
	struct call c[3];

	map_at(2, STRESS_PAGES, RW);
	for (unsigned int i = 0; i < STRESS_PAGES; i++)
		ck_assert_int_eq(fl_store(cpu0, (2 + i) * PAGE, 0), 0);
	for (unsigned int i = 0; i < 2; i++)
		begin_on(&c[i], fl_machine_cpu(machine, 1 + i), stress_store, &words[i]);
	begin_on(&c[2], fl_machine_cpu(machine, 3), stress_migrate, NULL);
	for (unsigned int i = 0; i < 3; i++)
		end_on(&c[i]);
	ck_assert_int_gt(atomic_load(&stress_moved), 0);
	for (unsigned int i = 0; i < STRESS_PAGES; i++) {
		ck_assert_int_eq(page_mapcount(page_of((2 + i) * PAGE)), 1);
		ck_assert_int_eq(page_count(page_of((2 + i) * PAGE)), 1);
	}
}
END_TEST

static void make_mutant_restore(void)
{
	make_with("6.12", "migrate_restore=exclusive", FL_MIGRATION_CALLS);
}

static void make_mutant_fork(void)
{
	make_with("6.12", "fork_migration=untouched", FL_MIGRATION_CALLS);
}

static void make_mutant_count(void)
{
	make_with("6.12", "migrate_count=early", FL_MIGRATION_CALLS);
}

static void make_old(void)
{
	make_with("4.8", NULL, FL_MIGRATION_CALLS);
}

static void make_before_6_6(void)
{
	make_with("6.5", NULL, FL_MIGRATION_CALLS);
}

static void make_wrprotect(void)
{
	make_with("6.12", "soft_dirty_migration=wrprotect", FL_MIGRATION_CALLS);
}

static void make_faults(void)
{
	make_with("6.12", NULL, FL_MIGRATION_FAULTS);
}

static void make_none(void)
{
	make_with("6.12", NULL, 0);
}

/* With interrupts for flushes, and each kind of flush; hinting faults move pages as well. */
static void make_stress_batch(void)
{
	make_with("6.12", "tlb_flush=ipi", FL_MIGRATION_CALLS | FL_MIGRATION_FAULTS);
	stress_stop = 0;
}

static void make_stress_entry(void)
{
	make_with("5.18", NULL, FL_MIGRATION_CALLS | FL_MIGRATION_FAULTS);
	stress_stop = 0;
}

static TCase *world_case(Suite *suite, const char *name, void (*make_it)(void))
{
	TCase *tc = test_case(name);

	tcase_add_checked_fixture(tc, make_it, end_world);
	suite_add_tcase(suite, tc);
	return tc;
}

static void add_mutants(Suite *suite)
{
	tcase_add_test(world_case(suite, "restore", make_mutant_restore),
		       the_mutant_makes_a_shared_page_exclusive);
	tcase_add_test(world_case(suite, "fork", make_mutant_fork),
		       the_mutant_of_fork_leaves_it_as_it_is);
	tcase_add_test(world_case(suite, "count", make_mutant_count),
		       the_mutant_that_counts_early_sees_only_what_is_there);
	tcase_add_test(world_case(suite, "faults", make_faults),
		       a_hinting_fault_moves_the_page_if_the_machine_says_so);
	tcase_add_test(world_case(suite, "none", make_none),
		       a_machine_that_is_not_made_for_it_refuses);
}

int main(void)
{
	Suite *suite = suite_create("mm.migrate");
	TCase *tc = world_case(suite, "6.12", make);

	tcase_add_test(tc, a_page_moves_with_what_it_is);
	tcase_add_test(tc, a_read_only_page_stays_read_only_and_exclusive);
	tcase_add_test(tc, a_shared_page_moves_for_all_and_is_nobodys_alone);
	tcase_add_test(tc, a_page_of_a_file_moves_in_its_cache_and_in_all_mappings);
	tcase_add_test(tc, what_is_pinned_or_referenced_stays);
	tcase_add_test(tc, what_others_have_in_hand_stays);
	tcase_add_test(tc, without_a_free_frame_it_stays);
	tcase_add_test(tc, pages_move_by_address);
	tcase_add_test(tc, tracking_goes_on_where_the_page_went);
	tcase_add_test(tc, a_hinted_page_comes_back_accessible);
	tcase_add_test(tc, fork_makes_it_a_readable_one_in_both);
	tcase_add_test(tc, mprotect_takes_write_permission_and_no_more);
	tcase_add_test(tc, of_a_file_mprotect_leaves_a_readable_one);
	tcase_add_test(tc, clear_refs_takes_its_soft_dirty_bit_and_no_more);
	tcase_add_test(world_case(suite, "wrprotect", make_wrprotect),
		       clear_refs_would_better_make_it_a_readable_one);
	tcase_add_test(tc, it_goes_with_its_mapping_and_moves_with_it);
	tcase_add_test(tc, pagemap_and_inspect_say_what_it_is);
	tcase_add_test(tc, a_fault_waits_until_the_page_is_unlocked);
	tcase_add_test(tc, under_a_vma_lock_faults_wait_from_6_6_on);
	tcase_add_test(world_case(suite, "6.5", make_before_6_6),
		       under_a_vma_lock_faults_gave_up_before);
	add_mutants(suite);
	tc = world_case(suite, "4.8", make_old);
	tcase_add_test(tc, without_the_flag_of_5_19_pages_move_as_well);
	tcase_add_test(tc, a_page_of_a_file_moves_in_its_cache_and_in_all_mappings);
	tcase_add_test(tc, what_is_pinned_or_referenced_stays);
	tcase_add_test(world_case(suite, "stress, batch", make_stress_batch),
		       stores_are_never_lost_however_pages_move);
	tcase_add_test(world_case(suite, "stress, entry", make_stress_entry),
		       stores_are_never_lost_however_pages_move);
	return run_suite(suite);
}
