/* SPDX-License-Identifier: MIT */
/*
 * pagewalk.h - going through the entries of a range, one leaf table at a time.
 *
 *	for (struct pte_walk w = pte_walk_begin(mm, start, end); pte_walk_next(&w);) {
 *		pte_t *ptep = pte_walk_lock(&w);
 *
 *		for (addr = w.addr; addr < w.end; addr += size, ptep++)
 *			...
 *		pte_walk_unlock(&w);
 *	}
 *
 * Where there is no leaf table nothing is visited, unless w.alloc: then one is made (-ENOMEM in
 * w.err ends the walk). mmap_lock, or another way to keep tables there. After mm/pagewalk.c.
 *
 * A huge page is visited, too: pmd_leaf(w.pmd), as read without a lock. There is no table then. The
 * caller deals with it, or has it split and comes again (huge_memory.h); w.end = w.addr comes again, too.
 */
#ifndef FL_MM_PAGEWALK_H
#define FL_MM_PAGEWALK_H

#include "mm/pgalloc.h"

struct pte_walk {
	struct mm_struct *mm;
	fl_vaddr addr, end; /* what the present table has of the range */
	fl_vaddr limit;	    /* the end of the range */
	bool alloc;
	int err;
	pmd_t *pmdp;
	pmd_t pmd;
	spinlock_t *ptl;
};

static inline struct pte_walk pte_walk_begin(struct mm_struct *mm, fl_vaddr start, fl_vaddr end)
{
	return (struct pte_walk){ .mm = mm, .addr = start, .end = start, .limit = end };
}

/* Goes on to the next leaf table; false: there is none, or no memory. */
static inline bool pte_walk_next(struct pte_walk *w)
{
	struct fl_machine *m = w->mm->machine;

	for (w->addr = w->end; w->addr < w->limit; w->addr = w->end) {
		unsigned int shift = m->page_shift + m->level_bits;

		w->pmdp = w->alloc ? pmd_alloc(w->mm, w->addr)
				   : pmd_offset_lockless(m, w->mm->pgd, w->addr);
		if (!w->pmdp)
			shift += w->alloc ? 0 : m->level_bits;
		w->end = ((w->addr >> shift) + 1) << shift;
		if (w->end > w->limit)
			w->end = w->limit;
		if (w->alloc && (!w->pmdp || pte_alloc(w->mm, w->pmdp, &w->pmd))) {
			w->err = -12; /* -ENOMEM */
			return false;
		}
		if (w->pmdp && !w->alloc)
			w->pmd = pmdp_get(w->pmdp);
		if (w->pmdp && !pmd_none(w->pmd))
			return true;
	}
	return false;
}

static inline pte_t *pte_walk_lock(struct pte_walk *w)
{
	return pte_offset_map_lock(w->mm, w->pmd, w->addr, &w->ptl);
}

static inline void pte_walk_unlock(struct pte_walk *w)
{
	spin_unlock(w->ptl);
}

#endif
