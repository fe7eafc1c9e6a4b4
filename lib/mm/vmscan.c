// SPDX-License-Identifier: MIT
/*
 * vmscan.c - reclaim: which pages go, and in which order that is done.
 *
 * State: PG_lru of each page that may be reclaimed; who clears it has the page for himself, as far as reclaim
 * goes. The machine's hand: the frame to be looked at next.
 *
 *   V1  lock the page, or leave it                  a try: others may wait for us
 *   V2  accessed lately? Leave it
 *   V3  anonymous: a swap slot                      the page is in the swap cache, and dirty
 *   V4  out of all page tables                      try_to_unmap(); the flush is put off
 *   V5  dirty: flush, if a dirty entry was among    no store may come behind the write
 *       them
 *   V6  dirty: write it to its slot                 PG_writeback, without the page lock
 *   V7  nobody but the cache and us has it, and     freeze: nobody gets at it any more
 *       it is clean: it leaves the cache
 *   V8  flush what was put off                      once for many pages
 *   V9  the frames are free
 *
 * From V4 on faults find the page by its slot, wait for its lock, and map it again: what makes V7 give
 * up. During V6 the lock is free, so they may do so, and write, while the content is copied: the entry
 * is dirty then, and another write will come.
 * V8 before V9: unhook, invalidate, free (mmu_gather.h). V5 before V6: a store through an old
 * translation would be in the page and not in the slot (policy reclaim_flush has what happens else). A clean
 * entry that gets dirty is looked at by the processor once more, and it is gone.
 *
 * Frames are gone through in the order of their numbers, round and round, with a second chance for those
 * that are accessed (V2 clears that), a third round takes all. Kernels have lists by age instead: there
 * is no order that would have to be kept, and no lock that all faults take.
 *
 * What stays: pages of KSM (there is no walk to who maps them), huge pages and what is left of them (kernels
 * split the page, and swap its parts), shared memory (kernels swap it, too), and dirty pages of files (nothing writes them back; kernels leave that to others, too).
 *
 * Models: shrink_folio_list(), pageout(), __remove_mapping(), folio_isolate_lru(), isolate_lru_folios(),
 * reclaim_pages(), try_to_free_pages(), mm/vmscan.c, swap_writepage(), mm/page_io.c, Linux 4.8 to 6.12, with a swap
 * device that writes at once (SWP_SYNCHRONOUS_IO). No kswapd.
 * Policy: reclaim_flush.
 */
#include "mm/vmscan.h"

#include "mm/file.h"
#include "mm/lru.h"
#include "mm/mmu_gather.h"
#include "mm/rmap_unmap.h"
#include "mm/swap_state.h"
#include "mm/swapfile.h"

#include <errno.h>

#include <faultline/reclaim.h>

/* What is done to the pages of one batch. */
struct scan {
	struct fl_machine *m;
	struct fl_cpu *cpu;
	bool ignore_references;
	bool flush_late;		      /* mutants of V5 and V8 */
	struct page *freed[SWAP_CLUSTER_MAX]; /* frozen: V9 */
	unsigned int nr_freed;
};

/* --- one page --- */

/* V6. The page lock is let go of, and taken again if it is free; false: give the page up, without the lock. */
static bool pageout(struct fl_machine *m, struct page *page)
{
	uint64_t slot = page->private; /* the page lock's */

	if (page_count(page) != 2) { /* is_page_cache_freeable(): the swap cache's, and ours */
		unlock_page(page);
		return false;
	}
	if (!TestClearPageDirty(page))
		return true;
	/* swap_writepage(): nobody refers to the slot any more? Then the page is dirty again. */
	if (try_to_free_swap(m, page)) {
		unlock_page(page);
		return false;
	}
	SetPageWriteback(page);
	unlock_page(page);
	swap_write_frame(m, slot, page_to_pfn(page));
	end_page_writeback(page);
	return trylock_page(page);
}

/* V7 of a file's page. */
static bool remove_from_page_cache(struct address_space *mapping, struct page *page)
{
	bool removed;

	spin_lock(&mapping->i_pages);
	removed = page_ref_freeze(page, 2);
	if (removed && PageDirty(page)) { /* after the count: swap_state.c */
		page_ref_unfreeze(page, 2);
		removed = false;
	}
	if (removed)
		WRITE_ONCE(mapping->pages[page->index], NULL);
	spin_unlock(&mapping->i_pages);
	return removed;
}

/* V7. True: the page has no references any more. */
static bool remove_mapping(struct fl_machine *m, struct page *page, unsigned long flags)
{
	struct address_space *mapping;

	if (flags & FL_BIT(PG_swapcache))
		return remove_from_swap_cache(m, page);
	if (flags & FL_BIT(PG_anon)) /* lazyfree: nobody can find it */
		return page_ref_freeze(page, 1);
	mapping = READ_ONCE(page->mapping);
	return mapping && remove_from_page_cache(mapping, page);
}

/* V3. Is it of a kind that can go, and is there room for it? */
static bool has_a_place(struct fl_machine *m, struct page *page)
{
	unsigned long flags = READ_ONCE(page->flags);

	if (PageCompound(page) || flags & FL_BIT(PG_ksm) || flags & FL_BIT(PG_writeback))
		return false;
	if (!(flags & FL_BIT(PG_swapbacked)))
		return true; /* lazyfree, or of a file */
	if (flags & FL_BIT(PG_swapcache))
		return true;
	if (!(flags & FL_BIT(PG_anon)))
		return false; /* shared memory */
	/* Unmapped, it could come back read-only, and a write fault copies it away from its pin. */
	if (m->policy.swap_pinned == FL_SWAP_PINNED_SKIP && page_maybe_dma_pinned(page))
		return false;
	return !add_to_swap(m, page);
}

/* V3 to V7, with the page lock, which it lets go of. True: the page is frozen. */
static bool shrink_locked(struct scan *sc, struct page *page)
{
	struct fl_machine *m = sc->m;
	unsigned long flags;

	if (!has_a_place(m, page))
		goto keep_locked;
	if (page_mapcount(page) > 0) {
		try_to_unmap(sc->cpu, page); /* V4 */
		if (page_mapcount(page) > 0)
			goto keep_locked;
	}
	/* It can't be pinned any more. */
	if (page_maybe_dma_pinned(page))
		goto keep_locked;
	flags = READ_ONCE(page->flags);
	if (flags & FL_BIT(PG_dirty) && flags & FL_BIT(PG_swapcache)) {
		if (!sc->flush_late)
			try_to_unmap_flush_dirty(sc->cpu); /* V5 */
		if (!FL_STEP("V6", pageout(m, page)))
			return false;
		flags = READ_ONCE(page->flags);
	}
	/* Of a file's page V7 finds out; a lazyfree one need not be clean: nobody can find it. */
	if (flags & FL_BIT(PG_swapcache) && flags & (FL_BIT(PG_dirty) | FL_BIT(PG_writeback)))
		goto keep_locked;
	if (!FL_STEP("V7", remove_mapping(m, page, flags)))
		goto keep_locked;
	fl_count(m, reclaimed);
	return true;

keep_locked:
	unlock_page(page);
	return false;
}

static bool shrink_page(struct scan *sc, struct page *page)
{
	if (!trylock_page(page)) /* V1 */
		return false;
	if (!sc->ignore_references && page_referenced(sc->m, page)) { /* V2 */
		unlock_page(page);
		return false;
	}
	return shrink_locked(sc, page);
}

/* --- many --- */

/* V9. */
static void free_unref_pages(struct scan *sc)
{
	for (unsigned int i = 0; i < sc->nr_freed; i++)
		free_frozen_page(sc->m, sc->freed[i]);
}

/* V1 to V9; what stays is put back. */
static unsigned int shrink_page_list(struct fl_cpu *cpu, struct page **pages, unsigned int nr,
				     bool ignore_references)
{
	enum fl_reclaim_flush when = cpu->machine->policy.reclaim_flush;
	struct scan sc;

	sc.m = cpu->machine;
	sc.cpu = cpu;
	sc.ignore_references = ignore_references;
	sc.flush_late = when != FL_RECLAIM_FLUSH_BEFORE_PAGEOUT;
	sc.nr_freed = 0;
	for (unsigned int i = 0; i < nr; i++) {
		if (!shrink_page(&sc, pages[i]))
			continue;
		sc.freed[sc.nr_freed++] = pages[i];
		pages[i] = NULL;
	}
	if (when == FL_RECLAIM_FLUSH_AFTER_FREE)
		free_unref_pages(&sc);
	FL_STEP("V8", ({ try_to_unmap_flush(cpu); }));
	if (when != FL_RECLAIM_FLUSH_AFTER_FREE)
		FL_STEP("V9", ({ free_unref_pages(&sc); }));
	for (unsigned int i = 0; i < nr; i++) {
		if (pages[i])
			putback_page(sc.m, pages[i]);
	}
	return sc.nr_freed;
}

bool isolate_page(struct fl_machine *m, struct page *page)
{
	if (!base_page_try_get(m, page))
		return false;
	if (TestClearPageLRU(page))
		return true;
	put_page(m, page);
	return false;
}

void putback_page(struct fl_machine *m, struct page *page)
{
	SetPageLRU(page);
	put_page(m, page);
}

unsigned int reclaim_pages(struct fl_cpu *cpu, struct page **pages, unsigned int nr)
{
	return shrink_page_list(cpu, pages, nr, true);
}

/* The next pages that may be reclaimed, up to @want; *@left frames are yet to be looked at. */
static unsigned int isolate_some(struct fl_machine *m, struct page **pages, unsigned int want,
				 uint64_t *left)
{
	unsigned int nr = 0;

	while (nr<want && * left> 0) {
		unsigned int hand =
			(unsigned int)atomic_inc_return_relaxed(&m->state->reclaim_hand);
		struct page *page = pfn_to_page(m, hand % m->nr_frames);

		--*left;
		if (PageLRU(page) && isolate_page(m, page))
			pages[nr++] = page;
	}
	return nr;
}

/* Three rounds: pages that were not accessed; those that were not since; all. */
static size_t shrink_machine(struct fl_cpu *cpu, size_t want)
{
	struct fl_machine *m = cpu->machine;
	struct page *pages[SWAP_CLUSTER_MAX];
	size_t freed = 0;

	lru_add_drain(m);
	for (int round = 0; round < 3 && freed < want; round++) {
		uint64_t left = m->nr_frames;

		while (left > 0 && freed < want) {
			size_t missing = want - freed;
			unsigned int nr = isolate_some(m, pages,
						       missing < SWAP_CLUSTER_MAX
							       ? (unsigned int)missing
							       : SWAP_CLUSTER_MAX,
						       &left);

			freed += shrink_page_list(cpu, pages, nr, round == 2);
		}
	}
	return freed;
}

/* Few enough that a small machine keeps some. */
bool try_to_free_pages(struct fl_machine *m)
{
	size_t want = m->nr_frames / 16;

	want = want < 1 ? 1 : want > SWAP_CLUSTER_MAX ? SWAP_CLUSTER_MAX : want;
	return shrink_machine(this_cpu(m), want) > 0;
}

/* --- the public side --- */

int fl_reclaim_page(struct fl_cpu *cpu, uint64_t pfn)
{
	struct fl_machine *m = cpu->machine;
	struct page *page;

	if (!m->swap)
		return lacks_swap("fl_reclaim_page()");
	if (!pfn || pfn >= m->nr_frames)
		return -EINVAL;
	page = pfn_to_page(m, pfn);
	lru_add_drain(m);
	if (!isolate_page(m, page))
		return -EINVAL;
	return reclaim_pages(cpu, &page, 1) ? 0 : -EBUSY;
}

long fl_reclaim(struct fl_cpu *cpu, size_t nr)
{
	return cpu->machine->swap ? (long)shrink_machine(cpu, nr) : lacks_swap("fl_reclaim()");
}
