// SPDX-License-Identifier: MIT
/*
 * rmap_unmap.c - a page leaves all page tables, for reclaim.
 *
 * State: the entries that map the page, each under its PTL; PageAnonExclusive; the slot's count.
 *
 *   U1  the entry that maps the page, with its PTL           (rmap_walk.c)
 *   U2  clear it; flush now, or note that a flush is due     (tlb_batch.c). A1 of rmap.h. Only if a CPU
 *                                                            can have it: pte_accessible(), B6
 *   U3  it was dirty: so is the page
 *   U4  one more entry refers to the slot
 *   U5  exclusive: pinned? Then undo U4 and U2               A2, A3 of rmap.h
 *   U6  the entry refers to the slot; exclusive, soft-dirty and uffd-wp go there
 *   U7  one mapping less
 *
 * GUP-fast takes no lock: it has read the entry before U2, and pins. Either it finds the entry changed (B4
 * of rmap.h), or U5 finds the pin. Only the first pair of barriers counts here, for U6 never
 * puts the old value back once the flag is clear. A flush in U2 is a full barrier, a deferred one is none.
 *
 * A page that MADV_FREE made lazyfree (PG_swapbacked clear) has no slot. Nobody has written to it since, or
 * an entry is dirty (U3), or somebody wrote through a reference, direct I/O, and has yet to say so:
 *
 *   reclaim                                       direct I/O that reads into the page
 *   A1  clear the entry                           B3  a reference
 *       smp_mb()                [l]                                   [l]
 *   L2  references as many as mappings, + 1?      B4  the entry as before? Or drop it
 *       smp_rmb()               [m]               B6  the device writes
 *   L3  page dirty?                               B7  the page is dirty           [m]
 *       Or restore the entry                      B8  drop the reference
 *
 * [l] One of the two sees the other. [m] Who sees B8 sees B7. Policy madv_free_reclaim: up to 5.17 there was
 *     L3 alone, and the next load found zeroes in place of what the device had written (6c8e2a256915).
 *
 * page_referenced() clears accessed without a flush, as on x86: a CPU that has a translation does not set
 * it again, and a page in use may look unused.
 *
 * Models: try_to_unmap(), try_to_unmap_one(), should_defer_flush(), folio_referenced(), mm/rmap.c, Linux
 * 4.8 to 6.12. should_defer_flush() always says yes, where x86 asks whether another CPU has the mm loaded.
 * MADV_FREE's pages as since 4.12 (802a3a92ad7a). No mlock, no mmu notifiers.
 * Policy: unmap_flush, madv_free_reclaim; pte_accessible by way of tlbflush.h.
 */
#include "mm/rmap_unmap.h"

#include "mm/mmu_gather.h"
#include "mm/rmap_walk.h"
#include "mm/swapfile.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"

/* One entry that maps the page. */
struct unmap {
	struct fl_machine *m;
	struct fl_cpu *cpu;
	struct page *page;
	struct vm_area_struct *vma;
	fl_vaddr addr;
	pte_t *ptep;
	pte_t pte; /* as it was cleared */
};

static bool page_not_mapped(struct page *page)
{
	return page_mapcount(page) == 0;
}

/* U2 and U3. */
static void unmap_clear(struct unmap *u)
{
	struct mm_struct *mm = u->vma->vm_mm;

	if (u->m->policy.unmap_flush == FL_UNMAP_FLUSH_AT_ONCE) {
		u->pte = FL_STEP("A1", ptep_clear_flush(u->vma, u->addr, u->ptep));
	} else {
		u->pte = FL_STEP("A1", ptep_get_and_clear(mm, u->addr, u->ptep));
		set_tlb_ubc_flush_pending(u->cpu, mm, u->pte, u->addr);
	}
	if (pte_dirty(u->pte))
		SetPageDirty(u->page);
}

static bool unmap_restore(struct unmap *u)
{
	FL_STEP("A4", set_pte_at(u->vma->vm_mm, u->addr, u->ptep, u->pte));
	return false;
}

/* L2 and L3. May the content be thrown away? */
static bool lazyfree_unused(struct fl_machine *m, struct page *page)
{
	enum fl_madv_free_reclaim rule = m->policy.madv_free_reclaim;
	int references, mappings;

	if (rule == FL_MADV_FREE_DIRTY)
		return !FL_STEP("L3", PageDirty(page));
	if (rule != FL_MADV_FREE_NO_MB)
		smp_mb(); /* [l] */
	references = FL_STEP("L2", page_count(page));
	mappings = page_mapcount(page);
	if (rule != FL_MADV_FREE_NO_RMB)
		smp_rmb(); /* [m] */
	return references == 1 + mappings && !FL_STEP("L3", PageDirty(page));
}

static bool unmap_lazyfree(struct unmap *u)
{
	if (lazyfree_unused(u->m, u->page))
		return true;
	unmap_restore(u);
	/* A reference alone says nothing: when it has gone, the page is dirty or not. */
	if (u->m->policy.madv_free_reclaim != FL_MADV_FREE_STAYS || PageDirty(u->page))
		SetPageSwapBacked(u->page); /* not lazyfree any more */
	return false;
}

/* U4 to U6. */
static bool unmap_swap(struct unmap *u, bool exclusive)
{
	uint64_t slot = u->page->private;
	pte_t swp = make_swp_pte(SWP_SWAP, slot);

	if (!PageSwapCache(u->page)) /* MADV_FREE's pages change their kind at any time */
		return unmap_restore(u);
	if (swap_duplicate(u->m, slot))
		return unmap_restore(u);
	if (exclusive && page_try_share_anon_rmap(u->m, u->page)) { /* U5 */
		swap_free(u->m, slot);
		return unmap_restore(u);
	}
	if (exclusive && u->m->policy.swap_exclusive >= FL_SWAP_EXCLUSIVE_SWP_PTE)
		swp = pte_swp_mkexclusive(swp);
	swp |= u->pte & (_PAGE_SOFT_DIRTY | _PAGE_UFFD_WP);
	FL_STEP("U6", set_pte_at(u->vma->vm_mm, u->addr, u->ptep, swp));
	return true;
}

/* A file's page is found again in its file. What was write-protected there by userfaultfd leaves a marker. */
static bool unmap_file(struct unmap *u)
{
	if (!vma_is_anonymous(u->vma) && pte_uffd_wp(u->pte) &&
	    vma_flags_unlocked(u->vma) & VM_UFFD_WP)
		set_pte_at(u->vma->vm_mm, u->addr, u->ptep, make_pte_marker_uffd_wp());
	return true;
}

/* With the PTL. False: it is mapped as before. */
static bool unmap_entry(struct unmap *u)
{
	bool anon = PageAnon(u->page);
	bool exclusive = anon && u->m->anon_exclusive && PageAnonExclusive(u->page);
	bool unmapped;

	unmap_clear(u);
	if (!anon)
		unmapped = unmap_file(u);
	else if (PageSwapBacked(u->page))
		unmapped = unmap_swap(u, exclusive);
	else
		unmapped = unmap_lazyfree(u);
	if (!unmapped)
		return false;
	page_remove_rmap(u->page); /* U7 */
	put_page(u->m, u->page);   /* reclaim has one, too */
	return true;
}

static bool try_to_unmap_one(struct fl_machine *m, struct page *page, struct vm_area_struct *vma,
			     fl_vaddr addr, void *arg)
{
	struct page_vma_mapped_walk pvmw = { .page = page, .vma = vma, .address = addr };
	struct unmap u = { .m = m, .cpu = arg, .page = page, .vma = vma, .addr = addr };
	bool unmapped;

	if (!page_vma_mapped_walk(m, &pvmw)) /* U1 */
		return true;
	u.ptep = pvmw.pte;
	unmapped = unmap_entry(&u);
	page_vma_mapped_walk_done(&pvmw);
	return unmapped;
}

void try_to_unmap(struct fl_cpu *cpu, struct page *page)
{
	struct rmap_walk_control rwc = {
		.arg = cpu,
		.rmap_one = try_to_unmap_one,
		.done = page_not_mapped,
	};

	rmap_walk(cpu->machine, page, &rwc);
}

/* --- in use? --- */

/* Atomic: hardware may set accessed and dirty meanwhile. */
#define ptep_clear_young(ptep)                                                                     \
	((FL_FETCH(and, ptep, ~_PAGE_ACCESSED, FL_ONCE, "ptep_clear_young(" #ptep ")") &           \
	  _PAGE_ACCESSED) != 0)

static bool page_referenced_one(struct fl_machine *m, struct page *page, struct vm_area_struct *vma,
				fl_vaddr addr, void *arg)
{
	struct page_vma_mapped_walk pvmw = { .page = page, .vma = vma, .address = addr };
	bool *referenced = arg;

	if (!page_vma_mapped_walk(m, &pvmw))
		return true;
	*referenced |= ptep_clear_young(pvmw.pte);
	page_vma_mapped_walk_done(&pvmw);
	return true;
}

bool page_referenced(struct fl_machine *m, struct page *page)
{
	bool referenced = false;
	struct rmap_walk_control rwc = {
		.arg = &referenced,
		.try_lock = true,
		.rmap_one = page_referenced_one,
	};

	return rmap_walk(m, page, &rwc) == -EAGAIN || referenced;
}
