// SPDX-License-Identifier: MIT
/*
 * cow.c - a write, or a pin, meets a read-only entry: use the page that is there, or copy it?
 *
 * State: the entry, PageAnonExclusive and the reference count of the page.
 *
 * The page may be used as it is if nobody else can see it. Since 5.19:
 *   - PageAnonExclusive says so, without further questions;
 *   - else: the entry's reference is the only one. Checked under the page lock, which keeps away
 *     who would take the page in or out of the swap cache. References that come later (GUP-fast)
 *     do not pin, since the flag is clear until then.
 * An unshare fault (a pin is to be taken) makes the same decision but leaves the entry read-only.
 *
 *   wp_page_copy(), after the PTL was let go of
 *   C1  new page; copy the old one's content     no lock keeps the program from storing to it
 *   C2  smp_wmb()
 *   C3  lock the PTL; entry as before?
 *   C4  clear the entry and flush                from here on nobody stores to the old page
 *   C5  rmap of the new page; store the new entry
 *   C6  drop the old page's rmap, unlock, drop references
 *
 * A store between C1 and C4 through a translation that still lets write is lost. That is why an
 * entry whose flush is pending must not be copied from: read-only in memory is not read-only in
 * all TLBs.
 *
 * Models: do_wp_page(), wp_page_reuse(), wp_page_copy(), mm/memory.c, Linux 6.0 to 6.4 (the
 * decision: 6c287605fd56), for private anonymous memory.
 * Policy: none yet; all profiles are 5.19 and later.
 */
#include "mm/fault.h"
#include "mm/pgalloc.h"
#include "mm/rmap.h"
#include "mm/tlbflush.h"

/* The page is not exclusive. Is ours the only reference all the same? Then it is now. */
static bool wp_can_reuse_anon_page(struct page *page)
{
	/*
	 * Early, without the lock: with more references than the swap cache's there is little
	 * hope.
	 */
	if (PageKsm(page) || page_count(page) > 1 + PageSwapCache(page))
		return false;
	if (!trylock_page(page))
		return false;
	if (PageKsm(page) || page_count(page) != 1) {
		unlock_page(page);
		return false;
	}
	SetPageAnonExclusive(page); /* page_move_anon_rmap() */
	unlock_page(page);
	return true;
}

static void wp_page_reuse(struct vm_fault *vmf)
{
	pte_t entry = pte_mkyoung(pte_mkdirty(vmf->orig_pte));

	ptep_set_access_flags(vmf->ptep, maybe_mkwrite(entry, fault_vm_flags(vmf)));
	spin_unlock(vmf->ptl);
}

static vm_fault_t wp_page_copy(struct vm_fault *vmf)
{
	bool unshare = vmf->flags & FAULT_FLAG_UNSHARE;
	struct fl_machine *m = vmf->m;
	struct page *old = vmf->page, *new = NULL;
	bool copied = false;
	uint64_t pfn;
	pte_t entry;

	if (!anon_vma_prepare(vmf->vma))
		new = alloc_page(m);
	if (!new) {
		if (old)
			put_page(m, old);
		return VM_FAULT_OOM;
	}
	pfn = page_to_pfn(new);
	if (old)
		copy_frame(m, pfn, pte_pfn(vmf->orig_pte)); /* C1 */
	else
		clear_frame(m, pfn);
	smp_wmb(); /* C2, __SetPageUptodate(): the content before the entry */
	WRITE_ONCE(new->flags, FL_BIT(PG_uptodate));

	vmf->ptep = pte_offset_map_lock(vmf->mm, vmf->pmd, vmf->address, &vmf->ptl); /* C3 */
	if (ptep_get(vmf->ptep) == vmf->orig_pte) {
		entry = pte_mkyoung(pfn_pte(pfn, vmf->vma->vm_page_prot));
		if (unshare)
			entry |= vmf->orig_pte & (_PAGE_SOFT_DIRTY | _PAGE_UFFD_WP);
		else
			entry = maybe_mkwrite(pte_mkdirty(entry), fault_vm_flags(vmf));
		/* Old and new frame must never be in two TLBs at once: so not store, then flush. */
		ptep_clear_flush(vmf->vma, vmf->address, vmf->ptep); /* C4 */
		page_add_new_anon_rmap(m, new, vmf->vma, vmf->address);
		set_pte_at(vmf->mm, vmf->address, vmf->ptep, entry); /* C5 */
		/* After the flush: who sees the lower count may reuse the page and write to it. */
		if (old)
			page_remove_rmap(old); /* C6 */
		copied = true;
	}
	spin_unlock(vmf->ptl);
	if (!copied)
		put_page(m, new);
	if (old)
		put_page_refs(m, old, copied ? 2 : 1); /* the entry's, and the fault's */
	return 0;
}

vm_fault_t do_wp_page(struct vm_fault *vmf)
{
	bool unshare = vmf->flags & FAULT_FLAG_UNSHARE;
	struct page *page = vm_normal_page(vmf->m, vmf->orig_pte);

	vmf->page = page;
	if (page && PageAnon(page) && (PageAnonExclusive(page) || wp_can_reuse_anon_page(page))) {
		if (unshare)
			spin_unlock(vmf->ptl);
		else
			wp_page_reuse(vmf);
		return 0;
	}
	if (page)
		get_page(page); /* while the PTL keeps the entry's reference there */
	spin_unlock(vmf->ptl);
	return wp_page_copy(vmf);
}
