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
 * Where there is no table nothing is done, which is asked without a lock: no PMD may be none for a
 * moment only (huge_memory.c).
 *
 * Swap slots lose an entry that refers to them. A migration entry goes without further ado: the page that it is
 * about is in the hands of who moves it, and comes back nowhere here.
 *
 * Models: unmap_page_range(), zap_pte_range(), zap_page_range_single(), mm/memory.c, Linux 5.19 to
 * 6.1; the reverse mapping goes before the flush, as up to 6.1.
 * Policy: none here.
 */
#include "mm/zap.h"

#include "mm/fault.h"
#include "mm/huge_memory.h"
#include "mm/lru.h"
#include "mm/pagewalk.h"
#include "mm/rmap.h"
#include "mm/swapfile.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"

/* What stays the same during one call. */
struct zap {
	struct mmu_gather *tlb;
	const struct zap_details *details;
	const struct vm_area_struct *vma;
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
	if (z->file && pte_uffd_wp(old) && vma_flags_unlocked(z->vma) & VM_UFFD_WP &&
	    !(z->details && z->details->drop_marker))
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

/* M3 for an entry that no TLB has. False: it stays. */
static bool zap_swap_entry(const struct zap *z, pte_t pte)
{
	struct fl_machine *m = z->tlb->mm->machine;

	if (pte_is_swap_slot(pte)) { /* private */
		if (z->details && z->details->mapping && !z->details->even_cows)
			return false;
		free_swap_and_cache(m, pte_swp_offset(pte));
	} else if (pte_is_migration(pte)) {
		/* It has no reference of the page: who moves that has one. */
		return should_zap_page(z, pfn_to_page(m, pte_swp_offset(pte)));
	}
	return true;
}

static void zap_nonpresent_pte(const struct zap *z, fl_vaddr addr, pte_t *ptep, pte_t pte)
{
	if (z->file && pte_marker_uffd_wp(pte) && !(z->details && z->details->drop_marker))
		return;
	if (!zap_swap_entry(z, pte))
		return;
	set_pte_at(z->tlb->mm, addr, ptep, PTE_NONE);
	if (!is_pte_marker(pte))
		zap_install_uffd_wp_if_needed(z, addr, ptep, pte);
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

/* A huge page goes as a whole, or its entry is split. */
static void zap_leaf(struct mmu_gather *tlb, struct vm_area_struct *vma, struct pte_walk *w)
{
	if (!is_whole_hpage(w->mm->machine, w->addr, w->end))
		pte_walk_split(w, vma);
	else if (!zap_huge_pmd(tlb, vma, w->pmdp, w->addr))
		w->end = w->addr;
}

void unmap_page_range(struct mmu_gather *tlb, struct vm_area_struct *vma, fl_vaddr start,
		      fl_vaddr end, const struct zap_details *details)
{
	struct zap z = { tlb, details, vma, !vma_is_anonymous(vma), false };

	for (struct pte_walk w = pte_walk_begin(tlb->mm, start, end); pte_walk_next(&w);) {
		if (pmd_leaf(w.pmd)) {
			zap_leaf(tlb, vma, &w);
			continue;
		}
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
