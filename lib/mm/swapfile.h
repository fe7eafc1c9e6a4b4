/* SPDX-License-Identifier: MIT */
/*
 * swapfile.h - swap slots: who refers to them. After include/linux/swap.h, mm/swapfile.c, Linux 6.12.
 *
 * A slot is free, or has a count of the entries that refer to it and the page that is in the swap cache
 * for it. A machine without swap (fl_machine_config.swap_slots 0) has none. The protocol is at the top of
 * swapfile.c. Slots are numbered from 1 on: 0 is no slot.
 */
#ifndef FL_MM_SWAPFILE_H
#define FL_MM_SWAPFILE_H

#include "mmu/frame.h"
#include "mmu/machine.h"

/* An object of its own. */
struct swap_slot {
	spinlock_t lock;
	unsigned int count; /* entries that refer to it; lock */
	struct page *folio; /* in the swap cache; lock */
	uint32_t next;	    /* on the list of free ones; swap_info.lock */
	uint64_t words[];   /* of the "disk": who has the page locked, or under writeback */
};

struct swap_info {
	spinlock_t lock;
	uint32_t head; /* the first free slot; 0: none */
	unsigned int inuse;
};

/* A slot number comes from an entry or a page: it is one of the machine's. */
static inline struct swap_slot *swap_slot(const struct fl_machine *m, uint64_t slot)
{
	return m->slots[slot];
}

/*
 * A slot for a page that is about to be in the swap cache, with its lock held; nobody refers to it yet.
 * 0: there is none. No other slot's lock held.
 */
uint64_t get_swap_page(struct fl_machine *m);
/* With the slot's lock, which it lets go of: a slot that nobody refers to and that has no page is free. */
void swap_slot_unlock(struct fl_machine *m, uint64_t slot);

/* One more entry refers to @slot (fork, under both PTLs; try_to_unmap(), with the page lock). 0 or -ENOMEM. */
int swap_duplicate(struct fl_machine *m, uint64_t slot);
/* One entry less. The page, if there is one, stays in the swap cache. */
void swap_free(struct fl_machine *m, uint64_t slot);
/*
 * One entry less. The last one frees the slot, and lets the swap cache go if its page can be locked at
 * once. Under a PTL.
 */
void free_swap_and_cache(struct fl_machine *m, uint64_t slot);
/* Entries that refer to @slot. */
unsigned int swap_count(struct fl_machine *m, uint64_t slot);

/* Word by word. The page is locked, or under writeback. */
void swap_write_frame(struct fl_machine *m, uint64_t slot, uint64_t pfn);
void swap_read_frame(struct fl_machine *m, uint64_t pfn, uint64_t slot);

/* machine.c. -ENOMEM. */
int swap_init(struct fl_machine *m, unsigned int nr_slots);
void swap_exit(struct fl_machine *m);

#endif
