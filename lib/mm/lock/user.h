/* SPDX-License-Identifier: MIT */
/* user.h - a strategy of the user's own, policy vma_lock=user: its functions at the places of the built-in ones'. */
#ifndef FL_MM_LOCK_USER_H
#define FL_MM_LOCK_USER_H

#include <faultline/lock.h>

#include "mm/mm_types.h"

struct fault_lock;

/* fault_lock_begin(), fault_lock_end() and fault_lock_valid(), strategy.h. */
struct vm_area_struct *user_fault_begin(struct fault_lock *lock, struct mm_struct *mm,
					fl_vaddr addr);
void user_fault_end(struct fault_lock *lock);
bool user_fault_valid(struct fault_lock *lock);

/* Bytes of its own behind each mm and each VMA. Other strategies: none, and nothing to do. */
size_t user_mm_size(const struct fl_machine *m);
size_t user_vma_size(const struct fl_machine *m);
/* 0 or -ENOMEM. */
int user_mm_init(struct mm_struct *mm);
void user_mm_exit(struct mm_struct *mm);
/* @vma's memory is used again. */
void user_vma_wipe(struct vm_area_struct *vma, const struct fl_machine *m);
/* @vma begins in @mm. */
void user_vma_init(struct mm_struct *mm, struct vm_area_struct *vma);

/* Writers: vma_lock.h has what calls these. */
void user_write_begin(struct mm_struct *mm);
void user_mark(struct vm_area_struct *vma);
bool user_try_mark(struct vm_area_struct *vma);
void user_mark_range(struct mm_struct *mm, fl_vaddr start, fl_vaddr end);
void user_attach(struct vm_area_struct *vma);
void user_detach(struct vm_area_struct *vma);
void user_write_end(struct mm_struct *mm);

#endif
