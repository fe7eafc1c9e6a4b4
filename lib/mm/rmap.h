/* SPDX-License-Identifier: MIT */
/*
 * rmap.h - who maps a page, and how an anonymous page stops being exclusive to one mm.
 *
 * PageAnonExclusive says: this anonymous page is mapped by one mm, nobody else may share it. Only
 * such a page may be pinned, and a pinned page must stay so, or a later write fault copies it,
 * and pin and mapping are two pages. The flag is cleared under the page-table lock, after the
 * entry was cleared; GUP-fast pins without any lock. Both sides look at what the other one does,
 * in opposite order:
 *
 *   clearing PageAnonExclusive, under the PTL       GUP-fast, interrupts off (gup.c)
 *                                                   B1  pte = *ptep
 *                                                   B2  FOLL_WRITE: pte must be writable
 *   A1  clear *ptep                                 B3  pin the page
 *       smp_mb()                   [a]                  smp_mb__after_atomic()         [a]
 *   A2  pinned? Restore *ptep, give up              B4  *ptep == pte? Or unpin, give up
 *   A3  clear PageAnonExclusive                         smp_rmb()                      [b]
 *       smp_mb__after_atomic()     [b]              B5  pte not writable: PageAnonExclusive set?
 *   A4  restore *ptep, never writable                   Or unpin, give up
 *
 * [a] A store and a load on each side. Without one of the barriers both loads may be early: A2
 *     misses the pin and B4 misses the cleared entry.
 * [b] The entry was read-only and clean: A4 puts back what B1 saw, and B4 can't tell it from no
 *     change. Then B4 read A4, and B5 has to see A3. Without the first half A4 may be visible
 *     before A3, without the second B5 may be read before B4.
 * Between A2 and A3 nothing is needed: no store is made before the branch that it depends on. A
 * TLB flush between A1 and A2 does for the first half of [a], because it is a full barrier where
 * it is done; it does for more only where it interrupts the CPUs (shootdown.c).
 *
 * Models: __page_try_share_anon_rmap() and friends, include/linux/rmap.h, Linux 6.0
 * (6c287605fd56) and 6.1 (088b8aa537c2).
 * Policy: pae_clear_barrier, pae_restore_barrier.
 */
#ifndef FL_MM_RMAP_H
#define FL_MM_RMAP_H

#include <errno.h>

#include "mm/mm_types.h"

/*
 * What anonymous pages belong to: a VMA's own pages, and those of the VMAs that fork made of it. A
 * child has an anon_vma of its own for new pages and is on the lists of all its ancestors', since it
 * may map their pages. A chain element ties one VMA to one anon_vma: it is on the VMA's list and on
 * the anon_vma's. The protocol is at the top of anon_vma.c.
 */
struct anon_vma {
	struct anon_vma *root;	   /* whose rwsem guards the whole family's lists; constant, but see
				    * anon_vma_cache.h */
	struct rw_semaphore rwsem; /* the root's counts */
	refcount_t refcount;	   /* one while it has VMAs, the root one for each other of the
				    * family, and those of walkers */
	long num_children;	   /* root's rwsem; these two decide whether fork may reuse it */
	long num_active_vmas;	   /* VMAs whose vma->anon_vma it is */
	struct anon_vma *parent; /* constant; the root's is itself. There as long as it has VMAs */
	struct anon_vma_chain *chain; /* root's rwsem: all VMAs that may have pages of it */
	struct anon_vma *free_next;   /* anon_vma_cache.c */
};

struct anon_vma_chain {
	struct vm_area_struct *vma;
	struct anon_vma *anon_vma;
	struct anon_vma_chain *next_same_vma; /* vma->anon_vma_chain: newest first, the root last.
					       * mmap:W, or mmap:R and page_table_lock */
	struct anon_vma_chain *next_same_anon_vma;   /* anon_vma->chain; root's rwsem */
	struct anon_vma_chain **pprev_same_anon_vma; /* what points to it there; the same */
};

/* Who walks from a page to its mappings holds it for reading (rmap_walk.c). Inside i_mmap_rwsem. */
#define anon_vma_lock_write(anon_vma) down_write(&(anon_vma)->root->rwsem)
#define anon_vma_unlock_write(anon_vma) up_write(&(anon_vma)->root->rwsem)

static inline void get_anon_vma(struct anon_vma *anon_vma)
{
	refcount_inc(&anon_vma->refcount);
}

#define anon_vma_lock_read(anon_vma) down_read(&(anon_vma)->root->rwsem)
#define anon_vma_unlock_read(anon_vma) up_read(&(anon_vma)->root->rwsem)

/* The last reference went. Without a lock of the family's. */
void __put_anon_vma(struct fl_machine *m, struct anon_vma *anon_vma);
static inline void put_anon_vma(struct fl_machine *m, struct anon_vma *anon_vma)
{
	if (refcount_dec_and_test(&anon_vma->refcount))
		__put_anon_vma(m, anon_vma);
}
int __anon_vma_prepare(struct vm_area_struct *vma);

/*
 * Sees to it that @vma has an anon_vma. mmap:R; under VL:R only if it has one already, since a
 * new one may be shared with neighbours. 0 or -ENOMEM.
 */
static inline int anon_vma_prepare(struct vm_area_struct *vma)
{
	if (READ_ONCE(vma->anon_vma))
		return 0;
	return __anon_vma_prepare(vma);
}

/*
 * @dst, which has no chain yet, gets all that @src has, each right behind @src on the anon_vmas'
 * lists. With dst->anon_vma as @src's it is a copy; without, fork's: then an anon_vma without VMAs
 * of its own and with one child at most becomes @dst's (2555283eb40d). mmap:W. -ENOMEM: @dst has
 * nothing.
 */
int anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src);
/*
 * For fork: @vma is a copy of @pvma in the child's mm, not yet in its tree, with an empty chain. It
 * gets all of @pvma's anon_vmas and one of its own for new pages. Nothing if @pvma has none. The
 * parent's mmap:W. -ENOMEM: @vma has nothing.
 */
int anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *pvma);
/* Takes @vma off all lists; it has no pages any more. mmap:W, marked or out of the tree. */
void unlink_anon_vmas(struct vm_area_struct *vma);

/* A fresh page that only this entry, which is yet to be set, will map. Exclusive. Under the PTL. */
void page_add_new_anon_rmap(const struct fl_machine *m, struct page *page,
			    struct vm_area_struct *vma, fl_vaddr addr);
/*
 * One more entry, which is yet to be set, maps an anonymous page that knows its anon_vma: it comes back
 * from a migration, or from the swap cache. Under the PTL.
 */
#define page_add_anon_rmap(page, exclusive)                                                        \
	do {                                                                                       \
		atomic_inc(&(page)->_mapcount);                                                    \
		if (exclusive)                                                                     \
			SetPageAnonExclusive(page);                                                \
	} while (0)
/* One more entry maps an anonymous page: a copy of one in another mm (fork), or KSM's. */
#define page_dup_rmap(page) atomic_inc(&(page)->_mapcount)
/*
 * A page that only one entry maps belongs to @vma's mm from now on, whoever made it: rmap walks need
 * not look at parents and siblings any more. With the page lock and the PTL.
 */
#define page_move_anon_rmap(page, vma)                                                             \
	WRITE_ONCE(compound_head(page)->mapping, READ_ONCE((vma)->anon_vma))
/* The caller cleared or replaced an entry that mapped @page. Under the PTL. */
#define page_remove_rmap(page) ((void)atomic_add_negative(-1, &(page)->_mapcount))

/* May anybody but the one mapping see it? What policy gup_unshare=mapcount asks. KSM's always are. */
#define page_is_shared(page) (PageKsm(page) || page_mapcount(page) > 1)
static inline bool gup_unshare_by_mapcount(const struct fl_machine *m)
{
	return m->policy.gup_unshare == FL_GUP_UNSHARE_MAPCOUNT ||
	       m->policy.gup_unshare == FL_GUP_UNSHARE_MAPCOUNT_RECHECK;
}

/*
 * Steps A2 and A3. The caller did A1, does A4, and holds the PTL. -EBUSY: pinned, nothing was
 * changed.
 */
static inline int page_try_share_anon_rmap(const struct fl_machine *m, struct page *page)
{
	if (m->policy.pae_clear_barrier == FL_BARRIER_ON)
		smp_mb(); /* [a] */
	if (FL_STEP("A2", page_maybe_dma_pinned(page)))
		return -EBUSY;
	FL_STEP("A3", ClearPageAnonExclusive(page));
	if (m->policy.pae_restore_barrier == FL_BARRIER_ON)
		smp_mb__after_atomic(); /* [b], in concept smp_wmb() */
	return 0;
}

#endif
