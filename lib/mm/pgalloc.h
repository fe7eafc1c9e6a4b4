/* SPDX-License-Identifier: MIT */
/* pgalloc.h - making room in the page tables of an mm, and taking the lock of a leaf table. */
#ifndef FL_MM_PGALLOC_H
#define FL_MM_PGALLOC_H

#include "mm/mm_types.h"

/* The entry that points to the leaf table for @addr, with all tables above it. NULL: no memory. */
pmd_t *pmd_alloc(struct mm_struct *mm, fl_vaddr addr);
/* Links a leaf table to @pmdp if there is none. 0 or -ENOMEM. */
int __pte_alloc(struct mm_struct *mm, pmd_t *pmdp);

/* As __pte_alloc(); hands the entry's value back. It may be a huge page's by then, or have been one. */
static inline int pte_alloc(struct mm_struct *mm, pmd_t *pmdp, pmd_t *pmd)
{
	*pmd = pmdp_get(pmdp);
	if (!pmd_none(*pmd))
		return 0;
	if (__pte_alloc(mm, pmdp))
		return -1;
	*pmd = pmdp_get(pmdp);
	return 0;
}

/*
 * The leaf entry for @addr with its table's lock held; *@ptl is to be unlocked. @pmd points to a table
 * (pmd_table()), and the caller has what keeps it there: huge_memory.h.
 */
static inline pte_t *pte_offset_map_lock(struct mm_struct *mm, pmd_t pmd, fl_vaddr addr,
					 spinlock_t **ptl)
{
	pte_t *ptep = pte_offset_map(mm->machine, pmd, addr);

	*ptl = pte_lockptr(pmd);
	spin_lock(*ptl);
	return ptep;
}

#endif
