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
/*
 * [start, end), where there may be no VMA, is about to be that of marked ones: for strategies that lock addresses, not VMAs.
 * Before any lock is taken that a fault may want.
 */
void vma_start_write_range(struct mm_struct *mm, fl_vaddr start, fl_vaddr end);
/* The same as vma_start_write() without waiting: false if a reader is inside. */
bool vma_try_start_write(struct vm_area_struct *vma);
/* mmap:W begins, for mmap_write_lock() only: policy mm_lock_seq=seqcount. */
void mm_lock_seqcount_begin(struct mm_struct *mm);
/* Ends all marks of @mm. Called by mmap_write_unlock() and mmap_write_downgrade() only. */
void vma_end_write_all(struct mm_struct *mm);
/* @vma, marked, is about to be in the tree: readers may enter, once the mark is gone. */
void vma_mark_attached(struct vm_area_struct *vma);
/* @vma is out of the tree, or about to be: readers who still find it let go. Marked. */
void vma_mark_detached(struct vm_area_struct *vma);

/* Readers. */

/*
 * The VMA of @mm at @addr, read-locked; to be released by vma_end_read(). NULL if there is none,
 * if it can't be had, or if a fault in it needs more than its lock: the caller falls back to
 * mmap_lock.
 */
struct vm_area_struct *lock_vma_under_rcu(struct mm_struct *mm, fl_vaddr addr);
/*
 * For strategies that no release has, with @vma locked: can a fault in it do without mmap_lock? What releases asked is in
 * lock_vma_under_rcu(), in their order.
 */
bool vma_allows_lock(const struct vm_area_struct *vma);
/*
 * DETACHED: it was taken out of the tree meanwhile. CLOSED: marked, or about to be, or a moment ago. UNFIT: a fault in it
 * needs more than its lock.
 */
enum vma_entry_result { VMA_CLOSED, VMA_DETACHED, VMA_ENTERED, VMA_UNFIT };

/* Under RCU, @vma from the tree of @mm; with policy vma_free=typesafe it can be another mm's by now. */
enum vma_entry_result vma_start_read(struct mm_struct *mm, struct vm_area_struct *vma);
void vma_end_read(struct vm_area_struct *vma);

/*
 * Reading without any lock, policy mm_lock_seq=seqcount: what was read between the two is from one moment
 * without writers exactly if retry says no. Memory that is read must not be freed meanwhile (RCU).
 * False: a writer has mmap_lock.
 */
bool mmap_lock_speculate_try_begin(struct mm_struct *mm, int *seq);
bool mmap_lock_speculate_retry(struct mm_struct *mm, int seq);

#endif
