// SPDX-License-Identifier: MIT
/*
 * mmap.c - mapping and unmapping.
 *
 * State: the set of VMAs (vma.c) and, for munmap, the entries of the range.
 *
 *   munmap, mmap:W                          who may be in the way
 *   M1  split at both ends
 *   M2  mark, detach, unlink each VMA       faults under VL:R: waited for; later ones find nothing
 *   M3  tlb_flush_pending++
 *   M4  under each PTL: clear entries       GUP-fast: reads the entry again after it took the page
 *   M5  flush                               programs with old translations: none is left after it
 *   M6  tlb_flush_pending--
 *   M7  drop the pages' references          the frame can have a new owner from here on
 *
 * M5 before M7, always: a frame that is free must not be reachable. M3 to M6 tells who looks at
 * an entry under the PTL that memory and TLBs may disagree (KSM): the count went up before the
 * entry changed, and is down after the flush.
 *
 * Models: do_mmap(), mmap_region(), do_vmi_align_munmap(), unmap_region(), mm/mmap.c, and
 * zap_pte_range(), mm/memory.c, Linux 6.5; page tables stay until the mm goes, mmap:W is not
 * downgraded.
 * Policy: none.
 */
#include "mm/mm.h"
#include "mm/mmap_lock.h"
#include "mm/rmap.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"

#include <errno.h>

/* Pages that are unmapped but not yet flushed: struct mmu_gather. On the caller's stack. */
#define GATHER_PAGES 64

struct mmu_gather {
	struct mm_struct *mm;
	unsigned int nr;
	struct page *pages[GATHER_PAGES];
};

static void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm)
{
	tlb->mm = mm;
	tlb->nr = 0;
	atomic_inc(&mm->tlb_flush_pending); /* M3 */
}

/* M5 and M7 for [start, end). */
static void tlb_flush_mmu(struct mmu_gather *tlb, fl_vaddr start, fl_vaddr end)
{
	if (end > start)
		flush_tlb_mm_range(tlb->mm, start, end);
	for (unsigned int i = 0; i < tlb->nr; i++)
		put_page(tlb->mm->machine, tlb->pages[i]);
	tlb->nr = 0;
}

static void tlb_finish_mmu(struct mmu_gather *tlb)
{
	atomic_dec(&tlb->mm->tlb_flush_pending); /* M6, after M5 by its barrier */
}

/* M4 for one page. True: there was an entry. */
static bool zap_pte(struct mmu_gather *tlb, fl_vaddr addr)
{
	struct mm_struct *mm = tlb->mm;
	struct fl_machine *m = mm->machine;
	pmd_t *pmdp = pmd_offset_lockless(m, mm->pgd, addr);
	pmd_t pmd = pmdp ? pmdp_get(pmdp) : 0;
	struct page *page;
	spinlock_t *ptl;
	pte_t *ptep, pte;

	if (pmd_none(pmd))
		return false;
	ptep = pte_offset_map(m, pmd, addr);
	/* Faults are shut out and nobody else makes entries: none stays none. */
	if (pte_none(ptep_get(ptep)))
		return false;
	ptl = pte_lockptr(pmd);
	spin_lock(ptl);
	pte = ptep_get_and_clear(mm, addr, ptep);
	if (pte_present(pte) && !pte_special(pte)) {
		page = pfn_to_page(m, pte_pfn(pte));
		fl_addr_dep(page);
		if (pte_dirty(pte))
			SetPageDirty(page);
		page_remove_rmap(page);
		tlb->pages[tlb->nr++] = page;
	}
	spin_unlock(ptl);
	return true;
}

/* The next address that may have an entry: skips what has no leaf table. */
static fl_vaddr next_zap(struct mm_struct *mm, fl_vaddr addr)
{
	struct fl_machine *m = mm->machine;
	pmd_t *pmdp = pmd_offset_lockless(m, mm->pgd, addr);
	unsigned int shift = m->page_shift;

	if (!pmdp)
		shift += 2 * m->level_bits;
	else if (pmd_none(pmdp_get(pmdp)))
		shift += m->level_bits;
	return ((addr >> shift) + 1) << shift;
}

void zap_page_range(struct mm_struct *mm, fl_vaddr start, fl_vaddr end)
{
	fl_vaddr addr, flushed = start, flush_end = start;
	struct mmu_gather tlb;

	tlb_gather_mmu(&tlb, mm);
	for (addr = start; addr < end; addr = next_zap(mm, addr)) {
		if (zap_pte(&tlb, addr))
			flush_end = addr + page_size(mm->machine);
		if (tlb.nr == GATHER_PAGES) {
			tlb_flush_mmu(&tlb, flushed, flush_end);
			flushed = flush_end;
		}
	}
	tlb_flush_mmu(&tlb, flushed, flush_end);
	tlb_finish_mmu(&tlb);
}

/* --- mmap --- */

/* First fit, from the second page up. 0: no room. Under mmap:W. */
static fl_vaddr get_unmapped_area(struct mm_struct *mm, uint64_t len)
{
	fl_vaddr start = page_size(mm->machine), limit = task_size(mm->machine);
	struct vm_area_struct *vma;

	for (;;) {
		if (len > limit || start > limit - len)
			return 0;
		vma = vma_find(mm, start);
		if (!vma || vma->vm_start >= start + len)
			return start;
		start = vma->vm_end;
	}
}

int fl_mmap_anon(fl_vaddr *out, struct fl_mm *fl_mm, size_t pages, unsigned int prot)
{
	struct mm_struct *mm = &fl_mm->mm;
	struct fl_machine *m = mm->machine;
	unsigned long flags = VM_MAYREAD | VM_MAYWRITE;
	struct vm_area_struct *vma;
	fl_vaddr start;
	int err;

	if (!pages || prot & ~(unsigned int)(FL_READ | FL_WRITE))
		return -EINVAL;
	if (pages > task_size(m) >> m->page_shift)
		return -ENOMEM;
	if (prot & FL_READ)
		flags |= VM_READ;
	if (prot & FL_WRITE)
		flags |= VM_WRITE;

	mmap_write_lock(mm);
	err = -ENOMEM;
	start = get_unmapped_area(mm, (uint64_t)pages << m->page_shift);
	vma = start ? vm_area_alloc(mm, start, start + ((uint64_t)pages << m->page_shift), flags)
		    : NULL;
	if (vma) {
		err = vma_link(mm, vma);
		if (err)
			__vm_area_free(vma);
		else
			vma_merge(mm, vma);
	}
	mmap_write_unlock(mm);
	if (!err)
		*out = start;
	return err;
}

/* --- munmap --- */

/* M1: no VMA reaches across @addr. */
static int split_at(struct mm_struct *mm, fl_vaddr addr)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);

	return vma && vma->vm_start < addr ? split_vma(mm, vma, addr) : 0;
}

int fl_munmap(struct fl_mm *fl_mm, fl_vaddr addr, size_t pages)
{
	struct mm_struct *mm = &fl_mm->mm;
	struct fl_machine *m = mm->machine;
	uint64_t len = (uint64_t)pages << m->page_shift;
	struct vm_area_struct *vma;
	fl_vaddr end = addr + len;
	int err;

	if (!pages || len >> m->page_shift != pages || addr & (page_size(m) - 1) || end < addr ||
	    end > task_size(m))
		return -EINVAL;
	mmap_write_lock(mm);
	err = split_at(mm, addr);
	if (!err)
		err = split_at(mm, end);
	while (!err && (vma = vma_find(mm, addr)) && vma->vm_start < end) {
		err = vma_unlink(mm, vma); /* M2 */
		if (err)
			break;
		zap_page_range(mm, vma->vm_start, vma->vm_end);
		vm_area_free(vma);
	}
	mmap_write_unlock(mm);
	return err;
}
