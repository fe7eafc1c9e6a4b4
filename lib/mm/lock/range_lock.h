/* SPDX-License-Identifier: MIT */
/* range_lock.h - faults lock the address, writers the addresses of what they change, policy vma_lock=range-lock. */
#ifndef FL_MM_LOCK_RANGE_LOCK_H
#define FL_MM_LOCK_RANGE_LOCK_H

#include "mm/mm_types.h"

struct fault_lock;

/* Faults: fault_lock_begin() and fault_lock_end(), strategy.h. */
struct vm_area_struct *range_fault_begin(struct fault_lock *lock, struct mm_struct *mm,
					 fl_vaddr addr);
void range_fault_end(struct fault_lock *lock, struct vm_area_struct *vma);

/*
 * Writers, mmap:W. What of [start, end) is not locked yet is, until range_write_end(). False, with @wait unset: a fault is
 * in the way; some of it may be locked then.
 */
bool range_lock_write(struct mm_struct *mm, fl_vaddr start, fl_vaddr end, bool wait);
void range_write_end(struct mm_struct *mm);

/* Nobody uses @mm any more. */
void range_exit(struct mm_struct *mm);

/* Nodes of each CPU; nothing with other policies. 0 or -ENOMEM. */
int range_pool_init(struct fl_cpu *cpu);
void range_pool_exit(struct fl_cpu *cpu);

#endif
