/* SPDX-License-Identifier: MIT */
/* gup.h - references to user pages, for the rest of lib/mm. After include/linux/mm.h, Linux 6.1. */
#ifndef FL_MM_GUP_H
#define FL_MM_GUP_H

#include "mm/mm_types.h"

enum foll_flags {
	FOLL_WRITE = 0x01,
	FOLL_GET = 0x04, /* a plain reference */
	FOLL_FORCE = 0x10,
	FOLL_REMOTE = 0x2000,
	FOLL_COW = 0x4000,	 /* one write fault is done (up to 5.19); inside gup.c */
	FOLL_LONGTERM = 0x10000, /* a pin for as long as the user likes */
	FOLL_FAST_ONLY = 0x20000,
	FOLL_PIN = 0x40000, /* a reference that page_maybe_dma_pinned() sees */
};

/*
 * The page that @vma maps at @addr, with a reference as @flags ask; it can be the zero page. mmap:R.
 * NULL: fault it in first; *@unshare says how. Under the page-table lock, so what it finds is true while it takes
 * the reference.
 */
struct page *follow_page_pte(struct vm_area_struct *vma, fl_vaddr addr, unsigned int flags,
			     bool *unshare);
/*
 * FOLL_TOUCH, which all who ask for a page to write to have: @page, which @pte maps, is left dirty, since reclaim would throw
 * away one that MADV_FREE was for. Under the page-table lock. After follow_page_pte(), mm/gup.c, Linux 6.12.
 */
static inline void follow_touch(struct page *page, pte_t pte)
{
	if (!pte_dirty(pte) && !PageDirty(page))
		FL_STEP("B7", SetPageDirty(page)); /* rmap_unmap.c */
}

/*
 * One page, faulted in if need be, with mmap:R held all the time. 0 or as fl_store().
 * *@vma is where it was found.
 */
int get_user_page_remote(struct mm_struct *mm, fl_vaddr addr, unsigned int flags,
			 struct page **page, struct vm_area_struct **vma);

#endif
