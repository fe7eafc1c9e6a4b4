// SPDX-License-Identifier: MIT
/*
 * swap_fault.c - a fault on an entry that refers to swap: the page comes back.
 *
 * State: the entry; the slot and its page (swapfile.c, swap_state.c); PageAnonExclusive.
 *
 *   S1  the page of the slot, locked, read in if need be      without the PTL: I/O
 *   S2  lock the PTL; the entry as it was?                    else somebody was faster
 *   S3  is the page this mm's alone?                          below
 *   S4  the slot has one entry less; if the page is to be     the swap cache's reference would count
 *       written to and seems to be ours the swap cache        as somebody else
 *       lets go of it
 *   S5  the entry maps the page; unlock the page
 *   S6  a write that the entry does not permit:               it is a present, read-only entry now
 *       do_wp_page()
 *
 * The page lock from S1 to S5 keeps the slot: a page that is in the cache for this slot at S1, and an
 * entry that refers to the slot at S2, belong together.
 *
 * S3, who may write to it without a copy (policy swap_exclusive)? The question of cow.c's four eras, asked
 * at another place, and for a while answered by another rule:
 *
 *   mapcount   up to 5.17. For a write: one mapping or entry in all, this one. A reference is no user: who
 *              got one through a read (vmsplice) goes on reading what is written here, as in
 *              CVE-2020-29374. do_wp_page() counted references since 5.9, this did not before c145e0b47c77
 *   refcount   5.18. One reference, when the swap cache has let go
 *   swp-pte    5.19. The same; or the entry says so: the page was exclusive when it left, nobody has got
 *              at it since (fork takes the mark from both entries), and so neither has anybody a pin
 *   always     a mutant: who has the page back has it for himself
 *
 * A page that is exclusive is mapped writable by a write, since 6.11 by a read as well (swapin_write).
 *
 * KSM's pages may be in the cache, because other entries refer to the slot (ksm.c has made the page its
 * own since): they are mapped read-only, and stay KSM's.
 *
 * Under VL:R faults gave up before 6.6, and came back with mmap:R: fault.c.
 *
 * Models: do_swap_page(), should_try_to_free_swap(), mm/memory.c, Linux 4.8 to 6.12. It waits for the page
 * with its lock held, where kernels may let go of it (folio_lock_or_retry()). ksm_might_need_to_copy() has
 * nothing to do: KSM's pages are not swapped out, so each page comes back to where it was.
 * Policy: swap_exclusive, swapin_write.
 */
#include "mm/change_protection.h"
#include "mm/fault.h"
#include "mm/lru.h"
#include "mm/rmap.h"
#include "mm/swap_state.h"
#include "mm/swapfile.h"
#include "mm/tlbflush.h"

#include <errno.h>

/* Before the swap cache's reference and this fault's are counted; with the LRU's batch there is a third. */
static bool should_try_to_free_swap(struct vm_fault *vmf, struct page *page)
{
	return vmf->flags & FAULT_FLAG_WRITE && page_count(page) == 2;
}

/* S3 and S4. */
static bool swapin_is_exclusive(struct vm_fault *vmf, struct page *page, uint64_t slot)
{
	enum fl_swap_exclusive rule = vmf->m->policy.swap_exclusive;
	bool ksm = PageKsm(page), exclusive = false;

	if (rule == FL_SWAP_EXCLUSIVE_MAPCOUNT) {
		if (vmf->flags & FAULT_FLAG_WRITE && !ksm)
			exclusive = reuse_swap_page(vmf->m, page);
		swap_free(vmf->m, slot);
		return exclusive;
	}
	swap_free(vmf->m, slot);
	if (ksm)
		return false;
	if (should_try_to_free_swap(vmf, page))
		try_to_free_swap(vmf->m, page);
	if (rule == FL_SWAP_EXCLUSIVE_ALWAYS ||
	    (rule == FL_SWAP_EXCLUSIVE_SWP_PTE && pte_swp_exclusive(vmf->orig_pte)))
		return true;
	return FL_STEP("S3", page_count(page)) == 1;
}

/* An exclusive page's entry: 6.11's rule, which looks at what waits for a write. */
static pte_t mkwrite_if_nobody_waits(struct vm_fault *vmf, pte_t pte)
{
	struct vm_area_struct *vma = vmf->vma;

	if (!(fault_vm_flags(vmf) & VM_WRITE) || userfaultfd_pte_wp(vma, pte) ||
	    (vma_soft_dirty_enabled(vma) && !pte_soft_dirty(pte)))
		return pte;
	pte = pte_mkwrite(pte);
	if (vmf->flags & FAULT_FLAG_WRITE) {
		pte = pte_mkdirty(pte);
		vmf->flags &= ~(unsigned int)FAULT_FLAG_WRITE;
	}
	return pte;
}

/* S5's entry. With FAULT_FLAG_WRITE gone the write need not fault again. */
static pte_t swapin_entry(struct vm_fault *vmf, struct page *page, bool exclusive, vm_fault_t *ret)
{
	pte_t pte = pte_mkyoung(pfn_pte(page_to_pfn(page), fault_page_prot(vmf)));

	pte |= vmf->orig_pte & (_PAGE_SOFT_DIRTY | _PAGE_UFFD_WP);
	if (exclusive && vmf->m->policy.swapin_write == FL_SWAPIN_WRITE_EXCLUSIVE) {
		pte = mkwrite_if_nobody_waits(vmf, pte);
	} else if (exclusive && vmf->flags & FAULT_FLAG_WRITE) {
		pte = maybe_mkwrite(pte_mkdirty(pte), fault_vm_flags(vmf));
		vmf->flags &= ~(unsigned int)FAULT_FLAG_WRITE;
		*ret |= VM_FAULT_WRITE;
	}
	return pte_uffd_wp(pte) ? pte_wrprotect(pte) : pte;
}

/*
 * The first entry of a page that was read in. Others may map it later, by their entries: so it belongs to
 * the root of the family of anon_vmas, unless it is exclusive. With the page lock.
 */
static void page_add_swapin_rmap(struct vm_fault *vmf, struct page *page, bool exclusive)
{
	struct anon_vma *anon_vma = READ_ONCE(vmf->vma->anon_vma);

	fl_addr_dep(anon_vma);
	if (!exclusive)
		anon_vma = READ_ONCE(anon_vma->root);
	WRITE_ONCE(page->mapping, anon_vma);
	page->index = linear_page_index(vmf->m, vmf->vma, vmf->address);
	atomic_set(&page->_mapcount, 0);
	FL_VOID_RMW(or, &page->flags,
		    FL_BIT(PG_anon) |
			    (exclusive && vmf->m->anon_exclusive ? FL_BIT(PG_anon_exclusive) : 0),
		    "page_add_swapin_rmap(page)");
}

/* S5. The entry takes over the fault's reference. */
static void swapin_map(struct vm_fault *vmf, struct page *page, pte_t pte, bool exclusive)
{
	if (PageAnon(page))
		page_add_anon_rmap(page, exclusive && vmf->m->anon_exclusive);
	else
		page_add_swapin_rmap(vmf, page, exclusive);
	FL_STEP("S5", set_pte_at(vmf->mm, vmf->address, vmf->ptep, pte));
	vmf->orig_pte = pte;
	unlock_page(page);
}

/*
 * No frame: an error, unless it is no longer needed. Or the slot is nobody's any more: who has let go of it
 * (S4) has the PTL until the entry is another one (S5).
 */
static vm_fault_t swapin_failed(struct vm_fault *vmf, int err)
{
	if (!vmf_map_and_lock(vmf))
		return 0;
	spin_unlock(vmf->ptl);
	return err == -ENOMEM ? VM_FAULT_OOM : 0;
}

/* As do_wp_page() does: what is in the own CPU's batch has one reference more. */
static void swapin_drain_lru(struct vm_fault *vmf, struct page *page)
{
	if (vmf->m->lru_batch && vmf->flags & FAULT_FLAG_WRITE &&
	    vmf->m->policy.swap_exclusive >= FL_SWAP_EXCLUSIVE_REFCOUNT && !PageLRU(page))
		lru_add_drain(vmf->m);
}

vm_fault_t do_swap_page(struct vm_fault *vmf)
{
	uint64_t slot = pte_swp_offset(vmf->orig_pte);
	struct page *page;
	vm_fault_t ret = 0;
	bool exclusive;
	pte_t pte;
	int err;

	err = FL_STEP("S1", swapin_page(&page, vmf->m, slot));
	if (err)
		return swapin_failed(vmf, err);
	swapin_drain_lru(vmf, page);
	if (!vmf_map_and_lock(vmf)) { /* S2 */
		unlock_page(page);
		put_page(vmf->m, page);
		return 0;
	}
	exclusive = swapin_is_exclusive(vmf, page, slot);
	pte = swapin_entry(vmf, page, exclusive, &ret);
	swapin_map(vmf, page, pte, exclusive);
	if (vmf->flags & FAULT_FLAG_WRITE) /* S6 */
		return ret | do_wp_page(vmf);
	spin_unlock(vmf->ptl);
	return ret;
}
