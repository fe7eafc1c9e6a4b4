// SPDX-License-Identifier: MIT
/*
 * soft_dirty.c - clear_refs: which pages were used, or written to, since it was asked last.
 *
 * State: _PAGE_SOFT_DIRTY and _PAGE_ACCESSED of all entries, VM_SOFTDIRTY of all VMAs. Hardware knows
 * no soft-dirty: the bit is set by the write fault, so an entry that waits for it is read-only.
 * VM_SOFTDIRTY says that all of a VMA counts as soft-dirty: it is new, nothing was asked yet.
 *
 *   clear_refs(4)                                  who may be in the way
 *   D1  clear VM_SOFTDIRTY of all VMAs             faults under VL:R: each VMA is marked
 *   D2  tlb_flush_pending++
 *   D3  under each PTL: clear soft-dirty, and      write faults: they find the entry read-only,
 *       take write permission                      programs: through their TLBs, as before
 *   D4  flush
 *   D5  tlb_flush_pending--
 *   D6  unlock
 *
 * A store between D3 and D4 through a translation that still lets write is not lost to the caller:
 * it counts as made before. Two things can go wrong. A write fault copies the page in between (D3,
 * fault, store, D4): the store goes to the old page. So faults must be kept out until D4, by mmap:W
 * and, where they can do with a VMA's lock, by a mark on each VMA (policy soft_dirty_lock). And D4
 * must happen: a batch in which nothing was noted flushes nothing (policy soft_dirty_flush).
 *
 * A base page that a device may write to stays soft-dirty and writable (policy soft_dirty_pinned): by a
 * write fault the mapping could leave the pin behind, and the device's writes fault nowhere. The look and
 * D3 are two steps, and GUP-fast heeds no PTL: it may pin in between (clear-refs-gup-fast, up to 5.18).
 * Soft-dirty it stays only if it was. While all of a VMA counts as soft-dirty, mprotect() makes entries writable that
 * are not (since 6.0): pinned, such an entry is as it was when D1 is over, and stores are missed. Kernels do that; with
 * soft_dirty_pinned=mark it is soft-dirty from then on.
 *
 * The entry of a page that is about to move (migrate.c) loses the bit and keeps its kind: a writable one is so
 * when the page is back, no store faults, and none is heard of (clear-refs-migrate; policy soft_dirty_migration
 * has what mprotect() does to such an entry).
 *
 * Models: clear_refs_write(), clear_soft_dirty(), clear_refs_pte_range(), fs/proc/task_mmu.c, Linux 4.8
 * to 6.12 (29a951dfb3c3, 912efa17e512, 9348b73c2e1b, 49b0638502da). A huge page is a whole VMA's part: never
 * partly in a range.
 * Policy: soft_dirty_lock, soft_dirty_flush, soft_dirty_pinned, soft_dirty_migration; protect_flush, for candidate fix F2; thp_none_pmd.
 */
#include "mm/change_protection.h"
#include "mm/fault.h"
#include "mm/huge_memory.h"
#include "mm/mmap_lock.h"
#include "mm/pagewalk.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"
#include "oracle/hooks.h"

#include <errno.h>

static bool pte_is_pinned(const struct vm_area_struct *vma, pte_t pte)
{
	struct fl_machine *m = vma->vm_mm->machine;
	struct page *page;

	if (m->policy.soft_dirty_pinned == FL_SOFT_DIRTY_PINNED_CLEAR || !pte_write(pte))
		return false;
	if (!is_cow_mapping(vma->vm_flags) || !test_bit(MMF_HAS_PINNED, &vma->vm_mm->flags))
		return false;
	page = vm_normal_page(m, pte);
	return page && page_maybe_dma_pinned(page);
}

/* D3 for one entry. True: programs could write through it. */
static bool clear_soft_dirty(struct vm_area_struct *vma, fl_vaddr addr, pte_t *ptep)
{
	struct mm_struct *mm = vma->vm_mm;
	struct fl_machine *m = mm->machine;
	pte_t pte = ptep_get(ptep), old;

	if (is_swap_pte(pte)) {
		if (m->policy.soft_dirty_migration == FL_SOFT_DIRTY_MIGRATION_WRPROTECT)
			pte = migration_entry_wrprotect(m, pte);
		FL_STEP("D3", set_pte_at(mm, addr, ptep, pte_clear_soft_dirty(pte)));
	}
	if (!pte_present(pte))
		return false;
	if (pte_is_pinned(vma, pte)) {
		if (m->policy.soft_dirty_pinned == FL_SOFT_DIRTY_PINNED_MARK)
			FL_VOID_RMW(or, ptep, _PAGE_SOFT_DIRTY, "pte_mksoft_dirty(*ptep)");
		return false;
	}
	old = ptep_get_and_clear(mm, addr, ptep);
	pte = pte_clear_soft_dirty(pte_wrprotect(old));
	FL_STEP("D3", set_pte_at(mm, addr, ptep, pte));
	return pte_access_permitted(old, true);
}

/* D3 for one leaf table. */
static void clear_soft_dirty_range(struct vm_area_struct *vma, struct pte_walk *w)
{
	struct fl_machine *m = w->mm->machine;
	enum fl_protect_flush flush = m->policy.protect_flush;
	pte_t *ptep = pte_walk_lock(w);
	bool stale = false;

	for (fl_vaddr addr = w->addr; addr < w->end; addr += page_size(m), ptep++) {
		bool taken = clear_soft_dirty(vma, addr, ptep);

		if (taken && flush == FL_PROTECT_FLUSH_PER_ENTRY)
			flush_tlb_page(vma, addr);
		stale |= taken;
	}
	if (stale && flush == FL_PROTECT_FLUSH_PER_PTL)
		flush_tlb_mm_range(w->mm, w->addr, w->end);
	pte_walk_unlock(w);
}

/*
 * D3, or clear_refs(1), for a huge page. Invalid for a moment, so flushed at once. Nobody asks for pins: 9348b73c2e1b spares
 * base pages only (clear-refs-pin-huge).
 */
static void clear_huge_pmd(struct vm_area_struct *vma, struct pte_walk *w, enum fl_clear_refs what)
{
	struct mm_struct *mm = w->mm;
	pmd_t pmd;

	spin_lock(pmd_lockptr(mm));
	pmd = pmdp_get(w->pmdp);
	if (!pmd_leaf(pmd)) {
		w->end = w->addr; /* come again */
	} else if (what != FL_CLEAR_REFS_SOFT_DIRTY) {
		if (pte_young(pmd))
			FL_VOID_RMW(and, w->pmdp, ~_PAGE_ACCESSED,
				    "pmdp_test_and_clear_young(w->pmdp)");
	} else {
		pmd = FL_STEP("W1", pmdp_take(vma, w->addr, w->pmdp));
		pmd = pte_clear_soft_dirty(pte_wrprotect(pmd));
		FL_STEP("D3", set_pte_at(mm, w->addr, w->pmdp, pmd));
	}
	spin_unlock(pmd_lockptr(mm));
}

/* Not flushed: an entry that stays in some TLB goes on without the bit. */
static void clear_accessed_range(struct vm_area_struct *vma, struct pte_walk *w)
{
	struct fl_machine *m = w->mm->machine;
	pte_t *ptep = pte_walk_lock(w);

	for (fl_vaddr addr = w->addr; addr < w->end; addr += page_size(m), ptep++) {
		pte_t pte = ptep_get(ptep);

		if (pte_present(pte) && pte_young(pte) && vm_normal_page(m, pte))
			FL_VOID_RMW(and, ptep, ~_PAGE_ACCESSED, "ptep_test_and_clear_young(ptep)");
	}
	pte_walk_unlock(w);
}

static void walk_page_range(struct mm_struct *mm, enum fl_clear_refs what)
{
	bool mark = mm->machine->policy.soft_dirty_lock == FL_WALK_MMAP_WRITE_VMA;
	struct vm_area_struct *vma;

	for (vma = vma_find(mm, 0); vma; vma = vma_find(mm, vma->vm_end)) {
		struct pte_walk w = pte_walk_begin(mm, vma->vm_start, vma->vm_end);

		if (mark)
			vma_start_write(vma);
		while (pte_walk_next(&w)) {
			if (pmd_leaf(w.pmd))
				clear_huge_pmd(vma, &w, what);
			else if (what == FL_CLEAR_REFS_SOFT_DIRTY)
				clear_soft_dirty_range(vma, &w);
			else
				clear_accessed_range(vma, &w);
		}
	}
}

/* D1. mmap:W. */
static void clear_vm_soft_dirty(struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	for (vma = vma_find(mm, 0); vma; vma = vma_find(mm, vma->vm_end)) {
		if (!(vma->vm_flags & VM_SOFTDIRTY))
			continue;
		vm_flags_reset(vma, vma->vm_flags & ~VM_SOFTDIRTY);
		vma_set_page_prot(vma);
	}
}

static bool any_vm_soft_dirty(struct mm_struct *mm)
{
	struct vm_area_struct *vma = vma_find(mm, 0);

	while (vma && !(vma->vm_flags & VM_SOFTDIRTY))
		vma = vma_find(mm, vma->vm_end);
	return vma;
}

/* Up to D1. Up to 5.10 the walk held mmap:R or, if there was a flag to clear, mmap:D. */
static void clear_refs_lock(struct mm_struct *mm, enum fl_clear_refs what)
{
	bool soft_dirty = what == FL_CLEAR_REFS_SOFT_DIRTY;

	if (mm->machine->policy.soft_dirty_lock != FL_WALK_MMAP_READ) {
		mmap_write_lock(mm);
		if (soft_dirty)
			clear_vm_soft_dirty(mm);
		return;
	}
	mmap_read_lock(mm);
	if (!soft_dirty || !any_vm_soft_dirty(mm))
		return;
	mmap_read_unlock(mm);
	mmap_write_lock(mm);
	clear_vm_soft_dirty(mm);
	mmap_write_downgrade(mm);
}

static void clear_refs_unlock(struct mm_struct *mm)
{
	if (mm->machine->policy.soft_dirty_lock == FL_WALK_MMAP_READ)
		mmap_read_unlock(mm);
	else
		mmap_write_unlock(mm);
}

/* D2 to D5. */
static void walk_and_flush(struct mm_struct *mm)
{
	enum fl_soft_dirty_flush flush = mm->machine->policy.soft_dirty_flush;
	struct mmu_gather tlb;

	wrprotect_pending_begin(mm);
	if (flush == FL_SOFT_DIRTY_FLUSH_ELIDED)
		tlb_gather_mmu(&tlb, mm);
	else if (flush == FL_SOFT_DIRTY_FLUSH_PENDING)
		FL_STEP("D2", inc_tlb_flush_pending(mm));
	walk_page_range(mm, FL_CLEAR_REFS_SOFT_DIRTY);
	if (flush == FL_SOFT_DIRTY_FLUSH_ELIDED)
		tlb_finish_mmu(&tlb); /* of what was noted: nothing */
	else
		FL_STEP("D4", flush_tlb_mm(mm));
	if (flush == FL_SOFT_DIRTY_FLUSH_PENDING)
		FL_STEP("D5", dec_tlb_flush_pending(mm));
	wrprotect_pending_end(mm);
}

int fl_clear_refs(struct fl_mm *fl_mm, enum fl_clear_refs what)
{
	struct mm_struct *mm = &fl_mm->mm;

	if (what != FL_CLEAR_REFS_ALL && what != FL_CLEAR_REFS_SOFT_DIRTY)
		return -EINVAL;
	clear_refs_lock(mm, what);
	if (what == FL_CLEAR_REFS_SOFT_DIRTY)
		walk_and_flush(mm);
	else
		walk_page_range(mm, what);
	clear_refs_unlock(mm);
	if (what == FL_CLEAR_REFS_SOFT_DIRTY)
		FL_EVENT(.kind = FL_EVENT_SOFT_DIRTY_CLEARED, .mm = fl_mm);
	return 0;
}
