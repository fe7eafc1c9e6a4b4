/* SPDX-License-Identifier: MIT */
/* rmap_unmap.h - what reclaim asks of all entries that map a page. After include/linux/rmap.h, Linux 6.12. */
#ifndef FL_MM_RMAP_UNMAP_H
#define FL_MM_RMAP_UNMAP_H

#include "mm/mm_types.h"

/*
 * Takes the page, locked, out of all page tables, as far as may be: an anonymous one leaves entries for
 * its swap slot. Flushes may be left to the CPU's batch (try_to_unmap_flush()). It is unmapped if
 * page_mapcount() says so afterwards.
 */
void try_to_unmap(struct fl_cpu *cpu, struct page *page);
/* Clears accessed in all entries that map the page, locked. Was it set anywhere? No flush. */
bool page_referenced(struct fl_machine *m, struct page *page);

#endif
