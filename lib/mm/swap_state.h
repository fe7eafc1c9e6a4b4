/* SPDX-License-Identifier: MIT */
/*
 * swap_state.h - the swap cache, as far as COW decisions see it: a flag and a reference. After
 * mm/swap.h and include/linux/swap.h, Linux 5.18.
 */
#ifndef FL_MM_SWAP_STATE_H
#define FL_MM_SWAP_STATE_H

#include "mmu/frame.h"

/* The caller has the page locked, and a reference. -EBUSY: it is in there. */
int add_to_swap_cache(struct page *page);
/* With the page lock: out of the swap cache, unless a swap entry needs it. True: it is out. */
bool try_to_free_swap(struct fl_machine *m, struct page *page);
/* Who drops an entry's reference to @page: if nobody maps it any more the swap cache lets go, too. */
void free_swap_cache(struct fl_machine *m, struct page *page);

/*
 * The rule of up to 5.15 (wp_reuse=mapcount), with the page lock: is there one user, mappings and swap
 * entries taken together? Then the swap cache lets go of it.
 */
bool reuse_swap_page(struct fl_machine *m, struct page *page);

#endif
