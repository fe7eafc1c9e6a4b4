/* SPDX-License-Identifier: MIT */
/*
 * swap_state.h - the swap cache: pages that have, or are to get, a place in swap. After mm/swap.h and
 * include/linux/swap.h, Linux 5.18. The protocol is at the top of swap_state.c.
 */
#ifndef FL_MM_SWAP_STATE_H
#define FL_MM_SWAP_STATE_H

#include "mmu/frame.h"

/*
 * Gives a page, which the caller has locked and a reference of, a slot, and the page is dirty from now
 * on. -EBUSY: it is in there. -ENOMEM: no free slot. On a machine without swap: the flag and the
 * reference alone.
 */
int add_to_swap(struct fl_machine *m, struct page *page);
/*
 * The page of @slot, with a reference and locked, for a fault; read in if it is not in memory. 0; -ENOENT:
 * the slot has become somebody else's, the entry is not as it was; -ENOMEM.
 */
int swapin_page(struct page **out, struct fl_machine *m, uint64_t slot);
/* With the page lock: out of the swap cache, unless a swap entry needs it. True: it is out. */
bool try_to_free_swap(struct fl_machine *m, struct page *page);
/* Who drops an entry's reference to @page: if nobody maps it any more the swap cache lets go, too. */
void free_swap_cache(struct fl_machine *m, struct page *page);
/*
 * With the page lock, the caller's reference and the cache's being all there are: the page, clean, is
 * out of the swap cache and has no references any more (page_ref_freeze()). False: nothing changed.
 */
bool remove_from_swap_cache(struct fl_machine *m, struct page *page);

/*
 * The rule of up to 5.15 (wp_reuse=mapcount), with the page lock: is there one user, mappings and swap
 * entries taken together? Then the swap cache lets go of it.
 */
bool reuse_swap_page(struct fl_machine *m, struct page *page);

#endif
