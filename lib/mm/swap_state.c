// SPDX-License-Identifier: MIT
/*
 * swap_state.c - the swap cache: pages that have, or are to get, a place in swap.
 *
 * State: PG_swapcache and page->private, the slot, changed with the page lock; slot->folio, the other
 * direction, changed with the slot's lock, too. With them goes one reference.
 *
 *   C1  lock the slot; its page, with a reference      who finds it there has to lock the page and to look
 *   C2  lock the page                                  (C3): between C1 and C2 it may have left, and have
 *   C3  PG_swapcache, and of this slot?                got another slot
 *
 *   no page at C1
 *   C4  a new page, locked
 *   C5  lock the slot; still no page, and entries?     or C1 with the page that is there; or the entry has
 *       It is the page                                 gone, and the fault finds that out
 *   C6  read the content in; uptodate                  others wait for the page lock
 *
 * C5 must ask for entries: without any the slot may be free, or have become another page's.
 * The lock is kept from C4 on; kernels let go of it after C6, and the fault takes it again.
 *
 * COW decisions differ in how they see a page through the swap cache: its reference is nobody's, but it
 * counts; and entries are users that are not among the mappings.
 *
 * On a machine without swap there are no slots, and what is in the cache is there because of
 * fl_swapcache_add() (inject.c): a flag and a reference.
 *
 * Models: add_to_swap(), delete_from_swap_cache(), read_swap_cache_async(), mm/swap_state.c,
 * reuse_swap_page(), try_to_free_swap(), mm/swapfile.c, __remove_mapping(), mm/vmscan.c, Linux 5.15 to
 * 6.12. Lookups take the slot's lock, where kernels do without. Pages are always read through the cache
 * (kernels up to 4.14; later with SWP_SYNCHRONOUS_IO not always). No read-ahead.
 * Policy: none.
 */
#include "mm/swap_state.h"

#include "mm/lru.h"
#include "mm/swapfile.h"

#include <errno.h>

/* Swap entries that refer to the page's place. With the page lock. */
static int page_swapcount(struct fl_machine *m, const struct page *page)
{
	return m->swap ? (int)swap_count(m, page->private) : 0;
}

int add_to_swap(struct fl_machine *m, struct page *page)
{
	uint64_t slot;

	if (PageSwapCache(page))
		return -EBUSY;
	if (!m->swap) {
		get_page(page);
		SetPageSwapCache(page);
		return 0;
	}
	slot = get_swap_page(m);
	if (!slot)
		return -ENOMEM;
	get_page(page);
	swap_slot(m, slot)->folio = page;
	page->private = slot;
	SetPageSwapCache(page);
	swap_slot_unlock(m, slot);
	SetPageDirty(page); /* what is in the slot is somebody else's */
	return 0;
}

/* With the page lock; the reference is the caller's now. */
static void __delete_from_swap_cache(struct fl_machine *m, struct page *page)
{
	uint64_t slot = page->private;

	if (m->swap) {
		spin_lock(&swap_slot(m, slot)->lock);
		swap_slot(m, slot)->folio = NULL;
	}
	page->private = 0;
	ClearPageSwapCache(page);
	if (m->swap)
		swap_slot_unlock(m, slot);
}

/* The caller has a reference, so this one is not the last. */
static void delete_from_swap_cache(struct fl_machine *m, struct page *page)
{
	__delete_from_swap_cache(m, page);
	put_page(m, page);
	/* What swap would have had, nobody else has any more. */
	SetPageDirty(page);
}

static bool page_writeback(const struct fl_machine *m, const struct page *page)
{
	return m->swap && PageWriteback(page);
}

bool try_to_free_swap(struct fl_machine *m, struct page *page)
{
	if (!PageSwapCache(page) || page_writeback(m, page) || page_swapcount(m, page))
		return false;
	delete_from_swap_cache(m, page);
	return true;
}

void free_swap_cache(struct fl_machine *m, struct page *page)
{
	if (PageSwapCache(page) && page_mapcount(page) == 0 && trylock_page(page)) {
		try_to_free_swap(m, page);
		unlock_page(page);
	}
}

bool remove_from_swap_cache(struct fl_machine *m, struct page *page)
{
	uint64_t slot = page->private;
	struct swap_slot *s = swap_slot(m, slot);

	spin_lock(&s->lock);
	if (!page_ref_freeze(page, 2)) {
		spin_unlock(&s->lock);
		return false;
	}
	/* After the count: who had a reference made the page dirty before he dropped it. */
	if (PageDirty(page)) {
		page_ref_unfreeze(page, 2);
		spin_unlock(&s->lock);
		return false;
	}
	s->folio = NULL;
	swap_slot_unlock(m, slot);
	return true;
}

bool reuse_swap_page(struct fl_machine *m, struct page *page)
{
	bool cached = m->swap ? PageSwapCache(page) : false;
	int count = FL_STEP("S3", page_mapcount(page)) + /* swap_fault.c */
		    (cached ? FL_STEP("S3", page_swapcount(m, page)) : 0);

	if (count == 1 && (m->swap ? cached && !PageWriteback(page) : PageSwapCache(page)))
		delete_from_swap_cache(m, page);
	return count <= 1;
}

/* --- reading in --- */

/* C1 to C3, for a page that the cache has. */
static bool lock_cached_page(struct fl_machine *m, struct page *page, uint64_t slot)
{
	lock_page(page); /* C2 */
	if (PageSwapCache(page) && page->private == slot)
		return true;
	unlock_page(page);
	put_page(m, page);
	return false;
}

static struct page *swap_cache_get(struct fl_machine *m, uint64_t slot)
{
	struct swap_slot *s = swap_slot(m, slot);
	struct page *page;

	spin_lock(&s->lock); /* C1 */
	page = s->folio;
	if (page)
		get_page(page);
	spin_unlock(&s->lock);
	return page;
}

/* C5. 0, with two references; -EEXIST: *@there, referenced, is in the cache; -ENOENT. */
static int swap_cache_add_new(struct fl_machine *m, uint64_t slot, struct page *page,
			      struct page **there)
{
	struct swap_slot *s = swap_slot(m, slot);
	int err = 0;

	spin_lock(&s->lock);
	*there = s->folio;
	if (*there) {
		get_page(*there);
		err = -EEXIST;
	} else if (!s->count) {
		err = -ENOENT;
	} else {
		get_page(page);
		page->private = slot;
		SetPageSwapCache(page);
		s->folio = page;
	}
	spin_unlock(&s->lock);
	return err;
}

/* C4 to C6. As swapin_page(), or -EEXIST, as swap_cache_add_new(). */
static int read_swap_cache(struct page **out, struct fl_machine *m, uint64_t slot)
{
	struct page *page = alloc_page(m), *there;
	int err;

	if (!page)
		return -ENOMEM;
	WRITE_ONCE(page->flags,
		   FL_BIT(PG_locked) | FL_BIT(PG_swapbacked) | (m->lru_batch ? 0 : FL_BIT(PG_lru)));
	err = swap_cache_add_new(m, slot, page, &there);
	if (err) {
		unlock_page(page);
		put_page(m, page);
		*out = there;
		return err;
	}
	if (m->lru_batch)
		lru_cache_add(m, page);
	swap_read_frame(m, page_to_pfn(page), slot); /* C6 */
	smp_wmb(); /* folio_mark_uptodate(): the content before the flag, and before any entry */
	FL_VOID_RMW(or, &page->flags, FL_BIT(PG_uptodate), "folio_mark_uptodate(page)");
	*out = page;
	fl_count(m, swap_ins);
	return 0;
}

int swapin_page(struct page **out, struct fl_machine *m, uint64_t slot)
{
	struct page *page = swap_cache_get(m, slot);
	int err = -EEXIST;

	if (!page)
		err = read_swap_cache(&page, m, slot);
	if (err == -EEXIST)
		err = lock_cached_page(m, page, slot) ? 0 : -ENOENT;
	*out = page;
	return err;
}
