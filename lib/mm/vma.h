/* SPDX-License-Identifier: MIT */
/* vma.h - VMAs come, go, split, merge and change. All under mmap:W unless said otherwise. */
#ifndef FL_MM_VMA_H
#define FL_MM_VMA_H

#include "mm/mm_types.h"

/* Under mmap:R or mmap:W. vma_find(): the first that ends after @addr. */
#define vma_lookup(mm, addr) vma_tree_lookup(&(mm)->tree, addr)
#define vma_find(mm, addr) vma_tree_find(&(mm)->tree, addr)

/* A VMA outside of the tree; NULL: no memory. */
struct vm_area_struct *vm_area_alloc(struct mm_struct *mm, uint64_t start, uint64_t end,
				     unsigned long flags);
/* Not in the tree (any more). With per-VMA locks its memory goes after a grace period. */
void vm_area_free(struct vm_area_struct *vma);
/* At once; nobody else can find it. Also for the end of an mm. */
void __vm_area_free(struct vm_area_struct *vma);

/*
 * The entries' protection for a private mapping with @flags: never writable, so that a write
 * faults.
 */
pte_t vm_get_page_prot(unsigned long flags);

/* Puts a new VMA into the tree, marked. -ENOMEM: it is not in. */
int vma_link(struct mm_struct *mm, struct vm_area_struct *vma);
/* Cuts @vma in two at @addr, inside it: @vma keeps the part below. -ENOMEM. */
int split_vma(struct mm_struct *mm, struct vm_area_struct *vma, uint64_t addr);
/* Joins @vma with its neighbours where they are alike; returns what it is part of now. */
struct vm_area_struct *vma_merge(struct mm_struct *mm, struct vm_area_struct *vma);
/* Detaches @vma and takes it out of the tree. -ENOMEM: nothing was changed. */
int vma_unlink(struct mm_struct *mm, struct vm_area_struct *vma);

/* Marks @vma and stores its flags. */
void vm_flags_reset(struct vm_area_struct *vma, unsigned long flags);

#endif
