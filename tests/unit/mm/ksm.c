// SPDX-License-Identifier: MIT
/*
 * ksm.c - tests lib/mm/ksm.c and ksm_tree.c: what is protected, for whom KSM backs off, what becomes
 * one and what becomes two again. Races: scenario pae-gup-fast.
 */
#include "../world.h"

#include "mm/ksm.h"
#include "mm/mmu_gather.h"

#include <errno.h>

#include <faultline/proc.h>

START_TEST(a_page_becomes_read_only_clean_and_shareable)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct page *page;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_uint_eq(load(cpu1, a), 1);
	page = page_of(a);
	ck_assert_int_eq(fl_ksm_write_protect(cpu1, fl_mm, a + 8), 0);
	ck_assert_ptr_eq(page_of(a), page);
	ck_assert(!pte_write(entry_of(a)) && !pte_dirty(entry_of(a)));
	ck_assert(!PageAnonExclusive(page));
	/* The dirtiness is the page's now, references and lock were given back. */
	ck_assert(test_bit(PG_dirty, &page->flags));
	ck_assert_int_eq(page_count(page), 1);
	ck_assert(!PageLocked(page));
	/* no CPU writes through what it has in its TLB */
	ck_assert_int_eq(fl_store(cpu0, a, 2), 0);
	ck_assert(pte_write(entry_of(a)));
	ck_assert_uint_eq(load(cpu1, a), 2);
}
END_TEST

START_TEST(a_read_only_clean_exclusive_page_keeps_its_entry)
{
	fl_vaddr a = map(1, FL_READ);
	pte_t before;

	ck_assert_int_eq(fl_poke(cpu0, fl_mm, a, 1), 0);
	before = entry_of(a);
	/* without PageAnonExclusive the forced write was a write fault, which made the entry dirty */
	ck_assert_int_eq(pte_dirty(before), !machine->anon_exclusive);
	ck_assert_int_eq(PageAnonExclusive(page_of(a)), machine->anon_exclusive);
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), 0);
	ck_assert_uint_eq(entry_of(a), pte_mkclean(before));
	ck_assert(!PageAnonExclusive(page_of(a)));
	/* a second time there is nothing to do */
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), 0);
}
END_TEST

/* Everything is as before, and the program goes on. */
static void backs_off(fl_vaddr a, struct page *page)
{
	pte_t before = entry_of(a);
	int count = page_count(page);

	ck_assert_int_eq(fl_ksm_write_protect(cpu1, fl_mm, a), -EBUSY);
	ck_assert_uint_eq(entry_of(a), before);
	ck_assert_int_eq(page_count(page), count);
	ck_assert_int_eq(PageAnonExclusive(page), machine->anon_exclusive);
	ck_assert_int_eq(fl_store(cpu0, a, 8), 0);
	ck_assert_ptr_eq(page_of(a), page);
}

START_TEST(ksm_backs_off_when_the_page_is_pinned)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct fl_pin pin;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, 0, &pin), 1);
	backs_off(a, page_of(a));
	fl_unpin(cpu0, &pin);
	ck_assert_int_eq(fl_ksm_write_protect(cpu1, fl_mm, a), 0);
}
END_TEST

START_TEST(ksm_backs_off_when_somebody_has_a_reference_or_the_lock)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct page *page;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	page = page_of(a);
	page_ref_add(page, 1);
	backs_off(a, page);
	put_page(machine, page);
	ck_assert(trylock_page(page));
	backs_off(a, page);
	unlock_page(page);
	ck_assert_int_eq(fl_ksm_write_protect(cpu1, fl_mm, a), 0);
}
END_TEST

START_TEST(there_has_to_be_an_anonymous_page)
{
	fl_vaddr a = map(2, FL_READ | FL_WRITE);

	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), -EFAULT);
	ck_assert_uint_eq(load(cpu0, a), 0); /* the zero page */
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), -EFAULT);
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a + 4 * PAGE), -EFAULT);
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, ~0ULL), -EFAULT);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
}
END_TEST

static int stop;

static void count_up(struct fl_cpu *cpu, void *arg)
{
	fl_vaddr a = *(fl_vaddr *)arg;

	for (uint64_t i = 1; !READ_ONCE(stop); i++) {
		uint64_t word;

		/* No store is lost, however often the page is protected meanwhile. */
		if (fl_store(cpu, a, i) || fl_load(&word, cpu, a) || word != i)
			abort();
	}
}

START_TEST(stores_are_not_lost_to_write_protection)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct call call;
	int done = 0;

	ck_assert_int_eq(fl_store(cpu0, a, 1), 0);
	begin_on(&call, cpu1, count_up, &a);
	for (int i = 0; i < 2000; i++)
		done += fl_ksm_write_protect(cpu0, fl_mm, a) == 0;
	WRITE_ONCE(stop, 1);
	end_on(&call);
	ck_assert_int_gt(done, 0);
}
END_TEST

/* B8: read-only and clean in memory, but another CPU writes through what it has cached. */
START_TEST(a_flush_that_is_pending_is_made)
{
	fl_vaddr a = map(1, FL_READ | FL_WRITE);
	struct page *page;
	uint64_t word = 2;
	pte_t *ptep;

	ck_assert_int_eq(fl_store(cpu1, a, 1), 0);
	page = page_of(a);
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), 0);
	ck_assert_int_eq(fl_store(cpu1, a, 1), 0);
	page = page_of(a);
	ClearPageAnonExclusive(page);
	/* given a batch that cleaned and write-protected the entry, and is not flushed yet, */
	inc_tlb_flush_pending(mm);
	ptep = pte_offset_map(machine, *pmd_offset_lockless(machine, mm->pgd, a), a);
	*ptep &= ~(_PAGE_RW | _PAGE_DIRTY);
	/* when KSM protects the page, then no CPU writes to it any more */
	ck_assert_int_eq(fl_ksm_write_protect(cpu0, fl_mm, a), 0);
	ck_assert_int_eq(mmu_access(cpu1, a, MMU_STORE, &word),
			 machine->policy.ksm_pending == FL_KSM_PENDING_IGNORED);
	dec_tlb_flush_pending(mm);
}
END_TEST

/* --- merging --- */

static void set_mergeable(struct fl_mm *of, fl_vaddr addr, bool on)
{
	struct vm_area_struct *vma;

	mmap_write_lock(&of->mm);
	vma = vma_lookup(&of->mm, addr);
	vm_flags_reset(vma, on ? vma->vm_flags | VM_MERGEABLE : vma->vm_flags & ~VM_MERGEABLE);
	if (on)
		ksm_enter(vma->vm_mm);
	mmap_write_unlock(&of->mm);
}

/* @n pages, each with what @content says. */
static fl_vaddr mergeable(size_t n, const uint64_t *content)
{
	fl_vaddr a = map(n, FL_READ | FL_WRITE);

	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(fl_store(cpu0, a + i * PAGE, content[i]), 0);
	set_mergeable(fl_mm, a, true);
	return a;
}

static void contents_are(fl_vaddr a, size_t n, const uint64_t *content)
{
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(load(cpu1, a + i * PAGE), content[i]);
}

START_TEST(equal_pages_become_one_in_the_second_pass)
{
	static const uint64_t content[] = { 5, 6, 5, 5 };
	fl_vaddr a = mergeable(4, content);
	uint64_t free_before = fl_machine_free_frames(machine);

	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 0);
	ck_assert_ptr_ne(page_of(a), page_of(a + 2 * PAGE));
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 2);
	ck_assert_ptr_eq(page_of(a), page_of(a + 2 * PAGE));
	ck_assert_ptr_eq(page_of(a), page_of(a + 3 * PAGE));
	ck_assert_ptr_ne(page_of(a), page_of(a + PAGE));
	ck_assert(PageKsm(page_of(a)) && !PageKsm(page_of(a + PAGE)));
	ck_assert(!pte_write(entry_of(a)) && !pte_write(entry_of(a + 3 * PAGE)));
	ck_assert_int_eq(page_mapcount(page_of(a)), 3);
	ck_assert_int_eq(page_count(page_of(a)), 3);
	ck_assert_uint_eq(fl_machine_free_frames(machine), free_before + 2);
	contents_are(a, 4, content);
	/* and there it stays */
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 0);
	ck_assert_int_eq(page_mapcount(page_of(a)), 3);
}
END_TEST

START_TEST(a_write_gives_a_page_of_its_own_back)
{
	static const uint64_t content[] = { 5, 5, 5 }, after[] = { 5, 9, 5 };
	fl_vaddr a = mergeable(3, content);

	fl_ksm_scan(cpu0, machine);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 2);
	ck_assert_int_eq(fl_store(cpu1, a + PAGE, 9), 0);
	contents_are(a, 3, after);
	ck_assert_ptr_ne(page_of(a + PAGE), page_of(a));
	ck_assert(!PageKsm(page_of(a + PAGE)));
	ck_assert_int_eq(PageAnonExclusive(page_of(a + PAGE)), machine->anon_exclusive);
	ck_assert_int_eq(page_mapcount(page_of(a)), 2);
	/* also the last one who shares it gets a copy: others may come to it at any time */
	ck_assert_int_eq(fl_store(cpu1, a, 9), 0);
	ck_assert(PageKsm(page_of(a + 2 * PAGE)));
	ck_assert_int_eq(fl_store(cpu1, a + 2 * PAGE, 9), 0);
	ck_assert(!PageKsm(page_of(a + 2 * PAGE)));
	/* the KSM page is gone; its node is found out when somebody looks for the same content */
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(fl_store(cpu0, a + i * PAGE, 5), 0);
	/* (as it was when ksmd last saw it) */
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 2);
	contents_are(a, 3, content);
}
END_TEST

START_TEST(copies_of_a_files_pages_are_merged_but_not_its_own)
{
	struct fl_file *file;
	uint64_t word;
	fl_vaddr a;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, 4, 0), 0);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(fl_file_write(file, i, 0, 5), 0);
	ck_assert_int_eq(fl_mmap(&a, fl_mm, 0, 4, FL_READ | FL_WRITE, 0, file, 0), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(fl_store(cpu0, a + i * PAGE, 5), 0);
	ck_assert_uint_eq(load(cpu0, a + 3 * PAGE), 5);
	ck_assert_int_eq(fl_madvise(fl_mm, a, 4, FL_MADV_MERGEABLE), 0);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 0);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 2);
	ck_assert(PageKsm(page_of(a)) && page_of(a) == page_of(a + 2 * PAGE));
	ck_assert(!PageAnon(page_of(a + 3 * PAGE)));
	ck_assert_int_eq(fl_store(cpu1, a + PAGE, 6), 0);
	ck_assert(!PageKsm(page_of(a + PAGE)));
	ck_assert_uint_eq(load(cpu1, a), 5);
	ck_assert_int_eq(fl_madvise(fl_mm, a + 2 * PAGE, 1, FL_MADV_UNMERGEABLE), 0);
	ck_assert(!PageKsm(page_of(a + 2 * PAGE)));
	/* The file's end takes them along, as all private copies. */
	ck_assert_int_eq(fl_file_truncate(file, 0), 0);
	ck_assert_uint_eq(entry_of(a) | entry_of(a + PAGE), 0);
	ck_assert_int_eq(fl_load(&word, cpu0, a), -EIO);
	ck_assert_int_eq(fl_munmap(fl_mm, a, 4), 0);
	fl_file_put(file);
}
END_TEST

START_TEST(a_page_that_changes_between_passes_is_left_alone)
{
	static const uint64_t content[] = { 5, 5 };
	fl_vaddr a = mergeable(2, content);

	for (uint64_t i = 0; i < 4; i++) {
		ck_assert_int_eq(fl_store(cpu0, a, 10 + i), 0);
		ck_assert_int_eq(fl_store(cpu0, a + PAGE, 10 + i), 0);
		ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 0);
	}
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 1);
}
END_TEST

START_TEST(a_later_page_joins_those_that_are_one_already)
{
	static const uint64_t content[] = { 5, 5, 7 }, after[] = { 5, 5, 5 };
	fl_vaddr a = mergeable(3, content);
	struct page *kpage;

	fl_ksm_scan(cpu0, machine);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 1);
	kpage = page_of(a);
	ck_assert_int_eq(fl_store(cpu0, a + 2 * PAGE, 5), 0);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 0);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 1);
	ck_assert_ptr_eq(page_of(a + 2 * PAGE), kpage);
	contents_are(a, 3, after);
}
END_TEST

START_TEST(only_mergeable_memory_is_merged_but_of_all_address_spaces)
{
	static const uint64_t content[] = { 5, 5 };
	fl_vaddr a = mergeable(2, content), b;
	struct fl_mm *other;
	struct page *kpage;

	set_mergeable(fl_mm, a, false);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 0);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 0);
	ck_assert_int_eq(fl_mm_create(&other, machine), 0);
	ck_assert_int_eq(fl_mmap_anon(&b, other, 1, FL_READ | FL_WRITE), 0);
	fl_switch_mm(cpu1, other);
	ck_assert_int_eq(fl_store(cpu1, b, 5), 0);
	set_mergeable(fl_mm, a, true);
	set_mergeable(other, b, true);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 0);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 2);
	kpage = page_of(a);
	ck_assert_int_eq(page_mapcount(kpage), 3);
	/* it goes, and leaves the others what is theirs */
	fl_mm_destroy(other);
	ck_assert_int_eq(page_mapcount(kpage), 2);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 0);
	fl_switch_mm(cpu1, fl_mm);
	contents_are(a, 2, content);
}
END_TEST

START_TEST(pinned_pages_are_not_merged)
{
	static const uint64_t content[] = { 5, 5 };
	fl_vaddr a = mergeable(2, content);
	struct fl_pin pin;

	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE, &pin), 1);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 0);
	fl_pin_store(&pin, 0, 6);
	ck_assert_uint_eq(load(cpu1, a), 6);
	fl_pin_store(&pin, 0, 5);
	fl_unpin(cpu0, &pin);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 1);
	ck_assert_ptr_eq(page_of(a), page_of(a + PAGE));
}
END_TEST

START_TEST(a_pin_of_a_merged_page_gets_a_page_of_its_own)
{
	static const uint64_t content[] = { 5, 5 };
	fl_vaddr a = mergeable(2, content);
	struct fl_pin pin;

	fl_ksm_scan(cpu0, machine);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 1);
	ck_assert_int_eq(fl_pin_user_pages_fast(cpu0, a, 1, FL_GUP_WRITE, &pin), 1);
	fl_pin_store(&pin, 0, 6);
	ck_assert_uint_eq(load(cpu1, a), 6);
	ck_assert_uint_eq(load(cpu1, a + PAGE), 5);
	fl_unpin(cpu0, &pin);
}
END_TEST

START_TEST(unmerging_gives_every_page_back_to_itself)
{
	static const uint64_t content[] = { 5, 5, 5 };
	fl_vaddr a = mergeable(3, content);

	fl_ksm_scan(cpu0, machine);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 2);
	ck_assert_int_eq(fl_ksm_unmerge(cpu0, fl_mm, a, 2), 0);
	ck_assert(!PageKsm(page_of(a)) && !PageKsm(page_of(a + PAGE)));
	ck_assert(PageKsm(page_of(a + 2 * PAGE)));
	ck_assert_ptr_ne(page_of(a), page_of(a + PAGE));
	contents_are(a, 3, content);
	/* nothing there to do, and nothing there */
	ck_assert_int_eq(fl_ksm_unmerge(cpu0, fl_mm, a, 2), 0);
	ck_assert_int_eq(fl_ksm_unmerge(cpu0, fl_mm, a, 7), 0);
	ck_assert_int_eq(fl_ksm_unmerge(cpu0, fl_mm, a + 1, 1), -EINVAL);
	ck_assert_int_eq(fl_ksm_unmerge(cpu0, fl_mm, a, 1000), -EINVAL);
	ck_assert_int_eq(fl_ksm_unmerge(cpu0, fl_mm, task_size(machine), 1), -EINVAL);
	ck_assert_int_eq(mmap_is_locked(mm), 0);
}
END_TEST

/* A write fault makes the copy dirty and writable; an unshare fault leaves both to the first store. */
START_TEST(unmerging_writes_up_to_6_1)
{
	static const struct {
		const char *kernel, *set;
		bool written;
	} rows[] = {
		{ "5.7", NULL, true },
		{ "5.19", NULL, true },
		{ "6.1", NULL, true },
		{ "6.3", NULL, false },
		{ "6.3", "ksm_break=write", true },
	};
	static const uint64_t content[] = { 5, 5 };
	fl_vaddr a;

	make_world(rows[_i].kernel, rows[_i].set);
	a = mergeable(2, content);
	fl_ksm_scan(cpu0, machine);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 1);
	ck_assert_int_eq(fl_ksm_unmerge(cpu0, fl_mm, a, 1), 0);
	ck_assert(!PageKsm(page_of(a)));
	ck_assert_int_eq(pte_dirty(entry_of(a)), rows[_i].written);
	ck_assert_int_eq(pte_write(entry_of(a)), rows[_i].written);
	contents_are(a, 2, content);
	end_world();
}
END_TEST

START_TEST(without_a_frame_unmerging_says_so)
{
	static const uint64_t content[] = { 5, 5, 5 };
	fl_vaddr a = mergeable(3, content);
	struct page *taken[16];
	int n = 0;

	fl_ksm_scan(cpu0, machine);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 2);
	while ((taken[n] = alloc_page(machine)))
		n++;
	ck_assert_int_eq(fl_ksm_unmerge(cpu0, fl_mm, a, 3), -ENOMEM);
	contents_are(a, 3, content);
	while (n > 0)
		put_page(machine, taken[--n]);
	ck_assert_int_eq(fl_ksm_unmerge(cpu0, fl_mm, a, 3), 0);
}
END_TEST

START_TEST(what_is_unmapped_is_forgotten)
{
	static const uint64_t content[] = { 5, 6, 5, 6 };
	fl_vaddr a = mergeable(4, content);

	fl_ksm_scan(cpu0, machine);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 2);
	ck_assert_int_eq(fl_munmap(fl_mm, a, 3), 0);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 0);
	ck_assert_ptr_null(machine->state->ksm->slots->items->next);
	ck_assert_uint_eq(load(cpu0, a + 3 * PAGE), 6);
	ck_assert_int_eq(fl_munmap(fl_mm, a + 3 * PAGE, 1), 0);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 0);
	ck_assert_ptr_null(machine->state->ksm->slots);
}
END_TEST

static fl_vaddr range;

static void count_up_all(struct fl_cpu *cpu, void *arg)
{
	uint64_t word, value[4] = { 0 };

	(void)arg;
	for (uint64_t i = 0; !READ_ONCE(stop); i++) {
		size_t page = i * 7 % 4;

		/* Whatever ksmd does meanwhile, a page is what its owner wrote. */
		if (fl_load(&word, cpu, range + page * PAGE) || word != value[page])
			abort();
		value[page] = i / 64 % 2;
		if (fl_store(cpu, range + page * PAGE, value[page]))
			abort();
	}
}

START_TEST(stores_are_not_lost_to_merging)
{
	static const uint64_t content[] = { 0, 0, 0, 0, 0, 0 };
	struct call call;

	range = mergeable(6, content);
	WRITE_ONCE(stop, 0);
	begin_on(&call, cpu1, count_up_all, NULL);
	for (int i = 0; i < 500; i++)
		ck_assert_int_ge(fl_ksm_scan(cpu0, machine), 0);
	WRITE_ONCE(stop, 1);
	end_on(&call);
	contents_are(range + 4 * PAGE, 2, content);
}
END_TEST

static void store_five(struct fl_cpu *cpu, void *arg)
{
	if (fl_store(cpu, *(fl_vaddr *)arg, 5))
		abort();
}

START_TEST(pages_in_the_batch_of_another_cpu_are_merged)
{
	struct fl_machine_config config = { .cpus = 2, .lru_batch = 8 };
	struct call call;
	fl_vaddr a, b;

	fl_machine_config_small(&config);
	make_world_with(&config, "6.12", NULL);
	a = map(2, FL_READ | FL_WRITE);
	b = a + PAGE;
	store_five(cpu0, &a);
	begin_on(&call, cpu1, store_five, &b);
	end_on(&call);
	set_mergeable(fl_mm, a, true);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 0);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 1);
	ck_assert_int_eq(page_count(page_of(a)), 2);
	end_world();
}
END_TEST

/* Natively there are more than a few: contents in order, in reverse, all alike. */
START_TEST(thousands_of_pages)
{
	enum { PAGES = 6000, KINDS = 1000 };
	struct fl_machine_config config = { .frames = PAGES + 100 };
	uint64_t size = 4096, free_before;
	fl_vaddr a;

	make_world_with(&config, "6.12", "tlb_flush=ipi");
	a = map(PAGES, FL_READ | FL_WRITE);
	for (uint64_t i = 0; i < PAGES; i++)
		ck_assert_int_eq(fl_store(cpu0, a + i * size,
					  i < PAGES / 2 ? i % KINDS : (PAGES - i) % KINDS),
				 0);
	set_mergeable(fl_mm, a, true);
	free_before = fl_machine_free_frames(machine);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 0);
	/* A KSM page of each kind is left. */
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), PAGES - KINDS);
	ck_assert_uint_eq(fl_machine_free_frames(machine), free_before + PAGES - KINDS);
	for (uint64_t i = 0; i < PAGES; i += 2)
		ck_assert_uint_eq(load(cpu0, a + i * size),
				  i < PAGES / 2 ? i % KINDS : (PAGES - i) % KINDS);
	for (uint64_t i = 0; i < PAGES; i++)
		ck_assert_int_eq(fl_store(cpu0, a + i * size, KINDS), 0);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 0);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), PAGES - 1);
	ck_assert_int_eq(page_mapcount(pfn_to_page(machine, pte_pfn(entry_of(a)))), PAGES);
	end_world();
}
END_TEST

static void broadcast(void)
{
	make_world("6.5", NULL);
}

/* Of the first two that are merged one stays where it is, the other's entry is made anew. */
START_TEST(a_merged_pages_entry_is_not_soft_dirty)
{
	static const uint64_t content[] = { 7, 8 };
	fl_vaddr a;

	make_world("6.12", _i ? "ksm_replace=keep" : NULL);
	a = mergeable(2, content);
	ck_assert_int_eq(fl_clear_refs(fl_mm, FL_CLEAR_REFS_SOFT_DIRTY), 0);
	ck_assert(!pte_soft_dirty(entry_of(a)) && !pte_soft_dirty(entry_of(a + PAGE)));
	ck_assert_int_eq(fl_store(cpu0, a, 5), 0);
	ck_assert_int_eq(fl_store(cpu0, a + PAGE, 5), 0);
	ck_assert(pte_soft_dirty(entry_of(a)) && pte_soft_dirty(entry_of(a + PAGE)));
	fl_ksm_scan(cpu0, machine);
	ck_assert_int_eq(fl_ksm_scan(cpu0, machine), 1);
	ck_assert_ptr_eq(page_of(a), page_of(a + PAGE));
	ck_assert_int_eq((pte_soft_dirty(entry_of(a)) != 0) +
				 (pte_soft_dirty(entry_of(a + PAGE)) != 0),
			 1 + _i);
	end_world();
}
END_TEST

static void ipi(void)
{
	make_world("6.0", "tlb_flush=ipi");
}

static void plain_clear(void)
{
	make_world("6.1", "ptep_clear=plain");
}

static void old(void)
{
	make_world("4.8", NULL);
}

int main(void)
{
	static void (*const fixtures[])(void) = { broadcast, ipi, plain_clear, old };
	static const char *const names[] = { "6.5", "6.0 ipi", "plain clear", "4.8" };
	Suite *suite = suite_create("mm.ksm");
	TCase *large = test_case("large");

	for (int i = 0; i < 4; i++) {
		TCase *tc = test_case(names[i]);

		tcase_add_checked_fixture(tc, fixtures[i], end_world);
		tcase_add_test(tc, a_page_becomes_read_only_clean_and_shareable);
		tcase_add_test(tc, a_read_only_clean_exclusive_page_keeps_its_entry);
		tcase_add_test(tc, ksm_backs_off_when_the_page_is_pinned);
		tcase_add_test(tc, ksm_backs_off_when_somebody_has_a_reference_or_the_lock);
		tcase_add_test(tc, there_has_to_be_an_anonymous_page);
		tcase_add_test(tc, stores_are_not_lost_to_write_protection);
		tcase_add_test(tc, a_flush_that_is_pending_is_made);
		tcase_add_test(tc, equal_pages_become_one_in_the_second_pass);
		tcase_add_test(tc, a_write_gives_a_page_of_its_own_back);
		tcase_add_test(tc, copies_of_a_files_pages_are_merged_but_not_its_own);
		tcase_add_test(tc, a_page_that_changes_between_passes_is_left_alone);
		tcase_add_test(tc, a_later_page_joins_those_that_are_one_already);
		tcase_add_test(tc, only_mergeable_memory_is_merged_but_of_all_address_spaces);
		tcase_add_test(tc, pinned_pages_are_not_merged);
		tcase_add_test(tc, a_pin_of_a_merged_page_gets_a_page_of_its_own);
		tcase_add_test(tc, unmerging_gives_every_page_back_to_itself);
		tcase_add_test(tc, without_a_frame_unmerging_says_so);
		tcase_add_test(tc, what_is_unmapped_is_forgotten);
		tcase_add_test(tc, stores_are_not_lost_to_merging);
		suite_add_tcase(suite, tc);
	}
	tcase_add_test(large, thousands_of_pages);
	tcase_add_test(large, pages_in_the_batch_of_another_cpu_are_merged);
	tcase_add_loop_test(large, a_merged_pages_entry_is_not_soft_dirty, 0, 2);
	tcase_add_loop_test(large, unmerging_writes_up_to_6_1, 0, 5);
	suite_add_tcase(suite, large);
	return run_suite(suite);
}
