// SPDX-License-Identifier: MIT
/*
 * uffd_wp.c - userfaultfd: write-protecting ranges, and taking that back.
 *
 * State: _PAGE_UFFD_WP of entries, and markers. Invariant: in a VMA with VM_UFFD_WP an entry with the
 * bit is not writable, so that a write faults and user space hears of it (do_wp_page(), cow.c). After
 * the VMA lost the flag the bit means nothing.
 *
 *   UFFDIO_WRITEPROTECT, mmap:R                    who may be in the way
 *   V1  is all of the range registered?            registration: needs mmap:W
 *   V2  tlb_flush_pending++
 *   V3  under each PTL: set or clear the bit,      write faults: under the same PTL; they find the
 *       take write permission                      old entry or the new one
 *   V4  flush, tlb_flush_pending--                 programs: through their TLBs, until V4
 *   V5  un-protecting: wake who waits              a fault that comes to wait: uffd.c, U3
 *
 * A write fault that finds the entry protected waits for user space. One that finds it read-only
 * without the bit, as un-protecting leaves it, may copy the page between V3 and V4, and then a store
 * through a TLB goes to the page that nobody sees any more: hence the flush in do_wp_page() (policy
 * wp_fault_flush), or mmap:W here (uffd_wp_lock).
 *
 * Un-protecting must not give more than a write fault would: soft-dirty tracking may wait for the write
 * as well, and the page may be shared. What the entry gets is vm_page_prot, which knows all that asks
 * for notice, and write permission where can_change_pte_writable(). Up to 6.2 it was what the VMA's
 * flags permit: in a shared mapping write permission, whoever waits (931298e103c2).
 *
 * Models: mwriteprotect_range(), uffd_wp_range(), mm/userfaultfd.c, Linux 5.7 to 6.12.
 * Policy: uffd_wp_lock, uffd_wp_prot, uffd_wp_upgrade, uffd_wp_holes.
 */
#include "mm/change_protection.h"
#include "mm/mmap_lock.h"
#include "mm/uffd.h"
#include "mm/vma.h"
#include "oracle/hooks.h"

#include <errno.h>

/* The protection that change_protection() starts from. */
static pte_t uffd_wp_prot(const struct vm_area_struct *vma, bool enable_wp)
{
	if (vma->vm_mm->machine->policy.uffd_wp_prot == FL_UFFD_WP_PROT_VM_PAGE_PROT)
		return vma->vm_page_prot;
	return vm_get_page_prot(enable_wp ? vma->vm_flags & ~VM_WRITE : vma->vm_flags);
}

/* Is it to look at single entries, whether they may be writable? */
static bool uffd_wp_upgrades(struct vm_area_struct *vma, bool enable_wp)
{
	enum fl_uffd_wp_upgrade when = vma->vm_mm->machine->policy.uffd_wp_upgrade;

	if (when == FL_UFFD_WP_UPGRADE_NONE || (when == FL_UFFD_WP_UPGRADE_RESOLVE && enable_wp))
		return false;
	return vma_wants_manual_pte_write_upgrade(vma);
}

/* V2 to V4. */
long uffd_wp_range(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end, bool enable_wp)
{
	unsigned int flags = enable_wp ? MM_CP_UFFD_WP : MM_CP_UFFD_WP_RESOLVE;
	struct mm_struct *mm = vma->vm_mm;
	struct mmu_gather tlb;
	long changed;

	if (uffd_wp_upgrades(vma, enable_wp))
		flags |= MM_CP_TRY_CHANGE_WRITABLE;
	/* Both directions: un-protecting may leave an entry read-only that was writable. */
	wrprotect_pending_begin(mm);
	tlb_gather_mmu(&tlb, mm);
	changed = change_protection(&tlb, vma, start, end, uffd_wp_prot(vma, enable_wp), flags);
	tlb_finish_mmu(&tlb);
	wrprotect_pending_end(mm);
	if (!enable_wp)
		FL_EVENT(.kind = FL_EVENT_UFFD_PROTECT, .mm = FL_EVENT_MM(mm), .addr = start,
			 .end = end);
	return changed;
}

/* V1 to V4. */
static int mwriteprotect_range(struct mm_struct *mm, fl_vaddr start, fl_vaddr end, bool enable_wp)
{
	bool mark = mm->machine->policy.uffd_wp_lock == FL_WALK_MMAP_WRITE_VMA;
	bool holes = mm->machine->policy.uffd_wp_holes == FL_YES;
	struct vm_area_struct *vma = vma_find(mm, start);

	/* Up to 6.2 it had to be one VMA without holes. */
	if (holes && vma && vma->vm_start > start && vma->vm_start < end)
		start = vma->vm_start;
	while (start < end) {
		fl_vaddr to;
		long changed;

		if (!vma || vma->vm_start > start || !(vma->vm_flags & VM_UFFD_WP))
			return -ENOENT;
		to = vma->vm_end < end ? vma->vm_end : end;
		if (mark)
			vma_start_write(vma);
		changed = uffd_wp_range(vma, start, to, enable_wp);
		if (changed < 0)
			return (int)changed;
		start = to;
		vma = vma_find(mm, start);
		if (!holes)
			continue;
		if (!vma || vma->vm_start >= end)
			break;
		if (start < vma->vm_start)
			start = vma->vm_start;
	}
	return 0;
}

int fl_uffd_writeprotect(struct fl_uffd *uffd, fl_vaddr addr, size_t pages, bool protect)
{
	struct mm_struct *mm = uffd->mm;
	struct fl_machine *m = mm->machine;
	bool read = m->policy.uffd_wp_lock == FL_WALK_MMAP_READ;
	fl_vaddr end;
	int err;

	if (!uffd_range_ok(m, addr, pages, &end))
		return -EINVAL;
	if (read)
		mmap_read_lock(mm);
	else
		mmap_write_lock(mm);
	err = mwriteprotect_range(mm, addr, end, protect);
	if (read)
		mmap_read_unlock(mm);
	else
		mmap_write_unlock(mm);
	if (err)
		return err;
	if (!protect)
		wake_userfault(uffd, addr, end); /* V5 */
	if (protect)
		FL_EVENT(.kind = FL_EVENT_UFFD_PROTECT, .mm = FL_EVENT_MM(mm), .addr = addr,
			 .end = end, .write = true);
	return 0;
}
