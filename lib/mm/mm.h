/* SPDX-License-Identifier: MIT */
/* mm.h - what the rest of lib/mm needs of mm.c and mmap.c. */
#ifndef FL_MM_MM_H
#define FL_MM_MM_H

#include "mm/mm_types.h"

/*
 * mmap.c, mmap:W. Unmaps what there is in the range, which is page-aligned and inside the address
 * space. -ENOMEM: nothing was changed.
 */
int do_munmap(struct mm_struct *mm, fl_vaddr start, uint64_t len);
/* Room for @len bytes: at @hint if that is free, else the lowest there is; 0: none. */
fl_vaddr get_unmapped_area(struct mm_struct *mm, fl_vaddr hint, uint64_t len);
bool range_in_mm(const struct mm_struct *mm, fl_vaddr start, uint64_t len);
bool range_is_free(struct mm_struct *mm, fl_vaddr start, uint64_t len);
/* Takes @vma, whose pages are gone, off the lists of its anon_vmas and its file. */
void unlink_vma_lists(struct vm_area_struct *vma);

/* Keeps the struct, not what is in it. */
#define mmgrab(mm) refcount_inc(&(mm)->mm_count)
void mmdrop(struct mm_struct *mm);

/* uffd.c. Closes what the user left open, as the end of a process does. */
void userfaultfd_close_all(struct mm_struct *mm);

#endif
