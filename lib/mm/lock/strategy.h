/* SPDX-License-Identifier: MIT */
/*
 * strategy.h - how a fault is kept apart from who changes mappings: the faults' side.
 *
 * A fault asks for the mapping around its address, without mmap_lock. What it gets in reply depends on policy
 * vma_lock, by direct calls; a user's functions (include/faultline/lock.h) are the one case with pointers:
 *
 *   none                 NULL: mmap_lock
 *   rwsem-seq, refcnt    the mapping, read-locked                        vma_lock.c, vma_refcnt.c
 *   speculative          a copy of it, which may turn out to be old      speculative.c
 *   range-lock           the mapping; its page is locked                 range_lock.c
 *   user                 the mapping, or a copy, as the user has it      user.c
 *
 * The writers' side is vma_lock.h, whatever the strategy.
 */
#ifndef FL_MM_LOCK_STRATEGY_H
#define FL_MM_LOCK_STRATEGY_H

#include <faultline/lock.h>

#include "mm/lock/range_lock.h"
#include "mm/lock/speculative.h"
#include "mm/lock/user.h"
#include "mm/mm_types.h"
#include "mm/vma_lock.h"

/* What a fault has of its mapping. On its stack; which members count is up to the strategy. */
struct fault_lock {
	struct fl_fault fault;	     /* for a user's strategy */
	struct vm_area_struct *vma;  /* in the tree, if the fault does not work on that itself */
	int seq;		     /* its version */
	struct range_node *range;    /* what has the page */
	struct vm_area_struct *copy; /* the CPU's: the fields of vma that a fault reads */
};

/* The settings of @strategy, or its functions, for @m. NULL: the policy stays. -EINVAL. Before anything runs. */
int lock_strategy_choose(struct fl_machine *m, const struct fl_lock_strategy *strategy);

/* Does a fault work on a copy of the mapping that it has not locked? */
static inline bool fault_is_optimistic(const struct mm_struct *mm)
{
	const struct fl_machine *m = mm->machine;

	switch (m->policy.vma_lock) {
	case FL_VMA_LOCK_SPECULATIVE:
		return true;
	case FL_VMA_LOCK_USER:
		return m->user_lock->fault_valid;
	default:
		return false;
	}
}

/*
 * The mapping of @mm that has @addr, as it is until fault_lock_end(); or, optimistic, lock->copy-> NULL: there is none, it
 * can't be had, or a fault in it needs more than that. The caller falls back to mmap_lock.
 */
static inline struct vm_area_struct *fault_lock_begin(struct fault_lock *lock, struct mm_struct *mm,
						      fl_vaddr addr)
{
	switch (mm->machine->policy.vma_lock) {
	case FL_VMA_LOCK_NONE:
		return NULL;
	case FL_VMA_LOCK_RWSEM_SEQ:
	case FL_VMA_LOCK_REFCNT:
		return lock_vma_under_rcu(mm, addr);
	case FL_VMA_LOCK_SPECULATIVE:
		return speculate(lock, mm, addr);
	case FL_VMA_LOCK_RANGE:
		return range_fault_begin(lock, mm, addr);
	case FL_VMA_LOCK_USER:
		return user_fault_begin(lock, mm, addr);
	}
	return NULL;
}

static inline void fault_lock_end(struct fault_lock *lock, struct vm_area_struct *vma)
{
	switch (vma->vm_mm->machine->policy.vma_lock) {
	case FL_VMA_LOCK_NONE:
		break;
	case FL_VMA_LOCK_RWSEM_SEQ:
	case FL_VMA_LOCK_REFCNT:
		vma_end_read(vma);
		break;
	case FL_VMA_LOCK_SPECULATIVE:
		speculate_end();
		break;
	case FL_VMA_LOCK_RANGE:
		range_fault_end(lock, vma);
		break;
	case FL_VMA_LOCK_USER:
		user_fault_end(lock);
		break;
	}
}

/* Optimistic ones: is the copy still what the mapping is? */
static inline bool fault_lock_valid(struct fault_lock *lock)
{
	return lock->copy->vm_mm->machine->policy.vma_lock == FL_VMA_LOCK_SPECULATIVE
		       ? speculate_valid(lock)
		       : user_fault_valid(lock);
}

#endif
