// SPDX-License-Identifier: MIT
/*
 * zap.c - taking pages out of page tables.
 *
 * State: the entries of a range, under the PTL of their table; the batch (mmu_gather.c).
 *
 *   for each leaf table
 *   M1  lock the PTL                        faults and other zaps of the table wait
 *   M2  has reclaim a flush to make? Make it
 *   M3  each entry: clear it                GUP-fast: reads the entry again after it took the page
 *       note it and its page                hardware: goes on through TLBs
 *   M4  unlock; if the batch is full, flush and drop its pages' references, go on
 *   at the end of the batch
 *   M5  flush                               programs with old translations: none is left after it
 *   M6  drop the pages' references          the frame can have a new owner from here on
 *
 * M5 before M6, always: a frame that is free must not be reachable. M2: entries that reclaim cleared
 * look none here and would be noted by nobody, although TLBs have them (tlb_batch.c).
 *
 * Who holds what: munmap has mmap:W and the VMA is marked and gone from the tree; MADV_DONTNEED has
 * mmap:R, so faults and a second MADV_DONTNEED of the same range go on at the same time; truncation
 * has i_mmap_rwsem alone. The PTL is all that there is between them.
 *
 * A dirty entry of a file's page: its dirtiness moves to the page, and the PTL is not let go of
 * before TLBs are flushed. Else whoever cleans the page next (page_mkclean() walks the mappings
 * under the PTL) would find no entry and take the page for clean while stores go on (1cf35d47712d).
 *
 * Entries of a file mapping that are uffd-wp leave a marker, so that the protection outlives the
 * page's mapping; anonymous memory forgets it with the page.
 *
 * Models: unmap_page_range(), zap_pte_range(), zap_page_range_single(), mm/memory.c, Linux 5.19 to
 * 6.1; the reverse mapping goes before the flush, as up to 6.1.
 * Policy: none here.
 */
#include "mm/zap.h"

#include "mm/fault.h"
#include "mm/lru.h"
#include "mm/pagewalk.h"
#include "mm/rmap.h"
#include "mm/tlbflush.h"

/* What stays the same during one call. */
struct zap {
	struct mmu_gather *tlb;
	const struct zap_details *details;
	bool file; /* the VMA has operations */
	bool dirty_shared;
};

/* Private copies stay if only a file's own pages are to go. */
static bool should_zap_page(const struct zap *z, struct page *page)
{
	const struct zap_details *details = z->details;

	return !details || !details->mapping || details->even_cows || !page || !PageAnon(page);
}

/* What the place of an entry that goes is left with. */
static void zap_install_uffd_wp_if_needed(const struct zap *z, fl_vaddr addr, pte_t *ptep,
					  pte_t old)
{
	if (z->file && pte_uffd_wp(old) && !(z->details && z->details->drop_marker))
		set_pte_at(z->tlb->mm, addr, ptep, make_pte_marker_uffd_wp());
}

/* M3 for a present entry. True: the batch is full. */
static bool zap_present_pte(struct zap *z, fl_vaddr addr, pte_t *ptep, pte_t pte)
{
	struct mm_struct *mm = z->tlb->mm;
	struct page *page = vm_normal_page(mm->machine, pte);

	if (!should_zap_page(z, page))
		return false;
	pte = ptep_get_and_clear(mm, addr, ptep); /* with what hardware set until now */
	tlb_flush_pte_range(z->tlb, addr, page_size(mm->machine));
	zap_install_uffd_wp_if_needed(z, addr, ptep, pte);
	if (!page)
		return false;
	if (z->file && pte_dirty(pte) && !PageAnon(page)) {
		SetPageDirty(page);
		z->dirty_shared = true;
	}
	page_remove_rmap(page);
	return tlb_remove_page(z->tlb, page);
}

/* M3 for a marker. No TLB has it. */
static void zap_nonpresent_pte(const struct zap *z, fl_vaddr addr, pte_t *ptep, pte_t pte)
{
	if (z->file && pte_marker_uffd_wp(pte) && !(z->details && z->details->drop_marker))
		return;
	set_pte_at(z->tlb->mm, addr, ptep, PTE_NONE);
}

/* M1 to M4, until the batch is full. Returns where it stopped. */
static fl_vaddr zap_pte_range(struct zap *z, pmd_t pmd, fl_vaddr addr, fl_vaddr end)
{
	struct mm_struct *mm = z->tlb->mm;
	uint64_t size = page_size(mm->machine);
	bool full = false;
	spinlock_t *ptl;
	pte_t *ptep;

	ptep = pte_offset_map_lock(mm, pmd, addr, &ptl); /* M1 */
	flush_tlb_batched_pending(mm);			 /* M2 */
	for (; addr < end && !full; addr += size, ptep++) {
		pte_t pte = ptep_get(ptep);

		if (pte_present(pte))
			full = zap_present_pte(z, addr, ptep, pte);
		else if (!pte_none(pte))
			zap_nonpresent_pte(z, addr, ptep, pte);
	}
	if (z->dirty_shared)
		tlb_flush_mmu_tlbonly(z->tlb);
	z->dirty_shared = false;
	spin_unlock(ptl); /* M4 */
	if (full)
		tlb_flush_mmu(z->tlb);
	return addr;
}

void unmap_page_range(struct mmu_gather *tlb, struct vm_area_struct *vma, fl_vaddr start,
		      fl_vaddr end, const struct zap_details *details)
{
	struct zap z = { tlb, details, !vma_is_anonymous(vma), false };

	for (struct pte_walk w = pte_walk_begin(tlb->mm, start, end); pte_walk_next(&w);) {
		while (w.addr < w.end)
			w.addr = zap_pte_range(&z, w.pmd, w.addr, w.end);
	}
}

void zap_page_range_single(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end,
			   const struct zap_details *details)
{
	struct mmu_gather tlb;

	lru_add_drain(vma->vm_mm->machine); /* pages go soon: not with a batch's reference */
	tlb_gather_mmu(&tlb, vma->vm_mm);
	unmap_page_range(&tlb, vma, start, end, details);
	tlb_finish_mmu(&tlb); /* M5, M6 */
}
