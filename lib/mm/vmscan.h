/* SPDX-License-Identifier: MIT */
/* vmscan.h - taking pages away from who has them. After mm/internal.h and include/linux/swap.h, Linux 6.12. */
#ifndef FL_MM_VMSCAN_H
#define FL_MM_VMSCAN_H

#include "mm/mm_types.h"
#include "rt/lacks.h"

/* Pages that reclaim looks at together: one flush is for all of them. */
#define SWAP_CLUSTER_MAX 32

/*
 * Takes @page off the LRU with a reference, for reclaim_pages() or putback_page(). False: it is not there,
 * somebody else has it.
 */
bool isolate_page(struct fl_machine *m, struct page *page);
void putback_page(struct fl_machine *m, struct page *page);
/*
 * Isolated pages, @nr up to SWAP_CLUSTER_MAX, used or not: they go, or are put back. Returns how many
 * frames are free now. No spinlock held.
 */
unsigned int reclaim_pages(struct fl_cpu *cpu, struct page **pages, unsigned int nr);
/* machine.c: what alloc_page() calls when there is no frame. */
bool try_to_free_pages(struct fl_machine *m);

static inline int lacks_swap(const char *call)
{
	return fl_rt_lacks(call, "swap", ".swap_slots");
}

#endif
