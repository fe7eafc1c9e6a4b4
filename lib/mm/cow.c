// SPDX-License-Identifier: MIT
/*
 * cow.c - a write, or a pin, meets a read-only entry: use the page that is there, or copy it?
 *
 * State: the entry, PageAnonExclusive, the mappings and the references of the page.
 *
 * The page may be used as it is if nobody else can see it. How to know that is what four eras differ in
 * (policy wp_reuse). "Reuse" where somebody else can: isolation is gone. "Copy" where nobody can: the
 * program leaves behind who has the page without a mapping (pins), and stores that are on their way
 * through an old translation.
 *
 *   mapcount        up to 5.8. One mapping, swap entries counted as such, asked under the page lock,
 *                   which is waited for without the PTL. A reference is not a mapping: who has one
 *                   reads on (CVE-2020-29374).
 *   refcount        5.9. One reference, one mapping, the page lock free; else copy. References come
 *                   and go at any page, at any time: a stranger's makes it copy.
 *   refcount-lru    5.18. The same, where the references of the swap cache and of the own CPU's LRU
 *                   batch are told apart from others.
 *   anon-exclusive  5.19. PageAnonExclusive says so, without further questions; else as before, and
 *                   the flag is set. References that come later (GUP-fast) do not pin, since the flag
 *                   is clear until then.
 *
 * An unshare fault (a pin is to be taken) makes the same decision but leaves the entry read-only; with
 * policy gup_unshare=mapcount a decision of its own (gup.c).
 *
 *   C0  may the page be used as it is?           under the PTL
 *   C7  if so: the entry is writable             if not, without the PTL, wp_page_copy():
 *   C1  new page; copy the old one's content     no lock keeps the program from storing to it
 *   C2  smp_wmb()
 *   C3  lock the PTL; entry as before?
 *   C4  clear the entry and flush                from here on nobody stores to the old page
 *   C5  rmap of the new page; store the new entry
 *   C6  drop the old page's rmap, unlock, drop references
 *
 * A store between C1 and C4 through a translation that still lets write is lost. That is why an entry
 * whose flush is pending must not be copied from: read-only in memory is not read-only in all TLBs.
 * What could be done about it (A1 of the fact sheet), under the PTL, before the decision:
 *
 *   wp_fault_flush  fix F4: who write-protects announced it before the entry changed (tlb_flush_pending,
 *                   mmu_gather.h) and takes it back after the flush. Who sees the entry under its PTL
 *                   sees the announcement, too, and flushes the address itself.
 *   wrprotect_sync  fix F5: the same with a counter that write-protection has for itself.
 *   wp_copy         fix F3, which is wrong: C1 after C3. The PTL keeps nobody's stores out.
 *
 * Models: do_wp_page(), wp_page_reuse(), wp_page_copy(), reuse_ksm_page(), mm/memory.c, mm/ksm.c, Linux
 * 4.8 to 6.12 (17839856fd58, 09854ba94c6a, 6ce64428d620, 53a05ad9f21d, 6c287605fd56, c89357e27f20).
 * Shared mappings: file_fault.c.
 * Policy: wp_reuse, ksm_reuse, wp_fault_flush, wp_copy, wrprotect_sync, gup_unshare. The machine's decisions.
 */
#include "mm/change_protection.h"
#include "mm/fault.h"
#include "mm/lru.h"
#include "mm/mempolicy.h"
#include "mm/mmu_notifier.h"
#include "mm/pgalloc.h"
#include "mm/rmap.h"
#include "mm/swap_state.h"
#include "mm/tlbflush.h"
#include "oracle/hooks.h"

/* What a write fault that may have the page as it is answers. */
enum wp_answer {
	WP_COPY,
	WP_REUSE,
	WP_RETRY, /* the entry changed while it waited; the PTL is free */
};

/* --- flushes that are pending --- */

/* F4, and what is left of it in its mutants. */
static bool wp_wants_flush(struct vm_fault *vmf, unsigned long vm_flags)
{
	switch (vmf->m->policy.wp_fault_flush) {
	case FL_WP_FLUSH_UFFD_WP:
		break;
	case FL_WP_FLUSH_ALWAYS:
		return mm_tlb_flush_pending(vmf->mm);
	case FL_WP_FLUSH_IF_WRITABLE:
		if (!pte_write(vmf->orig_pte))
			return false;
		break;
	case FL_WP_FLUSH_WRONG_FLAG:
		return vm_flags & VM_UFFD_MISSING && mm_tlb_flush_pending(vmf->mm);
	default: /* none; at another time */
		return false;
	}
	return vm_flags & VM_UFFD_WP && mm_tlb_flush_pending(vmf->mm);
}

/* Under the PTL: what was announced before the entry changed can be seen. */
static void wp_flush_pending(struct vm_fault *vmf, unsigned long vm_flags)
{
	bool flush = wp_wants_flush(vmf, vm_flags);

	if (!flush && vmf->m->policy.wrprotect_sync != FL_WRPROTECT_SYNC_NONE)
		flush = atomic_read(&vmf->mm->wrprotect_pending) > 0;
	if (flush)
		flush_tlb_page(vmf->vma, vmf->address);
}

/* F4 at a wrong moment: without the PTL, or when the copy is made. */
static void wp_flush_mutant(struct vm_fault *vmf, enum fl_wp_fault_flush when)
{
	if (vmf->m->policy.wp_fault_flush == when && vmf->flags & FAULT_FLAG_WRITE &&
	    fault_vm_flags(vmf) & VM_UFFD_WP && mm_tlb_flush_pending(vmf->mm))
		flush_tlb_page(vmf->vma, vmf->address);
}

void wp_flush_before_ptl(struct vm_fault *vmf)
{
	if (!pte_write(vmf->orig_pte))
		wp_flush_mutant(vmf, FL_WP_FLUSH_BEFORE_PTL);
}

/* --- the decision: is nobody else there? --- */

/* lock_page() sleeps, which the PTL does not allow. False: the entry changed; the PTL is free. */
static bool lock_page_retake_ptl(struct vm_fault *vmf, struct page *page)
{
	bool same;

	if (vmf_gives_up(vmf)) {
		spin_unlock(vmf->ptl);
		return false;
	}
	get_page(page); /* while the PTL keeps the entry's reference there */
	spin_unlock(vmf->ptl);
	lock_page(page);
	vmf->ptep = pte_offset_map_lock(vmf->mm, vmf->pmd, vmf->address, &vmf->ptl);
	same = ptep_get(vmf->ptep) == vmf->orig_pte;
	if (!same) {
		unlock_page(page);
		spin_unlock(vmf->ptl);
	}
	put_page(vmf->m, page);
	return same;
}

/*
 * A KSM page that nobody else maps stops being one, 5.1 to 5.8. Whoever has it from KSM's tree takes a
 * reference first and then looks whether it is one still: without references it can't be had.
 */
static bool reuse_ksm_page(struct vm_fault *vmf, struct page *page)
{
	if (vmf->m->policy.ksm_reuse == FL_NO || PageSwapCache(page))
		return false;
	/* Without a node: what is left of a merge that came to nothing (ksm.h). */
	if (!READ_ONCE(page->mapping) || !page_ref_freeze(page, 1))
		return false;
	ClearPageKsm(page);
	page_move_anon_rmap(page, vmf->vma);
	page->index = linear_page_index(vmf->m, vmf->vma, vmf->address);
	page_ref_unfreeze(page, 1);
	return true;
}

/* Up to 5.8. */
static enum wp_answer wp_reuse_by_mapcount(struct vm_fault *vmf, struct page *page)
{
	bool reuse;

	if (PageKsm(page) && (PageSwapCache(page) || page_count(page) != 1))
		return WP_COPY;
	if (!trylock_page(page) && !lock_page_retake_ptl(vmf, page))
		return WP_RETRY;
	if (PageKsm(page)) {
		reuse = reuse_ksm_page(vmf, page);
	} else {
		reuse = FL_STEP("C0", reuse_swap_page(vmf->m, page));
		if (reuse && !PageCompound(page)) /* others may map the rest of it */
			page_move_anon_rmap(page, vmf->vma);
	}
	unlock_page(page);
	return reuse ? WP_REUSE : WP_COPY;
}

/* 5.9 to 5.17. */
static enum wp_answer wp_reuse_by_refcount(struct page *page)
{
	bool reuse;

	if (PageKsm(page) || FL_STEP("C0", page_count(page)) != 1)
		return WP_COPY;
	if (!trylock_page(page))
		return WP_COPY;
	reuse = !PageKsm(page) && FL_STEP("C0", page_mapcount(page)) == 1 &&
		FL_STEP("C0", page_count(page)) == 1;
	unlock_page(page);
	return reuse ? WP_REUSE : WP_COPY;
}

/* From 5.18 on. The page lock keeps away who would take the page in or out of the swap cache. */
static enum wp_answer wp_reuse_by_refcount_lru(struct vm_fault *vmf, struct page *page)
{
	if (PageKsm(page))
		return WP_COPY;
	if (vmf->m->lru_batch) {
		/* The entry's, the swap cache's and a batch's: with more there is no hope. */
		if (page_count(page) > 3)
			return WP_COPY;
		if (!PageLRU(page))
			lru_add_drain(vmf->m);
	}
	if (FL_STEP("C0", page_count(page)) > 1 + PageSwapCache(page))
		return WP_COPY;
	if (!trylock_page(page))
		return WP_COPY;
	try_to_free_swap(vmf->m, page);
	if (PageKsm(page) || FL_STEP("C0", page_count(page)) != 1) {
		unlock_page(page);
		return WP_COPY;
	}
	page_move_anon_rmap(page, vmf->vma);
	unlock_page(page);
	return WP_REUSE;
}

static enum wp_answer wp_kernel_rule(struct vm_fault *vmf, struct page *page)
{
	switch (vmf->m->policy.wp_reuse) {
	case FL_WP_REUSE_MAPCOUNT:
		return wp_reuse_by_mapcount(vmf, page);
	case FL_WP_REUSE_REFCOUNT:
		return wp_reuse_by_refcount(page);
	case FL_WP_REUSE_ANON_EXCLUSIVE:
		if (FL_STEP("C0", PageAnonExclusive(page)))
			return WP_REUSE;
		break;
	case FL_WP_REUSE_REFCOUNT_LRU:
		break;
	}
	return wp_reuse_by_refcount_lru(vmf, page);
}

/* A rule of the user's own (fl_decisions_set()), which may know what the kernel's says. */
static bool wp_user_rule(struct vm_fault *vmf, struct page *page, bool kernel)
{
	const struct fl_decisions *decisions = &vmf->m->decisions;
	struct fl_reuse_question q = {
		.machine = vmf->m,
		.mm = (unsigned int)vmf->mm->id,
		.addr = vmf->address,
		.pfn = page_to_pfn(page),
		.refcount = page_count(page),
		.mapcount = page_mapcount(page),
		.anon_exclusive = PageAnonExclusive(page),
		.ksm = PageKsm(page),
		.swapcache = PageSwapCache(page),
		.kernel = kernel,
	};

	return decisions->reuse(decisions->arg, &q);
}

/* May this anonymous page be used as it is? */
static enum wp_answer wp_can_reuse_anon_page(struct vm_fault *vmf, struct page *page)
{
	enum wp_answer answer;

	if (vmf->flags & FAULT_FLAG_UNSHARE && gup_unshare_by_mapcount(vmf->m))
		return FL_STEP("C0", page_is_shared(page)) ? WP_COPY : WP_REUSE;
	answer = wp_kernel_rule(vmf, page);
	if (vmf->m->decisions.reuse && answer != WP_RETRY)
		answer = wp_user_rule(vmf, page, answer == WP_REUSE) ? WP_REUSE : WP_COPY;
	if (answer == WP_REUSE && vmf->m->anon_exclusive && !PageAnonExclusive(page))
		SetPageAnonExclusive(page);
	return answer;
}

/* --- what follows from it --- */

void wp_page_reuse(struct vm_fault *vmf)
{
	pte_t entry = pte_mkyoung(pte_mkdirty(vmf->orig_pte));

	entry = maybe_mkwrite(entry, fault_vm_flags(vmf));
	FL_STEP("C7", ptep_set_access_flags(vmf->ptep, entry));
	spin_unlock(vmf->ptl);
	fl_count(vmf->m, cow_reuses);
}

/* The entry of the copy. */
static pte_t wp_new_entry(struct vm_fault *vmf, uint64_t pfn)
{
	pte_t entry = pte_mkyoung(pfn_pte(pfn, fault_page_prot(vmf)));

	if (vmf->flags & FAULT_FLAG_UNSHARE)
		return entry | (vmf->orig_pte & (_PAGE_SOFT_DIRTY | _PAGE_UFFD_WP));
	return maybe_mkwrite(pte_mkdirty(entry), fault_vm_flags(vmf));
}

/* C1. */
static void wp_copy_user(struct vm_fault *vmf, uint64_t pfn)
{
	if (vmf->page)
		copy_frame(vmf->m, pfn, pte_pfn(vmf->orig_pte));
	else
		clear_frame(vmf->m, pfn);
}

/* C4 and C5. False: it need not be unshared any more, and the entry is back. */
static bool wp_install_copy(struct vm_fault *vmf, struct page *new)
{
	pte_t entry = wp_new_entry(vmf, page_to_pfn(new)), cleared;
	struct page *old = vmf->page;

	/* Old and new frame must never be in two TLBs at once: so not store, then flush. */
	cleared = FL_STEP("C4", ptep_clear_flush(vmf->vma, vmf->address, vmf->ptep));
	if (vmf->flags & FAULT_FLAG_UNSHARE &&
	    vmf->m->policy.gup_unshare == FL_GUP_UNSHARE_MAPCOUNT_RECHECK && old && PageAnon(old) &&
	    !page_is_shared(old)) {
		set_pte_at(vmf->mm, vmf->address, vmf->ptep, cleared);
		return false;
	}
	page_add_new_anon_rmap(vmf->m, new, vmf->vma, vmf->address);
	if (vmf->m->lru_batch)
		lru_cache_add(vmf->m, new);
	FL_STEP("C5", set_pte_at(vmf->mm, vmf->address, vmf->ptep, entry));
	/* After the flush: who sees the lower count may reuse the page and write to it. */
	if (old)
		page_remove_rmap(old); /* C6 */
	return true;
}

/* Without the PTL; the old page, if there is one, is referenced by the fault. */
static vm_fault_t wp_page_copy(struct vm_fault *vmf)
{
	bool under_ptl = vmf->m->policy.wp_copy == FL_WP_COPY_UNDER_PTL;
	struct fl_machine *m = vmf->m;
	struct page *old = vmf->page, *new = NULL;
	vm_fault_t ret = vmf_anon_prepare(vmf);
	bool copied = false;

	/* Subscribers may sleep when they are told. */
	if (m->mmu_notifiers && vmf_gives_up(vmf))
		ret = VM_FAULT_RETRY;
	if (!ret)
		new = vmf_alloc_page(vmf);
	if (!new) {
		if (old)
			put_page(m, old);
		return ret ? ret : VM_FAULT_OOM;
	}
	if (!under_ptl)
		FL_STEP("C1", wp_copy_user(vmf, page_to_pfn(new)));
	smp_wmb(); /* C2, __SetPageUptodate(): the content before the entry */
	WRITE_ONCE(new->flags, FL_BIT(PG_uptodate));
	wp_flush_mutant(vmf, FL_WP_FLUSH_AFTER_COPY);

	mmu_notifier_invalidate_range_start(vmf->mm);
	if (vmf_map_and_lock(vmf)) { /* C3 */
		if (under_ptl) {
			FL_STEP("C1", wp_copy_user(vmf, page_to_pfn(new))); /* F3 */
			smp_wmb();
		}
		copied = wp_install_copy(vmf, new);
		spin_unlock(vmf->ptl);
	}
	mmu_notifier_invalidate_range_end(vmf->mm);
	if (!copied)
		put_page(m, new);
	else
		fl_count(m, cow_copies);
	if (old && copied)
		free_swap_cache(m, old);
	if (old)
		put_page_refs(m, old, copied ? 2 : 1); /* the entry's, and the fault's */
	return copied && !(vmf->flags & FAULT_FLAG_UNSHARE) ? VM_FAULT_WRITE : 0;
}

/* Clears uffd-wp: nobody wants a message. Invisible to user space, so nothing is flushed. */
static void wp_clear_uffd_wp(struct vm_fault *vmf)
{
	pte_t pte = pte_clear_uffd_wp(ptep_get(vmf->ptep));

	set_pte_at(vmf->mm, vmf->address, vmf->ptep, pte);
	vmf->orig_pte = pte;
	FL_EVENT(.kind = FL_EVENT_UFFD_PROTECT, .mm = FL_EVENT_MM(vmf->mm), .addr = vmf->address,
		 .end = vmf->address + page_size(vmf->m));
}

vm_fault_t do_wp_page(struct vm_fault *vmf)
{
	bool unshare = vmf->flags & FAULT_FLAG_UNSHARE;
	unsigned long vm_flags = fault_vm_flags(vmf);
	enum wp_answer answer = WP_COPY;
	struct page *page;

	if (!unshare) {
		if (vm_flags & VM_UFFD_WP && pte_uffd_wp(vmf->orig_pte)) {
			if (!userfaultfd_wp_async(vmf->vma)) {
				spin_unlock(vmf->ptl);
				return handle_userfault(vmf, VM_UFFD_WP);
			}
			wp_clear_uffd_wp(vmf);
		}
		wp_flush_pending(vmf, vm_flags);
	}
	vmf->page = page = vm_normal_page(vmf->m, vmf->orig_pte);
	if (vm_flags & VM_SHARED)
		return wp_page_shared(vmf);

	if (page && PageAnon(page))
		answer = wp_can_reuse_anon_page(vmf, page);
	if (answer == WP_RETRY)
		return 0;
	if (answer == WP_REUSE) {
		if (unshare) {
			spin_unlock(vmf->ptl);
			return 0;
		}
		wp_page_reuse(vmf);
		return VM_FAULT_WRITE;
	}
	if (page)
		get_page(page); /* while the PTL keeps the entry's reference there */
	spin_unlock(vmf->ptl);
	return wp_page_copy(vmf);
}
