/* SPDX-License-Identifier: MIT */
/*
 * discards.h - where contents may have gone because the program asked for it: munmap(),
 * MADV_DONTNEED, a hole in a file. What is not known about such a range can't be missed.
 *
 * Whatever the order in which a discard and an access are heard of: a range that is discarded
 * while threads run is out for the rest of the run. Two threads may race an access and a discard,
 * and both outcomes are right. Set-up code runs alone: there the order counts, and an oracle that
 * hears of a discard forgets what it knows.
 */
#ifndef FL_ORACLE_DISCARDS_H
#define FL_ORACLE_DISCARDS_H

#include <stdbool.h>
#include <stdint.h>

#include <faultline/faultline.h>

/* May the content at @addr have gone while threads ran? */
bool fl_discarded(uint64_t mm_id, fl_vaddr addr);
/* The same, or may at least what the entry there said have gone? Soft-dirty, say. */
bool fl_entry_discarded(uint64_t mm_id, fl_vaddr addr);
/* By another CPU than @cpu, and may something else have come in its place? madvise() leaves zeroes. */
bool fl_replaced_by_other(unsigned int cpu, uint64_t mm_id, fl_vaddr addr);

/* In an event's range; an event without an mm is about all of them, without a range about all addresses. */
static inline bool fl_event_covers(const struct fl_event *e, fl_vaddr addr)
{
	return e->end <= e->addr ? !e->end : e->addr <= addr && addr < e->end;
}

/*
 * Values that the kernel or a device stored somewhere, also in set-up code (FL_EVENT_KERNEL_STORE).
 * Where exactly is not told: such a value may be found anywhere.
 */
bool fl_kernel_value(uint64_t value);

#endif
