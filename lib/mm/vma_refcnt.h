/* SPDX-License-Identifier: MIT */
/* vma_refcnt.h - the gate of a VMA as a reference count. For vma_lock.c; the protocol is in vma_refcnt.c. */
#ifndef FL_MM_VMA_REFCNT_H
#define FL_MM_VMA_REFCNT_H

#include "mm/vma_lock.h"

/* In vm_refcnt: a writer is at the gate. */
#define VMA_LOCK_OFFSET 0x40000000u

/* Readers. */
enum vma_entry_result vma_refcount_inc(struct vm_area_struct *vma, const struct fl_policy *policy);
void vma_refcount_put(struct vm_area_struct *vma);

/*
 * Writers: closes the gate and waits until nobody is inside but the @others that count for the tree, 0 or 1.
 * False: @vma is detached, there is nobody to wait for and nothing to undo.
 */
bool __vma_enter_locked(struct vm_area_struct *vma, unsigned int others);
/* True: this was the last count. */
bool __vma_exit_locked(struct vm_area_struct *vma);

void vma_refcount_attach(struct vm_area_struct *vma);
void vma_refcount_detach(struct vm_area_struct *vma);

#endif
