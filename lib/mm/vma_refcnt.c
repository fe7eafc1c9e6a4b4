// SPDX-License-Identifier: MIT
/*
 * vma_refcnt.c - the gate of a VMA as a reference count, and its life in memory that is recycled.
 *
 * State: vma->vm_refcnt
 *   0            detached: in no tree
 *   1            in a tree, nobody inside
 *   1 + n        n readers inside
 *   + OFFSET     a writer is at the gate: no new readers
 * and mm->vma_writer_wait, where the writer sleeps; there is one at most, as it has mmap:W.
 *
 *   writer (A1 to A3 of vma_lock.c)             reader
 *   C1  +OFFSET, unless 0                       D1  +1, unless 0 or a writer is there   acquire [in]
 *   C2  wait until only OFFSET + 1 is left      D2  is it still my mm's?
 *   C3  vm_lock_seq = mm_lock_seq               D3  vm_lock_seq against mm_lock_seq (B2, B3)
 *   C4  -OFFSET                     release     D4  use it
 *                                               D5  m = vm_mm; -1                       release [out]
 *                                               D6  only the writer is left: wake who waits in m
 *   attached  fields, then vm_refcnt = 1        release [in]
 *   detached  -1; a reader is inside: as C1, C2 with OFFSET alone, C4
 *
 * [in] D1 reads C4, or attaching, or what came of them: then D3 sees the mark and D4 the fields. Without
 * acquire, D3 can come first (policy vma_inc_order).
 * [out] C2 sees D5: what the writer changes was used before. Kernels leave this to C2's control dependency,
 * which holds on all processors; by the letter of the model a plain store may come ahead of it (vma_wait_order).
 *
 * The memory of a VMA comes back at once, for any mm (3104138517fc): a reader who found the VMA in a tree
 * may meet another life of it at D1. Detaching therefore waits until nobody is inside (vma_detach), D2
 * asks for the mm, and the range is compared after D3. D6 goes to the mm that has the VMA *now*, whose
 * writer may be through and gone after D5: 9bbffee67ffd holds the mm meanwhile (vma_foreign).
 *
 * Models: __vma_enter_locked(), __vma_exit_locked(), vma_refcount_put(), vma_mark_attached(),
 * vma_mark_detached(), include/linux/{mm,mmap_lock}.h, mm/memory.c, Linux 6.15 (f35ab95ca0af). A wake-up
 * is a look at who waits; that a sleeper misses one is not modelled.
 * Policy: vma_inc_order, vma_wait_order, vma_attach_order, vma_detach.
 */
#include "mm/vma_refcnt.h"

#include "oracle/hooks.h"

/* --- readers --- */

enum vma_entry_result vma_refcount_inc(struct vm_area_struct *vma, const struct fl_policy *policy)
{
	unsigned int old;

	if (policy->vma_inc_order == FL_VMA_ORDERED)
		old = FL_STEP("D1", refcount_inc_limited_acquire(&vma->vm_refcnt, VMA_LOCK_OFFSET));
	else
		old = FL_STEP("D1", refcount_inc_limited(&vma->vm_refcnt, VMA_LOCK_OFFSET));
	if (!old)
		return VMA_DETACHED;
	return old < VMA_LOCK_OFFSET ? VMA_ENTERED : VMA_CLOSED;
}

void vma_refcount_put(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm; /* the VMA can be another's, once we are out */
	unsigned int left = FL_STEP("D5", refcount_dec_return(&vma->vm_refcnt));

	if (left == VMA_LOCK_OFFSET || left == VMA_LOCK_OFFSET + 1) {
		smp_mb(); /* rcuwait_wake_up(): the count before the look at who sleeps */
		(void)FL_STEP("D6", READ_ONCE(mm->vma_writer_wait));
	}
}

/* --- writers --- */

/* Until the count is @n. */
#define rcuwait_wait_event(r, n)                                                                   \
	((void)FL_AWAIT_MASK(&(r)->refs.counter, ~0u, n, FL_ONCE,                                  \
			     "rcuwait_wait_event(refcount_read(" #r ") == " #n ")"))

bool __vma_enter_locked(struct vm_area_struct *vma, unsigned int others)
{
	struct mm_struct *mm = vma->vm_mm;

	if (!FL_STEP("C1", refcount_add_not_zero(VMA_LOCK_OFFSET, &vma->vm_refcnt)))
		return false;
	WRITE_ONCE(mm->vma_writer_wait, 1);
	smp_mb(); /* set_current_state(): pairs with rcuwait_wake_up()'s */
	FL_STEP("C2", rcuwait_wait_event(&vma->vm_refcnt, VMA_LOCK_OFFSET + others));
	/* [out] Kernels have none, see vma_wait_order. What readers stored is not waited for by it. */
	if (mm->machine->policy.vma_wait_order == FL_VMA_ORDERED)
		smp_acquire__after_ctrl_dep();
	WRITE_ONCE(mm->vma_writer_wait, 0);
	return true;
}

bool __vma_exit_locked(struct vm_area_struct *vma)
{
	return FL_STEP("C4", refcount_sub_and_test(VMA_LOCK_OFFSET, &vma->vm_refcnt));
}

void vma_refcount_attach(struct vm_area_struct *vma)
{
	if (vma->vm_mm->machine->policy.vma_attach_order == FL_VMA_ORDERED)
		refcount_set_release(&vma->vm_refcnt, 1); /* [in] */
	else
		refcount_set(&vma->vm_refcnt, 1);
}

void vma_refcount_detach(struct vm_area_struct *vma)
{
	if (refcount_dec_and_test(&vma->vm_refcnt))
		return;
	/* A reader who is about to find out that the VMA is marked. Nobody else can be inside. */
	if (vma->vm_mm->machine->policy.vma_detach == FL_VMA_DETACH_WAIT &&
	    __vma_enter_locked(vma, 0))
		__vma_exit_locked(vma);
}
