/* SPDX-License-Identifier: MIT */
/* mm.h - what the rest of lib/mm needs of mm.c and mmap.c. */
#ifndef FL_MM_MM_H
#define FL_MM_MM_H

#include "mm/mm_types.h"

/*
 * Unmaps all pages in [start, end) and flushes. Pages go when no translation of them is left.
 * mmap:W, with the VMAs marked or gone from the tree; or nobody else uses the mm.
 */
void zap_page_range(struct mm_struct *mm, fl_vaddr start, fl_vaddr end);

/* uffd.c. Closes what the user left open, as the end of a process does. */
void userfaultfd_close_all(struct mm_struct *mm);

#endif
