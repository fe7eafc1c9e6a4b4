/* SPDX-License-Identifier: MIT */
/* speculative.h - faults that lock nothing and look whether something changed, policy vma_lock=speculative. */
#ifndef FL_MM_LOCK_SPECULATIVE_H
#define FL_MM_LOCK_SPECULATIVE_H

#include "mm/mm_types.h"

struct fault_lock;

/* Faults: fault_lock_begin(), fault_lock_end() and fault_lock_valid(), strategy.h. */
struct vm_area_struct *speculate(struct fault_lock *lock, struct mm_struct *mm, fl_vaddr addr);
void speculate_end(void);
bool speculate_valid(const struct fault_lock *lock);
/* With the page table's lock and a version that is valid: the oracle hears what the fault goes by. */
void speculate_watch(const struct fault_lock *lock);

/* The fields of lock->vma that a fault reads, to lock->copy. False: @addr is not in it, or a fault needs more. */
bool vma_copy_for_fault(struct fault_lock *lock, fl_vaddr addr);

/* Memory for the copy, one of each CPU; if faults are optimistic. 0 or -ENOMEM. */
int vma_copy_init(struct fl_cpu *cpu);

/* Writers, after the mark: optimistic faults that went by what was before are over, in the tables of [start, end). */
void wait_for_optimistic_faults(struct mm_struct *mm, fl_vaddr start, fl_vaddr end);

/* Writers: the mark of vma_start_write() with number @seq, the step before it changes @vma. */
void speculate_mark(struct vm_area_struct *vma, int seq);

#endif
