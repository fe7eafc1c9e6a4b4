// SPDX-License-Identifier: MIT
/*
 * mprotect.c - another protection for a range.
 *
 * State: vm_flags and vm_page_prot of the VMAs of the range, and their entries.
 *
 *   mprotect, mmap:W                          who may be in the way
 *   P1  tlb_flush_pending++
 *   P2  for each VMA: cut out the part        faults under VL:R: waited for, later ones give up
 *       (split or merge), mark it
 *   P3  store vm_flags, vm_page_prot
 *   P4  under each PTL: change the entries    faults and GUP of before: entries are as they were, or
 *       (change_protection.c)                 as they will be
 *   P5  flush                                 programs with old translations
 *   P6  tlb_flush_pending--
 *
 * When it returns nobody has more rights than the new ones. It is the same loop for a range over
 * several VMAs: what is before a hole, or before one that may not be changed, is done.
 *
 * Giving write permission does not make entries writable: the first write to a page may have to copy
 * it, or somebody wants to hear of it. P4 spares the fault where nobody does, and releases differ in
 * which those are.
 *
 * Models: do_mprotect_pkey(), mprotect_fixup(), mm/mprotect.c, Linux 6.5, with 5.19's way to spare
 * faults.
 * Policy: mprotect_upgrade.
 */
#include "mm/change_protection.h"
#include "mm/mmap_lock.h"
#include "mm/vma.h"
#include "oracle/hooks.h"

#include <errno.h>

#define VM_ACCESS_FLAGS (VM_READ | VM_WRITE)

/* How P4 spares write faults. @vma has its new flags, but not yet its new vm_page_prot. */
static unsigned int upgrade_flags(struct vm_area_struct *vma)
{
	if (vma->vm_mm->machine->policy.mprotect_upgrade == FL_MPROTECT_TRY_CHANGE_WRITABLE)
		return vma_wants_manual_pte_write_upgrade(vma) ? MM_CP_TRY_CHANGE_WRITABLE : 0;
	return vma_wants_writenotify(vma) ? MM_CP_DIRTY_ACCT : 0;
}

/*
 * VM_ACCOUNT comes with write permission, and stays: there may be pages that would have to be kept. But where
 * there are none for sure.
 */
static unsigned long account_flags(struct vm_area_struct *vma, unsigned long newflags)
{
	unsigned long oldflags = vma->vm_flags;

	if (newflags & VM_WRITE) {
		if (!(oldflags & (VM_ACCOUNT | VM_WRITE | VM_SHARED | VM_NORESERVE)))
			newflags |= VM_ACCOUNT;
	} else if (oldflags & VM_ACCOUNT && vma_is_anonymous(vma) && !READ_ONCE(vma->anon_vma)) {
		newflags &= ~VM_ACCOUNT;
	}
	return newflags;
}

/* P2 to P4 for [start, end) of @vma. NULL: no memory. Else what it is part of now. */
static struct vm_area_struct *mprotect_fixup(struct mmu_gather *tlb, struct vm_area_struct *vma,
					     fl_vaddr start, fl_vaddr end, unsigned long newflags)
{
	unsigned int cp_flags;

	if (newflags == vma->vm_flags)
		return vma;
	newflags = account_flags(vma, newflags);
	vma = vma_modify_flags(tlb->mm, vma, start, end, newflags);
	if (!vma)
		return NULL;
	vm_flags_reset(vma, newflags);
	cp_flags = upgrade_flags(vma);
	vma_set_page_prot(vma);
	change_protection(tlb, vma, start, end, vma->vm_page_prot, cp_flags);
	return vma;
}

/* *@start: up to where it was done. */
static int mprotect_range(struct mmu_gather *tlb, fl_vaddr *start, fl_vaddr end, unsigned long prot)
{
	while (*start < end) {
		struct vm_area_struct *vma = vma_find(tlb->mm, *start);
		unsigned long newflags;
		fl_vaddr to;

		if (!vma || vma->vm_start > *start)
			return -ENOMEM;
		newflags = (vma->vm_flags & ~VM_ACCESS_FLAGS) | prot;
		/* VM_MAYREAD and VM_MAYWRITE are four bits further up. */
		if (newflags & ~(newflags >> 4) & VM_ACCESS_FLAGS)
			return -EACCES;
		to = vma->vm_end < end ? vma->vm_end : end;
		vma = mprotect_fixup(tlb, vma, *start, to, newflags);
		if (!vma)
			return -ENOMEM;
		*start = vma->vm_end;
	}
	*start = end;
	return 0;
}

int fl_mprotect(struct fl_mm *fl_mm, fl_vaddr addr, size_t pages, unsigned int prot)
{
	struct mm_struct *mm = &fl_mm->mm;
	struct fl_machine *m = mm->machine;
	fl_vaddr done = addr, end = addr + ((uint64_t)pages << m->page_shift);
	unsigned long flags = 0;
	struct mmu_gather tlb;
	int err;

	if (addr & (page_size(m) - 1) || prot & ~(unsigned int)(FL_READ | FL_WRITE))
		return -EINVAL;
	if (!pages)
		return 0;
	if (pages > task_size(m) >> m->page_shift || end > task_size(m) || end < addr)
		return -ENOMEM;
	if (prot & FL_READ)
		flags |= VM_READ;
	if (prot & FL_WRITE)
		flags |= VM_WRITE;

	mmap_write_lock(mm);
	tlb_gather_mmu(&tlb, mm); /* P1 */
	err = mprotect_range(&tlb, &done, end, flags);
	tlb_finish_mmu(&tlb); /* P5, P6 */
	if (done > addr)
		FL_EVENT(.kind = FL_EVENT_PROTECTED, .mm = FL_EVENT_MM(mm), .addr = addr,
			 .end = done < end ? done : end, .value = prot);
	mmap_write_unlock(mm);
	return err;
}
