/* SPDX-License-Identifier: MIT */
/*
 * change_protection.h - giving the entries of a range another protection, and when single entries
 * may be writable although their VMA's default is not.
 *
 * After mm/mprotect.c and mm/mmap.c, Linux 4.8 to 6.12.
 * Policy: protect_flush, tlb_pending, change_writable, uffd_wp_writenotify; wrprotect_sync, here.
 */
#ifndef FL_MM_CHANGE_PROTECTION_H
#define FL_MM_CHANGE_PROTECTION_H

#include "mm/mmu_gather.h"

enum mm_cp_flags {
	MM_CP_TRY_CHANGE_WRITABLE = 1, /* make entries writable where can_change_pte_writable() */
	MM_CP_PROT_NUMA = 2,	       /* to protnone, for NUMA hinting */
	MM_CP_UFFD_WP = 4,	       /* set uffd-wp, take write permission */
	MM_CP_UFFD_WP_RESOLVE = 8,     /* clear uffd-wp */
	MM_CP_DIRTY_ACCT = 16,	       /* up to 5.19: dirty entries become writable */
	MM_CP_SAVED_WRITE = 32,	       /* up to 6.1, with PROT_NUMA: _PAGE_RW stays in the entry */
};

/*
 * All of [start, end), inside @vma, to @newprot (for MM_CP_PROT_NUMA ignored). mmap:R, or mmap:W
 * with the VMA marked. Flushes as policy protect_flush says; what it does not flush is noted in
 * @tlb. Returns the number of entries that changed, or -ENOMEM (no memory for markers).
 */
long change_protection(struct mmu_gather *tlb, struct vm_area_struct *vma, fl_vaddr start,
		       fl_vaddr end, pte_t newprot, unsigned int cp_flags);

/* Under the PTL, @pte not writable: may it become writable without a fault? */
bool can_change_pte_writable(struct vm_area_struct *vma, fl_vaddr addr, pte_t pte);

/*
 * Under the PTL, @pte not present. If it is of a page that is about to move, what it is to be so that the page
 * comes back without write permission, whatever is permitted from now on, and as exclusive as it was.
 */
pte_t migration_entry_wrprotect(struct fl_machine *m, pte_t pte);

/* Must the first write to each page of this shared mapping fault? @prot: vm_get_page_prot(). */
bool vma_wants_writenotify(struct vm_area_struct *vma);
/* Is vm_page_prot more strict than single entries may be? */
bool vma_wants_manual_pte_write_upgrade(struct vm_area_struct *vma);
/* Recomputes vm_page_prot after vm_flags changed. mmap:W, marked. */
void vma_set_page_prot(struct vm_area_struct *vma);

/*
 * mm->wrprotect_pending, candidate fix F5: who takes write permission and has yet to flush. Called
 * by those who do: begin before the first entry changes, end after the flush. Whoever finds an
 * entry read-only, under its PTL, and the count at zero, knows that no TLB lets write any more.
 * The argument is that of tlb_flush_pending (mmu_gather.h); only write-protections are counted.
 */
static inline void wrprotect_pending_begin(struct mm_struct *mm)
{
	if (mm->machine->policy.wrprotect_sync != FL_WRPROTECT_SYNC_NONE)
		atomic_inc(&mm->wrprotect_pending);
}

static inline void wrprotect_pending_end(struct mm_struct *mm)
{
	if (mm->machine->policy.wrprotect_sync != FL_WRPROTECT_SYNC_NONE)
		atomic_dec(&mm->wrprotect_pending);
}

/* Is soft-dirty tracking active in @vma? */
static inline bool vma_soft_dirty_enabled(const struct vm_area_struct *vma)
{
	return !(vma->vm_flags & VM_SOFTDIRTY);
}

/* Does @vma watch writes to @pte by userfaultfd? */
static inline bool userfaultfd_pte_wp(const struct vm_area_struct *vma, pte_t pte)
{
	return vma->vm_flags & VM_UFFD_WP && pte_uffd_wp(pte);
}

#endif
