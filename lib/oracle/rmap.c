// SPDX-License-Identifier: MIT
/*
 * rmap.c - oracle "rmap": an anonymous page that is mapped is found by a walk from the page to its mappings.
 *
 * Specification (mm/rmap.c; the comment on struct anon_vma): page->mapping is an anon_vma that every VMA which may map
 * the page is on the list of, and page->index is the page's number there. A page whose anon_vma the VMA does not know
 * is never found again by reclaim and migration, and its anon_vma can be freed while the page still points to it.
 *
 * Judged at the end, by the entries: pages that are KSM's, or a file's, have no anon_vma. Only pointers are compared, as
 * what page->mapping points to may be freed.
 */
#include "oracle/final.h"
#include "oracle/oracle.h"

#include <faultline/oracle.h>

#include "mm/rmap.h"

static bool has_anon_vma(const struct vm_area_struct *vma, const void *anon_vma)
{
	const struct anon_vma_chain *avc = vma->anon_vma_chain;

	while (avc && avc->anon_vma != anon_vma)
		avc = avc->next_same_vma;
	return avc;
}

static void judge(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg)
{
	const struct page *page = pfn_to_page(mm->machine, pte_pfn(pte));
	const struct vm_area_struct *vma = fl_final_vma(mm->id, addr);
	uint64_t pgoff;

	(void)arg;
	if (!vma || (page->flags & (FL_BIT(PG_anon) | FL_BIT(PG_ksm))) != FL_BIT(PG_anon))
		return;
	if (!has_anon_vma(vma, page->mapping)) {
		FL_ABOUT(.memory = &page->mapping);
		fl_oracle_fail("rmap",
			       "mm %llu maps frame %llu at %#llx; the page's anon_vma does not "
			       "know that VMA",
			       (unsigned long long)mm->id, (unsigned long long)pte_pfn(pte),
			       (unsigned long long)addr);
		return;
	}
	pgoff = fl_final_pgoff(vma, addr);
	if (page->index != pgoff) {
		FL_ABOUT(.memory = &page->index);
		fl_oracle_fail("rmap",
			       "mm %llu maps frame %llu at %#llx, page number %llu; the page says "
			       "it is number %llu",
			       (unsigned long long)mm->id, (unsigned long long)pte_pfn(pte),
			       (unsigned long long)addr, (unsigned long long)pgoff,
			       (unsigned long long)page->index);
	}
}

static void finish(void)
{
	fl_final_each_page(judge, NULL);
}

const struct fl_oracle fl_rmap_oracle = {
	.finish = finish,
	.accesses = true,
};
