// SPDX-License-Identifier: MIT
/*
 * khugepaged.c - collapse: from a table of base pages to one huge page.
 *
 * State: the PMD, the entries of its table, the pages they map. It is the only one that takes a table away
 * while the mm is in use and the range stays mapped. So it keeps out whoever relies on a table that they
 * have found (huge_memory.h), and GUP-fast, which nobody can keep out, has to find out.
 *
 *   collapse                                      who is kept out, and who is not
 *   H1  get a huge page                           before any lock
 *   H2  mmap:W; is the VMA fit? Mark it           faults, GUP, system calls
 *   H3  the anon_vma's lock for writing           walks from pages to mappings
 *   H4  clear the PMD; flush                      hardware: none has a translation afterwards
 *   H5  wait for GUP-fast that is inside   [t]    who has read the PMD before H4 may be in the table
 *   H6  under the PTL, each page: lock it;        pins: after H6 the content may only be copied if
 *       no references but the mappings'? [r]      there is none, and none comes
 *       Else: put the PMD back, give up
 *   H7  let go of H3. For each page: copy it;
 *       clear the entry; let go of the page
 *   H8  smp_wmb(); the table goes into reserve, the PMD maps the huge page
 *
 * [r] GUP-fast (gup.c): B1 reads PMD and entry, B3 takes the page, B4 looks again. The entry is as it was
 *     until H7, so B4 has to look at the PMD as well: H4, flush, H6's count against B3, barrier, B4. Up to
 *     6.0 it did not (policy gup_recheck, 70cbc3cc78a9; B17 of the fact sheet): the pin is on a page that is
 *     copied and unmapped. Where a flush interrupts (tlb_flush=ipi) H4 waits for GUP-fast to leave, and no
 *     such pin can be missed by H6.
 *
 * [t] The table in reserve is freed with the huge page (zap_huge_pmd()), or has other entries after a
 *     split; GUP-fast that is still in it reads what is not its memory any more. Page tables that munmap
 *     takes away wait for that (T4 of pgtable_free.c); this one did not up to 6.0 (policy collapse_sync,
 *     2ba99c5e0881; B18).
 *
 * Models: collapse_huge_page(), __collapse_huge_page_isolate(), __collapse_huge_page_copy(),
 * hugepage_vma_revalidate(), madvise_collapse(), mm/khugepaged.c; pmdp_collapse_flush(),
 * mm/pgtable-generic.c; Linux 6.1. Anonymous memory alone. max_ptes_none: all but one; pages that are mapped
 * by several entries are copied like others. A part of another huge page, and swap entries, make it give up. No look
 * at what is there before H1, no LRU.
 * Policy: collapse_sync; gup_recheck is gup.c's.
 */
#include "mm/huge_memory.h"
#include "mm/lru.h"
#include "mm/mmap_lock.h"
#include "mm/pgalloc.h"
#include "mm/rmap.h"
#include "mm/swap_state.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"
#include "rt/lacks.h"

#include <errno.h>

#include <faultline/thp.h>

/* One huge page in the making. */
struct collapse {
	struct mm_struct *mm;
	struct fl_machine *m;
	struct vm_area_struct *vma;
	fl_vaddr haddr;
	struct page *hpage;
	pmd_t *pmdp;
	pmd_t pmd; /* points to the table, which nobody else finds */
};

/* --- H6 --- */

/* 0, with the page locked; or why it can't go. */
static int isolate_page(struct page *page)
{
	if (!PageAnon(page) || PageCompound(page))
		return -EINVAL;
	if (!trylock_page(page))
		return -EAGAIN;
	if (FL_STEP("H6", page_count(page)) != page_mapcount(page) + PageSwapCache(page)) {
		unlock_page(page);
		return -EAGAIN;
	}
	return 0;
}

static struct page *entry_page(const struct collapse *c, pte_t pte)
{
	return pte_none(pte) ? NULL : vm_normal_page(c->m, pte);
}

static void release_pages(const struct collapse *c, pte_t *ptep, unsigned int n)
{
	while (n-- > 0) {
		struct page *page = entry_page(c, ptep_get(&ptep[n]));

		if (page)
			unlock_page(page);
	}
}

static int isolate(const struct collapse *c)
{
	spinlock_t *ptl = pte_lockptr(c->pmd);
	pte_t *ptep = pte_offset_map(c->m, c->pmd, c->haddr);
	unsigned int n, nr = hpage_nr(c->m);
	bool writable = false;
	int err = 0;

	spin_lock(ptl);
	for (n = 0; n < nr; n++) {
		pte_t pte = ptep_get(&ptep[n]);
		struct page *page;

		if (!pte_none(pte) && !pte_present(pte))
			err = -EINVAL;
		page = err ? NULL : entry_page(c, pte);
		if (page)
			err = isolate_page(page);
		if (err)
			break;
		writable |= page && pte_write(pte);
	}
	if (!err && !writable)
		err = -EINVAL;
	if (err)
		release_pages(c, ptep, n);
	spin_unlock(ptl);
	return err;
}

/* --- H7 --- */

static void copy_pages(const struct collapse *c)
{
	spinlock_t *ptl = pte_lockptr(c->pmd);
	pte_t *ptep = pte_offset_map(c->m, c->pmd, c->haddr);
	uint64_t to = page_to_pfn(c->hpage);

	for (unsigned int i = 0; i < hpage_nr(c->m); i++) {
		pte_t pte = ptep_get(&ptep[i]); /* nobody changes it */
		struct page *page = entry_page(c, pte);

		if (page)
			FL_STEP("H7", copy_frame(c->m, to + i, page_to_pfn(page)));
		else
			clear_frame(c->m, to + i);
		if (pte_none(pte))
			continue;
		spin_lock(ptl);
		set_pte_at(c->mm, c->haddr, &ptep[i], PTE_NONE); /* flushed by H4 */
		if (page)
			page_remove_rmap(page);
		spin_unlock(ptl);
		if (!page)
			continue;
		unlock_page(page);
		free_swap_cache(c->m, page);
		put_page(c->m, page);
	}
}

/* --- the rest --- */

/* H4. The table stays as it is, out of reach of all who come now. */
static pmd_t pmdp_collapse_flush(const struct collapse *c)
{
	pmd_t pmd;

	spin_lock(pmd_lockptr(c->mm));
	pmd = FL_STEP("H4", pgtable_get_and_clear(c->m, c->pmdp));
	flush_tlb_mm_range(c->mm, c->haddr, c->haddr + hpage_size(c->m));
	spin_unlock(pmd_lockptr(c->mm));
	return pmd;
}

static void put_pmd_back(const struct collapse *c)
{
	spin_lock(pmd_lockptr(c->mm));
	set_pte(c->pmdp, c->pmd);
	spin_unlock(pmd_lockptr(c->mm));
}

static void install(const struct collapse *c)
{
	pmd_t entry = pfn_pte(page_to_pfn(c->hpage), c->vma->vm_page_prot);

	entry = maybe_mkwrite(pte_mkyoung(pte_mkdirty(entry)), c->vma->vm_flags);
	smp_wmb(); /* __SetPageUptodate(): the content before the entry */
	WRITE_ONCE(c->hpage->flags, FL_BIT(PG_uptodate));
	spin_lock(pmd_lockptr(c->mm));
	page_add_new_compound_rmap(c->m, c->hpage, c->vma, c->haddr);
	pgtable_trans_huge_deposit(c->mm, pmd_pgtable(c->pmd));
	FL_STEP("H8", set_pte_at(c->mm, c->haddr, c->pmdp, entry));
	spin_unlock(pmd_lockptr(c->mm));
}

/* hugepage_vma_revalidate(), find_pmd_or_thp_or_none(). 1: it is a huge page already. */
static int find_table(struct collapse *c, bool advised)
{
	struct vm_area_struct *vma = vma_lookup(c->mm, c->haddr);

	if (!vma)
		return -ENOMEM;
	if (!hugepage_vma_check(vma, vma->vm_flags, c->haddr) || !vma->anon_vma ||
	    (advised && !(vma->vm_flags & VM_HUGEPAGE)))
		return -EINVAL;
	c->vma = vma;
	c->pmdp = pmd_offset_lockless(c->m, c->mm->pgd, c->haddr);
	c->pmd = c->pmdp ? pmdp_get(c->pmdp) : 0;
	if (pmd_leaf(c->pmd))
		return 1;
	return pmd_none(c->pmd) ? -EINVAL : 0;
}

/* H2 to H8. Takes over c->hpage, if it returns 0. */
static int collapse_locked(struct collapse *c, bool advised)
{
	struct anon_vma *anon_vma;
	int err = find_table(c, advised);

	if (err)
		return err;
	vma_start_write(c->vma);
	anon_vma = c->vma->anon_vma;
	anon_vma_lock_write(anon_vma); /* H3 */
	c->pmd = pmdp_collapse_flush(c);
	if (c->m->policy.collapse_sync == FL_COLLAPSE_SYNC_IPI)
		FL_STEP("H5", tlb_remove_table_sync_one(c->m));
	err = isolate(c);
	if (err)
		put_pmd_back(c);
	anon_vma_unlock_write(anon_vma);
	if (err)
		return err;
	copy_pages(c);
	install(c);
	return 0;
}

/* @haddr: where the huge page is to begin. @advised: only with VM_HUGEPAGE. 1: there is one already. */
static int collapse_huge_page(struct mm_struct *mm, fl_vaddr haddr, bool advised)
{
	struct collapse c = { .mm = mm, .m = mm->machine, .haddr = haddr };
	int err;

	c.hpage = alloc_hpage(c.m); /* H1 */
	if (!c.hpage)
		return -ENOMEM;
	mmap_write_lock(mm); /* H2 */
	err = collapse_locked(&c, advised);
	mmap_write_unlock(mm);
	if (err)
		put_page(c.m, c.hpage);
	else
		fl_count(c.m, thp_collapses);
	return err;
}

int madvise_collapse(struct mm_struct *mm, fl_vaddr start, fl_vaddr end)
{
	const struct fl_machine *m = mm->machine;
	fl_vaddr haddr = hpage_align_down(m, start + hpage_size(m) - 1);
	int last = 0, err;

	lru_add_drain_all(mm->machine);
	for (; haddr + hpage_size(m) <= end; haddr += hpage_size(m)) {
		err = collapse_huge_page(mm, haddr, false);
		if (err < 0)
			last = err;
	}
	return last;
}

/* --- khugepaged --- */

/* From @addr on: where is a table that may be collapsed? False: nowhere. */
static bool next_candidate(struct mm_struct *mm, fl_vaddr addr, fl_vaddr *haddr)
{
	const struct fl_machine *m = mm->machine;
	struct vm_area_struct *vma;
	bool found = false;

	mmap_read_lock(mm);
	for (vma = vma_find(mm, addr); vma && !found; vma = vma_find(mm, vma->vm_end)) {
		fl_vaddr from = vma->vm_start > addr ? vma->vm_start : addr;

		if (!(vma->vm_flags & VM_HUGEPAGE) || !READ_ONCE(vma->anon_vma))
			continue;
		*haddr = hpage_align_down(m, from + hpage_size(m) - 1);
		for (; !found && hugepage_vma_check(vma, vma->vm_flags, *haddr);
		     *haddr += found ? 0 : hpage_size(m))
			found = pmd_table(pmd_read_lockless(m, mm->pgd, *haddr));
	}
	mmap_read_unlock(mm);
	return found;
}

long fl_khugepaged_scan(struct fl_cpu *cpu, struct fl_mm *fl_mm)
{
	struct mm_struct *mm = &fl_mm->mm;
	fl_vaddr haddr, addr = 0;
	long done = 0;

	(void)cpu;
	if (!mm->machine->huge_pages)
		return fl_rt_lacks("fl_khugepaged_scan()", "huge pages", ".huge_pages");
	lru_add_drain_all(mm->machine);
	for (; next_candidate(mm, addr, &haddr); addr = haddr + hpage_size(mm->machine))
		done += !collapse_huge_page(mm, haddr, true);
	return done;
}
