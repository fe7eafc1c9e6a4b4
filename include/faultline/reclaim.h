/* SPDX-License-Identifier: MIT */
/*
 * reclaim.h - pages are taken away from programs, and come back with the next access: swap.
 *
 * For machines with swap (fl_machine_config.swap_slots), where it also happens when frames run out, before a fault fails
 * with -ENOMEM. On others the two calls that reclaim are -EOPNOTSUPP.
 */
#ifndef FAULTLINE_RECLAIM_H
#define FAULTLINE_RECLAIM_H

#include <stdbool.h>

#include <faultline/faultline.h>

/*
 * Reclaims frame number @pfn, accessed lately or not: anonymous pages go to swap, those that MADV_FREE was for and that
 * nobody has written to since are dropped, and so are clean pages of files. 0: the frame is free.
 * -EBUSY: somebody has more of it than mappings (a pin, the lock), it has been written to, or there is no free slot; or it is
 * of a kind that stays (KSM, huge pages, shared memory, dirty pages of files). -EINVAL: there is no such frame, or it is not in
 * use. -EOPNOTSUPP. @cpu is the one on which reclaim runs; whose page it is does not matter. After shrink_folio_list(),
 * mm/vmscan.c, and try_to_unmap_one(), mm/rmap.c, Linux 4.8 to 6.12.
 */
int fl_reclaim_page(struct fl_cpu *cpu, uint64_t pfn);
/*
 * Looks for @nr pages that have not been accessed lately and reclaims them, else others. Returns how many frames became free, at
 * most @nr and some more; 0: there was nothing to be had. -EOPNOTSUPP. After try_to_free_pages(), mm/vmscan.c, Linux 6.12.
 */
long fl_reclaim(struct fl_cpu *cpu, size_t nr);

/* Swap as a whole. */
struct fl_swap_info {
	unsigned int slots; /* in all; their numbers are 1 to this */
	unsigned int used;  /* entries or the swap cache refer to them */
};
/* That of @m: no slots, if it has no swap. Any thread; exact while nothing runs. */
void fl_inspect_swap(struct fl_swap_info *out, struct fl_machine *m);

/* One slot. */
struct fl_slot_info {
	unsigned int count; /* entries that refer to it */
	bool cached;	    /* its page is in memory, too */
	uint64_t pfn;	    /* if cached */
};
/* Number @slot. -EINVAL: there is none. As inspect.h's functions. */
int fl_inspect_slot(struct fl_slot_info *out, struct fl_machine *m, uint64_t slot);
/* Word number @i of what was written to it last. -EINVAL: there is none. */
int fl_inspect_slot_word(uint64_t *out, struct fl_machine *m, uint64_t slot, size_t i);

#endif
