// SPDX-License-Identifier: MIT
/*
 * mmap.c - mapping and unmapping.
 *
 * State: the set of VMAs (vma.c) and, for munmap, the entries and tables of the range.
 *
 *   munmap, mmap:W                          who may be in the way
 *   M1  split at both ends
 *   M2  mark, detach, unlink all VMAs       faults under VL:R: waited for; later ones find nothing
 *   M3  tlb_flush_pending++
 *   M4  under each PTL: clear entries       GUP-fast: reads the entry again after it took the page
 *   M5  off the lists of anon_vmas, files   walks from pages to mappings: find none any more
 *   M6  unhook tables that are empty        GUP-fast: keeps interrupts off while it reads them
 *   M7  flush                               programs with old translations: none is left after it
 *   M8  drop the pages' references, tables  the frame can have a new owner from here on
 *   M9  tlb_flush_pending--
 *   MA  free the VMAs                       by RCU
 *
 * M7 before M8, always: a frame that is free must not be reachable. M5 comes after M4: as long as
 * there are entries a walk finds them. All that can fail is before M2; a split that was in vain is
 * undone by a merge.
 *
 * A new mapping lies at the lowest address where there is room, as a neighbour's part if they are
 * alike (vma_merge.c). All of it counts as soft-dirty.
 *
 * Models: do_mmap(), mmap_region(), accountable_mapping(), do_vmi_align_munmap(), unmap_region(), mm/mmap.c, Linux 6.5,
 * free_pgtables(), mm/memory.c; mmap:W is not downgraded. Addresses go bottom-up.
 * Policy: none.
 */
#include <faultline/file.h>

#include "mm/change_protection.h"
#include "mm/fault.h"
#include "mm/file.h"
#include "mm/lru.h"
#include "mm/mm.h"
#include "mm/mmap_lock.h"
#include "mm/rmap.h"
#include "mm/vma.h"
#include "mm/zap.h"
#include "oracle/hooks.h"

#include <errno.h>

/* --- munmap --- */

/*
 * M1 and M2. @vma is the first one that reaches into the range. A split that was in vain is undone, if
 * there is memory for that.
 */
static int detach_vmas(struct vm_area_struct **list, struct mm_struct *mm,
		       struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end)
{
	struct vm_area_struct *last;
	int err = 0;

	if (vma->vm_start < start) {
		vma = __split_vma(mm, vma, start);
		if (!vma)
			return -ENOMEM;
	}
	last = vma->vm_end < end ? vma_lookup(mm, end - 1) : vma;
	if (last && last->vm_end > end)
		err = split_vma(mm, last, end);
	if (!err)
		err = vma_detach_range(list, mm, vma, end);
	if (err) {
		if (last && last != vma)
			vma_merge(mm, last);
		vma_merge(mm, vma);
	}
	return err;
}

/* M5. */
void unlink_vma_lists(struct vm_area_struct *vma)
{
	unlink_anon_vmas(vma);
	if (vma->vm_file)
		unlink_file_vma(vma);
}

/* M3 to M9. */
static void unmap_region(struct mm_struct *mm, struct vm_area_struct *list)
{
	const struct zap_details details = { .drop_marker = true };
	fl_vaddr start = list->vm_start, end = start;
	struct vm_area_struct *vma, *prev, *next;
	struct mmu_gather tlb;

	lru_add_drain(mm->machine); /* pages go soon: not with a batch's reference */
	tlb_gather_mmu(&tlb, mm);
	for (vma = list; vma; vma = vma->detached_next) {
		end = vma->vm_end;
		unmap_page_range(&tlb, vma, vma->vm_start, end, &details);
	}
	for (vma = list; vma; vma = vma->detached_next)
		unlink_vma_lists(vma);
	prev = vma_find_before(mm, start);
	next = vma_find(mm, end);
	free_pgtables(&tlb, start, end, prev ? prev->vm_end : 0,
		      next ? next->vm_start : task_size(mm->machine));
	tlb_finish_mmu(&tlb);
}

int do_munmap(struct mm_struct *mm, fl_vaddr start, uint64_t len)
{
	struct vm_area_struct *list = NULL, *vma = vma_find(mm, start);
	fl_vaddr end = start + len;
	int err;

	if (!vma || vma->vm_start >= end)
		return 0;
	err = detach_vmas(&list, mm, vma, start, end);
	if (err)
		return err;
	FL_EVENT(.kind = FL_EVENT_DISCARD, .mm = FL_EVENT_MM(mm), .addr = start, .end = end);
	unmap_region(mm, list);
	while (list) {
		vma = list;
		list = vma->detached_next;
		remove_vma(vma); /* MA */
	}
	FL_EVENT(.kind = FL_EVENT_PROTECTED, .mm = FL_EVENT_MM(mm), .addr = start, .end = end);
	return 0;
}

int fl_munmap(struct fl_mm *fl_mm, fl_vaddr addr, size_t pages)
{
	struct mm_struct *mm = &fl_mm->mm;
	struct fl_machine *m = mm->machine;
	uint64_t len = (uint64_t)pages << m->page_shift;
	int err;

	if (!pages || len >> m->page_shift != pages || addr & (page_size(m) - 1) ||
	    !range_in_mm(mm, addr, len))
		return -EINVAL;
	mmap_write_lock(mm);
	err = do_munmap(mm, addr, len);
	mmap_write_unlock(mm);
	return err;
}

/* --- mmap --- */

bool range_in_mm(const struct mm_struct *mm, fl_vaddr start, uint64_t len)
{
	uint64_t limit = task_size(mm->machine);

	return len <= limit && start <= limit - len;
}

bool range_is_free(struct mm_struct *mm, fl_vaddr start, uint64_t len)
{
	struct vm_area_struct *vma = vma_find(mm, start);

	return !vma || vma->vm_start >= start + len;
}

fl_vaddr get_unmapped_area(struct mm_struct *mm, fl_vaddr hint, uint64_t len)
{
	uint64_t first = page_size(mm->machine), addr;

	hint = page_align_down(mm->machine, hint + first - 1);
	if (hint >= first && range_in_mm(mm, hint, len) && range_is_free(mm, hint, len))
		return hint;
	addr = vma_tree_gap(&mm->tree, first, task_size(mm->machine), len);
	return addr == UINT64_MAX ? 0 : addr;
}

/* MAP_FIXED and MAP_FIXED_NOREPLACE: exactly there. */
static int make_room(struct mm_struct *mm, fl_vaddr addr, uint64_t len, unsigned int flags)
{
	if (!range_in_mm(mm, addr, len))
		return -ENOMEM;
	if (flags & FL_MAP_FIXED_NOREPLACE)
		return range_is_free(mm, addr, len) ? 0 : -EEXIST;
	return do_munmap(mm, addr, len);
}

/* A VMA of its own, as @vmg says. */
static struct vm_area_struct *new_vma(const struct vma_merge_struct *vmg)
{
	struct vm_area_struct *vma = vm_area_alloc(vmg->mm, vmg->start, vmg->end, vmg->flags);

	if (!vma)
		return NULL;
	vma->vm_pgoff = vmg->pgoff;
	if (vmg->file) {
		vma->vm_file = vmg->file;
		vma->vm_ops = vmg->file->vm_ops;
		get_file(vmg->file);
	}
	if (!vma_link(vmg->mm, vma))
		return vma;
	if (vmg->file)
		fput(vmg->file);
	__vm_area_free(vma);
	return NULL;
}

/* Who could write to all of it would need so much memory. */
static bool accountable_mapping(unsigned long flags)
{
	return (flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}

static int mmap_region(struct vma_merge_struct *vmg)
{
	struct vm_area_struct *vma;

	if (accountable_mapping(vmg->flags))
		vmg->flags |= VM_ACCOUNT;
	vmg->flags |= VM_SOFTDIRTY;
	vmg->prev = vma_find_before(vmg->mm, vmg->start);
	vmg->next = vma_find(vmg->mm, vmg->start);
	vma = vma_merge_new_range(vmg);
	if (!vma)
		vma = new_vma(vmg);
	if (!vma)
		return -ENOMEM;
	if (vma->vm_flags != vmg->flags)
		vm_flags_reset(vma, vmg->flags);
	vma_set_page_prot(vma);
	return 0;
}

/*
 * mm_populate(): what can't be had is left to later faults. Private memory that may be written gets pages of its own, shared memory
 * those that it has: for the first write to them a file system may want to be asked.
 */
static void populate(struct mm_struct *mm, fl_vaddr start, fl_vaddr end)
{
	struct vm_area_struct *vma;
	bool write;

	mmap_read_lock(mm);
	for (fl_vaddr addr = start; addr < end; addr += page_size(mm->machine)) {
		vm_fault_t fault;

		vma = vma_lookup(mm, addr);
		if (!vma || !(vma->vm_flags & (VM_READ | VM_WRITE)))
			break;
		write = (vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;
		if (is_populated(mm, addr, write))
			continue;
		fault = handle_mm_fault(vma, addr, write ? FAULT_FLAG_WRITE : 0);
		if (fault & VM_FAULT_RETRY)
			return; /* it let go of the lock */
		if (fault & VM_FAULT_ERROR)
			break;
	}
	mmap_read_unlock(mm);
}

static unsigned long mmap_flags(unsigned int prot, unsigned int flags)
{
	unsigned long vm_flags = VM_MAYREAD | VM_MAYWRITE;

	if (prot & FL_READ)
		vm_flags |= VM_READ;
	if (prot & FL_WRITE)
		vm_flags |= VM_WRITE;
	if (flags & FL_MAP_SHARED)
		vm_flags |= VM_SHARED | VM_MAYSHARE;
	if (flags & FL_MAP_GROWSDOWN)
		vm_flags |= VM_GROWSDOWN;
	if (flags & FL_MAP_NORESERVE)
		vm_flags |= VM_NORESERVE;
	return vm_flags;
}

/* mmap:W. The range is vmg->end bytes long. */
static int do_mmap(struct vma_merge_struct *vmg, fl_vaddr addr, unsigned int flags, bool own_pgoff)
{
	struct mm_struct *mm = vmg->mm;
	uint64_t len = vmg->end;

	if (flags & (FL_MAP_FIXED | FL_MAP_FIXED_NOREPLACE)) {
		int err = make_room(mm, addr, len, flags);

		if (err)
			return err;
		vmg->start = addr;
	} else {
		vmg->start = get_unmapped_area(mm, addr, len);
		if (!vmg->start)
			return -ENOMEM;
	}
	vmg->end = vmg->start + len;
	if (own_pgoff)
		vmg->pgoff = vmg->start >> mm->machine->page_shift;
	return mmap_region(vmg);
}

#define MAP_FLAGS_KNOWN                                                                            \
	(FL_MAP_SHARED | FL_MAP_FIXED | FL_MAP_FIXED_NOREPLACE | FL_MAP_POPULATE |                 \
	 FL_MAP_GROWSDOWN | FL_MAP_NORESERVE)

int fl_mmap(fl_vaddr *out, struct fl_mm *fl_mm, fl_vaddr addr, size_t pages, unsigned int prot,
	    unsigned int flags, struct fl_file *file, uint64_t pgoff)
{
	struct mm_struct *mm = &fl_mm->mm;
	struct fl_machine *m = mm->machine;
	struct vma_merge_struct vmg = { .mm = mm, .flags = mmap_flags(prot, flags) };
	struct fl_file *shmem = NULL;
	int err;

	if (!pages || prot & ~(unsigned int)(FL_READ | FL_WRITE) ||
	    flags & ~(unsigned int)MAP_FLAGS_KNOWN)
		return -EINVAL;
	if (flags & FL_MAP_GROWSDOWN && (file || flags & FL_MAP_SHARED))
		return -EINVAL;
	if (flags & (FL_MAP_FIXED | FL_MAP_FIXED_NOREPLACE) && (!addr || addr & (page_size(m) - 1)))
		return -EINVAL;
	if (pages > task_size(m) >> m->page_shift)
		return -ENOMEM;
	if (file && pgoff + pages < pgoff)
		return -EINVAL;
	if (!file && flags & FL_MAP_SHARED) {
		err = fl_file_create(&shmem, m, FL_FILE_SHMEM, pages, 0);
		if (err)
			return err;
		pgoff = 0;
	}
	vmg.file = file ? file : shmem;
	vmg.pgoff = pgoff;
	vmg.end = (uint64_t)pages << m->page_shift;

	mmap_write_lock(mm);
	err = do_mmap(&vmg, addr, flags, !vmg.file);
	mmap_write_unlock(mm);
	if (shmem)
		fl_file_put(shmem);
	if (err)
		return err;
	*out = vmg.start;
	if (flags & FL_MAP_POPULATE)
		populate(mm, vmg.start, vmg.end);
	return 0;
}

int fl_mmap_anon(fl_vaddr *out, struct fl_mm *fl_mm, size_t pages, unsigned int prot)
{
	return fl_mmap(out, fl_mm, 0, pages, prot, 0, NULL, 0);
}
