// SPDX-License-Identifier: MIT
/*
 * vma.c - VMAs: memory for them, where they begin and end, splitting, changing.
 *
 * State: mm->tree, which says where VMAs are, and vm_start, vm_end, vm_pgoff and vm_flags of each.
 * Invariants, whenever mmap:W is let go of: VMAs do not overlap; vm_start and vm_end are those of
 * the tree; neighbours that are alike were merged where the kernel does (vma_merge.c); a VMA with a
 * file is on the file's list.
 *
 *   writer, under mmap:W                     lockless reader (lock_vma_under_rcu())
 *   W1  mark each VMA that is to change      R1  find the VMA in the tree
 *   W2  change its fields                    R2  lock it; or it is marked: give up
 *   W3  publish the new tree                 R3  address outside, or detached: let go
 *   W4  end all marks (mmap_write_unlock())  R4  use it
 *   W5  free what left the tree, by RCU; or at once, for other VMAs (vma_free=typesafe)
 *
 * A new VMA is marked before it is in the tree: so nobody uses it before W4. 6.4 marked it when it changed it further, or
 * never (33313a747e81): no harm came of it before faults of files did with the VMA's lock (A5d). A VMA that leaves is marked and detached before: who
 * found it in the old tree gives up at R2, or finds out at R3.
 *
 * Who walks from a page to its mappings holds no mmap_lock, but i_mmap_rwsem or the anon_vma's lock.
 * So W2 and W3 are done under both; and while a range goes from one VMA to another there is always
 * one on the lists that has it: a new one gets there before the old one shrinks, one that goes
 * leaves them when the other one has grown.
 *
 * Models: vm_area_alloc(), vm_area_dup(), vm_area_free(), kernel/fork.c; __split_vma(),
 * vma_prepare(), vma_complete(), vma_link(), mm/mmap.c; Linux 6.4 and 6.5.
 * Policy: vma_lock (is there a lockless reader to wait for), vma_free, insert_vma_lock, vma_dup.
 */
#include "mm/vma.h"

#include "mm/file.h"
#include "mm/huge_memory.h"
#include "mm/lock/user.h"
#include "mm/mempolicy.h"
#include "mm/rmap.h"
#include "mm/vma_cache.h"
#include "mm/vma_lock.h"
#include "oracle/hooks.h"

#include <errno.h>
#include <string.h>

bool fl_vma_optimistic_readers;

pte_t vm_get_page_prot(unsigned long flags)
{
	if (!(flags & (VM_READ | VM_WRITE)))
		return _PAGE_PROTNONE | _PAGE_USER;
	if ((flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE))
		return _PAGE_PRESENT | _PAGE_USER | _PAGE_RW;
	return _PAGE_PRESENT | _PAGE_USER;
}

/* --- memory --- */

static struct vm_area_struct *vma_of(struct retired *retired)
{
	return (void *)((char *)retired - offsetof(struct vm_area_struct, retired));
}

/* Memory that was a VMA before: what vma_make() does not set anyway. vm_refcnt is 0 already. */
static void vma_wipe(struct vm_area_struct *vma)
{
	vma->detached = 0;
	vma->vm_ops = NULL;
	vma->vm_file = NULL;
	vma->i_mmap_next = NULL;
	WRITE_ONCE(vma->anon_vma, NULL);
	vma->anon_vma_chain = NULL;
	vma->uffd_ctx = NULL;
	vma->retired.next = NULL;
	vma->detached_next = NULL;
}

static bool is_typesafe(const struct mm_struct *mm)
{
	return mm->machine->policy.vma_free == FL_VMA_FREE_TYPESAFE;
}

static struct vm_area_struct *vma_used(struct mm_struct *mm)
{
	struct retired *retired;

	if (is_typesafe(mm))
		return vma_cache_get(mm->machine);
	retired = recycle_get(&mm->tree.recycler, RETIRED_VMA);
	return retired ? vma_of(retired) : NULL;
}

static struct vm_area_struct *vma_memory(struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	if (should_fail_alloc(FL_ALLOC_VMA))
		return NULL;
	vma = vma_used(mm);
	if (vma) {
		vma_wipe(vma);
		user_vma_wipe(vma, mm->machine);
		return vma;
	}
	vma = mm_zalloc_nofail(sizeof(*vma) + user_vma_size(mm->machine)); /* asked above */
	if (!vma || mm->machine->policy.vma_lock != FL_VMA_LOCK_RWSEM_SEQ)
		return vma;
	vma->vm_lock = mm_zalloc(FL_ALLOC_VMA, sizeof(*vma->vm_lock));
	if (!vma->vm_lock) {
		fl_free(vma);
		return NULL;
	}
	return vma;
}

static struct vm_area_struct *vma_make(struct mm_struct *mm, uint64_t start, uint64_t end,
				       unsigned long flags, pte_t prot, uint64_t pgoff)
{
	struct vm_area_struct *vma = vma_memory(mm);

	if (!vma)
		return NULL;
	if (vma->vm_lock)
		init_rwsem(&vma->vm_lock->lock);
	vma->vm_mm = mm;
	vma->vm_start = start;
	vma->vm_end = end;
	vma->vm_flags = flags;
	vma->vm_page_prot = prot;
	vma->vm_pgoff = pgoff;
	/* Not a plain store: a reader who found the VMA's last life may look, and be turned away or not. */
	WRITE_ONCE(vma->vm_lock_seq, -1);
	retired_init(&vma->retired, RETIRED_VMA);
	user_vma_init(mm, vma);
	FL_HOOK(fl_oracle_vma_new(vma, mm, -1, flags, start, end));
	return vma;
}

struct vm_area_struct *vm_area_alloc(struct mm_struct *mm, uint64_t start, uint64_t end,
				     unsigned long flags)
{
	return vma_make(mm, start, end, flags, vm_get_page_prot(flags),
			start >> mm->machine->page_shift);
}

/* @orig but for where it is. */
static struct vm_area_struct *vma_copy(struct mm_struct *mm, const struct vm_area_struct *orig,
				       uint64_t start, uint64_t end, uint64_t pgoff)
{
	struct vm_area_struct *vma =
		vma_make(mm, start, end, orig->vm_flags, orig->vm_page_prot, pgoff);

	if (!vma)
		return NULL;
	if (mm->machine->policy.vma_dup == FL_VMA_DUP_COUNT)
		refcount_set(&vma->vm_refcnt, refcount_read(&orig->vm_refcnt));
	if (orig->vm_file) {
		vma->vm_ops = orig->vm_ops;
		vma->vm_file = orig->vm_file;
	}
	if (orig->uffd_ctx)
		vma->uffd_ctx = orig->uffd_ctx;
	if (orig->anon_vma)
		vma->anon_vma = orig->anon_vma;
	vma_dup_policy(vma, orig);
	return vma;
}

struct vm_area_struct *vm_area_dup(struct mm_struct *mm, const struct vm_area_struct *orig)
{
	return vma_copy(mm, orig, orig->vm_start, orig->vm_end, orig->vm_pgoff);
}

void __vm_area_free(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	FL_HOOK(fl_oracle_vma_free(vma));
	if (is_typesafe(mm)) {
		vma_cache_put(mm->machine, vma);
		return;
	}
	fl_free(vma->vm_lock);
	fl_free(vma);
}

/* By a callback of RCU: the mm may be gone. */
void retired_free_vma(struct retired *retired)
{
	struct vm_area_struct *vma = vma_of(retired);

	FL_HOOK(fl_oracle_vma_free(vma));
	fl_free(vma->vm_lock);
	fl_free(vma);
}

void vm_area_free(struct vm_area_struct *vma)
{
	struct mm_struct *mm = vma->vm_mm;

	if (vma_lockless_readers(mm) && !is_typesafe(mm))
		recycle_put(&mm->tree.recycler, &vma->retired, retired_free_vma);
	else
		__vm_area_free(vma);
}

void remove_vma(struct vm_area_struct *vma)
{
	if (vma->vm_file)
		fput(vma->vm_file);
	vma_put_policy(vma);
	vm_area_free(vma);
}

/* --- where they are --- */

void vma_set_range(struct vm_area_struct *vma, uint64_t start, uint64_t end, uint64_t pgoff)
{
	vma_set(vma, vm_start, start);
	vma_set_step("W2", vma, vm_end, end);
	if (vma->vm_pgoff != pgoff)
		vma_set(vma, vm_pgoff, pgoff);
	FL_HOOK(fl_oracle_vma_range(vma, start, end));
}

static int tree_insert(struct mm_struct *mm, struct vm_area_struct *vma, bool mark)
{
	struct vma_entry entry = { vma->vm_start, vma->vm_end, vma };
	struct vma_txn txn;
	int err;

	if (mark)
		vma_start_write(vma);
	vma_mark_attached(vma);
	vma_txn_begin(&txn, &mm->tree);
	err = vma_txn_insert(&txn, &entry);
	if (err) {
		vma_txn_abort(&txn);
		vma_mark_detached(vma);
	} else {
		vma_txn_commit(&txn, vma_lockless_readers(mm));
	}
	return err;
}

int vma_link(struct mm_struct *mm, struct vm_area_struct *vma)
{
	bool mark = mm->machine->policy.insert_vma_lock == FL_VMA_WRITE_LOCKED;
	int err = tree_insert(mm, vma, mark);

	if (!err && vma->vm_file)
		vma_link_file(vma);
	return err;
}

int vma_link_after(struct mm_struct *mm, struct vm_area_struct *vma, struct vm_area_struct *orig)
{
	struct address_space *mapping;
	/* copy_vma() marks the copy in all releases that have VMA locks (d6ac235d27b9, 6.4). */
	int err = tree_insert(mm, vma, true);

	if (err || !vma->vm_file)
		return err;
	mapping = &vma->vm_file->mapping;
	down_write(&mapping->i_mmap_rwsem);
	vma->i_mmap_next = orig->i_mmap_next;
	orig->i_mmap_next = vma;
	up_write(&mapping->i_mmap_rwsem);
	return 0;
}

int vma_detach_range(struct vm_area_struct **list, struct mm_struct *mm,
		     struct vm_area_struct *first, uint64_t end)
{
	struct vm_area_struct *vma, **link = list;
	struct vma_txn txn;

	vma_txn_begin(&txn, &mm->tree);
	for (vma = first; vma && vma->vm_start < end;
	     vma = vma->vm_end < end ? vma_find(mm, vma->vm_end) : NULL) {
		if (vma_txn_replace(&txn, vma->vm_start, NULL, 0)) {
			vma_txn_abort(&txn);
			return -ENOMEM;
		}
		*link = vma;
		link = &vma->detached_next;
	}
	*link = NULL;
	for (vma = *list; vma; vma = vma->detached_next) {
		vma_start_write(vma);
		vma_mark_detached(vma);
	}
	vma_txn_commit(&txn, vma_lockless_readers(mm));
	return 0;
}

/* --- changing where they are --- */

/* The tree as it is going to be. What shrinks or goes first makes room for what grows. */
static int change_tree(struct vma_txn *txn, const struct vma_change *c)
{
	struct vma_entry entries[2] = { { c->start, c->end, c->vma } };
	struct vma_entry other = { c->other_start, c->other_end, c->other };
	int err = 0;

	for (int i = 0; i < 2 && c->remove[i] && !err; i++)
		err = vma_txn_replace(txn, c->remove[i]->vm_start, NULL, 0);
	if (c->other && !err)
		err = vma_txn_replace(txn, c->other_start, &other, 1);
	if (c->insert) {
		entries[1].start = c->insert->vm_start;
		entries[1].end = c->insert->vm_end;
		entries[1].vma = c->insert;
	}
	return err ? err : vma_txn_replace(txn, c->vma->vm_start, entries, c->insert ? 2 : 1);
}

static void remove_merged(struct vm_area_struct *vma)
{
	if (vma->vm_file)
		unlink_file_vma(vma);
	unlink_anon_vmas(vma);
	remove_vma(vma);
}

/* No huge page reaches across a boundary. Each that there will be is inside of what is there now. */
static void vma_adjust_trans_huge(struct mm_struct *mm, const struct vma_change *c)
{
	split_huge_pmd_if_needed(mm, c->start);
	split_huge_pmd_if_needed(mm, c->end);
	if (c->other) {
		split_huge_pmd_if_needed(mm, c->other_start);
		split_huge_pmd_if_needed(mm, c->other_end);
	}
}

int vma_commit(struct mm_struct *mm, const struct vma_change *c)
{
	struct vm_area_struct *vma = c->vma, *other = c->other;
	struct address_space *mapping = vma->vm_file ? &vma->vm_file->mapping : NULL;
	struct anon_vma *anon_vma = vma->anon_vma;
	struct vma_txn txn;

	vma_start_write_range(mm, c->start, c->end);
	vma_txn_begin(&txn, &mm->tree);
	if (change_tree(&txn, c)) {
		vma_txn_abort(&txn);
		return -ENOMEM;
	}
	if (c->insert)
		vma_mark_attached(c->insert);
	if (c->insert && c->insert->vm_file)
		vma_link_file(c->insert);
	if (!anon_vma && other)
		anon_vma = other->anon_vma;
	if (mm->machine->huge_pages)
		vma_adjust_trans_huge(mm, c);
	if (mapping)
		down_write(&mapping->i_mmap_rwsem);
	if (anon_vma)
		anon_vma_lock_write(anon_vma);
	vma_set_range(vma, c->start, c->end, c->pgoff);
	if (other) {
		uint64_t pgoff = linear_page_index(mm->machine, other, c->other_start);

		vma_set_range(other, c->other_start, c->other_end, pgoff);
	}
	for (int i = 0; i < 2 && c->remove[i]; i++)
		vma_mark_detached(c->remove[i]);
	vma_txn_commit(&txn, vma_lockless_readers(mm));
	if (anon_vma)
		anon_vma_unlock_write(anon_vma);
	if (mapping)
		up_write(&mapping->i_mmap_rwsem);
	for (int i = 0; i < 2 && c->remove[i]; i++)
		remove_merged(c->remove[i]);
	return 0;
}

struct vm_area_struct *__split_vma(struct mm_struct *mm, struct vm_area_struct *vma, uint64_t addr)
{
	struct vma_change change = {
		.vma = vma, .start = vma->vm_start, .end = addr, .pgoff = vma->vm_pgoff
	};
	uint64_t pgoff = change.pgoff + ((addr - change.start) >> mm->machine->page_shift);
	struct vm_area_struct *new = vma_copy(mm, vma, addr, vma->vm_end, pgoff);

	if (!new)
		return NULL;
	change.insert = new;
	if (new->anon_vma && anon_vma_clone(new, vma))
		goto free;
	if (new->vm_file)
		get_file(new->vm_file);
	vma_start_write(vma);
	vma_start_write(new);
	if (!vma_commit(mm, &change))
		return new;
	unlink_anon_vmas(new);
	if (new->vm_file)
		fput(new->vm_file);
free:
	vma_put_policy(new);
	__vm_area_free(new);
	return NULL;
}

int split_vma(struct mm_struct *mm, struct vm_area_struct *vma, uint64_t addr)
{
	return __split_vma(mm, vma, addr) ? 0 : -ENOMEM;
}

void vm_flags_reset(struct vm_area_struct *vma, unsigned long flags)
{
	vma_start_write(vma);
	if (vma_is_anonymous(vma))
		vma_set_step("A4", vma, vm_flags, flags);
	else
		FL_STEP("A4", ({ WRITE_ONCE(vma->vm_flags, flags); })); /* vma_flags_unlocked() */
	FL_HOOK(fl_oracle_vma_flags(vma, flags));
}
