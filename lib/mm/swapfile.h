/* SPDX-License-Identifier: MIT */
/*
 * swapfile.h - swap slots: who refers to them. After include/linux/swap.h, mm/swapfile.c, Linux 6.12.
 *
 * A slot is free, or has a count of the entries that refer to it and a mark that its page is in the swap
 * cache (SWAP_HAS_CACHE). A machine without swap (fl_machine_config.swap_slots 0) has none.
 */
#ifndef FL_MM_SWAPFILE_H
#define FL_MM_SWAPFILE_H

#include "mmu/machine.h"

/* One more entry refers to @slot (fork, under both PTLs). 0 or -ENOMEM. */
int swap_duplicate(struct fl_machine *m, uint64_t slot);
/*
 * One entry less. The last one frees the slot, and lets the swap cache go if its page can be locked at
 * once. Under a PTL.
 */
void free_swap_and_cache(struct fl_machine *m, uint64_t slot);

#endif
