// SPDX-License-Identifier: MIT
/*
 * rmap.c - pages and who maps them.
 *
 * State: page->mapping, page->index and page->_mapcount, written under the PTL of the entry that is
 * about to map the page. What page->mapping points to is in anon_vma.c.
 *
 * Models: page_add_new_anon_rmap(), mm/rmap.c, Linux 6.1.
 * Policy: none.
 */
#include "mm/rmap.h"

void page_add_new_anon_rmap(const struct fl_machine *m, struct page *page,
			    struct vm_area_struct *vma, fl_vaddr addr)
{
	atomic_set(&page->_mapcount, 0);
	WRITE_ONCE(page->mapping, READ_ONCE(vma->anon_vma)); /* ksmd may look (ksm_tree.c) */
	page->index = linear_page_index(m, vma, addr);
	FL_VOID_RMW(or, &page->flags,
		    FL_BIT(PG_swapbacked) | FL_BIT(PG_anon) |
			    (m->anon_exclusive ? FL_BIT(PG_anon_exclusive) : 0) |
			    (m->lru_batch ? 0 : FL_BIT(PG_lru)),
		    "page_add_new_anon_rmap(page)");
}
