// SPDX-License-Identifier: MIT
/*
 * swapfile.c - swap slots: which are free, who refers to those that are not.
 *
 * State: per slot a count of entries and the page in the swap cache, guarded by the slot's lock; the
 * list of free slots, guarded by the machine's swap lock, inside any slot's. A slot is on the list
 * exactly if its count is 0 and it has no page, but for one that get_swap_page() handed out: its lock is
 * held until it has a page.
 *
 *   swap-out (vmscan.c, rmap_unmap.c), page lock         swap-in (swap_fault.c), page lock
 *   Z1  get_swap_page(); the page is its swap cache      I1  the page of the swap cache, or one that is
 *   Z2  per entry, under its PTL: count + 1, the             read in and put there
 *       entry refers to the slot                         I2  per entry, under its PTL: entry as before?
 *   Z3  the content goes there                               It maps the page; count - 1
 *   Z4  the swap cache lets the page go                  I3  the swap cache may let the page go
 *
 * A count rises from 0 only in Z2, under the page lock of the page in the swap cache. So who has that lock
 * and finds 0 can take the page out: nobody refers to the slot, and it is free. Above 0 it rises and
 * falls at any time: fork and munmap have PTLs and no page lock.
 *
 * A slot that was freed is the next one to be given out. An entry that refers to it again looks as it did
 * before (ABA), so who read an entry, and then a page, has to look at both once more under locks.
 *
 * Slots whose page is in memory are of use only until others are needed: get_swap_page() takes such
 * pages out when there is no free slot.
 *
 * Models: folio_alloc_swap(), swap_duplicate(), swap_free(), free_swap_and_cache(), mm/swapfile.c, Linux
 * 6.12. There a cluster of slots shares a lock, and the swap cache has another one (i_pages): between the
 * two a page can be in one state already and not yet in the other, which its users wait for
 * (SWAP_HAS_CACHE). Since 6.18 there is one lock for both, as here. Counts have no upper limit. One swap
 * device, no swapoff.
 * Policy: none.
 */
#include "mm/swapfile.h"

#include "mm/swap_state.h"

#include <errno.h>
#include <stdlib.h>

static void free_list_push(struct fl_machine *m, uint64_t slot)
{
	struct swap_info *si = m->swap;

	spin_lock(&si->lock);
	swap_slot(m, slot)->next = si->head;
	si->head = (uint32_t)slot;
	WRITE_ONCE(si->inuse, si->inuse - 1);
	spin_unlock(&si->lock);
}

static uint64_t free_list_pop(struct fl_machine *m)
{
	struct swap_info *si = m->swap;
	uint64_t slot;

	spin_lock(&si->lock);
	slot = si->head;
	if (slot) {
		si->head = swap_slot(m, slot)->next;
		WRITE_ONCE(si->inuse, si->inuse + 1);
	}
	spin_unlock(&si->lock);
	return slot;
}

/* The page of a slot that nobody refers to, referenced; NULL if there are entries, or is no page. */
static struct page *unused_cache_page(struct fl_machine *m, uint64_t slot)
{
	struct swap_slot *s = swap_slot(m, slot);
	struct page *page = NULL;

	spin_lock(&s->lock);
	if (!s->count)
		page = s->folio;
	if (page)
		get_page(page);
	spin_unlock(&s->lock);
	return page;
}

/* Slots of pages that are back in memory, and that nobody else needs. True: some are free now. */
static bool reclaim_cached_slots(struct fl_machine *m)
{
	bool any = false;

	for (uint64_t slot = 1; slot <= m->nr_slots && !any; slot++) {
		struct page *page = unused_cache_page(m, slot);

		if (!page)
			continue;
		if (trylock_page(page)) {
			any |= try_to_free_swap(m, page);
			unlock_page(page);
		}
		put_page(m, page);
	}
	return any;
}

uint64_t get_swap_page(struct fl_machine *m)
{
	uint64_t slot;

	if (should_fail_alloc(FL_ALLOC_SWAP))
		return 0;
	slot = free_list_pop(m);
	while (!slot && reclaim_cached_slots(m))
		slot = free_list_pop(m);
	if (slot)
		spin_lock(&swap_slot(m, slot)->lock);
	return slot;
}

void swap_slot_unlock(struct fl_machine *m, uint64_t slot)
{
	struct swap_slot *s = swap_slot(m, slot);

	if (!s->count && !s->folio)
		free_list_push(m, slot);
	spin_unlock(&s->lock);
}

int swap_duplicate(struct fl_machine *m, uint64_t slot)
{
	struct swap_slot *s = swap_slot(m, slot);

	spin_lock(&s->lock);
	s->count++;
	spin_unlock(&s->lock);
	return 0;
}

void swap_free(struct fl_machine *m, uint64_t slot)
{
	struct swap_slot *s = swap_slot(m, slot);

	spin_lock(&s->lock);
	s->count--;
	swap_slot_unlock(m, slot);
}

void free_swap_and_cache(struct fl_machine *m, uint64_t slot)
{
	struct swap_slot *s = swap_slot(m, slot);
	struct page *page = NULL;

	spin_lock(&s->lock);
	if (!--s->count)
		page = s->folio;
	if (page)
		get_page(page);
	swap_slot_unlock(m, slot);
	if (!page)
		return;
	free_swap_cache(m, page);
	put_page(m, page);
}

unsigned int swap_count(struct fl_machine *m, uint64_t slot)
{
	struct swap_slot *s = swap_slot(m, slot);
	unsigned int count;

	spin_lock(&s->lock);
	count = s->count;
	spin_unlock(&s->lock);
	return count;
}

/* --- the disk --- */

void swap_write_frame(struct fl_machine *m, uint64_t slot, uint64_t pfn)
{
	uint64_t *to = swap_slot(m, slot)->words, *from = frame_words(m, pfn);

	for (unsigned int i = 0; i < m->page_words; i++)
		WRITE_ONCE(to[i], READ_ONCE(from[i]));
}

void swap_read_frame(struct fl_machine *m, uint64_t pfn, uint64_t slot)
{
	uint64_t *to = frame_words(m, pfn), *from = swap_slot(m, slot)->words;

	for (unsigned int i = 0; i < m->page_words; i++)
		WRITE_ONCE(to[i], READ_ONCE(from[i]));
}

/* --- the machine --- */

int swap_init(struct fl_machine *m, unsigned int nr_slots)
{
	size_t bytes = sizeof(struct swap_slot) + page_size(m);
	struct swap_info *swap;

	if (!nr_slots)
		return 0;
	m->swap = swap = mm_zalloc_aligned(FL_ALLOC_MACHINE, sizeof(*swap), 64);
	m->slots = host_calloc(FL_ALLOC_MACHINE, nr_slots + 1UL, sizeof(*m->slots));
	if (!swap || !m->slots)
		return -ENOMEM;
	spin_lock_init(&swap->lock);
	m->nr_slots = nr_slots;
	swap->inuse = nr_slots;
	/* From the last one to the first: numbers are given out in order. */
	for (uint64_t i = nr_slots; i > 0; i--) {
		struct swap_slot *slot = mm_zalloc_aligned(FL_ALLOC_MACHINE, bytes, 64);

		if (!slot)
			return -ENOMEM;
		m->slots[i] = slot;
		spin_lock_init(&slot->lock);
		free_list_push(m, i);
	}
	return 0;
}

void swap_exit(struct fl_machine *m)
{
	for (uint64_t slot = 1; m->slots && slot <= m->nr_slots; slot++)
		fl_free(m->slots[slot]);
	free(m->slots);
	fl_free(m->swap);
}
