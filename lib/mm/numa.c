// SPDX-License-Identifier: MIT
/*
 * numa.c - NUMA hinting: entries that are made inaccessible to see who uses the page.
 *
 * State: the entries. A hinting entry is protnone in a VMA whose default is not.
 *
 *   scanner, mmap:R                            fault, mmap:R or VL:R
 *   N1  batch: tlb_flush_pending++
 *   N2  under each PTL: make protnone          F1  lock the PTL; entry as before? Or it is over
 *   N3  flush, tlb_flush_pending--             F2  the VMA's protection again; writable if it was, or
 *                                                  where a write fault would do no more than that
 *
 * How F2 knows (policy numa_write): up to 6.1 the hint kept _PAGE_RW in the entry. Hardware looks at that
 * no more than at the rest of an entry that is not present, nor does GUP. Whoever takes write permission
 * from an entry (fork, KSM, clear_refs, mprotect) takes it from a hinted one as well. Since 6.2 F2 asks
 * what mprotect() asks, and an entry that was writable always passes: without PageAnonExclusive the
 * rule would make private entries read-only.
 *
 * On a machine that is made for it (FL_MIGRATION_FAULTS) the fault moves the page between F1 and F2, without
 * the PTL: migrate.c.
 *
 * The scanner has the mm for reading only: what keeps others from acting on a protnone entry as if
 * nobody could reach the page is N1, before N2 and gone after N3 (20841405940e).
 *
 * Models: change_prot_numa(), mm/mempolicy.c, do_numa_page(), mm/memory.c, Linux 4.8 to 6.12 (b191f9b106ea,
 * 6a56ccbcf6c6).
 * Policy: numa_write.
 */
#include "mm/change_protection.h"
#include "mm/fault.h"
#include "mm/migrate.h"
#include "mm/mmap_lock.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"

#include <errno.h>

static bool saves_write(const struct fl_machine *m)
{
	return m->policy.numa_write == FL_NUMA_WRITE_SAVED;
}

/* N1 to N3. */
static long change_prot_numa(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end)
{
	unsigned int flags = MM_CP_PROT_NUMA;
	struct mmu_gather tlb;
	long pages;

	if (saves_write(vma->vm_mm->machine))
		flags |= MM_CP_SAVED_WRITE;
	tlb_gather_mmu(&tlb, vma->vm_mm);
	pages = change_protection(&tlb, vma, start, end, 0, flags);
	tlb_finish_mmu(&tlb);
	return pages;
}

long fl_change_prot_numa(struct fl_mm *fl_mm, fl_vaddr addr, size_t pages)
{
	struct mm_struct *mm = &fl_mm->mm;
	struct fl_machine *m = mm->machine;
	struct vm_area_struct *vma;
	long changed = 0;
	fl_vaddr end;

	if (addr & (page_size(m) - 1) || addr > task_size(m) ||
	    pages > (task_size(m) - addr) >> m->page_shift)
		return -EINVAL;
	end = addr + ((uint64_t)pages << m->page_shift);
	mmap_read_lock(mm);
	for (vma = vma_find(mm, addr); vma && vma->vm_start < end;
	     vma = vma_find(mm, vma->vm_end)) {
		fl_vaddr from = vma->vm_start > addr ? vma->vm_start : addr;
		fl_vaddr to = vma->vm_end < end ? vma->vm_end : end;

		/* In an inaccessible VMA protnone means something else. */
		if (vma->vm_flags & (VM_READ | VM_WRITE))
			changed += change_prot_numa(vma, from, to);
	}
	mmap_read_unlock(mm);
	return changed;
}

/*
 * The page may move as well. Then it comes back accessible, and F2 is not needed. False: the PTL is free.
 */
static bool numa_page_stays(struct vm_fault *vmf)
{
	struct page *page = vm_normal_page(vmf->m, vmf->orig_pte);

	if (!page || !migrate_misplaced_page_prepare(vmf->m, page))
		return true;
	spin_unlock(vmf->ptl);
	if (!migrate_misplaced_page(vmf->m, page))
		return false;
	return vmf_map_and_lock(vmf);
}

vm_fault_t do_numa_page(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	bool writable;
	pte_t pte;

	if (!vmf_map_and_lock(vmf)) /* F1 */
		return 0;
	if (vmf->m->migration & FL_MIGRATION_FAULTS && !numa_page_stays(vmf))
		return 0;
	if (saves_write(vmf->m)) {
		writable = pte_write(vmf->orig_pte);
	} else {
		pte = pte_modify(vmf->orig_pte, vma->vm_page_prot);
		writable = pte_write(pte) || (vma_wants_manual_pte_write_upgrade(vma) &&
					      can_change_pte_writable(vma, vmf->address, pte));
	}
	pte = ptep_get_and_clear(vmf->mm, vmf->address, vmf->ptep);
	pte = pte_mkyoung(pte_modify(pte, vma->vm_page_prot));
	if (writable)
		pte = pte_mkwrite(pte);
	FL_STEP("F2", set_pte_at(vmf->mm, vmf->address, vmf->ptep, pte));
	spin_unlock(vmf->ptl);
	return 0;
}
