/* SPDX-License-Identifier: MIT */
/* stack.h - mappings that grow downwards when a program touches what is below them. */
#ifndef FL_MM_STACK_H
#define FL_MM_STACK_H

#include "mm/mm_types.h"

/*
 * Takes mmap:R. The VMA that has @addr, which may have grown for it; NULL: none, and nothing is locked. Meanwhile
 * mmap_lock may have been let go of.
 */
struct vm_area_struct *lock_mm_and_find_vma(struct mm_struct *mm, fl_vaddr addr);
/*
 * mmap:R. For GUP: the VMA that has @addr, or NULL. Up to 6.4 one may have grown for it: afterwards GUP grows
 * nothing.
 */
struct vm_area_struct *gup_vma_lookup(struct mm_struct *mm, fl_vaddr addr);
/* mmap:R, which is let go of meanwhile. Grows the VMA above @addr to it. False: there is none that can; unlocked. */
bool expand_stack(struct mm_struct *mm, fl_vaddr addr);

#endif
