// SPDX-License-Identifier: MIT
/*
 * file_fault.c - faults of mappings with operations (files, shared memory).
 *
 * State: entries of leaf tables, under their PTL; page->mapping, which ties a page to its file and
 * goes, under the page lock, when the file is cut (truncate.c).
 *
 *   a fault, mmap:R held                          truncation
 *   D1  find or make the page                     Z1  the file's new size
 *   D2  lock the page; still of this file?        Z2  take away its mappings
 *       inside of the file's size? Else SIGBUS    Z3  lock the page; take away mappings again;
 *   D3  lock the PTL; entry as before?                page->mapping = NULL; unlock
 *   D4  store the entry, unlock the PTL           Z4  once more, for private copies
 *   D5  unlock the page
 *
 * The page lock spans D2 to D5, so that a fault is wholly before Z3, which then takes its entry away,
 * or wholly after it, and finds the page gone at D2. A private copy is made from the locked page and
 * installed before D5: Z4 comes after it.
 *
 *   read             the file's page, with the VMA's default protection
 *   write, private   a copy of it, anonymous and exclusive
 *   write, shared    the file's page, writable. Operation page_mkwrite hears of it first, without the
 *                    PTL and the page lock
 *
 * A write to a shared page that is mapped read-only: wp_page_shared(). Without page_mkwrite it is
 * made writable at once, under the PTL that the caller has. With it the PTL is let go of, and the
 * entry looked at again.
 *
 * A uffd-wp marker in the entry's place becomes the page's entry with uffd-wp: the write that comes
 * next is userfaultfd's.
 *
 * Models: do_fault(), do_read_fault(), do_cow_fault(), do_shared_fault(), finish_fault(),
 * do_set_pte(), wp_page_shared(), wp_pfn_shared(), mm/memory.c, Linux 6.1 to 6.4; pages around the
 * address: fault_around.c. The PTL, not the page lock, covers marking a page dirty where there is no
 * page_mkwrite: nothing here accounts dirty pages.
 * Policy: vma_lock_files.
 */
#include "mm/fault.h"
#include "mm/file.h"
#include "mm/lru.h"
#include "mm/mempolicy.h"
#include "mm/pgalloc.h"
#include "mm/rmap.h"
#include "mm/tlbflush.h"
#include "mm/vma_lock.h"

#define VM_FAULT_STOP (VM_FAULT_ERROR | VM_FAULT_RETRY | VM_FAULT_NOPAGE)

static bool vmf_is_cow(const struct vm_fault *vmf)
{
	return vmf->flags & FAULT_FLAG_WRITE && !(fault_vm_flags(vmf) & VM_SHARED);
}

/* D4. The entry gets the fault's reference of the page that it maps. Under the PTL. */
static void do_set_pte(struct vm_fault *vmf, struct page *page)
{
	struct vm_area_struct *vma = vmf->vma;
	pte_t entry = pte_mkyoung(pfn_pte(page_to_pfn(page), fault_page_prot(vmf)));

	if (vmf->flags & FAULT_FLAG_WRITE)
		entry = maybe_mkwrite(pte_mkdirty(entry), fault_vm_flags(vmf));
	if (vmf_orig_pte_uffd_wp(vmf))
		entry = pte_mkuffd_wp(entry);
	if (page == vmf->cow_page) {
		page_add_new_anon_rmap(vmf->m, page, vma, vmf->address);
		if (vmf->m->lru_batch)
			lru_cache_add(vmf->m, page);
	} else {
		page_add_file_rmap(page);
		fl_count(vmf->m, file_pages);
	}
	set_pte_at(vmf->mm, vmf->address, vmf->ptep, entry);
}

/* D3 and D4. The page's lock is held. NOPAGE: somebody else was faster; references stay. */
static vm_fault_t finish_fault(struct vm_fault *vmf)
{
	if (!vmf_map_and_lock(vmf))
		return VM_FAULT_NOPAGE;
	do_set_pte(vmf, vmf->cow_page ? vmf->cow_page : vmf->page);
	spin_unlock(vmf->ptl);
	return 0;
}

/* What a fault answers after it made no entry because another one did. */
static vm_fault_t done(vm_fault_t ret)
{
	return ret & ~(vm_fault_t)VM_FAULT_NOPAGE;
}

/* D1 and D2. */
static vm_fault_t __do_fault(struct vm_fault *vmf)
{
	if (pte_alloc(vmf->mm, vmf->pmdp, &vmf->pmd))
		return VM_FAULT_OOM;
	return vmf->vma->vm_ops->fault(vmf);
}

static vm_fault_t do_read_fault(struct vm_fault *vmf)
{
	vm_fault_t ret;

	if (should_fault_around(vmf)) {
		ret = do_fault_around(vmf);
		if (ret)
			return done(ret);
	}
	ret = __do_fault(vmf);
	if (ret & VM_FAULT_STOP)
		return ret;
	ret = finish_fault(vmf);
	unlock_page(vmf->page); /* D5 */
	if (ret)
		put_page(vmf->m, vmf->page);
	return done(ret);
}

static vm_fault_t do_cow_fault(struct vm_fault *vmf)
{
	struct fl_machine *m = vmf->m;
	vm_fault_t ret;

	ret = vmf_anon_prepare(vmf);
	if (ret)
		return ret;
	vmf->cow_page = vma_alloc_page(vmf->vma);
	if (!vmf->cow_page)
		return VM_FAULT_OOM;
	ret = __do_fault(vmf);
	if (ret & VM_FAULT_STOP) {
		put_page(m, vmf->cow_page);
		return ret;
	}
	copy_frame(m, page_to_pfn(vmf->cow_page), page_to_pfn(vmf->page));
	smp_wmb(); /* __SetPageUptodate(): the content before the entry */
	WRITE_ONCE(vmf->cow_page->flags, FL_BIT(PG_uptodate));
	ret = finish_fault(vmf);
	unlock_page(vmf->page); /* D5 */
	put_page(m, vmf->page);
	if (ret)
		put_page(m, vmf->cow_page);
	else
		fl_count(m, cow_copies);
	return done(ret);
}

static vm_fault_t do_shared_fault(struct vm_fault *vmf)
{
	const struct vm_operations_struct *ops = vmf->vma->vm_ops;
	vm_fault_t ret = __do_fault(vmf);

	if (ret & VM_FAULT_STOP)
		return ret;
	if (ops->page_mkwrite) {
		unlock_page(vmf->page);
		ret = ops->page_mkwrite(vmf);
		if (ret & VM_FAULT_STOP) {
			put_page(vmf->m, vmf->page);
			return done(ret);
		}
	}
	ret = finish_fault(vmf);
	if (!ret)
		SetPageDirty(vmf->page); /* fault_dirty_shared_page() */
	unlock_page(vmf->page);		 /* D5 */
	if (ret)
		put_page(vmf->m, vmf->page);
	return done(ret);
}

vm_fault_t do_fault(struct vm_fault *vmf)
{
	if (vmf->flags & FAULT_FLAG_VMA_LOCK && vmf->m->policy.vma_lock_files == FL_NO) {
		vmf_end_read(vmf);
		return VM_FAULT_RETRY;
	}
	vmf->pgoff = linear_page_index(vmf->m, vmf->vma, vmf->address);
	if (!(vmf->flags & FAULT_FLAG_WRITE))
		return do_read_fault(vmf);
	return vmf_is_cow(vmf) ? do_cow_fault(vmf) : do_shared_fault(vmf);
}

vm_fault_t wp_page_shared(struct vm_fault *vmf)
{
	struct page *page = vm_normal_page(vmf->m, vmf->orig_pte);
	vm_fault_t ret;

	vmf->page = page;
	if (!page || !vmf->vma->vm_ops->page_mkwrite) {
		if (page)
			SetPageDirty(page);
		wp_page_reuse(vmf);
		return 0;
	}
	get_page(page); /* while the PTL keeps the entry's reference there */
	spin_unlock(vmf->ptl);
	ret = vmf->vma->vm_ops->page_mkwrite(vmf);
	if (ret & VM_FAULT_STOP)
		goto put;
	if (vmf_map_and_lock(vmf)) /* finish_mkwrite_fault() */
		wp_page_reuse(vmf);
	unlock_page(page);
put:
	put_page(vmf->m, page);
	return done(ret);
}
