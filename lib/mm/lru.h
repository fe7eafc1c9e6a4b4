/* SPDX-License-Identifier: MIT */
/*
 * lru.h - new pages wait in a batch per CPU, with a reference of the batch's, until they are on the
 * LRU. After mm/swap.c, Linux 5.18: lru_pvecs. Nothing walks the LRU yet.
 */
#ifndef FL_MM_LRU_H
#define FL_MM_LRU_H

#include "mm/mm_types.h"

/*
 * The page is in use by its entry; with machine->lru_batch it is in a batch from now on, else on the
 * LRU. Anonymous pages get PG_lru by page_add_new_anon_rmap() if there are no batches: then the call
 * is left out.
 */
void lru_cache_add(struct fl_machine *m, struct page *page);
/* Empties the calling CPU's batch: what do_wp_page() does before it counts references. */
void lru_add_drain(struct fl_machine *m);
/* Empties all of them. */
void lru_add_drain_all(struct fl_machine *m);

/* machine.c. -ENOMEM. */
int lru_init(struct fl_cpu *cpu);
void lru_exit(struct fl_cpu *cpu);

#endif
