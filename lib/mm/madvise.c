// SPDX-License-Identifier: MIT
/*
 * madvise.c - a program's word on what it needs its memory for.
 *
 *   DONTNEED             mmap:R  pages go; the next access finds zeroes, or the file's page
 *   FREE                 mmap:R  private anonymous pages may go, at reclaim's convenience, unless they
 *                                are written to again
 *   COLD                 mmap:R  pages count as not accessed: the next ones to be reclaimed
 *   PAGEOUT              mmap:R  pages that only this mm maps are reclaimed at once
 *   POPULATE_READ/WRITE  mmap:R  pages come
 *   MERGEABLE, UN-       mmap:W  a flag of the VMA, for KSM
 *   HUGEPAGE, NO-        mmap:W  a flag of the VMA: huge_memory.c
 *   COLLAPSE             none    khugepaged.c
 *
 * MADV_FREE, under each PTL:
 *   L1  page dirty, by its flag: clear that, if the page is this entry's alone. Under the page lock
 *   L2  entry to old and clean, by way of none         hardware sets dirty again at the next store,
 *   L3  page no longer PG_swapbacked: reclaim may          but only through an entry that is not
 *       drop it if the entry is still clean                dirty in the TLB: so L4
 *   L4  flush, at the end of the batch
 * Between L2 and L4 a store through a TLB entry that has dirty leaves no trace. A second MADV_FREE
 * finds clean entries and nothing to note; it must not return before that flush either: nested
 * batches (mmu_gather.c).
 *
 * PAGEOUT takes pages off the LRU under the PTL, so that they are still those that are mapped, and gives
 * them to reclaim without it (vmscan.c).
 *
 * All leave holes in the range alone, do the rest, and answer -ENOMEM; only POPULATE stops there.
 *
 * Models: do_madvise(), vma_ksm_compatible(), madvise_free_pte_range(), madvise_populate(), mm/madvise.c, Linux 6.1;
 * faultin_page_range(), mm/gup.c, with its follow-up of each page by a look without the PTL: nobody
 * is given a reference; madvise_cold_or_pageout_pte_range() of 6.12, for all kinds of VMAs. FREE forgets what
 * is in swap, and takes pages out of the swap cache. UNMERGEABLE gives each page back
 * and then drops the flag, all under mmap:W, which keeps ksmd out.
 * Policy: none.
 */
#include "mm/fault.h"
#include "mm/gup.h"
#include "mm/huge_memory.h"
#include "mm/ksm.h"
#include "mm/lru.h"
#include "mm/mmap_lock.h"
#include "mm/pagewalk.h"
#include "mm/swap_state.h"
#include "mm/swapfile.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"
#include "mm/vmscan.h"
#include "mm/zap.h"
#include "oracle/hooks.h"
#include "rt/lacks.h"

#include <errno.h>

/* What is done to the part of @vma in [start, end). */
typedef int (*madvise_fn)(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end);

static int madvise_walk_vmas(struct mm_struct *mm, fl_vaddr start, fl_vaddr end, madvise_fn visit)
{
	int err = 0, unmapped = 0;

	while (start < end && !err) {
		struct vm_area_struct *vma = vma_find(mm, start);
		fl_vaddr to;

		if (!vma || vma->vm_start >= end)
			return -ENOMEM;
		if (start < vma->vm_start) {
			unmapped = -ENOMEM;
			start = vma->vm_start;
		}
		to = vma->vm_end < end ? vma->vm_end : end;
		err = visit(vma, start, to); /* @vma may be another one now */
		start = to;
	}
	return err ? err : unmapped;
}

/* --- DONTNEED, FREE --- */

/* The content of a shared mapping stays, in the file. */
static void tell_discard(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end)
{
	FL_EVENT(.kind = FL_EVENT_DISCARD, .mm = FL_EVENT_MM(vma->vm_mm), .addr = start, .end = end,
		 .value = vma->vm_flags & VM_SHARED ? 2 : 1);
}

static int madvise_dontneed(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end)
{
	tell_discard(vma, start, end);
	zap_page_range_single(vma, start, end, NULL);
	FL_EVENT(.kind = FL_EVENT_DONTNEED_DONE, .mm = FL_EVENT_MM(vma->vm_mm), .addr = start,
		 .end = end);
	return 0;
}

/* L1. May reclaim drop what this entry alone maps, as far as the page itself says? */
static bool madvise_free_page(struct fl_machine *m, struct page *page)
{
	bool ours;

	if (!PageSwapCache(page) && !PageDirty(page))
		return true;
	if (!trylock_page(page))
		return false;
	/* Others would lose the dirtiness, too. */
	ours = page_mapcount(page) == 1 &&
	       (!PageSwapCache(page) || (m->swap && try_to_free_swap(m, page)));
	if (ours)
		ClearPageDirty(page);
	unlock_page(page);
	return ours;
}

static void madvise_free_pte(struct mmu_gather *tlb, fl_vaddr addr, pte_t *ptep)
{
	struct mm_struct *mm = tlb->mm;
	pte_t pte = ptep_get(ptep);
	struct page *page;

	if (pte_is_swap_slot(pte)) {
		set_pte_at(mm, addr, ptep, PTE_NONE);
		free_swap_and_cache(mm->machine, pte_swp_offset(pte));
		return;
	}
	if (!pte_present(pte))
		return;
	page = vm_normal_page(mm->machine, pte);
	/* Of a huge page the kernel would split off this part. */
	if (!page || PageCompound(page) || !madvise_free_page(mm->machine, page))
		return;
	if (pte_young(pte) || pte_dirty(pte)) {
		pte = ptep_get_and_clear(mm, addr, ptep); /* L2 */
		set_pte_at(mm, addr, ptep, pte_mkclean(pte_mkold(pte)));
		tlb_flush_pte_range(tlb, addr, page_size(mm->machine));
	}
	if (PageAnon(page) && PageSwapBacked(page) && !PageSwapCache(page))
		ClearPageSwapBacked(page); /* L3, mark_page_lazyfree() */
}

/* A huge page: as a whole, or what of it is mapped by entries of its own. */
static void madvise_free_leaf(struct mmu_gather *tlb, struct vm_area_struct *vma,
			      struct pte_walk *w)
{
	if (!is_whole_hpage(w->mm->machine, w->addr, w->end))
		pte_walk_split(w, vma);
	else if (!madvise_free_huge_pmd(tlb, vma, w->pmdp, w->addr))
		w->end = w->addr;
}

static int madvise_free(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end)
{
	struct mm_struct *mm = vma->vm_mm;
	uint64_t size = page_size(mm->machine);
	struct mmu_gather tlb;

	if (!vma_is_anonymous(vma))
		return -EINVAL;
	tell_discard(vma, start, end);
	tlb_gather_mmu(&tlb, mm);
	for (struct pte_walk w = pte_walk_begin(mm, start, end); pte_walk_next(&w);) {
		pte_t *ptep;

		if (pmd_leaf(w.pmd)) {
			madvise_free_leaf(&tlb, vma, &w);
			continue;
		}
		ptep = pte_walk_lock(&w);
		flush_tlb_batched_pending(mm);
		for (; w.addr < w.end; w.addr += size, ptep++)
			madvise_free_pte(&tlb, w.addr, ptep);
		pte_walk_unlock(&w);
	}
	tlb_finish_mmu(&tlb); /* L4 */
	return 0;
}

/* --- COLD, PAGEOUT --- */

static void madvise_cold_pte(struct mmu_gather *tlb, fl_vaddr addr, pte_t *ptep)
{
	pte_t pte = ptep_get(ptep);
	struct page *page;

	if (!pte_present(pte) || !pte_young(pte))
		return;
	page = vm_normal_page(tlb->mm->machine, pte);
	if (!page || page_mapcount(page) != 1)
		return;
	FL_VOID_RMW(and, ptep, ~_PAGE_ACCESSED, "clear_young_dirty_ptes(ptep)");
	tlb_flush_pte_range(tlb, addr, page_size(tlb->mm->machine));
}

/* A huge page counts as a whole. Of a part nothing is said: kernels split the page for it, if they can. */
static void madvise_cold_leaf(struct mmu_gather *tlb, struct vm_area_struct *vma,
			      struct pte_walk *w)
{
	if (is_whole_hpage(w->mm->machine, w->addr, w->end) &&
	    !madvise_cold_huge_pmd(tlb, vma, w->pmdp, w->addr))
		w->end = w->addr;
}

static int madvise_cold(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end)
{
	struct mm_struct *mm = vma->vm_mm;
	uint64_t size = page_size(mm->machine);
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, mm);
	for (struct pte_walk w = pte_walk_begin(mm, start, end); pte_walk_next(&w);) {
		pte_t *ptep;

		if (pmd_leaf(w.pmd)) {
			madvise_cold_leaf(&tlb, vma, &w);
			continue;
		}
		ptep = pte_walk_lock(&w);
		flush_tlb_batched_pending(mm);
		for (; w.addr < w.end; w.addr += size, ptep++)
			madvise_cold_pte(&tlb, w.addr, ptep);
		pte_walk_unlock(&w);
	}
	tlb_finish_mmu(&tlb);
	return 0;
}

/* The page of an entry, for reclaim, if nobody else maps it. Under the PTL. */
static struct page *madvise_pageout_pte(struct fl_machine *m, pte_t *ptep)
{
	pte_t pte = ptep_get(ptep);
	struct page *page = pte_present(pte) ? vm_normal_page(m, pte) : NULL;

	if (!page || !PageLRU(page) || page_mapcount(page) != 1)
		return NULL;
	return isolate_page(m, page) ? page : NULL;
}

/* The pages from *@addr to @end, all in one table, until there are enough for once. */
static unsigned int madvise_pageout_range(struct pte_walk *w, struct page **pages)
{
	struct fl_machine *m = w->mm->machine;
	pte_t *ptep = pte_walk_lock(w);
	unsigned int nr = 0;

	flush_tlb_batched_pending(w->mm);
	for (; w->addr < w->end && nr < SWAP_CLUSTER_MAX; w->addr += page_size(m), ptep++) {
		struct page *page = madvise_pageout_pte(m, ptep);

		if (page)
			pages[nr++] = page;
	}
	pte_walk_unlock(w);
	return nr;
}

static int madvise_pageout(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end)
{
	struct page *pages[SWAP_CLUSTER_MAX];
	struct mm_struct *mm = vma->vm_mm;
	struct fl_machine *m = mm->machine;

	lru_add_drain(m);
	for (struct pte_walk w = pte_walk_begin(mm, start, end); pte_walk_next(&w);) {
		while (!pmd_leaf(w.pmd) && w.addr < w.end) { /* huge pages stay: vmscan.c */
			unsigned int nr = madvise_pageout_range(&w, pages);

			if (nr)
				reclaim_pages(this_cpu(m), pages, nr);
		}
	}
	return 0;
}

/* --- POPULATE --- */

bool is_populated(struct mm_struct *mm, fl_vaddr addr, bool write)
{
	struct fl_machine *m = mm->machine;
	pmd_t pmd = pmd_read_lockless(m, mm->pgd, addr);

	if (pmd_leaf(pmd))
		return pte_access_permitted(pmd, write);
	return !pmd_none(pmd) &&
	       pte_access_permitted(ptep_get_lockless(pte_offset_map(m, pmd, addr)), write);
}

/* FOLL_TOUCH where there is no need to fault. */
static void touch_populated(struct mm_struct *mm, fl_vaddr addr)
{
	pmd_t pmd = pmd_read_lockless(mm->machine, mm->pgd, addr);
	struct page *page;
	spinlock_t *ptl;
	pte_t pte;

	if (!pmd_table(pmd))
		return;
	pte = ptep_get(pte_offset_map_lock(mm, pmd, addr, &ptl));
	page = pte_access_permitted(pte, true) ? vm_normal_page(mm->machine, pte) : NULL;
	if (page)
		follow_touch(page, pte);
	spin_unlock(ptl);
}

/* One fault at @addr. mmap:R, held again on return. */
static int faultin_page(struct mm_struct *mm, struct vm_area_struct *vma, fl_vaddr addr, bool write)
{
	unsigned int flags = FAULT_FLAG_ALLOW_RETRY | (write ? FAULT_FLAG_WRITE : 0);
	vm_fault_t fault = handle_mm_fault(vma, addr, flags);
	int err;

	if (fault & VM_FAULT_RETRY)
		mmap_read_lock(mm);
	err = vm_fault_to_errno(fault);
	return err == -EIO ? -EFAULT : err;
}

int faultin_page_range(struct mm_struct *mm, fl_vaddr start, fl_vaddr end, bool write)
{
	uint64_t size = page_size(mm->machine);
	int err = 0;

	/* The VMA is looked up each time: a fault may have let go of mmap_lock. */
	while (start < end && !err) {
		struct vm_area_struct *vma = vma_lookup(mm, start);

		if (!vma)
			return -ENOMEM;
		if (!(vma->vm_flags & (write ? VM_WRITE : VM_READ)))
			return -EINVAL;
		if (!is_populated(mm, start, write)) {
			err = faultin_page(mm, vma, start, write);
			continue;
		}
		if (write)
			touch_populated(mm, start);
		start += size;
	}
	return err;
}

/* --- MERGEABLE --- */

/* [start, end) of @vma gets other flags, and is part of a VMA that it may be merged with. */
static int vma_set_flags(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end,
			 unsigned long flags)
{
	if (flags == vma->vm_flags)
		return 0;
	vma = vma_modify_flags(vma->vm_mm, vma, start, end, flags);
	if (!vma)
		return -ENOMEM;
	vm_flags_reset(vma, flags);
	return 0;
}

/* A private mapping of a file may have anonymous pages, too. */
static bool vma_ksm_compatible(const struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_SHARED | VM_MAYSHARE));
}

static int madvise_mergeable(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end)
{
	/* The advice is ignored, which is no error. */
	if (!vma_ksm_compatible(vma))
		return 0;
	ksm_enter(vma->vm_mm);
	return vma_set_flags(vma, start, end, vma->vm_flags | VM_MERGEABLE);
}

static int madvise_unmergeable(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end)
{
	int err;

	if (!(vma->vm_flags & VM_MERGEABLE))
		return 0;
	if (READ_ONCE(vma->anon_vma)) {
		err = unmerge_ksm_pages(vma, start, end);
		if (err)
			return err;
	}
	return vma_set_flags(vma, start, end, vma->vm_flags & ~VM_MERGEABLE);
}

/* --- HUGEPAGE --- */

/* hugepage_madvise(). Never both. No error where there can't be huge pages, e.g. in shared mappings. */
static int madvise_hugepage(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end)
{
	return vma_set_flags(vma, start, end, (vma->vm_flags & ~VM_NOHUGEPAGE) | VM_HUGEPAGE);
}

static int madvise_nohugepage(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end)
{
	return vma_set_flags(vma, start, end, (vma->vm_flags & ~VM_HUGEPAGE) | VM_NOHUGEPAGE);
}

/* --- madvise() --- */

static int madvise_read_locked(struct mm_struct *mm, fl_vaddr start, fl_vaddr end,
			       enum fl_advice advice)
{
	int err;

	mmap_read_lock(mm);
	switch (advice) {
	case FL_MADV_DONTNEED:
		err = madvise_walk_vmas(mm, start, end, madvise_dontneed);
		break;
	case FL_MADV_FREE:
		err = madvise_walk_vmas(mm, start, end, madvise_free);
		break;
	case FL_MADV_COLD:
		err = madvise_walk_vmas(mm, start, end, madvise_cold);
		break;
	case FL_MADV_PAGEOUT:
		err = madvise_walk_vmas(mm, start, end, madvise_pageout);
		break;
	default:
		err = faultin_page_range(mm, start, end, advice == FL_MADV_POPULATE_WRITE);
		break;
	}
	mmap_read_unlock(mm);
	return err;
}

static int madvise_write_locked(struct mm_struct *mm, fl_vaddr start, fl_vaddr end,
				enum fl_advice advice)
{
	madvise_fn visit;
	int err;

	switch (advice) {
	case FL_MADV_MERGEABLE:
		visit = madvise_mergeable;
		break;
	case FL_MADV_HUGEPAGE:
		visit = madvise_hugepage;
		break;
	case FL_MADV_NOHUGEPAGE:
		visit = madvise_nohugepage;
		break;
	default:
		visit = madvise_unmergeable;
		break;
	}
	mmap_write_lock(mm);
	err = madvise_walk_vmas(mm, start, end, visit);
	mmap_write_unlock(mm);
	return err;
}

int fl_madvise(struct fl_mm *mm, fl_vaddr addr, size_t pages, enum fl_advice advice)
{
	struct fl_machine *m = mm->mm.machine;
	uint64_t len = (uint64_t)pages << m->page_shift;
	fl_vaddr end = addr + len;

	if (addr & (page_size(m) - 1) || len >> m->page_shift != pages || end < addr)
		return -EINVAL;
	switch (advice) {
	case FL_MADV_PAGEOUT:
		if (!m->swap)
			return lacks_swap("FL_MADV_PAGEOUT");
		return len ? madvise_read_locked(&mm->mm, addr, end, advice) : 0;
	case FL_MADV_COLD:
	case FL_MADV_DONTNEED:
	case FL_MADV_FREE:
	case FL_MADV_POPULATE_READ:
	case FL_MADV_POPULATE_WRITE:
		return len ? madvise_read_locked(&mm->mm, addr, end, advice) : 0;
	case FL_MADV_MERGEABLE:
	case FL_MADV_UNMERGEABLE:
		return len ? madvise_write_locked(&mm->mm, addr, end, advice) : 0;
	case FL_MADV_HUGEPAGE:
	case FL_MADV_NOHUGEPAGE:
		if (!m->huge_pages)
			return fl_rt_lacks("FL_MADV_HUGEPAGE", "huge pages", ".huge_pages");
		return len ? madvise_write_locked(&mm->mm, addr, end, advice) : 0;
	case FL_MADV_COLLAPSE:
		return m->huge_pages ? madvise_collapse(&mm->mm, addr, end)
				     : fl_rt_lacks("FL_MADV_COLLAPSE", "huge pages", ".huge_pages");
	}
	return -EINVAL;
}
