/* SPDX-License-Identifier: MIT */
/*
 * frame.h - page frames: descriptors (struct page), contents, and who has them.
 *
 * After include/linux/{mm_types,page-flags,page_ref,mm}.h, Linux 6.1. Differences, all of form:
 * PG_anon and PG_ksm are flags here (the kernel keeps them in low bits of page->mapping).
 *
 * Machines with huge pages have frames of two sizes: base frames, and blocks of 1 << level_bits of
 * them that are one compound page, with one count of references, one page lock and one set of flags,
 * all at the head. What stays at each page of it: _mapcount, of the leaf entries that map this page,
 * and PG_anon_exclusive, which at the head also speaks for all of it where a PMD maps it. Pins have a
 * count of their own: GUP_PIN_COUNTING_BIAS times 1 << level_bits would not fit. Page and
 * compound_head() are one in other machines, without a look at memory.
 */
#ifndef FL_MMU_FRAME_H
#define FL_MMU_FRAME_H

#include "mmu/machine.h"

enum pageflags {
	PG_locked,
	PG_uptodate,
	PG_dirty,
	PG_lru,
	PG_swapbacked,
	PG_swapcache,
	PG_writeback, /* its content is on its way to swap */
	PG_anon,
	PG_anon_exclusive, /* mapped by one mm, and nobody else may share it: it can be pinned */
	PG_ksm,
	NR_PAGEFLAGS
};

/*
 * A pin adds this much to the reference count: a page with 1024 references and more "may be
 * pinned". References of other kinds can reach that, too; all users of page_maybe_dma_pinned()
 * can live with such a false answer.
 */
#define GUP_PIN_COUNTING_BIAS 1024

struct page {
	unsigned long flags; /* atomic bit operations only */
	atomic_t _refcount;  /* 0: free. A reference is taken from 0 by the allocator alone */
	atomic_t _mapcount;  /* number of entries that map it, minus 1 */
	void *mapping; /* anonymous: its anon_vma; of a file: its address_space. Set before the
			      * page is mapped; then page lock */
	unsigned long index;   /* its page number in the VMA's numbering, or in the file */
	unsigned long private; /* PG_swapcache: its swap slot, 0 for none. Page lock */
	uint32_t next;	       /* on a frame_list: the next one's pfn */
	uint32_t pfn;	       /* constant */
	/* Of the first page of a block, in machines with huge pages: */
	unsigned int compound;	   /* the block is one page. Changed by the allocator alone */
	atomic_t _entire_mapcount; /* number of PMDs that map it, minus 1 */
	atomic_t _pincount;	   /* of its references, those that are pins */
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct page) == 64, "one line");

/*
 * From a page's address to that of the first page of its block; 0: this machine has no huge pages.
 * Constant, and memory of the host: there is one machine at a time.
 */
extern uintptr_t fl_block_mask;

/* The page that @page is part of, if it is part of one; else @page. After page_folio(). */
static inline struct page *compound_head(const struct page *page)
{
	struct page *self = (struct page *)(uintptr_t)page, *head;

	if (__builtin_expect(!fl_block_mask, 1))
		return self;
	head = (struct page *)((uintptr_t)page & fl_block_mask);
	return FL_LOAD(&head->compound, FL_ONCE, "compound_head(page)") ? head : self;
}

/* Of a head: is it one? */
#define PageHead(page)                                                                             \
	(fl_block_mask && FL_LOAD(&(page)->compound, FL_ONCE, "PageHead(" #page ")") != 0)
static inline bool PageCompound(const struct page *page)
{
	struct page *head = (struct page *)((uintptr_t)page & fl_block_mask);

	return PageHead(head);
}

/* The frame full of zeroes that read faults of anonymous memory map. Never freed, never pinned. */
#define ZERO_PFN 0U

/* Natively there is one section, and nothing to be looked up. */
static inline struct page *pfn_to_page(const struct fl_machine *m, uint64_t pfn)
{
#ifdef FAULTLINE_CHECK
	return m->sections[pfn].pages;
#else
	return &m->sections->pages[pfn];
#endif
}

static inline uint64_t *frame_words(const struct fl_machine *m, uint64_t pfn)
{
#ifdef FAULTLINE_CHECK
	return m->sections[pfn].words;
#else
	return (uint64_t *)((uintptr_t)m->sections->words + (pfn << m->page_shift));
#endif
}

static inline uint64_t page_to_pfn(const struct page *page)
{
	return page->pfn;
}

/* The kernel's names, so that a trace says PageAnonExclusive(page) and not test_bit(...). */
#define PAGE_FLAG__(page, flag, text)                                                              \
	((FL_LOAD(&(page)->flags, FL_ONCE, text "(" #page ")") & FL_BIT(flag)) != 0)
/* Those of the whole page. PG_anon_exclusive alone is each page's own. */
#define FOLIO_FLAG__(page, flag, text)                                                             \
	((FL_LOAD(&compound_head(page)->flags, FL_ONCE, text "(" #page ")") & FL_BIT(flag)) != 0)
#define PageLocked(page) FOLIO_FLAG__(page, PG_locked, "PageLocked")
#define PageLRU(page) FOLIO_FLAG__(page, PG_lru, "PageLRU")
#define SetPageLRU(page)                                                                           \
	FL_VOID_RMW(or, &compound_head(page)->flags, FL_BIT(PG_lru), "SetPageLRU(" #page ")")
/* True: it was set, and the caller has taken the page off the LRU. */
#define TestClearPageLRU(page)                                                                     \
	((FL_FETCH(and, &compound_head(page)->flags, ~FL_BIT(PG_lru), FL_MB,                       \
		   "TestClearPageLRU(" #page ")") &                                                \
	  FL_BIT(PG_lru)) != 0)
#define PageWriteback(page) FOLIO_FLAG__(page, PG_writeback, "PageWriteback")
#define SetPageWriteback(page)                                                                     \
	FL_VOID_RMW(or, &compound_head(page)->flags, FL_BIT(PG_writeback),                         \
		    "SetPageWriteback(" #page ")")
/*
 * A release, as 6.12's folio_xor_flags_has_waiters(): the write is over. Before, TestClearPageWriteback() was fully
 * ordered; what came after it was for who waits, which nobody does here.
 */
#define end_page_writeback(page)                                                                   \
	((void)FL_FETCH(and, &compound_head(page)->flags, ~FL_BIT(PG_writeback), FL_RELEASE,       \
			"end_page_writeback(" #page ")"))
#define PageSwapCache(page) FOLIO_FLAG__(page, PG_swapcache, "PageSwapCache")
#define SetPageSwapCache(page)                                                                     \
	FL_VOID_RMW(or, &compound_head(page)->flags, FL_BIT(PG_swapcache),                         \
		    "SetPageSwapCache(" #page ")")
#define ClearPageSwapCache(page)                                                                   \
	FL_VOID_RMW(and, &compound_head(page)->flags, ~FL_BIT(PG_swapcache),                       \
		    "ClearPageSwapCache(" #page ")")
#define PageAnon(page) FOLIO_FLAG__(page, PG_anon, "PageAnon")
#define PageAnonExclusive(page) PAGE_FLAG__(page, PG_anon_exclusive, "PageAnonExclusive")
#define PageKsm(page) FOLIO_FLAG__(page, PG_ksm, "PageKsm")
#define ClearPageKsm(page)                                                                         \
	FL_VOID_RMW(and, &compound_head(page)->flags, ~FL_BIT(PG_ksm), "ClearPageKsm(" #page ")")
#define PageDirty(page) FOLIO_FLAG__(page, PG_dirty, "PageDirty")
#define PageSwapBacked(page) FOLIO_FLAG__(page, PG_swapbacked, "PageSwapBacked")
#define SetPageSwapBacked(page)                                                                    \
	FL_VOID_RMW(or, &compound_head(page)->flags, FL_BIT(PG_swapbacked),                        \
		    "SetPageSwapBacked(" #page ")")
#define TestClearPageDirty(page)                                                                   \
	((FL_FETCH(and, &compound_head(page)->flags, ~FL_BIT(PG_dirty), FL_MB,                     \
		   "TestClearPageDirty(" #page ")") &                                              \
	  FL_BIT(PG_dirty)) != 0)
#define ClearPageDirty(page)                                                                       \
	FL_VOID_RMW(and, &compound_head(page)->flags, ~FL_BIT(PG_dirty),                           \
		    "ClearPageDirty(" #page ")")
#define ClearPageSwapBacked(page)                                                                  \
	FL_VOID_RMW(and, &compound_head(page)->flags, ~FL_BIT(PG_swapbacked),                      \
		    "ClearPageSwapBacked(" #page ")")
#define SetPageDirty(page)                                                                         \
	FL_VOID_RMW(or, &compound_head(page)->flags, FL_BIT(PG_dirty), "SetPageDirty(" #page ")")
#define PageUptodate(page) FOLIO_FLAG__(page, PG_uptodate, "PageUptodate")
/* After an smp_wmb() behind the content. */
#define SetPageUptodate(page)                                                                      \
	FL_VOID_RMW(or, &compound_head(page)->flags, FL_BIT(PG_uptodate),                          \
		    "SetPageUptodate(" #page ")")
#define SetPageAnonExclusive(page)                                                                 \
	FL_VOID_RMW(or, &(page)->flags, FL_BIT(PG_anon_exclusive),                                 \
		    "SetPageAnonExclusive(" #page ")")
#define ClearPageAnonExclusive(page)                                                               \
	FL_VOID_RMW(and, &(page)->flags, ~FL_BIT(PG_anon_exclusive),                               \
		    "ClearPageAnonExclusive(" #page ")")
/* Acquire and release of the page lock: test_and_set_bit_lock(), clear_bit_unlock(). */
#define trylock_page(page)                                                                         \
	((FL_FETCH(or, &compound_head(page)->flags, FL_BIT(PG_locked), FL_ACQUIRE,                 \
		   "trylock_page(" #page ")") &                                                    \
	  FL_BIT(PG_locked)) == 0)
#define unlock_page(page)                                                                          \
	((void)FL_FETCH(and, &compound_head(page)->flags, ~FL_BIT(PG_locked), FL_RELEASE,          \
			"unlock_page(" #page ")"))
/* Waits for it. No spinlock held: who has the page lock may want one. */
#define lock_page(page)                                                                            \
	do {                                                                                       \
		(void)FL_AWAIT_MASK(&compound_head(page)->flags, FL_BIT(PG_locked), 0, FL_ONCE,    \
				    "lock_page(" #page ")");                                       \
	} while (!trylock_page(page))

#define page_count(page)                                                                           \
	FL_LOAD(&compound_head(page)->_refcount.counter, FL_ONCE, "page_count(" #page ")")
#define page_mapcount(page)                                                                        \
	(FL_LOAD(&(page)->_mapcount.counter, FL_ONCE, "page_mapcount(" #page ")") + 1 +            \
	 (PageCompound(page) ? compound_mapcount(compound_head(page)) : 0))
/* Of a compound head: PMDs that map it. */
#define compound_mapcount(page)                                                                    \
	(FL_LOAD(&(page)->_entire_mapcount.counter, FL_ONCE, "compound_mapcount(" #page ")") + 1)
/* Void, so unordered. */
#define page_ref_add(page, nr)                                                                     \
	FL_VOID_RMW(add, &compound_head(page)->_refcount.counter, (nr),                            \
		    "page_ref_add(" #page ", " #nr ")")
#define get_page(page)                                                                             \
	FL_VOID_RMW(add, &compound_head(page)->_refcount.counter, 1, "get_page(" #page ")")
/* Takes @nr references unless there is none: a page that is being freed stays so. Fully ordered. */
#define page_ref_try_add(page, nr)                                                                 \
	(FL_FETCH_ADD_UNLESS(&compound_head(page)->_refcount.counter, (nr), 0, FL_MB,              \
			     "page_ref_try_add(" #page ", " #nr ")") != 0)
/* The same of what is known to be a head. */
#define folio_ref_try_add(head, nr)                                                                \
	(FL_FETCH_ADD_UNLESS(&(head)->_refcount.counter, (nr), 0, FL_MB,                           \
			     "folio_ref_try_add(" #head ", " #nr ")") != 0)
/*
 * A reference of @page unless it is free, or part of a huge page, whose first page alone has a count. False: there is
 * none. Fully ordered, if true.
 */
#define base_page_try_get(m, page)                                                                 \
	(FL_FETCH_ADD_UNLESS(&(page)->_refcount.counter, 1, 0, FL_MB,                              \
			     "page_ref_try_add(" #page ", 1)") != 0 &&                             \
	 (!PageHead(page) || (put_page(m, page), false)))
/*
 * From @nr references to none, unless there are others: nobody can take one until page_ref_unfreeze().
 * Fully ordered; the other half is a release.
 */
#define page_ref_freeze(page, nr)                                                                  \
	(FL_CMPXCHG(&compound_head(page)->_refcount.counter, (nr), 0, FL_MB,                       \
		    "page_ref_freeze(" #page ", " #nr ")") == (nr))
#define page_ref_unfreeze(page, nr)                                                                \
	FL_STORE(&compound_head(page)->_refcount.counter, (nr), FL_RELEASE,                        \
		 "page_ref_unfreeze(" #page ", " #nr ")")

/* May be wrong in one direction: a page with very many references looks pinned. Not a compound one. */
#define page_maybe_dma_pinned(page)                                                                \
	(PageCompound(page)                                                                        \
		 ? compound_pincount(page) > 0                                                     \
		 : (unsigned int)page_count(page) >= (unsigned int)GUP_PIN_COUNTING_BIAS)
#define compound_pincount(page)                                                                    \
	FL_LOAD(&compound_head(page)->_pincount.counter, FL_ONCE, "compound_pincount(" #page ")")

/*
 * A frame with one reference, its contents as they were left. NULL if there is none. The CPU that
 * calls takes from its own list, which no other CPU does as long as there are frames elsewhere. On a
 * machine with swap other pages go out before it gives up: no spinlock held.
 */
#define alloc_page(m) (should_fail_alloc(FL_ALLOC_FRAME) ? NULL : __alloc_page(m))
struct page *__alloc_page(struct fl_machine *m);
/* The same, but takes nothing away from others: for who may not sleep. */
#define alloc_page_nowait(m) (should_fail_alloc(FL_ALLOC_FRAME) ? NULL : __alloc_page_nowait(m))
struct page *__alloc_page_nowait(struct fl_machine *m);
/* The same for a huge page, in a machine that has them. */
#define alloc_hpage(m) (should_fail_alloc(FL_ALLOC_HUGE) ? NULL : __alloc_hpage(m))
struct page *__alloc_hpage(struct fl_machine *m);
/* Of a page whose references are frozen at none: gives the frame back. After free_unref_folios(). */
void free_frozen_page(struct fl_machine *m, struct page *page);
/* Drops @nr references of @page, or of what it is part of; the last one gives the frame back. */
void put_page_refs(struct fl_machine *m, struct page *page, int nr);
static inline void put_page(struct fl_machine *m, struct page *page)
{
	put_page_refs(m, page, 1);
}

/* Word by word: another CPU can be in the middle of writing the source. */
void clear_frame(struct fl_machine *m, uint64_t pfn);
void copy_frame(struct fl_machine *m, uint64_t to, uint64_t from);
/* All of a huge page's. */
void clear_huge_page(struct fl_machine *m, struct page *head);

/* Called by fl_machine_create() and fl_machine_destroy(). */
int frames_init(struct fl_machine *m);
void frames_exit(struct fl_machine *m);
/* Frames on all lists, whatever their size. While nothing runs. */
uint64_t frames_free(struct fl_machine *m);

#endif
