/* SPDX-License-Identifier: MIT */
/* mempolicy.h - where a VMA's pages should come from. On machines with mempolicy; else nothing has one. */
#ifndef FL_MM_MEMPOLICY_H
#define FL_MM_MEMPOLICY_H

#include "mm/mm_types.h"
#include "mm/vma.h"

struct mempolicy {
	refcount_t refcnt;
	unsigned int mode; /* enum fl_mpol_mode; constant */
};

/* The last reference frees it. NULL is allowed. */
void mpol_put(struct mempolicy *pol);
/* Do both say the same? NULL: the default. */
bool mpol_equal(const struct mempolicy *a, const struct mempolicy *b);

/* @vma is going, and lets go of its policy. */
static inline void vma_put_policy(struct vm_area_struct *vma)
{
	if (vma->vm_mm->machine->mempolicy && vma->vm_policy) {
		mpol_put(vma->vm_policy);
		vma_set(vma, vm_policy, NULL); /* who copied it meanwhile looks again */
	}
}

/* A copy of @orig that nobody can find yet. */
static inline void vma_dup_policy(struct vm_area_struct *vma, const struct vm_area_struct *orig)
{
	if (vma->vm_mm->machine->mempolicy && orig->vm_policy) {
		refcount_inc(&orig->vm_policy->refcnt);
		vma->vm_policy = orig->vm_policy;
	}
}

/* The node that @vma's policy says: Q1 and Q2. */
unsigned int policy_node(struct vm_area_struct *vma);

/* A page for a fault in @vma, from where its policy says. mmap:R or VL:R. */
static inline struct page *vma_alloc_page(struct vm_area_struct *vma)
{
	struct fl_machine *m = vma->vm_mm->machine;

	if (m->mempolicy)
		(void)policy_node(vma); /* there is but one */
	return alloc_page(m);
}

#endif
