/* SPDX-License-Identifier: MIT */
/*
 * mmap_lock.h - the lock of an address space as a whole.
 *
 * Whoever changes the set of VMAs, or the fields of one, holds it for writing; faults that can't
 * do with the lock of their VMA (vma_lock.h) and all other users of VMAs hold it for reading.
 * Letting go of write mode, also by a downgrade, first ends all VL:W marks of the mm: from then
 * on readers may be inside.
 *
 * Natively it is of the kind that the machine was made with (rwlock.h); under the check engine a rw_semaphore.
 *
 * After include/linux/mmap_lock.h, Linux 6.4. Policy: vma_end_all.
 */
#ifndef FL_MM_MMAP_LOCK_H
#define FL_MM_MMAP_LOCK_H

#include "mm/mm_types.h"
#include "mm/vma_lock.h"

#ifdef FAULTLINE_CHECK
#define mmap_read_lock(mm) down_read(&(mm)->mmap_lock)
#define mmap_read_trylock(mm) down_read_trylock(&(mm)->mmap_lock)
#define mmap_read_unlock(mm) up_read(&(mm)->mmap_lock)
#define mmap_down_write__(mm) down_write(&mm->mmap_lock)
#define mmap_up_write__(mm) up_write(&mm->mmap_lock)
#define mmap_downgrade__(mm) downgrade_write(&mm->mmap_lock)

/* For tests. */
#define mmap_is_locked(mm) rwsem_is_locked(&(mm)->mmap_lock)
#else
#define mmap_read_lock(mm) fl_chosen_read_lock(&(mm)->mmap_lock)
#define mmap_read_trylock(mm) fl_chosen_read_trylock(&(mm)->mmap_lock)
#define mmap_read_unlock(mm) fl_chosen_read_unlock(&(mm)->mmap_lock)
#define mmap_down_write__(mm) fl_chosen_write_lock(&(mm)->mmap_lock)
#define mmap_up_write__(mm) fl_chosen_write_unlock(&(mm)->mmap_lock)
#define mmap_downgrade__(mm) fl_chosen_downgrade(&(mm)->mmap_lock)

/* For tests. Only the default can be asked: of another kind, false. */
#define mmap_is_locked(mm) fl_rwsem_is_locked(&(mm)->mmap_lock.rwsem)
#endif

static inline void mmap_write_lock(struct mm_struct *mm)
{
	mmap_down_write__(mm);
	mm_lock_seqcount_begin(mm);
}

static inline bool mmap_ends_marks_late(const struct mm_struct *mm)
{
	return mm->machine->policy.vma_end_all == FL_VMA_END_AFTER_UNLOCK;
}

static inline void mmap_write_unlock(struct mm_struct *mm)
{
	if (!mmap_ends_marks_late(mm))
		vma_end_write_all(mm);
	mmap_up_write__(mm);
	if (mmap_ends_marks_late(mm))
		vma_end_write_all(mm);
}

static inline void mmap_write_downgrade(struct mm_struct *mm)
{
	if (!mmap_ends_marks_late(mm))
		vma_end_write_all(mm);
	mmap_downgrade__(mm);
	if (mmap_ends_marks_late(mm))
		vma_end_write_all(mm);
}

#endif
