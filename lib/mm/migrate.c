// SPDX-License-Identifier: MIT
/*
 * migrate.c - a page moves to another frame, while programs go on with it.
 *
 * State: the entries that map the page, its counts, its place in the page cache. In between, where the
 * page was mapped there are migration entries: not present, with the old frame's number, and what the page
 * was there (writable; exclusive; readable). They have no reference of the page.
 *
 *   M1  a reference; off the LRU                   another migration of it, reclaim: find that
 *   M2  the page's lock; a new page, locked        faults of files, truncation, KSM: wait, or give up
 *   M3  a reference of its anon_vma                so that M8 finds the places
 *   M4  for each place (rmap_walk.c), under its    programs, hardware: find nothing, fault
 *       PTL: clear the entry, flush or note it;    faults: wait for the page's lock (E1, E2)
 *       A2, A3 of rmap.h, or restore and give up   GUP-fast: reads the entry again after it took the page
 *       (A1 is the clear); a migration entry;
 *       mapping and reference go
 *   M5  flush what was noted                       from here on nobody stores to the page
 *   M6  mapped still? As many references as are    who has one reads or writes the old frame: a pin, or
 *       known of? Or back, with M8 for the old     GUP-fast that is about to give it up
 *   M7  copy; flags; in the page cache the new
 *       page takes the old one's place, and is
 *       dirty if that was
 *   M8  for each place, under its PTL: a migration
 *       entry becomes an entry for the new page
 *   M9  unlock both; the old frame is free
 *
 *   a fault that finds a migration entry
 *   E1  lock the PTL; still one? Unlock
 *   E2  wait until the page is unlocked, then fault anew
 *
 * M5 before M7: a store that comes between would be lost. M4 before M6: a reference that is taken
 * after the look would be missed. GUP-fast has read the entry, then takes the reference, then reads the
 * entry again; M4 clears it, a flush, which is a full barrier, and then M6 counts: one of the two sees the
 * other. So it would be without A2, which alone asks for pins only, and before the flush with
 * migrate_flush=batch. For a page of a file M6 is asked once more, with the cache locked, by freezing
 * the count: lookups there take references at any time.
 *
 * Who writes through a reference writes, then drops it, a full barrier. M6 that does not see it any more should
 * copy what was written: [r], which kernels don't have, and a branch orders no loads (docs/findings.md).
 * Who takes the page lock in between (set_page_dirty_lock()) needs none, for then M2 comes before or after all
 * of it; nor, since 6.1, who has a pin, for the barriers at A2 and A3 are in between.
 *
 * Up to 6.10 the page of a file was copied after that (060913999d7a, migrate_copy): it is in the cache before its
 * content is, and who reads it without a mapping looks for PG_uptodate or waits for the page's lock (fl_file_read()).
 *
 * A page that was exclusive to an mm is so again after M8, if its migration entry still says so: fork makes
 * both readable, mprotect() takes write permission and no more (B34 of the fact sheet). Whether an entry
 * may be written to is not looked at anew: one that was not writable becomes writable by a fault.
 * Whether it is dirty goes to the page at M4.
 *
 * M8 must find each migration entry, or a fault waits for a page that has gone: hence under the PTL alone
 * (sync), and the order of the lists (rmap_walk.c).
 *
 * A hinting entry (numa.c) that is cleared at M4 was accessible just now, and programs may still have a
 * translation: pte_accessible(), B6 of the fact sheet.
 *
 * Models: migrate_pages(), migrate_folio_unmap(), migrate_folio_move(), move_to_new_folio(), folio_migrate_mapping(),
 * folio_migrate_flags(), remove_migration_ptes(), migration_entry_wait(), migrate_misplaced_folio(),
 * do_move_pages_to_node(), mm/migrate.c; try_to_migrate(), mm/rmap.c; migration_entry_wait_on_locked(),
 * mm/filemap.c; Linux 4.8 to 6.12. One page at a time, one try, no waiting (MIGRATE_ASYNC). KSM pages,
 * huge pages and those in the swap cache stay.
 * Policy: migrate_flush, migrate_count, migrate_count_barrier, migrate_copy, migrate_restore.
 */
#include "mm/migrate.h"

#include "mm/file.h"
#include "mm/gup.h"
#include "mm/lru.h"
#include "mm/mm.h"
#include "mm/mmap_lock.h"
#include "mm/mmu_gather.h"
#include "mm/pgalloc.h"
#include "mm/rmap_walk.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"
#include "rt/lacks.h"

#include <errno.h>

/* One page on its way. */
struct migration {
	struct fl_machine *m;
	struct page *src, *dst;
	struct anon_vma *anon_vma; /* with a reference; NULL: of a file, or not mapped */
	bool anon;
};

/* --- M4: away from the old frame --- */

/* A1. The entry as it was. */
static pte_t clear_entry(struct fl_machine *m, struct vm_area_struct *vma, fl_vaddr addr,
			 pte_t *ptep)
{
	struct mm_struct *mm = vma->vm_mm;
	pte_t pte;

	if (m->policy.migrate_flush == FL_MIGRATE_FLUSH_ENTRY)
		return FL_STEP("A1", ptep_clear_flush(vma, addr, ptep));
	pte = FL_STEP("A1", ptep_get_and_clear(mm, addr, ptep));
	if (m->policy.migrate_flush == FL_MIGRATE_FLUSH_BATCH)
		set_tlb_ubc_flush_pending(this_cpu(m), mm, pte, addr);
	return pte;
}

static pte_t make_migration_entry(const struct page *page, pte_t pte, bool exclusive)
{
	enum swp_type type = SWP_MIGRATION_READ;

	if (pte_write(pte))
		type = SWP_MIGRATION_WRITE;
	else if (exclusive)
		type = SWP_MIGRATION_READ_EXCLUSIVE;
	return make_swp_pte(type, page_to_pfn(page)) | (pte & (_PAGE_SOFT_DIRTY | _PAGE_UFFD_WP));
}

/* With the PTL. False: it is pinned, and the entry as before. */
static bool unmap_entry(struct fl_machine *m, const struct page_vma_mapped_walk *pvmw)
{
	struct vm_area_struct *vma = pvmw->vma;
	struct page *page = pvmw->page;
	bool exclusive = m->anon_exclusive && PageAnonExclusive(page);
	pte_t pte = clear_entry(m, vma, pvmw->address, pvmw->pte), entry;

	if (pte_dirty(pte))
		SetPageDirty(page);
	if (exclusive && page_try_share_anon_rmap(m, page)) {
		set_pte_at(vma->vm_mm, pvmw->address, pvmw->pte, pte);
		return false;
	}
	entry = make_migration_entry(page, pte, exclusive);
	FL_STEP("M4", set_pte_at(vma->vm_mm, pvmw->address, pvmw->pte, entry));
	page_remove_rmap(page);
	put_page(m, page);
	return true;
}

static bool try_to_migrate_one(struct fl_machine *m, struct page *page, struct vm_area_struct *vma,
			       fl_vaddr addr, void *arg)
{
	struct page_vma_mapped_walk pvmw = { .page = page, .vma = vma, .address = addr };
	bool go_on;

	(void)arg;
	if (!page_vma_mapped_walk(m, &pvmw))
		return true;
	go_on = unmap_entry(m, &pvmw);
	page_vma_mapped_walk_done(&pvmw);
	return go_on;
}

static bool page_not_mapped(struct page *page)
{
	return page_mapcount(page) == 0;
}

/* M4 and M5. */
static void try_to_migrate(struct fl_machine *m, struct page *page)
{
	const struct rmap_walk_control rwc = {
		.rmap_one = try_to_migrate_one,
		.done = page_not_mapped,
	};

	rmap_walk(m, page, &rwc);
	if (m->policy.migrate_flush == FL_MIGRATE_FLUSH_BATCH)
		FL_STEP("M5", try_to_unmap_flush(this_cpu(m)));
}

/* --- M8: to the new one, or back --- */

static bool remove_migration_pte(struct fl_machine *m, struct page *new, struct vm_area_struct *vma,
				 fl_vaddr addr, void *old)
{
	struct page_vma_mapped_walk pvmw = {
		.page = old, .vma = vma, .address = addr, .migration = true, .sync = true
	};
	bool anon, exclusive;
	pte_t pte;

	if (!page_vma_mapped_walk(m, &pvmw))
		return true;
	anon = PageAnon(new);
	exclusive = anon && m->anon_exclusive &&
		    (pte_swp_type(pvmw.entry) != SWP_MIGRATION_READ ||
		     m->policy.migrate_restore == FL_MIGRATE_RESTORE_EXCLUSIVE);
	get_page(new);
	pte = pfn_pte(page_to_pfn(new), READ_ONCE(vma->vm_page_prot));
	if (pte_soft_dirty(pvmw.entry))
		pte = pte_mksoft_dirty(pte);
	if (pte_is_writable_migration(pvmw.entry))
		pte = pte_mkwrite(pte);
	else if (pte_uffd_wp(pvmw.entry))
		pte = pte_mkuffd_wp(pte);
	if (anon)
		page_add_anon_rmap(new, false);
	else
		page_add_file_rmap(new);
	if (exclusive)
		FL_STEP("M8", SetPageAnonExclusive(new));
	FL_STEP("M8", set_pte_at(vma->vm_mm, addr, pvmw.pte, pte));
	page_vma_mapped_walk_done(&pvmw);
	return true;
}

static void remove_migration_ptes(struct fl_machine *m, struct page *old, struct page *new)
{
	const struct rmap_walk_control rwc = {
		.rmap_one = remove_migration_pte,
		.arg = old,
		.anon_vma_held = true,
	};

	rmap_walk(m, new, &rwc);
}

/* --- M6, M7 --- */

/* The references that are known of when nothing maps the page: ours, and the page cache's. */
static int expected_count(const struct migration *g)
{
	return g->anon ? 1 : 2;
}

/* M7 for a page of a file, which gets a reference of the cache's and loses one. */
static int replace_in_page_cache(const struct migration *g, struct address_space *mapping)
{
	struct page *src = g->src, *dst = g->dst;
	int count = expected_count(g);

	spin_lock(&mapping->i_pages);
	if (!FL_STEP("M6", page_ref_freeze(src, count))) {
		spin_unlock(&mapping->i_pages);
		return -EAGAIN;
	}
	get_page(dst);
	/* Only now: who had a reference may have marked it before giving that up. */
	if (PageDirty(src))
		SetPageDirty(dst);
	rcu_assign_pointer(mapping->pages[src->index], dst);
	page_ref_unfreeze(src, count - 1);
	spin_unlock(&mapping->i_pages);
	return 0;
}

/* What the new page is before anybody can find it. */
static void migrate_flags(const struct migration *g, unsigned long more)
{
	unsigned long moves = FL_BIT(PG_swapbacked) | FL_BIT(PG_anon), flags;

	/* Of a file: by replace_in_page_cache(). */
	if (g->anon)
		moves |= FL_BIT(PG_dirty);
	flags = READ_ONCE(g->src->flags) & moves;
	if (!g->m->lru_batch)
		flags |= FL_BIT(PG_lru);
	/* PageAnonExclusive moves with the entries. */
	FL_VOID_RMW(or, &g->dst->flags, flags | more, "folio_migrate_flags(dst)");
	g->dst->index = g->src->index;
	WRITE_ONCE(g->dst->mapping, g->src->mapping); /* ksmd may look (ksm_tree.c) */
}

static void copy_page(const struct migration *g)
{
	FL_STEP("M7", ({ copy_frame(g->m, page_to_pfn(g->dst), page_to_pfn(g->src)); }));
	smp_wmb(); /* __folio_mark_uptodate(): the content before the entries, M8, and before the cache's */
}

/* M6 and M7. The page is not mapped. */
static int move_to_new_page(const struct migration *g)
{
	struct page *src = g->src, *dst = g->dst;
	bool ask = g->m->policy.migrate_count == FL_MIGRATE_COUNT_UNMAPPED;
	bool late = !g->anon && g->m->policy.migrate_copy == FL_MIGRATE_COPY_AFTER_FREEZE;

	if (ask && FL_STEP("M6", page_count(src)) != expected_count(g))
		return -EAGAIN;
	if (g->m->policy.migrate_count_barrier == FL_BARRIER_ON)
		smp_rmb(); /* [r] */
	if (!late)
		copy_page(g);
	migrate_flags(g, late ? 0 : FL_BIT(PG_uptodate));
	if (!g->anon && replace_in_page_cache(g, src->mapping)) {
		/* Somebody may have a reference to it and keep it past the file's end. */
		WRITE_ONCE(dst->mapping, NULL);
		return -EAGAIN;
	}
	if (late) {
		copy_page(g);
		SetPageUptodate(dst);
	}
	if (!g->anon)
		WRITE_ONCE(src->mapping, NULL);
	return 0;
}

/* The mutant of M6: mappings are counted, too. */
static bool count_is_wrong_early(const struct migration *g)
{
	if (g->m->policy.migrate_count != FL_MIGRATE_COUNT_EARLY)
		return false;
	return page_count(g->src) != page_mapcount(g->src) + expected_count(g);
}

/* M3 to M8. Both pages are locked, and stay so. */
static int migrate_locked(struct migration *g)
{
	struct fl_machine *m = g->m;
	struct page *src = g->src;
	bool mapped = page_mapcount(src) > 0;
	int err;

	if (count_is_wrong_early(g))
		return -EAGAIN;
	if (g->anon && mapped) {
		g->anon_vma = page_get_anon_vma(m, src);
		if (!g->anon_vma) /* not mapped any more: nothing is left to be moved */
			return -EAGAIN;
	}
	if (mapped)
		try_to_migrate(m, src);
	err = page_not_mapped(src) ? move_to_new_page(g) : -EAGAIN;
	if (mapped)
		remove_migration_ptes(m, src, err ? src : g->dst);
	if (g->anon_vma)
		put_anon_vma(m, g->anon_vma);
	return err;
}

/* --- one page --- */

/* M1. The caller knows that the page is not free, or has no reference of its own and @try. */
static bool isolate_page(struct fl_machine *m, struct page *page)
{
	unsigned long old;

	if (!base_page_try_get(m, page))
		return false;
	old = FL_FETCH(and, &page->flags, ~FL_BIT(PG_lru), FL_MB, "folio_test_clear_lru(page)");
	if (old & FL_BIT(PG_lru))
		return true;
	put_page(m, page);
	return false;
}

/* The page stays, or nobody else needs it any more. */
static void putback_page(struct fl_machine *m, struct page *page)
{
	SetPageLRU(page);
	put_page(m, page);
}

/* M2: may it be moved at all? With its lock. */
static bool is_movable(const struct page *page, unsigned long flags)
{
	if (PageCompound(page) || flags & (FL_BIT(PG_ksm) | FL_BIT(PG_swapcache)))
		return false;
	return page->mapping; /* else truncated */
}

/* M2 to M8. */
static int unmap_and_move(struct fl_machine *m, struct page *src, struct page *dst)
{
	struct migration g = { .m = m, .src = src, .dst = dst };
	unsigned long flags;
	int err = -EBUSY;

	if (!trylock_page(src))
		return -EAGAIN;
	WRITE_ONCE(dst->flags, FL_BIT(PG_locked));
	flags = READ_ONCE(src->flags);
	if (is_movable(src, flags)) {
		g.anon = flags & FL_BIT(PG_anon);
		err = migrate_locked(&g);
	}
	if (!err && m->lru_batch)
		lru_cache_add(m, dst);
	unlock_page(dst);
	unlock_page(src);
	return err;
}

/* An isolated page. Gives it back: to the LRU, or to the allocator. */
static int migrate_isolated_page(struct fl_machine *m, struct page *src)
{
	struct page *dst = alloc_page(m);
	int err = dst ? unmap_and_move(m, src, dst) : -ENOMEM;

	/* Moved: the mappings, and the page cache, have theirs. Else it was never used. */
	if (dst)
		put_page(m, dst);
	if (err)
		putback_page(m, src);
	else
		put_page(m, src); /* M9 */
	return err;
}

bool migrate_misplaced_page_prepare(struct fl_machine *m, struct page *page)
{
	/* Dirty pages of files are left alone: not all of them could be moved without waiting. */
	if (!PageAnon(page) && PageDirty(page))
		return false;
	return isolate_page(m, page);
}

int migrate_misplaced_page(struct fl_machine *m, struct page *page)
{
	return migrate_isolated_page(m, page);
}

/* --- E1, E2 --- */

void migration_entry_wait(struct mm_struct *mm, pmd_t pmd, fl_vaddr addr)
{
	struct page *page;
	spinlock_t *ptl;
	pte_t *ptep = pte_offset_map_lock(mm, pmd, addr, &ptl), pte = ptep_get(ptep); /* E1 */

	if (!pte_is_migration(pte)) {
		spin_unlock(ptl);
		return;
	}
	page = pfn_to_page(mm->machine, pte_swp_offset(pte));
	fl_addr_dep(page);
	spin_unlock(ptl);
	/*
	 * The frame may be free by now, or somebody else's: kernels are on a list that knows it by its address, and
	 * are woken once. A lock of another page's is let go of as well.
	 */
	FL_STEP("E2", (void)FL_AWAIT_MASK(&page->flags, FL_BIT(PG_locked), 0, FL_ACQUIRE,
					  "migration_entry_wait_on_locked(page)"));
}

/* --- the user's side --- */

static int may_call(const struct fl_machine *m, const char *call)
{
	return m->migration & FL_MIGRATION_CALLS
		       ? 0
		       : fl_rt_lacks(call, "migration", ".migration = FL_MIGRATION_CALLS");
}

int fl_migrate_page(struct fl_cpu *cpu, uint64_t pfn)
{
	struct fl_machine *m = cpu->machine;
	struct page *page;
	int err = may_call(m, "fl_migrate_page()");

	if (err)
		return err;
	if (pfn >= m->nr_frames || pfn == ZERO_PFN)
		return -EINVAL;
	page = pfn_to_page(m, pfn);
	return isolate_page(m, page) ? migrate_isolated_page(m, page) : -EBUSY;
}

/* The page at @addr, isolated, to *@out. Under mmap:R. */
static int add_page_for_migration(struct page **out, struct mm_struct *mm, fl_vaddr addr)
{
	struct fl_machine *m = mm->machine;
	struct vm_area_struct *vma = vma_lookup(mm, addr);
	struct page *page;
	bool unshare;
	int err = 0;

	if (!vma)
		return -EFAULT;
	page = follow_page_pte(vma, addr, FOLL_GET, &unshare);
	if (!page)
		return -ENOENT;
	if (page_to_pfn(page) == ZERO_PFN)
		err = -EFAULT;
	else if (!isolate_page(m, page))
		err = -EBUSY;
	put_page(m, page);
	*out = page;
	return err;
}

static int move_one_page(struct mm_struct *mm, fl_vaddr addr)
{
	struct page *page;
	int err;

	mmap_read_lock(mm);
	err = add_page_for_migration(&page, mm, addr);
	mmap_read_unlock(mm);
	return err ? err : migrate_isolated_page(mm->machine, page);
}

long fl_move_pages(struct fl_cpu *cpu, struct fl_mm *fl_mm, fl_vaddr addr, size_t pages,
		   int *status)
{
	struct fl_machine *m = cpu->machine;
	int lacks = may_call(m, "fl_move_pages()");
	long moved = 0;

	if (lacks)
		return lacks;
	if (addr & (page_size(m) - 1) || addr > task_size(m) ||
	    pages > (task_size(m) - addr) >> m->page_shift)
		return -EINVAL;
	lru_add_drain_all(m); /* what is in a batch can't be isolated */
	for (size_t i = 0; i < pages; i++) {
		int err = move_one_page(&fl_mm->mm, fl_page(cpu, addr, i));

		moved += !err;
		if (status)
			status[i] = err;
	}
	return moved;
}
