/* SPDX-License-Identifier: MIT */
/*
 * vma_lock.h - the per-VMA lock, as used by faults (readers) and by whoever changes a VMA
 * (writers). The protocol is at the top of vma_lock.c.
 */
#ifndef FL_MM_VMA_LOCK_H
#define FL_MM_VMA_LOCK_H

#include "mm/mm_types.h"

/* Writers. All under mmap:W; nothing with policy vma_lock=none. */

/* Marks @vma: readers inside are waited for, new ones turn away, until the mm lets go of mmap:W. */
void vma_start_write(struct vm_area_struct *vma);
/* The same without waiting: false if a reader is inside. */
bool vma_try_start_write(struct vm_area_struct *vma);
/* Ends all marks of @mm. Called by mmap_write_unlock() and mmap_write_downgrade() only. */
void vma_end_write_all(struct mm_struct *mm);
/* @vma is out of the tree, or about to be: readers who still find it let go. Marked. */
void vma_mark_detached(struct vm_area_struct *vma);

/* Readers. */

/*
 * The VMA of @mm at @addr, read-locked; to be released by vma_end_read(). NULL if there is none,
 * if it can't be had, or if a fault in it needs more than its lock: the caller falls back to
 * mmap_lock.
 */
struct vm_area_struct *lock_vma_under_rcu(struct mm_struct *mm, fl_vaddr addr);
/* Under RCU, @vma from the tree. False: it is marked, or being marked, or was a moment ago. */
bool vma_start_read(struct vm_area_struct *vma);
void vma_end_read(struct vm_area_struct *vma);

#endif
