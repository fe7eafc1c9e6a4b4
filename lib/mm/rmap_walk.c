// SPDX-License-Identifier: MIT
/*
 * rmap_walk.c - from a page to the VMAs and entries that may map it.
 *
 * State: none of its own. It reads page->mapping and page->index, the lists of anon_vma.c and file.c, and
 * entries.
 *
 *   walker, without mmap_lock              munmap, exit                      a new mapping, another mm
 *   W1  rcu_read_lock()
 *       anon_vma = page->mapping
 *   W2  is the page mapped?                U1  the entry goes; mapcount 0
 *   W3  try to lock anon_vma->root         U2  VMA off the lists; the last
 *                                              reference: is the root
 *                                              locked? Wait
 *                                          U3  free the anon_vma                it is his anon_vma now
 *   W4  is the page still mapped?
 *       Or unlock, give up
 *   W5  for each VMA on its list that has
 *       page->index: look at the entry
 *
 * Nobody keeps the anon_vma from being freed between W1 and W3, and from being somebody else's: so its
 * memory stays an anon_vma (anon_vma_cache.c), and W3 may lock a stranger. If the page is mapped at
 * W4 it was so all the time, for a page that went has another life only after somebody took it from the
 * allocator, and the caller has a reference; and a mapped page's anon_vma is not freed. If W3 would have to
 * wait it takes a reference of the anon_vma first, which must not be the first one (U3), asks W4, and waits
 * with that. A page's own anon_vma does not change meanwhile: page_move_anon_rmap() has the page lock.
 *
 * The VMAs' ranges do not change while the lock is held (vma.c, W2 there). A page that moves along with
 * its VMA keeps its index (vm_pgoff does not change); mremap puts the copy behind the old VMA on each
 * list, or takes the lock for the move, and fork puts the child's behind the parent's: so who goes along
 * the list meets an entry that is copied or moved meanwhile at least once. What is missed in spite of
 * that (W6 came while an entry was clear for a moment) shows by the page's mapcount.
 *
 * page_vma_mapped_walk(): the entry for one address.
 *   W6  a look without the PTL: is there an entry of the kind at all? (not with sync)
 *   W7  the PTL; does the entry map the page?
 *
 * Tables stay: munmap takes VMAs off the lists before it unhooks them (pgtable_free.c).
 *
 * Models: folio_get_anon_vma(), folio_lock_anon_vma_read(), rmap_walk_anon(), rmap_walk_file(),
 * mm/rmap.c, vma_address(), mm/internal.h, page_vma_mapped_walk(), mm/page_vma_mapped.c, Linux 6.1 to
 * 6.12. Pages are locked; KSM's are not walked, nor are parts of huge pages.
 * Policy: none.
 */
#include "mm/rmap_walk.h"

#include "mm/file.h"
#include "mm/pgalloc.h"
#include "mm/vma.h"

#include <errno.h>

/* --- the page's anon_vma --- */

static bool page_mapped(struct page *page)
{
	return page_mapcount(page) > 0;
}

/* W1 and W2. Under RCU. NULL: the page has none, or is not mapped. */
static struct anon_vma *page_anon_vma_mapped(struct page *page)
{
	struct anon_vma *anon_vma = READ_ONCE(page->mapping);

	if (!anon_vma || !page_mapped(page))
		return NULL;
	fl_addr_dep(anon_vma);
	return anon_vma;
}

struct anon_vma *page_get_anon_vma(struct fl_machine *m, struct page *page)
{
	struct anon_vma *anon_vma;

	rcu_read_lock();
	anon_vma = page_anon_vma_mapped(page);
	if (anon_vma && !atomic_inc_not_zero(&anon_vma->refcount.refs))
		anon_vma = NULL;
	/* Mapped all the time? Then it is the page's. */
	if (anon_vma && !page_mapped(page)) {
		rcu_read_unlock();
		put_anon_vma(m, anon_vma);
		return NULL;
	}
	rcu_read_unlock();
	return anon_vma;
}

/* W3 if it has to wait. */
static struct anon_vma *wait_for_anon_vma(struct fl_machine *m, struct page *page)
{
	struct anon_vma *anon_vma = page_get_anon_vma(m, page);

	if (!anon_vma)
		return NULL;
	anon_vma_lock_read(anon_vma);
	if (!refcount_dec_and_test(&anon_vma->refcount))
		return anon_vma; /* the lock keeps it: U2 */
	/* It has no VMAs any more. U3 falls to us, and takes the lock. */
	anon_vma_unlock_read(anon_vma);
	__put_anon_vma(m, anon_vma);
	return NULL;
}

/* W1 to W4. NULL: nobody maps the page, or (*@contended) somebody has the lock. */
static struct anon_vma *page_lock_anon_vma_read(struct fl_machine *m, struct page *page,
						bool try_lock, bool *contended)
{
	struct anon_vma *anon_vma, *root;

	rcu_read_lock();
	anon_vma = page_anon_vma_mapped(page);
	if (!anon_vma) {
		rcu_read_unlock();
		return NULL;
	}
	root = READ_ONCE(anon_vma->root);
	fl_addr_dep(root);
	if (FL_STEP("W3", down_read_trylock(&root->rwsem))) {
		if (!FL_STEP("W4", page_mapped(page))) {
			up_read(&root->rwsem);
			anon_vma = NULL;
		}
		rcu_read_unlock();
		return anon_vma;
	}
	rcu_read_unlock();
	*contended = try_lock;
	return try_lock ? NULL : wait_for_anon_vma(m, page);
}

/* The caller's reference keeps the anon_vma. */
static struct anon_vma *lock_held_anon_vma(struct page *page, bool try_lock, bool *contended)
{
	struct anon_vma *anon_vma = page->mapping;

	if (!try_lock)
		anon_vma_lock_read(anon_vma);
	else if (!down_read_trylock(&anon_vma->root->rwsem))
		*contended = true;
	return *contended ? NULL : anon_vma;
}

/* --- the VMAs --- */

/* Is page number @pgoff in @vma, and where? */
static bool vma_address(const struct vm_area_struct *vma, uint64_t pgoff, fl_vaddr *addr)
{
	uint64_t first = vma->vm_pgoff;

	if (pgoff < first || pgoff - first >= vma_pages(vma))
		return false;
	*addr = vma->vm_start + ((pgoff - first) << vma->vm_mm->machine->page_shift);
	return true;
}

/* W5 for one VMA. False: the walk is over. */
static bool visit_vma(struct fl_machine *m, struct page *page, struct vm_area_struct *vma,
		      const struct rmap_walk_control *rwc)
{
	fl_vaddr addr;

	if (!vma_address(vma, page->index, &addr))
		return true;
	if (!rwc->rmap_one(m, page, vma, addr, rwc->arg))
		return false;
	return !rwc->done || !rwc->done(page);
}

static int rmap_walk_anon(struct fl_machine *m, struct page *page,
			  const struct rmap_walk_control *rwc)
{
	bool contended = false;
	struct anon_vma *anon_vma =
		rwc->anon_vma_held ? lock_held_anon_vma(page, rwc->try_lock, &contended)
				   : page_lock_anon_vma_read(m, page, rwc->try_lock, &contended);

	if (!anon_vma)
		return contended ? -EAGAIN : 0;
	for (struct anon_vma_chain *avc = anon_vma->chain; avc; avc = avc->next_same_anon_vma) {
		if (!visit_vma(m, page, avc->vma, rwc))
			break;
	}
	anon_vma_unlock_read(anon_vma);
	return 0;
}

static int rmap_walk_file(struct fl_machine *m, struct page *page,
			  const struct rmap_walk_control *rwc)
{
	struct address_space *mapping = page->mapping;

	if (!mapping) /* truncated */
		return 0;
	if (!rwc->try_lock)
		down_read(&mapping->i_mmap_rwsem);
	else if (!down_read_trylock(&mapping->i_mmap_rwsem))
		return -EAGAIN;
	for (struct vm_area_struct *vma = mapping->i_mmap; vma; vma = vma->i_mmap_next) {
		if (!visit_vma(m, page, vma, rwc))
			break;
	}
	up_read(&mapping->i_mmap_rwsem);
	return 0;
}

int rmap_walk(struct fl_machine *m, struct page *page, const struct rmap_walk_control *rwc)
{
	unsigned long flags = READ_ONCE(page->flags);

	if (flags & FL_BIT(PG_ksm))
		return 0;
	return flags & FL_BIT(PG_anon) ? rmap_walk_anon(m, page, rwc)
				       : rmap_walk_file(m, page, rwc);
}

/* --- the entry --- */

/* Is it of the kind that is looked for? */
static bool right_kind(const struct page_vma_mapped_walk *pvmw, pte_t pte)
{
	return pvmw->migration ? pte_is_migration(pte) : pte_present(pte);
}

static bool check_pte(const struct page_vma_mapped_walk *pvmw, pte_t pte)
{
	/* The zero page's descriptor is nobody's. A frame number stands at the same place in both kinds. */
	return right_kind(pvmw, pte) && !pte_special(pte) &&
	       pte_pfn(pte) == page_to_pfn(pvmw->page);
}

void page_vma_mapped_walk_done(struct page_vma_mapped_walk *pvmw)
{
	if (pvmw->ptl)
		spin_unlock(pvmw->ptl);
	pvmw->pte = NULL;
	pvmw->ptl = NULL;
}

bool page_vma_mapped_walk(struct fl_machine *m, struct page_vma_mapped_walk *pvmw)
{
	struct mm_struct *mm = pvmw->vma->vm_mm;

	if (pvmw->pte) { /* a page has one entry at an address */
		page_vma_mapped_walk_done(pvmw);
		return false;
	}
	pvmw->pmd = pmd_read_lockless(m, mm->pgd, pvmw->address);
	/* A huge page there is another one than ours: this mm had a copy, and collapsed that. */
	if (!pmd_table(pvmw->pmd))
		return false;
	pvmw->pte = pte_offset_map(m, pvmw->pmd, pvmw->address);
	if (!pvmw->sync && !right_kind(pvmw, FL_STEP("W6", ptep_get_lockless(pvmw->pte)))) {
		pvmw->pte = NULL;
		return false;
	}
	pvmw->ptl = pte_lockptr(pvmw->pmd);
	spin_lock(pvmw->ptl);
	pvmw->entry = FL_STEP("W7", ptep_get(pvmw->pte));
	if (check_pte(pvmw, pvmw->entry))
		return true;
	page_vma_mapped_walk_done(pvmw);
	return false;
}
