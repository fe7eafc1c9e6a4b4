// SPDX-License-Identifier: MIT
/*
 * change_protection.c - another protection for the entries of a range.
 *
 * State: the leaf entries of the range. Invariant: an entry is writable although its VMA's default
 * (vm_page_prot) is not only if a write fault would do nothing but make it so.
 *
 *   per leaf table                                 who may be in the way
 *   C1  lock the PTL
 *   C2  flush what reclaim has yet to flush        programs that write through a translation of an
 *                                                  entry which reclaim cleared (tlb_batch.c)
 *   C3  per entry: old = entry, cleared            hardware that sets accessed or dirty: before C3,
 *                                                  or it finds no entry
 *   C4  store old with the other rights
 *   C5  rights were taken: note the address        programs that go on through their TLBs
 *   C6  unlock
 *   at the end of the caller's batch: flush (mmu_gather.h, G3)
 *
 * From C4 to the flush memory denies what TLBs still permit. Who finds an entry read-only under
 * its PTL must not take the page's content for frozen: it looks at tlb_flush_pending, which went
 * up before C4 (G1, or here, with policy tlb_pending=bool). Policy protect_flush moves the flush
 * to before C6; then nobody can meet such an entry.
 *
 * An entry is made writable again at C4 only as can_change_pte_writable() says: for a private
 * mapping the page must be exclusive, for a shared one dirty (who has to know of the first write
 * was told), and neither soft-dirty tracking nor userfaultfd may be waiting for the write.
 *
 * MM_CP_DIRTY_ACCT has the test for soft-dirty of 3.18 to 5.19, which read VM_SOFTDIRTY the wrong
 * way round (76aefad628aa): where tracking waits for a write, a dirty entry becomes writable.
 *
 * Markers: where there is no page, uffd-wp is remembered by an entry that maps nothing, in file
 * mappings (the file may have the page) and, if user space asked for it, in anonymous ones.
 *
 * A page that is about to move (migrate.c): its entry loses write permission, always, and keeps the rest. A write
 * fault finds out later whether it may be written to.
 *
 * Models: change_pte_range(), can_change_pte_writable(), mm/mprotect.c; vma_wants_writenotify(),
 * vma_set_page_prot(), mm/mmap.c; Linux 4.8 to 6.12.
 * Policy: protect_flush, tlb_pending, change_writable, uffd_wp_writenotify, shared_upgrade.
 */
#include "mm/change_protection.h"

#include "mm/fault.h"
#include "mm/huge_memory.h"
#include "mm/pagewalk.h"
#include "mm/tlbflush.h"
#include "mm/uffd.h"
#include "mm/vma.h"

/* One call of change_protection(). On its stack. */
struct protection {
	struct mmu_gather *tlb;
	struct vm_area_struct *vma;
	struct fl_machine *m;
	pte_t newprot;
	unsigned int cp_flags;
	bool markers; /* MM_CP_UFFD_WP leaves markers where there is no page */
};

/* --- may it be writable? --- */

bool can_change_pte_writable(struct vm_area_struct *vma, fl_vaddr addr, pte_t pte)
{
	struct fl_machine *m = vma->vm_mm->machine;
	enum fl_change_writable asks = m->policy.change_writable;
	struct page *page;

	if (!(vma->vm_flags & VM_WRITE) || pte_protnone(pte))
		return false;
	/* Does tracking wait for the next write? */
	if (asks != FL_CHANGE_WRITABLE_NO_SOFT_DIRTY && vma_soft_dirty_enabled(vma) &&
	    !pte_soft_dirty(pte))
		return false;
	if (asks != FL_CHANGE_WRITABLE_NO_UFFD_WP && userfaultfd_pte_wp(vma, pte))
		return false;
	if (vma->vm_flags & VM_SHARED)
		return asks == FL_CHANGE_WRITABLE_NO_DIRTY || pte_dirty(pte);
	page = vm_normal_page(m, pte);
	return page && PageAnon(page) &&
	       (asks == FL_CHANGE_WRITABLE_NO_ANON_EXCLUSIVE || PageAnonExclusive(page));
}

bool vma_wants_writenotify(struct vm_area_struct *vma)
{
	unsigned long both = VM_WRITE | VM_SHARED;

	/* All other defaults are read-only as it is. */
	if ((vma->vm_flags & both) != both)
		return false;
	if (vma->vm_ops && vma->vm_ops->page_mkwrite)
		return true;
	if (vma_soft_dirty_enabled(vma))
		return true;
	return vma->vm_mm->machine->policy.uffd_wp_writenotify == FL_YES &&
	       vma->vm_flags & VM_UFFD_WP;
}

/*
 * Kernels ask vma_wants_writenotify() too, but it takes a default protection that is read-only already, for soft-dirty tracking or
 * userfaultfd, for one that a driver chose, and says no: what is left is shared_upgrade=page-mkwrite.
 */
bool vma_wants_manual_pte_write_upgrade(struct vm_area_struct *vma)
{
	bool mkwrite_only = vma->vm_mm->machine->policy.shared_upgrade == FL_SHARED_UPGRADE_MKWRITE;

	if (vma->vm_flags & VM_SHARED)
		return vma_wants_writenotify(vma) &&
		       (!mkwrite_only || (vma->vm_ops && vma->vm_ops->page_mkwrite));
	return vma->vm_flags & VM_WRITE;
}

/* Who restores a migration entry reads it under the PTL alone. */
void vma_set_page_prot(struct vm_area_struct *vma)
{
	unsigned long flags = vma->vm_flags;

	if (vma_wants_writenotify(vma))
		flags &= ~VM_SHARED;
	FL_STEP("P3", ({ WRITE_ONCE(vma->vm_page_prot, vm_get_page_prot(flags)); }));
}

/* --- single entries --- */

/* NUMA hinting leaves alone what can't be moved, or is not this mm's alone (80d47f5de5e3). */
static bool prot_numa_skip(const struct protection *p, pte_t pte)
{
	struct page *page;

	if (pte_protnone(pte))
		return true;
	page = vm_normal_page(p->m, pte);
	if (!page || PageKsm(page))
		return true;
	return is_cow_mapping(p->vma->vm_flags) && page_count(page) != 1;
}

static pte_t new_entry(const struct protection *p, fl_vaddr addr, pte_t old)
{
	pte_t pte = pte_modify(old, p->newprot);

	/* Hardware does not look at it without _PAGE_PRESENT: numa.c. */
	if (p->cp_flags & MM_CP_SAVED_WRITE && pte_write(old))
		pte = pte_mkwrite(pte);
	if (p->cp_flags & MM_CP_UFFD_WP)
		pte = pte_mkuffd_wp(pte);
	else if (p->cp_flags & MM_CP_UFFD_WP_RESOLVE)
		pte = pte_clear_uffd_wp(pte);
	if (p->cp_flags & MM_CP_DIRTY_ACCT && pte_dirty(pte) &&
	    (pte_soft_dirty(pte) || vma_soft_dirty_enabled(p->vma)))
		pte = pte_mkwrite(pte);
	if (p->cp_flags & MM_CP_TRY_CHANGE_WRITABLE && !pte_write(pte) &&
	    can_change_pte_writable(p->vma, addr, pte))
		pte = pte_mkwrite(pte);
	return pte;
}

/* Do TLBs have rights of @old that @pte does not give? What was not present, none has cached. */
static bool pte_needs_flush(pte_t old, pte_t pte)
{
	return old & _PAGE_PRESENT && old & ~pte & (_PAGE_PRESENT | _PAGE_RW | _PAGE_USER);
}

/* C5. Under the PTL. */
static void flush_or_note(const struct protection *p, fl_vaddr addr, pte_t old)
{
	enum fl_protect_flush when = p->m->policy.protect_flush;
	const struct fl_decisions *user = &p->m->decisions;
	bool now = when == FL_PROTECT_FLUSH_PER_ENTRY;

	if (user->flush_now) {
		struct fl_flush_question q = {
			.machine = p->m,
			.mm = (unsigned int)p->vma->vm_mm->id,
			.addr = addr,
			.was_write = pte_write(old),
			.was_dirty = pte_dirty(old),
			.was_accessed = pte_young(old),
		};

		now = user->flush_now(user->arg, &q);
	} else if (when == FL_PROTECT_FLUSH_NEVER) {
		return;
	}
	FL_STEP("C5", tlb_flush_pte_range(p->tlb, addr, page_size(p->m)));
	if (now)
		tlb_flush_mmu_tlbonly(p->tlb);
}

/* The entry is there: C3 to C5. Returns how many entries it changed. */
static long change_present_pte(const struct protection *p, fl_vaddr addr, pte_t *ptep, pte_t old)
{
	struct mm_struct *mm = p->vma->vm_mm;
	pte_t pte;

	if (p->cp_flags & MM_CP_PROT_NUMA && prot_numa_skip(p, old))
		return 0;
	old = FL_STEP("C3", ptep_get_and_clear(mm, addr, ptep));
	pte = new_entry(p, addr, old);
	FL_STEP("C4", set_pte_at(mm, addr, ptep, pte));
	if (pte_needs_flush(old, pte))
		flush_or_note(p, addr, old);
	return 1;
}

pte_t migration_entry_wrprotect(struct fl_machine *m, pte_t pte)
{
	struct page *page;

	if (!pte_is_writable_migration(pte))
		return pte;
	page = pfn_to_page(m, pte_swp_offset(pte));
	fl_addr_dep(page);
	return pte_swp_set_type(pte, m->anon_exclusive && PageAnon(page)
					     ? SWP_MIGRATION_READ_EXCLUSIVE
					     : SWP_MIGRATION_READ);
}

/* A swap entry keeps uffd-wp; a marker that is no longer needed goes. */
static long change_swap_pte(const struct protection *p, fl_vaddr addr, pte_t *ptep, pte_t old)
{
	pte_t pte = migration_entry_wrprotect(p->m, old);

	if (p->cp_flags & MM_CP_UFFD_WP)
		pte |= _PAGE_UFFD_WP;
	else if (p->cp_flags & MM_CP_UFFD_WP_RESOLVE)
		pte = is_pte_marker(old) ? PTE_NONE : pte_clear_uffd_wp(pte);
	if (pte == old)
		return 0;
	set_pte_at(p->vma->vm_mm, addr, ptep, pte);
	return 1;
}

static long change_none_pte(const struct protection *p, fl_vaddr addr, pte_t *ptep)
{
	if (!p->markers)
		return 0;
	set_pte_at(p->vma->vm_mm, addr, ptep, make_pte_marker_uffd_wp());
	return 1;
}

/* --- ranges --- */

static long change_pte_range(const struct protection *p, struct pte_walk *w)
{
	pte_t *ptep = FL_STEP("C1", pte_walk_lock(w)), old;
	long pages = 0;

	FL_STEP("C2", flush_tlb_batched_pending(w->mm));
	for (fl_vaddr addr = w->addr; addr < w->end; addr += page_size(p->m), ptep++) {
		old = ptep_get(ptep);
		if (pte_present(old))
			pages += change_present_pte(p, addr, ptep, old);
		else if (is_swap_pte(old))
			pages += change_swap_pte(p, addr, ptep, old);
		else
			pages += change_none_pte(p, addr, ptep);
	}
	if (p->m->policy.protect_flush == FL_PROTECT_FLUSH_PER_PTL)
		tlb_flush_mmu_tlbonly(p->tlb);
	FL_STEP("C6", pte_walk_unlock(w));
	return pages;
}

/*
 * A huge page: as a whole, unless userfaultfd is what it is about, which goes by base pages. Returns how
 * many base pages.
 */
static long change_leaf(const struct protection *p, struct pte_walk *w)
{
	long pages = 0;

	if (!is_whole_hpage(p->m, w->addr, w->end) ||
	    p->cp_flags & (MM_CP_UFFD_WP | MM_CP_UFFD_WP_RESOLVE)) {
		pte_walk_split(w, p->vma);
		return 0;
	}
	pages = change_huge_pmd(p->tlb, p->vma, w->pmdp, w->addr, p->newprot, p->cp_flags);
	if (!pages)
		w->end = w->addr;
	return pages;
}

/* Needs markers where there is no page? */
static bool userfaultfd_wp_use_markers(struct vm_area_struct *vma)
{
	if (!(vma->vm_flags & VM_UFFD_WP))
		return false;
	return !vma_is_anonymous(vma) || userfaultfd_wp_unpopulated(vma);
}

long change_protection(struct mmu_gather *tlb, struct vm_area_struct *vma, fl_vaddr start,
		       fl_vaddr end, pte_t newprot, unsigned int cp_flags)
{
	struct mm_struct *mm = vma->vm_mm;
	struct protection p = {
		.tlb = tlb,
		.vma = vma,
		.m = mm->machine,
		.newprot = newprot,
		.cp_flags = cp_flags,
		.markers = cp_flags & MM_CP_UFFD_WP && userfaultfd_wp_use_markers(vma),
	};
	/* Before there was a counter of all batches, this was the only one that announced itself. */
	bool announce = p.m->policy.tlb_pending == FL_TLB_PENDING_BOOL;
	struct pte_walk w = pte_walk_begin(mm, start, end);
	long pages = 0;

	if (cp_flags & MM_CP_PROT_NUMA)
		p.newprot = _PAGE_PROTNONE | _PAGE_USER;
	w.alloc = p.markers;
	if (announce)
		inc_tlb_flush_pending(mm);
	while (pte_walk_next(&w))
		pages += pmd_leaf(w.pmd) ? change_leaf(&p, &w) : change_pte_range(&p, &w);
	if (announce) {
		tlb_flush_mmu_tlbonly(tlb);
		dec_tlb_flush_pending(mm);
	}
	return w.err ? w.err : pages;
}
