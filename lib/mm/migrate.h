/* SPDX-License-Identifier: MIT */
/*
 * migrate.h - pages that move to other frames. The protocol is at the top of migrate.c. After
 * include/linux/{migrate,swapops}.h, Linux 6.12.
 */
#ifndef FL_MM_MIGRATE_H
#define FL_MM_MIGRATE_H

#include <faultline/migrate.h>

#include "mm/mm_types.h"

/*
 * A fault met a migration entry at @addr: waits until the page has moved. mmap:R or VL:R, no PTL. The fault
 * begins anew then.
 */
void migration_entry_wait(struct mm_struct *mm, pmd_t pmd, fl_vaddr addr);

/*
 * For a hinting fault. The first takes @page, which the caller's entry maps, out of the LRU: with a
 * reference, under the PTL. False: it is not to move. The second moves it, without the PTL, and gives it
 * back. 0, or an error: it stayed.
 */
bool migrate_misplaced_page_prepare(struct fl_machine *m, struct page *page);
int migrate_misplaced_page(struct fl_machine *m, struct page *page);

#endif
