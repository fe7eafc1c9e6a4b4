/* SPDX-License-Identifier: MIT */
/*
 * rmap_walk.h - from a page to the entries that map it. The protocol is at the top of rmap_walk.c.
 * After include/linux/rmap.h, Linux 6.12. Only on machines with rmap_walks.
 */
#ifndef FL_MM_RMAP_WALK_H
#define FL_MM_RMAP_WALK_H

#include "mm/rmap.h"

/* One walk: what is done at each place where a page may be mapped. */
struct rmap_walk_control {
	void *arg;
	bool try_lock; /* give up rather than wait for the anon_vma's or the file's lock */
	/*
	 * The caller has a reference of the page's anon_vma: the page need not be mapped. Else an anonymous
	 * page that is not mapped has no walk.
	 */
	bool anon_vma_held;
	/* @addr of @page in @vma, if it is mapped there. False: the walk is over. */
	bool (*rmap_one)(struct fl_machine *m, struct page *page, struct vm_area_struct *vma,
			 fl_vaddr addr, void *arg);
	bool (*done)(struct page *page); /* asked after each place; NULL: all of them */
};

/*
 * All VMAs in which @page may be mapped: of its anon_vma, with the root's rwsem for reading, or of its
 * file, with i_mmap_rwsem. The page is locked. -EAGAIN: @try_lock and a lock was not free. KSM's pages
 * have no walk (nothing is visited).
 */
int rmap_walk(struct fl_machine *m, struct page *page, const struct rmap_walk_control *rwc);

/*
 * A reference of the anon_vma of an anonymous page (not KSM's) that is mapped; NULL: it is not. For
 * put_anon_vma().
 */
struct anon_vma *page_get_anon_vma(struct fl_machine *m, struct page *page);

/* The entry that maps @page (or, with @migration, is its migration entry) at @address of @vma. */
struct page_vma_mapped_walk {
	struct page *page;
	struct vm_area_struct *vma;
	fl_vaddr address;
	bool migration;
	bool sync; /* PVMW_SYNC: looks under the PTL only. Else who changes the entry now may be missed */
	pmd_t pmd;
	pte_t *pte;  /* with *ptl held while the walk returned true */
	pte_t entry; /* what it is, then */
	spinlock_t *ptl;
};

/* True: found; pvmw->pte, with its PTL held. False: not there (any more), nothing is held. */
bool page_vma_mapped_walk(struct fl_machine *m, struct page_vma_mapped_walk *pvmw);
/* Ends the walk early: nothing is held. */
void page_vma_mapped_walk_done(struct page_vma_mapped_walk *pvmw);

#endif
