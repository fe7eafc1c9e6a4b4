// SPDX-License-Identifier: MIT
/*
 * fork.c - fork: a copy of an address space that shares its private pages until somebody writes.
 *
 * State: the child's VMAs and page tables, which nobody else can see yet; the parent's entries, which
 * lose write permission; PageAnonExclusive, mappings and references of its pages.
 *
 *   K1  mmap:W of the parent, mmap:W of the child
 *   K2  for each VMA: mark the parent's        faults under VL:R: waited for, kept out
 *   K3  copy it; it is in the child's tree
 *   K4  write_protect_seq is odd      [q]      who copies entries writes it, GUP-fast reads it
 *   K5  for each leaf table, under the child's PTL and the parent's:
 *       share each page, or copy it for the child at once if it may be pinned;
 *       write-protect both entries
 *   K6  write_protect_seq is even
 *   K7  flush the parent's translations        until here its threads may write to pages that are
 *                                              shared already; the child has not run yet
 *   K8  let go of both
 *
 * A page that is pinned must stay the parent's: after the next write the parent would have another page
 * than the device. So such a page is copied for the child now. Who pins without a lock (GUP-fast) can
 * be late (B5 of the fact sheet):
 *
 *   fork                                       GUP-fast
 *   P1  pinned? No                             read the entry: writable
 *   P2  write-protect the entry                pin the page
 *                                              the entry as before (P2 is to come): done
 *
 * Policy fork_pinned=wrprotect-first turns P1 and P2 round, without the barriers that this needs, and
 * with an entry that becomes writable again in between. [q] is what was done: GUP-fast that meets K4 to
 * K6 gives up and waits for mmap_lock. For that the store of K4 has to come before the loads of P1,
 * and smp_wmb() is all that is between: on x86 the lock of the PTL orders them, which spin_lock() does
 * not promise. P1 loads two words.
 *
 *   the count of references   from 5.19 on fork takes the child's reference before P1, and that helps: it
 *                             is a store to the very word that pins are added to, and smp_wmb() puts it
 *                             after K4. Either the pin is older, then P1 sees it; or GUP-fast has read the
 *                             reference, and, if its pin is a full barrier (gup_pin_barrier, 6.1), sees K4
 *   MMF_HAS_PINNED            nothing helps in any release: the first pin of an mm can be missed. GUP-fast
 *                             sets the flag before it reads write_protect_seq, and its pin is a barrier
 *
 * fork_seq_barrier=smp_mb is what is missing for both. tests/litmus/seqcount-fork-*.litmus.
 *
 * Shared mappings, and files' pages in private mappings without an anonymous page, are not copied: the
 * child's faults find them. So what is copied is anonymous, or beside anonymous pages in one VMA.
 *
 * A page that is in swap, or about to move (migrate.c), has no entry that could be write-protected: its swap
 * entry in both becomes one of a page that is shared (B34 of the fact sheet).
 *
 * Models: dup_mmap(), kernel/fork.c; copy_page_range(), copy_nonpresent_pte(), copy_present_ptes(), copy_present_page(),
 * vma_needs_copy(), mm/memory.c; copy_huge_pmd(), mm/huge_memory.c; Linux 4.8 to 6.12 (70e806e4e645, f3c64eda3e50, 57efa1fe5957,
 * fb3d824d1a46). No EVENT_FORK: a child has no userfaultfd, and so no markers and no uffd-wp.
 * Policy: fork_pinned, fork_seqcount, fork_seq_barrier, fork_migration, fork_vma_lock (K2: fb49c455323f).
 */
#include "mm/fault.h"
#include "mm/file.h"
#include "mm/huge_memory.h"
#include "mm/ksm.h"
#include "mm/lru.h"
#include "mm/mm.h"
#include "mm/mmap_lock.h"
#include "mm/pagewalk.h"
#include "mm/rmap.h"
#include "mm/swapfile.h"
#include "mm/tlbflush.h"
#include "mm/uffd.h"
#include "mm/vma.h"
#include "oracle/hooks.h"

#include <errno.h>

/* Atomic: hardware may set accessed and dirty meanwhile. */
#define ptep_set_wrprotect(ptep) FL_VOID_RMW(and, ptep, ~_PAGE_RW, "ptep_set_wrprotect(" #ptep ")")

/* K5 for the entries of one leaf table. */
struct copy_range {
	struct fl_machine *m;
	struct vm_area_struct *dst_vma;
	struct mm_struct *dst_mm, *src_mm;
	bool is_cow;
	struct page *prealloc; /* for a page that may be pinned */
};

/* --- one page --- */

static bool page_needs_cow_for_dma(const struct copy_range *c, struct page *page)
{
	return c->is_cow && FL_STEP("P1", test_bit(MMF_HAS_PINNED, &c->src_mm->flags)) &&
	       FL_STEP("P1", page_maybe_dma_pinned(page));
}

/* P1 and P2 the other way round. */
static bool wrprotect_then_check(const struct copy_range *c, struct page *page, pte_t *src,
				 pte_t pte)
{
	bool wrprotect = c->is_cow && pte_write(pte);

	if (wrprotect)
		ptep_set_wrprotect(src);
	if (!page_needs_cow_for_dma(c, page))
		return false;
	if (wrprotect)
		set_pte(src, pte);
	return true;
}

/*
 * May @page be shared with the child? Then it is. Or it is pinned, and must be copied. @huge: @src is a PMD,
 * and maps all of it.
 */
static bool page_try_dup_rmap(const struct copy_range *c, struct page *page, pte_t *src, pte_t pte,
			      bool huge)
{
	bool exclusive, pinned = false;

	if (c->m->policy.fork_pinned == FL_FORK_PINNED_ANON_EXCLUSIVE)
		get_page(page); /* before the look at pins: [q] */
	exclusive = c->m->anon_exclusive && PageAnonExclusive(page);
	switch (c->m->policy.fork_pinned) {
	case FL_FORK_PINNED_SHARE:
		break;
	case FL_FORK_PINNED_WRPROTECT_FIRST:
		pinned = wrprotect_then_check(c, page, src, pte);
		break;
	case FL_FORK_PINNED_CHECK:
		pinned = page_needs_cow_for_dma(c, page);
		break;
	case FL_FORK_PINNED_ANON_EXCLUSIVE:
		pinned = exclusive && page_needs_cow_for_dma(c, page);
		if (pinned)
			put_page(c->m, page);
		break;
	}
	if (pinned)
		return false;
	if (exclusive)
		ClearPageAnonExclusive(page);
	if (huge)
		page_dup_compound_rmap(page);
	else
		page_dup_rmap(page);
	if (c->m->policy.fork_pinned != FL_FORK_PINNED_ANON_EXCLUSIVE)
		get_page(page);
	return true;
}

/* The child's own copy. -EAGAIN: there is no page for it yet. */
static int copy_present_page(struct copy_range *c, struct page *page, pte_t *dst, fl_vaddr addr)
{
	struct page *new = c->prealloc;
	pte_t pte;

	if (!new)
		return -EAGAIN;
	c->prealloc = NULL;
	copy_frame(c->m, page_to_pfn(new), page_to_pfn(page));
	smp_wmb(); /* __SetPageUptodate(): the content before the entry */
	WRITE_ONCE(new->flags, FL_BIT(PG_uptodate));
	page_add_new_anon_rmap(c->m, new, c->dst_vma, addr);
	if (c->m->lru_batch)
		lru_cache_add(c->m, new);
	pte = pte_mkdirty(pfn_pte(page_to_pfn(new), c->dst_vma->vm_page_prot));
	set_pte_at(c->dst_mm, addr, dst, maybe_mkwrite(pte, c->dst_vma->vm_flags));
	return 0;
}

static int copy_present_pte(struct copy_range *c, pte_t *dst, pte_t *src, pte_t pte, fl_vaddr addr)
{
	struct page *page = vm_normal_page(c->m, pte);

	if (page && !page_try_dup_rmap(c, page, src, pte, false))
		return copy_present_page(c, page, dst, addr);
	if (c->is_cow && pte_write(pte)) {
		FL_STEP("P2", ptep_set_wrprotect(src));
		pte = pte_wrprotect(pte);
	}
	set_pte_at(c->dst_mm, addr, dst, pte_clear_uffd_wp(pte_mkold(pte)));
	return 0;
}

/*
 * A page that is in swap, or about to move, is shared by both from now on: it can't be written to, and is
 * nobody's alone, when it comes back.
 */
static int copy_nonpresent_pte(const struct copy_range *c, pte_t *dst, pte_t *src, pte_t pte,
			       fl_vaddr addr)
{
	pte_t shared = pte;

	if (is_pte_marker(pte)) /* the child has no userfaultfd */
		return 0;
	if (pte_is_swap_slot(pte)) {
		if (swap_duplicate(c->m, pte_swp_offset(pte)))
			return -ENOMEM;
		shared = pte_swp_clear_exclusive(pte);
	} else if (c->is_cow && c->m->policy.fork_migration == FL_FORK_MIGRATION_READABLE) {
		shared = pte_swp_set_type(pte, SWP_MIGRATION_READ);
	}
	if (shared != pte)
		FL_STEP("P2", set_pte_at(c->src_mm, addr, src, shared));
	set_pte_at(c->dst_mm, addr, dst, pte_clear_uffd_wp(shared));
	return 0;
}

/* --- ranges --- */

/*
 * K5. The entries from *@addr to @end, all in one table. -EAGAIN: a page is needed for that at *@addr.
 */
static int copy_ptes(struct copy_range *c, pmd_t dst_pmd, pmd_t src_pmd, fl_vaddr *addr,
		     fl_vaddr end)
{
	spinlock_t *dst_ptl, *src_ptl = pte_lockptr(src_pmd);
	pte_t *dst = pte_offset_map_lock(c->dst_mm, dst_pmd, *addr, &dst_ptl);
	pte_t *src = pte_offset_map(c->m, src_pmd, *addr);
	uint64_t size = page_size(c->m);
	int err = 0;

	spin_lock(src_ptl);
	for (; *addr < end; *addr += size, dst++, src++) {
		pte_t pte = ptep_get(src);

		if (pte_none(pte))
			continue;
		if (pte_present(pte))
			err = copy_present_pte(c, dst, src, pte, *addr);
		else
			err = copy_nonpresent_pte(c, dst, src, pte, *addr);
		if (err)
			break;
	}
	spin_unlock(src_ptl);
	spin_unlock(dst_ptl);
	return err;
}

static int copy_pte_range(struct copy_range *c, pmd_t src_pmd, fl_vaddr addr, fl_vaddr end)
{
	pmd_t *dst_pmdp = pmd_alloc(c->dst_mm, addr);
	pmd_t dst_pmd;
	int err;

	if (!dst_pmdp || pte_alloc(c->dst_mm, dst_pmdp, &dst_pmd))
		return -ENOMEM;
	for (;;) { /* the child's table stays: nobody else sees it */
		err = copy_ptes(c, dst_pmd, src_pmd, &addr, end);
		/* The page was not pinned any more when there was a page for its copy. */
		if (c->prealloc)
			put_page(c->m, c->prealloc);
		c->prealloc = NULL;
		if (err != -EAGAIN)
			return err;
		c->prealloc = alloc_page(c->m);
		if (!c->prealloc)
			return -ENOMEM;
	}
}

/*
 * K5 for a huge page. -EAGAIN: it may be pinned, or is a table by now. The parent's PMD is split, and the walk
 * comes again for the entries. The count of pins is the whole page's: all of them are copied.
 */
static int copy_huge_pmd(struct copy_range *c, struct vm_area_struct *src_vma, struct pte_walk *w)
{
	pmd_t *dst_pmdp = pmd_alloc(c->dst_mm, w->addr);
	struct ptdesc *table = pgtable_alloc(c->m);
	spinlock_t *dst_ptl = pmd_lockptr(c->dst_mm), *src_ptl = pmd_lockptr(c->src_mm);
	int err = -EAGAIN;
	pmd_t pmd;

	if (!dst_pmdp || !table) {
		pgtable_free(c->m, table);
		return -ENOMEM;
	}
	spin_lock(dst_ptl);
	spin_lock(src_ptl);
	/* mmap:W, and the child is nobody's yet: only splits could change it, by way of the page. */
	pmd = pmdp_get(w->pmdp);
	if (pmd_leaf(pmd) && page_try_dup_rmap(c, pmd_page(c->m, pmd), w->pmdp, pmd, true)) {
		pgtable_trans_huge_deposit(c->dst_mm, table);
		table = NULL;
		if (c->is_cow && pte_write(pmd)) {
			FL_STEP("P2", ptep_set_wrprotect(w->pmdp));
			pmd = pte_wrprotect(pmd);
		}
		set_pte(dst_pmdp, pte_mkold(pmd));
		err = 0;
	}
	spin_unlock(src_ptl);
	spin_unlock(dst_ptl);
	if (err) {
		pgtable_free(c->m, table);
		pte_walk_split(w, src_vma);
	}
	return err;
}

/* What faults would find again is not copied. */
static bool vma_needs_copy(struct vm_area_struct *src_vma)
{
	return READ_ONCE(src_vma->anon_vma);
}

/* K4 to K6. */
static int copy_page_range(struct vm_area_struct *dst_vma, struct vm_area_struct *src_vma)
{
	struct copy_range c = {
		.m = src_vma->vm_mm->machine,
		.dst_vma = dst_vma,
		.dst_mm = dst_vma->vm_mm,
		.src_mm = src_vma->vm_mm,
		.is_cow = is_cow_mapping(src_vma->vm_flags),
	};
	bool seq = c.is_cow && c.m->policy.fork_seqcount == FL_FORK_SEQCOUNT_ON;
	int err = 0;

	if (!vma_needs_copy(src_vma))
		return 0;
	if (seq)
		FL_STEP("K4", ({ raw_write_seqcount_begin(&c.src_mm->write_protect_seq); }));
	if (seq && c.m->policy.fork_seq_barrier == FL_BARRIER_ON)
		smp_mb(); /* [q] */
	for (struct pte_walk w = pte_walk_begin(c.src_mm, src_vma->vm_start, src_vma->vm_end);
	     !err && pte_walk_next(&w);) {
		if (!pmd_leaf(w.pmd))
			err = copy_pte_range(&c, w.pmd, w.addr, w.end);
		else if (copy_huge_pmd(&c, src_vma, &w) == -ENOMEM)
			err = -ENOMEM;
	}
	if (seq)
		raw_write_seqcount_end(&c.src_mm->write_protect_seq);
	return err;
}

/* --- VMAs --- */

/* K2 to K6 for one VMA. */
static int dup_vma(struct mm_struct *mm, struct vm_area_struct *src)
{
	struct vm_area_struct *vma;
	int err;

	if (mm->machine->policy.fork_vma_lock == FL_VMA_WRITE_LOCKED)
		vma_start_write(src);
	vma = vm_area_dup(mm, src);
	if (!vma)
		return -ENOMEM;
	if (vma->vm_file)
		get_file(vma->vm_file);
	if (vma->uffd_ctx)
		userfaultfd_reset_ctx(vma); /* dup_userfaultfd(): no EVENT_FORK */
	err = anon_vma_fork(vma, src);
	if (err)
		goto free;
	err = vma_link_after(mm, vma, src); /* K3 */
	if (err)
		goto unlink;
	return copy_page_range(vma, src);

unlink:
	unlink_anon_vmas(vma);
free:
	remove_vma(vma);
	return err;
}

static int dup_mmap(struct mm_struct *mm, struct mm_struct *oldmm)
{
	struct vm_area_struct *vma;
	int err = 0;

	mmap_write_lock(oldmm); /* K1 */
	mmap_write_lock(mm);
	for (vma = vma_find(oldmm, 0); vma && !err; vma = vma_find(oldmm, vma->vm_end))
		err = dup_vma(mm, vma);
	if (!err && test_bit(MMF_VM_MERGEABLE, &oldmm->flags))
		ksm_enter(mm);
	mmap_write_unlock(mm); /* K8 */
	flush_tlb_mm(oldmm);   /* K7 */
	mmap_write_unlock(oldmm);
	return err;
}

int fl_fork(struct fl_mm **out, struct fl_mm *parent)
{
	struct fl_mm *child;
	int err = fl_mm_create(&child, parent->mm.machine);

	if (err)
		return err;
	err = dup_mmap(&child->mm, &parent->mm);
	if (err) {
		fl_mm_destroy(child);
		return err;
	}
	FL_EVENT(.kind = FL_EVENT_FORK, .mm = parent, .value = fl_mm_id(child));
	*out = child;
	return 0;
}
