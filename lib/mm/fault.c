// SPDX-License-Identifier: MIT
/*
 * fault.c - page faults: from "no" to a page that may be used as asked.
 *
 * State: the entries of the leaf tables, each guarded by its table's lock (PTL).
 *
 * A fault decides without the PTL and then checks under it:
 *
 *   F1  with mmap:R or VL:R                (arch_fault.c)
 *   F2  orig = *ptep                       lockless
 *   F3  prepare for what orig asks for:    a new page, an anon_vma. May sleep
 *   F4  lock the PTL; *ptep == orig?       or let go of everything: somebody else was faster
 *   F5  store the new entry, unlock
 *
 *   orig none or a marker
 *     the VMA has operations -> do_fault() (file_fault.c)
 *     read                   -> the zero page, read-only
 *     write                  -> a new page full of zeroes, or, where userfaultfd watches, a message
 *   orig a swap slot         -> do_swap_page() (swap_fault.c)
 *   orig a migration entry   -> wait for the page's lock, try again (migrate.c)
 *   orig protnone            -> do_numa_page() (numa.c), if the VMA may be accessed
 *   orig read-only,          -> do_wp_page() (cow.c)
 *     write or unshare
 *   anything else            -> set accessed and dirty. The fault was spurious: another CPU had done
 *                               the work, or this one had an older translation in its TLB, which it
 *                               dropped when it faulted
 *
 * What is neither none nor present is not for a fault under VL:R before 6.6, be it swap, a migration entry or a
 * marker: it comes back with mmap:R (policy swap_vma_lock, 17c05f18e541, 1235ccd05b6d).
 *
 * A marker (no page, but userfaultfd write-protected the place) makes the new entry uffd-wp and so
 * read-only, also for a write: the program's next try is a write-protect fault, and userfaultfd's.
 *
 * A new page's content is complete before its entry is visible: smp_wmb() in __SetPageUptodate(),
 * paired with the address dependency from entry to page of whoever finds it (GUP-fast, hardware).
 *
 * Models: handle_mm_fault(), handle_pte_fault(), do_anonymous_page(), handle_pte_marker(),
 * mm/memory.c, Linux 6.4. Where a PMD can map a huge page: huge_memory.c; swap entries: swap_fault.c.
 * Policy: vma_anon_check, in vmf_anon_prepare(), swap_vma_lock; what else differed is in cow.c and arch_fault.c.
 */
#include "mm/fault.h"

#include "mm/huge_memory.h"
#include "mm/lock/strategy.h"
#include "mm/lru.h"
#include "mm/mempolicy.h"
#include "mm/migrate.h"
#include "mm/mmap_lock.h"
#include "mm/pgalloc.h"
#include "mm/rmap.h"
#include "mm/tlbflush.h"
#include "mm/vma_lock.h"
#include "oracle/hooks.h"

unsigned long fault_vm_flags(const struct vm_fault *vmf)
{
	unsigned long flags = vmf->vma->vm_flags;

	if (vmf->flags & FAULT_FLAG_VMA_LOCK && !vmf->optimistic)
		FL_HOOK(fl_oracle_vma_saw_flags((unsigned int)smp_processor_id(), vmf->vma, flags));
	return flags;
}

pte_t fault_page_prot(const struct vm_fault *vmf)
{
	if (vmf->flags & FAULT_FLAG_VMA_LOCK)
		return FL_STEP("B4", vmf->vma->vm_page_prot); /* vma_lock.c */
	return vmf->vma->vm_page_prot;
}

/*
 * Hardware may set accessed and dirty at any time: so an exchange that takes them along, not a
 * store. More permission needs no flush: a CPU with the older translation takes one fault more.
 */
bool ptep_set_access_flags(pte_t *ptep, pte_t entry)
{
	pte_t old = ptep_get(ptep), new;

	do {
		new = old | entry;
		if (new == old)
			return false;
	} while (!try_cmpxchg_relaxed(ptep, &old, new));
	return true;
}

static bool vmf_pte_changed(struct vm_fault *vmf)
{
	return ptep_get(vmf->ptep) != vmf->orig_pte;
}

void vmf_end_read(struct vm_fault *vmf)
{
	if (vmf->lock)
		fault_lock_end(vmf->lock, vmf->vma);
	else
		vma_end_read(vmf->vma);
}

bool vmf_gives_up(struct vm_fault *vmf)
{
	if (!vmf->optimistic)
		return false;
	vmf->gave_up = true;
	fl_count(vmf->m, faults_more);
	return true;
}

struct page *vmf_alloc_page(struct vm_fault *vmf)
{
	return vmf->optimistic ? alloc_page_nowait(vmf->m) : vma_alloc_page(vmf->vma);
}

/* S7 to S9 of lock/speculative.c, with interrupts off. The PTL is had if this is true. */
static bool trylock_and_validate(struct vm_fault *vmf)
{
	enum fl_spf_checks checks = vmf->m->policy.spf_checks;

	if (checks != FL_SPF_CHECKS_NO_FIRST && !FL_STEP("S7", fault_lock_valid(vmf->lock)))
		return false;
	vmf->ptep = pte_offset_map(vmf->m, vmf->pmd, vmf->address);
	vmf->ptl = pte_lockptr(vmf->pmd);
	if (!FL_STEP("S8", spin_trylock(vmf->ptl)))
		return false;
	if (checks == FL_SPF_CHECKS_NO_SECOND || FL_STEP("S9", fault_lock_valid(vmf->lock)))
		return true;
	spin_unlock(vmf->ptl);
	return false;
}

/* S6 to S10. False: the fault is over, nothing is locked. */
static bool optimistic_lock(struct vm_fault *vmf)
{
	unsigned long irq_flags;

	local_irq_save(irq_flags);
	vmf->gave_up = !trylock_and_validate(vmf);
	local_irq_restore(irq_flags);
	if (vmf->gave_up)
		fl_count(vmf->m, faults_invalid);
	else if (vmf->m->policy.vma_lock == FL_VMA_LOCK_SPECULATIVE)
		FL_HOOK(speculate_watch(vmf->lock));
	return !vmf->gave_up;
}

bool vmf_map_and_lock(struct vm_fault *vmf)
{
	if (!vmf->optimistic)
		vmf->ptep = pte_offset_map_lock(vmf->mm, vmf->pmd, vmf->address, &vmf->ptl);
	else if (!optimistic_lock(vmf))
		return false;
	if (!vmf_pte_changed(vmf))
		return true;
	spin_unlock(vmf->ptl);
	return false;
}

vm_fault_t vmf_anon_prepare(struct vm_fault *vmf)
{
	bool in_fault = vmf->m->policy.vma_anon_check == FL_VMA_ANON_IN_FAULT;
	vm_fault_t ret;

	if (READ_ONCE(vmf->vma->anon_vma))
		return 0;
	/* Who asked before the fault has nothing to fear (or thinks so: 6.4, vma-anon-check). */
	if (!(vmf->flags & FAULT_FLAG_VMA_LOCK) || (!in_fault && vma_is_anonymous(vmf->vma)))
		return __anon_vma_prepare(vmf->vma) ? VM_FAULT_OOM : 0;
	/* Neighbours will be looked at. Waiting would be a deadlock: a writer may wait for this VMA. */
	if (!in_fault || !mmap_read_trylock(vmf->mm)) {
		vmf_end_read(vmf);
		return VM_FAULT_RETRY;
	}
	ret = __anon_vma_prepare(vmf->vma) ? VM_FAULT_OOM : 0;
	mmap_read_unlock(vmf->mm);
	return ret;
}

static vm_fault_t do_read_zero_page(struct vm_fault *vmf)
{
	pte_t entry = pte_mkspecial(pfn_pte(ZERO_PFN, fault_page_prot(vmf)));

	if (vmf_orig_pte_uffd_wp(vmf))
		entry = pte_mkuffd_wp(entry);
	if (!vmf_map_and_lock(vmf))
		return 0;
	/* Under the PTL: who registers afterwards finds the entry in the table. */
	if (fault_vm_flags(vmf) & VM_UFFD_MISSING) {
		spin_unlock(vmf->ptl);
		return handle_userfault(vmf, VM_UFFD_MISSING);
	}
	set_pte_at(vmf->mm, vmf->address, vmf->ptep, entry);
	spin_unlock(vmf->ptl);
	fl_count(vmf->m, zero_pages);
	return 0;
}

static vm_fault_t do_anonymous_page(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	unsigned long vm_flags = fault_vm_flags(vmf);
	struct page *page;
	vm_fault_t ret;
	pte_t entry;

	/* A file mapping without operations. */
	if (vm_flags & VM_SHARED)
		return VM_FAULT_SIGBUS;
	if (!vmf->optimistic && pte_alloc(vmf->mm, vmf->pmdp, &vmf->pmd))
		return VM_FAULT_OOM;
	if (pmd_leaf(vmf->pmd)) /* a huge page came meanwhile */
		return 0;
	if (!(vmf->flags & FAULT_FLAG_WRITE))
		return do_read_zero_page(vmf);

	ret = vmf_anon_prepare(vmf);
	if (ret)
		return ret;
	page = vmf_alloc_page(vmf);
	if (!page)
		return VM_FAULT_OOM;
	clear_frame(vmf->m, page_to_pfn(page));
	smp_wmb(); /* __SetPageUptodate(): the content before the entry, F5 */
	WRITE_ONCE(page->flags, FL_BIT(PG_uptodate));

	/*
	 * FOLL_FORCE writes where the VMA does not let write: then the entry is read-only and
	 * clean.
	 */
	entry = pte_mkyoung(pfn_pte(page_to_pfn(page), fault_page_prot(vmf)));
	if (vm_flags & VM_WRITE)
		entry = pte_mkwrite(pte_mkdirty(entry));
	if (vmf_orig_pte_uffd_wp(vmf))
		entry = pte_mkuffd_wp(entry);

	if (!vmf_map_and_lock(vmf))
		goto release;
	if (fault_vm_flags(vmf) & VM_UFFD_MISSING) {
		spin_unlock(vmf->ptl);
		put_page(vmf->m, page);
		return handle_userfault(vmf, VM_UFFD_MISSING);
	}
	page_add_new_anon_rmap(vmf->m, page, vma, vmf->address);
	if (vmf->m->lru_batch)
		lru_cache_add(vmf->m, page);
	set_pte_at(vmf->mm, vmf->address, vmf->ptep, entry);
	spin_unlock(vmf->ptl);
	fl_count(vmf->m, new_pages);
	return 0;

release:
	put_page(vmf->m, page);
	return 0;
}

static vm_fault_t do_pte_missing(struct vm_fault *vmf)
{
	return vma_is_anonymous(vmf->vma) ? do_anonymous_page(vmf) : do_fault(vmf);
}

/* Nobody watches here any more: the marker goes, and the access is tried again. */
static vm_fault_t pte_marker_clear(struct vm_fault *vmf)
{
	if (vmf_map_and_lock(vmf)) {
		set_pte_at(vmf->mm, vmf->address, vmf->ptep, PTE_NONE);
		spin_unlock(vmf->ptl);
	}
	return 0;
}

static vm_fault_t handle_pte_marker(struct vm_fault *vmf)
{
	if (!pte_marker_uffd_wp(vmf->orig_pte))
		return VM_FAULT_SIGBUS;
	if (!(fault_vm_flags(vmf) & VM_UFFD_WP))
		return pte_marker_clear(vmf);
	return do_pte_missing(vmf);
}

/* do_swap_page(), what comes before and beside swap. */
static vm_fault_t handle_swap_pte(struct vm_fault *vmf)
{
	if (vmf->flags & FAULT_FLAG_VMA_LOCK &&
	    vmf->m->policy.swap_vma_lock == FL_SWAP_VMA_LOCK_GIVE_UP) {
		vmf_end_read(vmf);
		return VM_FAULT_RETRY;
	}
	if (pte_is_swap_slot(vmf->orig_pte))
		return do_swap_page(vmf);
	if (pte_is_migration(vmf->orig_pte)) {
		migration_entry_wait(vmf->mm, vmf->pmd, vmf->address);
		return 0;
	}
	return is_pte_marker(vmf->orig_pte) ? handle_pte_marker(vmf) : VM_FAULT_SIGBUS;
}

/* There is a page: it may be used as asked, or do_wp_page() sees to that. */
static vm_fault_t do_present_page(struct vm_fault *vmf)
{
	pte_t entry;

	wp_flush_before_ptl(vmf);
	if (!vmf_map_and_lock(vmf))
		return 0;
	entry = vmf->orig_pte;
	if (vmf->flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE)) {
		if (!pte_write(entry))
			return do_wp_page(vmf);
		if (vmf->flags & FAULT_FLAG_WRITE)
			entry = pte_mkdirty(entry);
	}
	if (!ptep_set_access_flags(vmf->ptep, pte_mkyoung(entry)))
		fl_count(vmf->m, spurious);
	spin_unlock(vmf->ptl);
	return 0;
}

static vm_fault_t handle_pte_fault(struct vm_fault *vmf)
{
	vmf->pmd = pmdp_get(vmf->pmdp);
	vmf->orig_pte = PTE_NONE;
	if (pmd_leaf(vmf->pmd))
		return 0;
	if (!pmd_none(vmf->pmd)) {
		vmf->ptep = pte_offset_map(vmf->m, vmf->pmd, vmf->address);
		vmf->orig_pte = ptep_get_lockless(vmf->ptep); /* F2 */
	}
	if (pte_none(vmf->orig_pte))
		return do_pte_missing(vmf);
	if (!pte_present(vmf->orig_pte))
		return handle_swap_pte(vmf);
	if (pte_protnone(vmf->orig_pte) && vma_is_accessible(vmf->vma))
		return do_numa_page(vmf);
	return do_present_page(vmf);
}

/* The tables down to a leaf, and F2. Nobody keeps them but interrupts that are off, or RCU. False: more is needed. */
static bool find_entry_lockless(struct vm_fault *vmf)
{
	unsigned long irq_flags;
	bool found = false;

	local_irq_save(irq_flags);
	vmf->pmdp = pmd_offset_lockless(vmf->m, vmf->mm->pgd, vmf->address);
	vmf->pmd = vmf->pmdp ? pmdp_get(vmf->pmdp) : PTE_NONE;
	if (!pmd_none(vmf->pmd) && !pmd_leaf(vmf->pmd)) {
		vmf->ptep = pte_offset_map(vmf->m, vmf->pmd, vmf->address);
		vmf->orig_pte = ptep_get_lockless(vmf->ptep);
		found = true;
	}
	local_irq_restore(irq_flags);
	return found;
}

/* S5 to S10. */
static vm_fault_t do_optimistic_fault(struct vm_fault *vmf)
{
	if (FL_STEP("S5", find_entry_lockless(vmf))) {
		if (pte_none(vmf->orig_pte))
			return do_anonymous_page(vmf);
		if (pte_present(vmf->orig_pte) && !pte_protnone(vmf->orig_pte))
			return do_present_page(vmf);
	}
	vmf_gives_up(vmf);
	return 0;
}

vm_fault_t handle_optimistic_fault(struct fault_lock *lock, fl_vaddr addr, unsigned int flags)
{
	struct mm_struct *mm = lock->copy->vm_mm;
	struct vm_fault vmf = {
		.m = mm->machine,
		.mm = mm,
		.vma = lock->copy,
		.address = page_align_down(mm->machine, addr),
		.flags = flags,
		.lock = lock,
		.optimistic = true,
	};
	vm_fault_t fault = do_optimistic_fault(&vmf);

	if (fault & VM_FAULT_OOM) /* with mmap:R it may wait for memory */
		vmf_gives_up(&vmf);
	fault_lock_end(lock, lock->copy);
	return vmf.gave_up ? VM_FAULT_RETRY : fault;
}

vm_fault_t handle_mm_fault(struct vm_area_struct *vma, fl_vaddr addr, unsigned int flags)
{
	return handle_locked_fault(NULL, vma, addr, flags);
}

vm_fault_t handle_locked_fault(struct fault_lock *lock, struct vm_area_struct *vma, fl_vaddr addr,
			       unsigned int flags)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_fault vmf = {
		.m = mm->machine,
		.mm = mm,
		.vma = vma,
		.flags = flags,
		.lock = lock,
	};

	vmf.address = page_align_down(vmf.m, addr);
	vmf.pmdp = pmd_alloc(mm, addr);
	if (!vmf.pmdp)
		return VM_FAULT_OOM;
	if (vmf.m->huge_pages) {
		vm_fault_t fault = handle_pmd_fault(&vmf);

		if (!(fault & VM_FAULT_FALLBACK))
			return fault;
	}
	return handle_pte_fault(&vmf);
}
