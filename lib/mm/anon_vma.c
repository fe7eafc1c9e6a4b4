// SPDX-License-Identifier: MIT
/*
 * anon_vma.c - from an anonymous page to the VMAs that may map it, and back.
 *
 * State: vma->anon_vma, where the VMA's new pages go; vma->anon_vma_chain, all that it may have
 * pages of; anon_vma->chain, the same relation from the other side. Invariants: a VMA with an
 * anon_vma has that one and all its ancestors on its chain, newest first, one root last; so an
 * anon_vma with VMAs has ancestors with VMAs, and who takes a VMA off the lists from the newest on
 * never meets a parent that is gone. An anon_vma has one reference as long as it has VMAs: who empties its list drops
 * that, without the lock. Walkers have others (rmap_walk.c), which keep neither list nor parent: a parent
 * may be freed, and be another family's, before its child. Only the root, which has the lock, is held by
 * all.
 *
 *   first fault in @vma, mmap:R                   another fault, mmap:R: same VMA or a neighbour
 *   N1  a neighbour's anon_vma, or a new one      O1  anon_vma = vma->anon_vma   READ_ONCE()
 *   N2  lock it, if it is a neighbour's           O2  a neighbour's: its chain has one element?
 *   N3  page_table_lock; vma->anon_vma still NULL?
 *   N4  put the chain element on both lists
 *   N5  vma->anon_vma = it     release [v]        [v] paired with O1's address dependency
 *
 * N6, mmap:W: when the VMA goes, or its pages moved away (mremap()), vma->anon_vma is NULL again.
 *
 * O1 is without a lock. Kernels read it plainly, and up to 6.11 or so stored it plainly (B31 of the
 * fact sheet): a data race in every two first faults, which would hide all others. O2 is a guess: a
 * chain that is about to get its first element looks empty, and the fault makes an anon_vma of its
 * own, which only costs a merge later on. Kernels read the chain plainly there, too.
 *
 * A new anon_vma needs no lock at N2: nobody finds it before N5. Kernels take it, because their
 * anon_vmas keep their type but not their identity while walkers hold on to them; so does a machine
 * with such walkers (rmap_walk.c, anon_vma_cache.c).
 *
 * Fork gives the child an anon_vma of its own, unless one of the inherited ones has no VMA of its
 * own left and one child at most: else a process that forks for ever, and whose parents die, makes
 * an endless chain. The counts of children and of VMAs are two: with one for both an anon_vma can
 * be taken for unused that is not (2555283eb40d, B32).
 *
 * Models: mm/rmap.c, find_mergeable_anon_vma(), mm/mmap.c, Linux 6.1 to 6.12, with 2555283eb40d.
 * Policy: none.
 */
#include "mm/rmap.h"

#include "mm/anon_vma_cache.h"
#include "mm/vma.h"

/* Of a machine with walkers: memory that was an anon_vma before, and that they may be looking at. */
static struct anon_vma *anon_vma_used(struct fl_machine *m)
{
	struct anon_vma *anon_vma = m->rmap_walks ? anon_vma_cache_get(m) : NULL;

	if (!anon_vma)
		return NULL;
	anon_vma->num_children = anon_vma->num_active_vmas = 0;
	anon_vma->parent = anon_vma;
	WRITE_ONCE(anon_vma->root, anon_vma);
	return anon_vma;
}

/* Without a reference yet: refcount_set(). */
static struct anon_vma *anon_vma_alloc(struct fl_machine *m)
{
	struct anon_vma *anon_vma;

	if (should_fail_alloc(FL_ALLOC_ANON_VMA))
		return NULL;
	anon_vma = anon_vma_used(m);
	if (anon_vma)
		return anon_vma;
	anon_vma = object_zalloc(m, OBJECT_ANON_VMA, sizeof(*anon_vma));
	if (!anon_vma)
		return NULL;
	init_rwsem(&anon_vma->rwsem);
	anon_vma->root = anon_vma->parent = anon_vma;
	return anon_vma;
}

static struct anon_vma_chain *anon_vma_chain_alloc(const struct vm_area_struct *vma)
{
	if (should_fail_alloc(FL_ALLOC_ANON_VMA))
		return NULL;
	(void)vma;
	return object_zalloc(vma->vm_mm->machine, OBJECT_ANON_VMA_CHAIN,
			     sizeof(struct anon_vma_chain));
}

static void anon_vma_chain_free(const struct vm_area_struct *vma, struct anon_vma_chain *avc)
{
	(void)vma;
	object_free(vma->vm_mm->machine, OBJECT_ANON_VMA_CHAIN, avc);
}

/* Nobody refers to it. Its root is still there, or it is its own. */
static void anon_vma_free(struct fl_machine *m, struct anon_vma *anon_vma)
{
	if (!m->rmap_walks) {
		object_free(m, OBJECT_ANON_VMA, anon_vma);
		return;
	}
	smp_mb(); /* the kernel's atomic_dec_and_test() is one; paired with the acquire of W3, rmap_walk.c */
	/* A walker that has the lock but no reference. */
	if (rwsem_is_locked(&anon_vma->root->rwsem)) {
		anon_vma_lock_write(anon_vma);
		anon_vma_unlock_write(anon_vma);
	}
	anon_vma_cache_put(m, anon_vma);
}

/* The root's lock is the family's, and taken for the free of each. */
void __put_anon_vma(struct fl_machine *m, struct anon_vma *anon_vma)
{
	struct anon_vma *root = anon_vma->root;

	anon_vma_free(m, anon_vma);
	if (root != anon_vma && refcount_dec_and_test(&root->refcount))
		anon_vma_free(m, root);
}

/* --- lists --- */

/* Puts @avc on its anon_vma's list where *@at is. Root's rwsem, or nobody knows the anon_vma. */
static void anon_vma_list_add(struct anon_vma_chain *avc, struct anon_vma_chain **at)
{
	struct anon_vma_chain *next = *at;

	avc->next_same_anon_vma = next;
	avc->pprev_same_anon_vma = at;
	if (next)
		next->pprev_same_anon_vma = &avc->next_same_anon_vma;
	*at = avc;
}

static void anon_vma_list_del(struct anon_vma_chain *avc)
{
	struct anon_vma_chain *next = avc->next_same_anon_vma;

	*avc->pprev_same_anon_vma = next;
	if (next)
		next->pprev_same_anon_vma = avc->pprev_same_anon_vma;
}

/* To the front of the VMA's list. Others guess at it without a lock (O2). */
static void anon_vma_chain_assign(struct vm_area_struct *vma, struct anon_vma_chain *avc,
				  struct anon_vma *anon_vma)
{
	avc->vma = vma;
	avc->anon_vma = anon_vma;
	avc->next_same_vma = vma->anon_vma_chain;
	smp_store_release(&vma->anon_vma_chain, avc);
}

/* --- the first fault --- */

/* Could @a and @b, in this order, be merged but for what mprotect() can change? mmap:R. */
static bool anon_vma_compatible(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	return a->vm_end == b->vm_start && a->vm_file == b->vm_file &&
	       !((a->vm_flags ^ b->vm_flags) & ~(VM_READ | VM_WRITE | VM_SOFTDIRTY)) &&
	       b->vm_pgoff == linear_page_index(a->vm_mm->machine, a, b->vm_start);
}

/* O1, O2. What came out of a fork is left alone: it may have pages of others. */
static struct anon_vma *reusable_anon_vma(struct vm_area_struct *old)
{
	struct anon_vma *anon_vma = READ_ONCE(old->anon_vma);
	struct anon_vma_chain *avc;

	if (!anon_vma)
		return NULL;
	avc = READ_ONCE(old->anon_vma_chain);
	return avc && !avc->next_same_vma ? anon_vma : NULL;
}

/*
 * A neighbour's, so that the two VMAs may be merged later. The neighbour is not locked: hence
 * mmap:R.
 */
static struct anon_vma *find_mergeable_anon_vma(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *near = vma_find(mm, vma->vm_end);
	struct anon_vma *anon_vma = NULL;

	if (near && anon_vma_compatible(vma, near))
		anon_vma = reusable_anon_vma(near);
	if (anon_vma)
		return anon_vma;
	near = vma_find_before(mm, vma->vm_start);
	return near && anon_vma_compatible(near, vma) ? reusable_anon_vma(near) : NULL;
}

/* N3 to N5. False: another fault was faster. */
static bool anon_vma_install(struct vm_area_struct *vma, struct anon_vma *anon_vma,
			     struct anon_vma_chain *avc, bool allocated)
{
	spinlock_t *ptl = &vma->vm_mm->page_table_lock;
	bool install;

	spin_lock(ptl);
	install = !READ_ONCE(vma->anon_vma);
	if (install) {
		if (allocated) {
			refcount_set(&anon_vma->refcount, 1);
			anon_vma->num_children = 1; /* itself: a root is never reused */
		}
		anon_vma->num_active_vmas++;
		anon_vma_list_add(avc, &anon_vma->chain);
		anon_vma_chain_assign(vma, avc, anon_vma);
		smp_store_release(&vma->anon_vma, anon_vma); /* [v] */
	}
	spin_unlock(ptl);
	return install;
}

int __anon_vma_prepare(struct vm_area_struct *vma)
{
	struct fl_machine *m = vma->vm_mm->machine;
	struct anon_vma *anon_vma, *allocated = NULL;
	struct anon_vma_chain *avc = anon_vma_chain_alloc(vma);
	bool lock, installed;

	if (!avc)
		return -ENOMEM;
	anon_vma = find_mergeable_anon_vma(vma);
	if (!anon_vma) {
		anon_vma = allocated = anon_vma_alloc(m);
		if (!anon_vma) {
			anon_vma_chain_free(vma, avc);
			return -ENOMEM;
		}
	}
	lock = !allocated || m->rmap_walks;
	if (lock)
		anon_vma_lock_write(anon_vma); /* N2 */
	installed = anon_vma_install(vma, anon_vma, avc, allocated);
	if (lock)
		anon_vma_unlock_write(anon_vma);
	if (!installed) {
		if (allocated)
			anon_vma_free(m, allocated);
		anon_vma_chain_free(vma, avc);
	}
	return 0;
}

/* --- copies of VMAs --- */

/*
 * Takes all elements off the anon_vmas' lists. Returns those of anon_vmas without VMAs, for which somebody
 * has yet to drop their reference, from newest to oldest. Root's rwsem.
 */
static struct anon_vma_chain *unlist_chain(const struct vm_area_struct *vma,
					   struct anon_vma_chain *avc)
{
	struct anon_vma_chain *empty = NULL, **tail = &empty, *next;

	for (; avc; avc = next) {
		struct anon_vma *anon_vma = avc->anon_vma;

		next = avc->next_same_vma;
		anon_vma_list_del(avc);
		if (anon_vma->chain) {
			anon_vma_chain_free(vma, avc);
			continue;
		}
		anon_vma->parent->num_children--;
		avc->next_same_vma = NULL;
		*tail = avc;
		tail = &avc->next_same_vma;
	}
	return empty;
}

void unlink_anon_vmas(struct vm_area_struct *vma)
{
	struct anon_vma_chain *avc = vma->anon_vma_chain, *next;
	struct anon_vma *anon_vma = vma->anon_vma;
	struct rw_semaphore *rwsem;

	if (!avc)
		return;
	rwsem = &avc->anon_vma->root->rwsem;
	down_write(rwsem);
	WRITE_ONCE(vma->anon_vma_chain, NULL);
	avc = unlist_chain(vma, avc);
	if (anon_vma) {
		anon_vma->num_active_vmas--;
		FL_STEP("N6", ({ WRITE_ONCE(vma->anon_vma, NULL); }));
	}
	up_write(rwsem);
	/* The last reference of all takes the root and its rwsem along. */
	for (; avc; avc = next) {
		next = avc->next_same_vma;
		put_anon_vma(vma->vm_mm->machine, avc->anon_vma);
		anon_vma_chain_free(vma, avc);
	}
}

int anon_vma_clone(struct vm_area_struct *dst, struct vm_area_struct *src)
{
	struct anon_vma_chain *from = src->anon_vma_chain, **tail = &dst->anon_vma_chain, *avc;
	bool reuse = !dst->anon_vma && src->anon_vma;
	struct rw_semaphore *rwsem;

	if (!from)
		return 0;
	rwsem = &from->anon_vma->root->rwsem;
	down_write(rwsem);
	for (; from; from = from->next_same_vma) {
		struct anon_vma *anon_vma = from->anon_vma;

		avc = anon_vma_chain_alloc(dst);
		if (!avc)
			goto nomem;
		avc->vma = dst;
		avc->anon_vma = anon_vma;
		anon_vma_list_add(avc, &from->next_same_anon_vma);
		smp_store_release(tail, avc); /* as anon_vma_chain_assign() */
		tail = &avc->next_same_vma;
		/* The oldest that will do. */
		if (reuse && anon_vma->num_children < 2 && anon_vma->num_active_vmas == 0)
			WRITE_ONCE(dst->anon_vma, anon_vma);
	}
	if (dst->anon_vma)
		dst->anon_vma->num_active_vmas++;
	up_write(rwsem);
	return 0;

nomem:
	up_write(rwsem);
	/* It was not counted yet. */
	WRITE_ONCE(dst->anon_vma, NULL);
	unlink_anon_vmas(dst);
	return -ENOMEM;
}

int anon_vma_fork(struct vm_area_struct *vma, struct vm_area_struct *pvma)
{
	struct anon_vma *anon_vma, *parent = pvma->anon_vma;
	struct fl_machine *m = vma->vm_mm->machine;
	struct anon_vma_chain *avc;
	int err;

	if (!parent)
		return 0;
	vma->anon_vma = NULL;
	err = anon_vma_clone(vma, pvma);
	if (err || vma->anon_vma)
		return err;

	anon_vma = anon_vma_alloc(m);
	avc = anon_vma_chain_alloc(vma);
	if (!anon_vma || !avc) {
		if (anon_vma)
			anon_vma_free(m, anon_vma);
		anon_vma_chain_free(vma, avc);
		unlink_anon_vmas(vma);
		return -ENOMEM;
	}
	if (m->rmap_walks)
		WRITE_ONCE(anon_vma->root, parent->root); /* it may be in use for the second time */
	else
		anon_vma->root = parent->root;
	anon_vma->parent = parent;
	get_anon_vma(anon_vma->root);
	refcount_set(&anon_vma->refcount, 1);
	anon_vma->num_active_vmas = 1;
	vma->anon_vma = anon_vma;
	anon_vma_chain_assign(vma, avc, anon_vma);

	anon_vma_lock_write(anon_vma);
	anon_vma_list_add(avc, &anon_vma->chain);
	parent->num_children++;
	anon_vma_unlock_write(anon_vma);
	return 0;
}
