// SPDX-License-Identifier: MIT
/*
 * mremap.c - moving, growing and shrinking mappings.
 *
 * State: the set of VMAs, and the entries of both ranges.
 *
 *   move, mmap:W                                  who may be in the way
 *   R1  mark the VMA; a copy of it at the new     faults under VL:R
 *       place, marked, on the lists of its
 *       anon_vmas and file
 *   R2  per leaf table: lock both PTLs            who finds the page without mmap_lock: truncation,
 *   R3  clear the old entry, store the new one    reclaim, through i_mmap_rwsem or the anon_vma
 *   R4  flush the old addresses
 *   R5  unlock both
 *   R6  unmap the old range
 *
 * R4 before R5 (eb66ae030829): a page's mapping keeps the page alive, and who finds the new entry may
 * zap it, flush the new address alone, and free the page, while a CPU still has the old translation.
 *
 * Who walks the lists meets an entry at the old place or at the new one, as it comes to the old VMA
 * first: the copy is behind it on each list. Where the copy was merged into a neighbour, and on the
 * way back, the order is unknown: then R2 to R5 are done with the lists locked.
 *
 * Entries of pages that are about to move (migrate.c) move along: who comes to restore them goes by the
 * same lists.
 *
 * Moved entries count as soft-dirty. Userfaultfd does not follow (there is no UFFD_FEATURE_EVENT_REMAP):
 * the copy loses it. Its entries lose what write-protected them since 6.13 (0cef0bb836e3, CVE-2025-21696);
 * before, their bit says something again if the range is registered again.
 *
 * If there is no memory for a table at the new place all entries go back, for which there are tables,
 * and the new range is unmapped instead.
 *
 * Models: mremap(), move_vma(), move_page_tables(), move_ptes(), mm/mremap.c, Linux 6.5, without moving
 * whole tables; remap_move(), Linux 6.17.
 * Policy: mremap_range, mremap_dontunmap, mremap_uffd_wp.
 */
#include "mm/file.h"
#include "mm/huge_memory.h"
#include "mm/ksm.h"
#include "mm/mm.h"
#include "mm/mmap_lock.h"
#include "mm/mmu_gather.h"
#include "mm/pgalloc.h"
#include "mm/rmap.h"
#include "mm/tlbflush.h"
#include "mm/uffd.h"
#include "mm/vma.h"
#include "oracle/hooks.h"

#include <errno.h>

/* --- entries --- */

/* One move of @len bytes. */
struct pagetable_move {
	struct vm_area_struct *old_vma, *new_vma;
	fl_vaddr old, new;
	uint64_t len;
	bool need_rmap_locks;
};

static void take_rmap_locks(struct vm_area_struct *vma)
{
	if (vma->vm_file)
		down_write(&vma->vm_file->mapping.i_mmap_rwsem);
	if (vma->anon_vma)
		anon_vma_lock_write(vma->anon_vma);
}

static void drop_rmap_locks(struct vm_area_struct *vma)
{
	if (vma->anon_vma)
		anon_vma_unlock_write(vma->anon_vma);
	if (vma->vm_file)
		up_write(&vma->vm_file->mapping.i_mmap_rwsem);
}

/* What becomes of an entry that moves. 0: it stays behind. */
static pte_t moved_pte(const struct pagetable_move *pmc, pte_t pte)
{
	const struct fl_policy *policy = &pmc->old_vma->vm_mm->machine->policy;

	if (pmc->old_vma->uffd_ctx && policy->mremap_uffd_wp == FL_MREMAP_UFFD_WP_CLEAR) {
		if (pte_marker_uffd_wp(pte))
			return PTE_NONE;
		pte = pte_clear_uffd_wp(pte);
	}
	/* move_soft_dirty_pte(): others see that the page came here. */
	return is_pte_marker(pte) ? pte : pte_mksoft_dirty(pte);
}

/* R2 to R5 for entries that are in one leaf table each, at the old place and at the new one. */
static void move_ptes(const struct pagetable_move *pmc, pmd_t old_pmd, pmd_t new_pmd, fl_vaddr old,
		      fl_vaddr new, uint64_t len)
{
	struct mm_struct *mm = pmc->old_vma->vm_mm;
	uint64_t size = page_size(mm->machine);
	fl_vaddr end = old + len, addr = old;
	spinlock_t *old_ptl, *new_ptl = pte_lockptr(new_pmd);
	pte_t *new_ptep, *old_ptep;
	bool force_flush = false;

	if (pmc->need_rmap_locks)
		take_rmap_locks(pmc->old_vma);
	old_ptep = pte_offset_map_lock(mm, old_pmd, old, &old_ptl);
	new_ptep = pte_offset_map(mm->machine, new_pmd, new);
	/* mmap:W: nobody else holds one PTL and waits for another. */
	if (new_ptl != old_ptl)
		spin_lock(new_ptl);
	flush_tlb_batched_pending(mm);
	for (; addr < end; addr += size, new += size, old_ptep++, new_ptep++) {
		pte_t pte;

		if (pte_none(ptep_get(old_ptep)))
			continue;
		pte = FL_STEP("R3", ptep_get_and_clear(mm, addr, old_ptep));
		if (pte_present(pte))
			force_flush = true;
		pte = moved_pte(pmc, pte);
		if (!pte_none(pte))
			set_pte_at(mm, new, new_ptep, pte);
	}
	if (force_flush)
		FL_STEP("R4", flush_tlb_mm_range(mm, old, end));
	if (new_ptl != old_ptl)
		spin_unlock(new_ptl);
	spin_unlock(old_ptl);
	if (pmc->need_rmap_locks)
		drop_rmap_locks(pmc->old_vma);
}

/* As far as [old, ..) and [new, ..) are in one leaf table each. */
static uint64_t move_extent(const struct fl_machine *m, fl_vaddr old, fl_vaddr new, uint64_t len)
{
	uint64_t size = 1ULL << (m->page_shift + m->level_bits);
	uint64_t old_rest = size - (old & (size - 1)), new_rest = size - (new &(size - 1));

	if (old_rest < len)
		len = old_rest;
	return new_rest < len ? new_rest : len;
}

/* Returns how much was moved: less than all if there was no memory. */
static uint64_t move_page_tables(const struct pagetable_move *pmc)
{
	struct mm_struct *mm = pmc->old_vma->vm_mm;
	uint64_t done, extent;

	for (done = 0; done < pmc->len; done += extent) {
		fl_vaddr old = pmc->old + done, new = pmc->new + done;
		pmd_t old_pmd = pmd_read_lockless(mm->machine, mm->pgd, old), new_pmd;
		pmd_t *new_pmdp;

		extent = move_extent(mm->machine, old, new, pmc->len - done);
		if (pmd_leaf(old_pmd)) { /* no move_huge_pmd() */
			split_huge_pmd(pmc->old_vma, pmd_offset_lockless(mm->machine, mm->pgd, old),
				       old);
			old_pmd = pmd_read_lockless(mm->machine, mm->pgd, old);
		}
		if (pmd_none(old_pmd))
			continue;
		new_pmdp = pmd_alloc(mm, new);
		if (!new_pmdp || pte_alloc(mm, new_pmdp, &new_pmd))
			break;
		move_ptes(pmc, old_pmd, new_pmd, old, new, extent);
	}
	return done;
}

static void move_back(const struct pagetable_move *pmc, uint64_t len)
{
	const struct pagetable_move back = {
		.old_vma = pmc->new_vma,
		.new_vma = pmc->old_vma,
		.old = pmc->new,
		.new = pmc->old,
		.len = len,
		.need_rmap_locks = true,
	};

	move_page_tables(&back);
}

/* --- VMAs --- */

/* What the user asked for. */
struct remap {
	struct mm_struct *mm;
	fl_vaddr addr, new_addr;
	uint64_t old_len, new_len;
	unsigned int flags;
};

/* MREMAP_DONTUNMAP: the old VMA has no pages any more, and so no ties. It may have become one with the new one. */
static void dontunmap_complete(const struct remap *r, struct vm_area_struct *vma,
			       const struct vm_area_struct *new_vma)
{
	if (vma == new_vma || vma->vm_start != r->addr || vma->vm_end != r->addr + r->old_len)
		return;
	unlink_anon_vmas(vma);
	if (vma_is_anonymous(vma) && r->mm->machine->policy.mremap_dontunmap == FL_DONTUNMAP_APART)
		vma_set(vma, vm_pgoff, vma->vm_start >> r->mm->machine->page_shift);
}

/* R1 to R6, to free space at r->new_addr. */
static int move_vma(const struct remap *r, struct vm_area_struct *vma)
{
	struct mm_struct *mm = r->mm;
	struct pagetable_move pmc = { .old = r->addr, .new = r->new_addr, .len = r->old_len };
	bool merged, keep = r->flags & FL_MREMAP_DONTUNMAP;
	uint64_t moved;

	/* ksm_madvise(): KSM knows pages by their addresses. */
	if (vma->vm_flags & VM_MERGEABLE && READ_ONCE(vma->anon_vma)) {
		int err = unmerge_ksm_pages(vma, r->addr, r->addr + r->old_len);

		if (err)
			return err;
	}
	vma_start_write(vma);
	pmc.new_vma = copy_vma(
		&vma, r->new_addr, r->new_len, linear_page_index(mm->machine, vma, r->addr),
		keep && mm->machine->policy.mremap_dontunmap == FL_DONTUNMAP_APART, &merged);
	if (!pmc.new_vma)
		return -ENOMEM;
	pmc.old_vma = vma;
	pmc.need_rmap_locks = merged;
	FL_EVENT(.kind = FL_EVENT_DISCARD, .mm = FL_EVENT_MM(mm), .addr = r->addr,
		 .end = r->addr + r->old_len);
	moved = move_page_tables(&pmc);
	if (moved < r->old_len) {
		move_back(&pmc, moved);
		do_munmap(mm, r->new_addr, r->new_len);
		return -ENOMEM;
	}
	if (pmc.new_vma->uffd_ctx)
		userfaultfd_reset_ctx(pmc.new_vma); /* mremap_userfaultfd_prep(): no EVENT_REMAP */
	if (keep)
		dontunmap_complete(r, vma, pmc.new_vma);
	else if (r->old_len)
		/* Without memory for a split the old range stays, empty. */
		do_munmap(mm, r->addr, r->old_len);
	return 0;
}

/* check_prep_vma(). Can the mapping at r->addr have the size that is asked for? */
static int vma_to_resize(struct vm_area_struct **out, const struct remap *r)
{
	struct vm_area_struct *vma = vma_lookup(r->mm, r->addr);
	uint64_t pgoff;

	if (!vma)
		return -EFAULT;
	/* A duplicate of private memory would be new memory, unrelated to it. */
	if (!r->old_len && !(vma->vm_flags & (VM_SHARED | VM_MAYSHARE)))
		return -EINVAL;
	if (r->old_len > vma->vm_end - r->addr)
		return -EFAULT;
	pgoff = linear_page_index(r->mm->machine, vma, r->addr);
	if (pgoff + (r->new_len >> r->mm->machine->page_shift) < pgoff)
		return -EINVAL;
	*out = vma;
	return 0;
}

/* MREMAP_FIXED, or MREMAP_DONTUNMAP with a hint. */
static int mremap_to(struct remap *r)
{
	struct vm_area_struct *vma;
	int err;

	if (r->mm->machine->policy.mremap_range == FL_MREMAP_MANY_VMAS) {
		struct remap check = *r; /* before anything goes */

		if (check.old_len > check.new_len)
			check.old_len = check.new_len;
		err = vma_to_resize(&vma, &check);
		if (err)
			return err;
	}
	if (r->new_addr & (page_size(r->mm->machine) - 1) ||
	    !range_in_mm(r->mm, r->new_addr, r->new_len) ||
	    (r->flags & FL_MREMAP_FIXED && !r->new_addr))
		return -EINVAL;
	/* Neither the target nor a hint may overlap with what is to move. */
	if (r->new_addr && r->addr + r->old_len > r->new_addr && r->new_addr + r->new_len > r->addr)
		return -EINVAL;
	if (r->flags & FL_MREMAP_FIXED) {
		err = do_munmap(r->mm, r->new_addr, r->new_len);
		if (err)
			return err;
	}
	if (r->old_len > r->new_len) {
		err = do_munmap(r->mm, r->addr + r->new_len, r->old_len - r->new_len);
		if (err)
			return err;
		r->old_len = r->new_len;
	}
	err = vma_to_resize(&vma, r);
	if (err)
		return err;
	if (!(r->flags & FL_MREMAP_FIXED))
		r->new_addr = get_unmapped_area(r->mm, r->new_addr, r->new_len);
	return r->new_addr ? move_vma(r, vma) : -ENOMEM;
}

/* Larger, at its place if there is room behind it. */
static int mremap_grow(struct remap *r)
{
	uint64_t delta = r->new_len - r->old_len;
	struct vm_area_struct *vma;
	int err = vma_to_resize(&vma, r);

	if (err)
		return err;
	if (r->old_len == vma->vm_end - r->addr && range_in_mm(r->mm, vma->vm_end, delta) &&
	    range_is_free(r->mm, vma->vm_end, delta)) {
		r->new_addr = r->addr;
		return vma_merge_extend(r->mm, vma, delta) ? 0 : -ENOMEM;
	}
	if (!(r->flags & FL_MREMAP_MAYMOVE))
		return -ENOMEM;
	r->new_addr = get_unmapped_area(r->mm, 0, r->new_len);
	return r->new_addr ? move_vma(r, vma) : -ENOMEM;
}

static bool overlaps(const struct remap *r)
{
	return r->addr + r->old_len > r->new_addr && r->new_addr + r->new_len > r->addr;
}

/* Several VMAs, with what is between them. @r is the whole; after a failure what went before it has moved. */
static int remap_move(struct remap *r)
{
	fl_vaddr to = r->new_addr, from = r->addr, end = r->addr + r->old_len;
	struct vm_area_struct *vma;
	int err = -EFAULT;

	for (fl_vaddr at = from; (vma = vma_find(r->mm, at)) && vma->vm_start < end;) {
		bool first = at == from;
		struct remap one = *r;

		if (first && vma->vm_start > from)
			return -EFAULT;
		/* A userfaultfd is told with mmap_lock let go of: it has to be the only one. */
		if (vma->uffd_ctx && (!first || vma->vm_end < end))
			return -EFAULT;
		one.addr = first ? from : vma->vm_start;
		at = vma->vm_end < end ? vma->vm_end : end;
		one.new_addr = to + (one.addr - from);
		one.old_len = one.new_len = at - one.addr;
		err = mremap_to(&one);
		if (err)
			return err;
		if (at == end)
			break;
	}
	return err;
}

static int do_mremap(struct remap *r)
{
	bool many = r->mm->machine->policy.mremap_range == FL_MREMAP_MANY_VMAS;

	/* Before it looks for the mapping. */
	if (many && r->flags & (FL_MREMAP_FIXED | FL_MREMAP_DONTUNMAP) && overlaps(r))
		return -EINVAL;
	if (many && r->flags & FL_MREMAP_FIXED && r->old_len == r->new_len)
		return remap_move(r);
	if (!vma_lookup(r->mm, r->addr) || !range_in_mm(r->mm, r->addr, r->old_len))
		return -EFAULT;
	if (r->flags & (FL_MREMAP_FIXED | FL_MREMAP_DONTUNMAP))
		return mremap_to(r);
	if (r->old_len < r->new_len)
		return mremap_grow(r);
	r->new_addr = r->addr;
	if (r->old_len == r->new_len)
		return 0;
	return do_munmap(r->mm, r->addr + r->new_len, r->old_len - r->new_len);
}

#define MREMAP_FLAGS_KNOWN (FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED | FL_MREMAP_DONTUNMAP)

static bool flags_valid(unsigned int flags, size_t old_pages, size_t new_pages)
{
	if (flags & ~(unsigned int)MREMAP_FLAGS_KNOWN)
		return false;
	if (flags & (FL_MREMAP_FIXED | FL_MREMAP_DONTUNMAP) && !(flags & FL_MREMAP_MAYMOVE))
		return false;
	return !(flags & FL_MREMAP_DONTUNMAP) || old_pages == new_pages;
}

int fl_mremap(fl_vaddr *out, struct fl_mm *fl_mm, fl_vaddr old, size_t old_pages, size_t new_pages,
	      unsigned int flags, fl_vaddr new_addr)
{
	struct mm_struct *mm = &fl_mm->mm;
	struct fl_machine *m = mm->machine;
	size_t most = task_size(m) >> m->page_shift;
	struct remap r = { .mm = mm, .addr = old, .new_addr = new_addr, .flags = flags };
	int err;

	if (!flags_valid(flags, old_pages, new_pages) || old & (page_size(m) - 1) || !new_pages)
		return -EINVAL;
	if (old_pages > most)
		return -EFAULT;
	if (new_pages > most)
		return -ENOMEM;
	r.old_len = (uint64_t)old_pages << m->page_shift;
	r.new_len = (uint64_t)new_pages << m->page_shift;

	mmap_write_lock(mm);
	err = do_mremap(&r);
	mmap_write_unlock(mm);
	if (!err)
		*out = r.new_addr;
	return err;
}
