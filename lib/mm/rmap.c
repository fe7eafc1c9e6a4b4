// SPDX-License-Identifier: MIT
/*
 * rmap.c - anonymous pages and what they belong to.
 *
 * State: vma->anon_vma, set once, under mmap:R and page_table_lock; page->mapping, page->index
 * and page->_mapcount. A fault tests vma->anon_vma with neither lock, so it is stored with
 * release and read by READ_ONCE(). Kernels read it plainly, and up to 6.11 or so stored it
 * plainly (B31 of the fact sheet): a data race in every two first faults, which would hide all
 * others.
 *
 * Models: __anon_vma_prepare(), page_add_new_anon_rmap(), mm/rmap.c, Linux 6.1, without
 * anon_vma_chain and interval trees: nothing walks from a page to its mappings yet.
 */
#include "mm/rmap.h"

#include "mm/vma.h"

void put_anon_vma(struct anon_vma *anon_vma)
{
	if (refcount_dec_and_test(&anon_vma->refcount))
		fl_free(anon_vma);
}

/*
 * A neighbour's, so that the two VMAs may be merged later. The neighbour is not locked: hence
 * mmap:R.
 */
static struct anon_vma *find_mergeable_anon_vma(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *near = vma_find(mm, vma->vm_end);

	if (near && near->vm_start == vma->vm_end && near->vm_flags == vma->vm_flags &&
	    READ_ONCE(near->anon_vma))
		return READ_ONCE(near->anon_vma);
	near = vma_tree_find_before(&mm->tree, vma->vm_start);
	if (near && near->vm_end == vma->vm_start && near->vm_flags == vma->vm_flags)
		return READ_ONCE(near->anon_vma);
	return NULL;
}

int __anon_vma_prepare(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	struct anon_vma *anon_vma = find_mergeable_anon_vma(vma), *allocated = NULL;

	if (!anon_vma) {
		anon_vma = allocated = fl_zalloc(sizeof(*anon_vma));
		if (!anon_vma)
			return -ENOMEM;
	}
	spin_lock(&mm->page_table_lock); /* against other faults */
	if (!READ_ONCE(vma->anon_vma)) {
		if (allocated)
			refcount_set(&anon_vma->refcount, 1);
		else
			get_anon_vma(anon_vma);
		smp_store_release(&vma->anon_vma, anon_vma);
		allocated = NULL;
	}
	spin_unlock(&mm->page_table_lock);
	fl_free(allocated);
	return 0;
}

void page_add_new_anon_rmap(const struct fl_machine *m, struct page *page,
			    struct vm_area_struct *vma, fl_vaddr addr)
{
	atomic_set(&page->_mapcount, 0);
	page->mapping = READ_ONCE(vma->anon_vma);
	page->index = linear_page_index(m, vma, addr);
	FL_VOID_RMW(or, &page->flags,
		    FL_BIT(PG_swapbacked) | FL_BIT(PG_anon) | FL_BIT(PG_anon_exclusive) |
			    FL_BIT(PG_lru),
		    "page_add_new_anon_rmap(page)");
}
