// SPDX-License-Identifier: MIT
/*
 * ksm.c - write_protect_page(): before KSM may merge a page nobody may write to it, or read it by
 * DMA.
 *
 * State: the entry that maps the page, PageAnonExclusive, the page's counts.
 *
 *   K1  mmap:R; a reference of ksmd's own; the page lock
 *   K2  lock the PTL; is the entry writable, dirty, or the page exclusive, or a flush pending?
 *       No: it is write-protected already
 *   A1  clear the entry, and flush the TLB: nobody writes any more, through whatever translation
 *   K3  mapcount + 1 == references? Or restore the entry, give up: somebody does I/O on it
 *   A2, A3  page_try_share_anon_rmap(): not pinned, and no longer exclusive. Or restore, give up
 *   A4  store the entry again, read-only and clean; its dirtiness went to the page
 *
 * A1 to A4 is the clearing side of rmap.h. K3 looks at the same counter as A2, only stricter: it
 * was there before pins could be told from other references. After A1 without the flush it is not
 * ordered (policy ksm_flush=none): what then decides is A2, which has a barrier of its own.
 *
 * Models: write_protect_page(), try_to_merge_one_page(), mm/ksm.c, Linux 6.0 and 6.1, without
 * what follows: comparing and replacing.
 * Policy: ksm_flush.
 */
#include "mm/gup.h"
#include "mm/mmap_lock.h"
#include "mm/rmap.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"

#include <errno.h>

static pte_t clear_entry(struct vm_area_struct *vma, fl_vaddr address, pte_t *ptep)
{
	struct mm_struct *mm = vma->vm_mm;

	if (mm->machine->policy.ksm_flush == FL_KSM_FLUSH)
		return FL_STEP("A1", ptep_clear_flush(vma, address, ptep));
	return FL_STEP("A1", ptep_get_and_clear(mm, address, ptep));
}

/* K2 to A4. The page is referenced and locked by the caller. */
static int write_protect_page(struct vm_area_struct *vma, struct page *page, fl_vaddr address)
{
	struct mm_struct *mm = vma->vm_mm;
	struct fl_machine *m = mm->machine;
	pmd_t *pmdp = pmd_offset_lockless(m, mm->pgd, address);
	pmd_t pmd = pmdp ? pmdp_get(pmdp) : 0;
	bool anon_exclusive;
	int err = -EFAULT, swapped;
	spinlock_t *ptl;
	pte_t *ptep, entry;

	if (pmd_none(pmd))
		return err;
	ptep = pte_offset_map(m, pmd, address);
	ptl = pte_lockptr(pmd);
	spin_lock(ptl);
	entry = ptep_get(ptep);
	/* page_vma_mapped_walk(): does it still map this page? */
	if (!pte_present(entry) || pte_pfn(entry) != page_to_pfn(page))
		goto out_unlock;

	err = 0;
	anon_exclusive = PageAnonExclusive(page);
	if (!pte_write(entry) && !pte_dirty(entry) && !anon_exclusive && !mm_tlb_flush_pending(mm))
		goto out_unlock;

	err = -EBUSY;
	swapped = PageSwapCache(page);
	entry = clear_entry(vma, address, ptep);
	if (page_mapcount(page) + 1 + swapped != page_count(page)) { /* K3 */
		set_pte_at(mm, address, ptep, entry);
		goto out_unlock;
	}
	if (anon_exclusive && page_try_share_anon_rmap(m, page)) {
		set_pte_at(mm, address, ptep, entry);
		goto out_unlock;
	}
	if (pte_dirty(entry))
		SetPageDirty(page);
	entry = pte_mkclean(pte_wrprotect(entry));
	FL_STEP("A4", set_pte_at(mm, address, ptep, entry));
	err = 0;

out_unlock:
	spin_unlock(ptl);
	return err;
}

int fl_ksm_write_protect(struct fl_cpu *cpu, struct fl_mm *fl_mm, fl_vaddr addr)
{
	struct mm_struct *mm = &fl_mm->mm;
	fl_vaddr address = page_align_down(cpu->machine, addr);
	struct vm_area_struct *vma;
	struct page *page = NULL;
	int err = -EFAULT;
	bool unshare;

	mmap_read_lock(mm);
	vma = addr < task_size(cpu->machine) ? vma_lookup(mm, address) : NULL;
	if (vma)
		page = follow_page_pte(vma, address, FOLL_GET, &unshare); /* K1 */
	if (!page)
		goto out;
	if (!PageAnon(page))
		goto out_put;
	err = -EBUSY;
	if (trylock_page(page)) {
		err = write_protect_page(vma, page, address);
		unlock_page(page);
	}
out_put:
	put_page(cpu->machine, page);
out:
	mmap_read_unlock(mm);
	return err;
}
