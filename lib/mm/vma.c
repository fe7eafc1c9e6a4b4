// SPDX-License-Identifier: MIT
/*
 * vma.c - VMAs: memory for them, splitting, merging, changing.
 *
 * State: mm->tree, which says where VMAs are, and vm_start, vm_end and vm_flags of each.
 * Invariants, whenever mmap:W is let go of: VMAs do not overlap; vm_start and vm_end are those of
 * the tree; neighbours that are alike (flags, userfaultfd, anon_vma) were merged.
 *
 *   writer, under mmap:W                     lockless reader (lock_vma_under_rcu())
 *   W1  mark each VMA that is to change      R1  find the VMA in the tree
 *   W2  change its fields                    R2  lock it; or it is marked: give up
 *   W3  publish the new tree                 R3  address outside, or detached: let go
 *   W4  end all marks (mmap_write_unlock())  R4  use it
 *   W5  free what left the tree, by RCU
 *
 * A new VMA is marked before it is in the tree: so nobody uses it before W4 (33313a747e81;
 * earlier 6.4 kernels marked it later). A VMA that leaves is marked and detached before: who
 * found it in the old tree gives up at R2, or finds out at R3.
 *
 * Models: vm_area_alloc(), vm_area_free(), kernel/fork.c; __split_vma(), vma_merge(), vma_link(),
 * mm/mmap.c; Linux 6.4 and 6.5. Merging is by neighbours that are alike after the fact, not the
 * kernel's eight cases, and only if both have the same anon_vma or none: nothing is cloned.
 * Policy: vma_lock (is there a lockless reader to wait for).
 */
#include "mm/vma.h"

#include "mm/rmap.h"
#include "mm/vma_lock.h"
#include "oracle/hooks.h"

#include <errno.h>

static bool has_lockless_readers(const struct mm_struct *mm)
{
	return mm->machine->policy.vma_lock != FL_VMA_LOCK_NONE;
}

pte_t vm_get_page_prot(unsigned long flags)
{
	if (flags & (VM_READ | VM_WRITE))
		return _PAGE_PRESENT | _PAGE_USER;
	return _PAGE_PROTNONE | _PAGE_USER;
}

struct vm_area_struct *vm_area_alloc(struct mm_struct *mm, uint64_t start, uint64_t end,
				     unsigned long flags)
{
	struct vm_area_struct *vma = fl_zalloc(sizeof(*vma));

	if (!vma)
		return NULL;
	vma->vm_lock = fl_zalloc(sizeof(*vma->vm_lock));
	if (!vma->vm_lock) {
		fl_free(vma);
		return NULL;
	}
	init_rwsem(&vma->vm_lock->lock);
	vma->vm_mm = mm;
	vma->vm_start = start;
	vma->vm_end = end;
	vma->vm_flags = flags;
	vma->vm_page_prot = vm_get_page_prot(flags);
	vma->vm_pgoff = start >> mm->machine->page_shift;
	vma->vm_lock_seq = -1;
	FL_HOOK(fl_oracle_vma_new(vma, mm, -1, flags, start, end));
	return vma;
}

void __vm_area_free(struct vm_area_struct *vma)
{
	FL_HOOK(fl_oracle_vma_free(vma));
	fl_free(vma->vm_lock);
	fl_free(vma);
}

static void vm_area_free_rcu_cb(struct rcu_head *head)
{
	void *vma = (char *)head - offsetof(struct vm_area_struct, vm_rcu);

	__vm_area_free(vma);
}

void vm_area_free(struct vm_area_struct *vma)
{
	if (vma->anon_vma)
		put_anon_vma(vma->anon_vma);
	if (has_lockless_readers(vma->vm_mm))
		call_rcu(&vma->vm_rcu, vm_area_free_rcu_cb);
	else
		__vm_area_free(vma);
}

static void vma_set_range(struct vm_area_struct *vma, uint64_t start, uint64_t end)
{
	vma->vm_start = start;
	vma->vm_end = end;
	FL_HOOK(fl_oracle_vma_range(vma, start, end));
}

int vma_link(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vma_entry entry = { vma->vm_start, vma->vm_end, vma };
	struct vma_txn txn;
	int err;

	vma_start_write(vma);
	vma_txn_begin(&txn, &mm->tree);
	err = vma_txn_insert(&txn, &entry);
	if (err)
		vma_txn_abort(&txn);
	else
		vma_txn_commit(&txn, has_lockless_readers(mm));
	return err;
}

int vma_unlink(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vma_txn txn;
	int err;

	vma_txn_begin(&txn, &mm->tree);
	err = vma_txn_replace(&txn, vma->vm_start, NULL, 0);
	if (err) {
		vma_txn_abort(&txn);
		return err;
	}
	vma_start_write(vma);
	vma_mark_detached(vma);
	vma_txn_commit(&txn, has_lockless_readers(mm));
	return 0;
}

int split_vma(struct mm_struct *mm, struct vm_area_struct *vma, uint64_t addr)
{
	uint64_t start = vma->vm_start, end = vma->vm_end;
	struct vm_area_struct *new = vm_area_alloc(mm, addr, end, vma->vm_flags);
	struct vma_entry halves[2] = { { start, addr, vma }, { addr, end, new } };
	struct vma_txn txn;
	int err;

	if (!new)
		return -ENOMEM;
	vma_txn_begin(&txn, &mm->tree);
	err = vma_txn_replace(&txn, start, halves, 2);
	if (err) {
		vma_txn_abort(&txn);
		__vm_area_free(new);
		return err;
	}
	new->vm_pgoff = vma->vm_pgoff + ((addr - start) >> mm->machine->page_shift);
	new->uffd_ctx = vma->uffd_ctx;
	new->anon_vma = vma->anon_vma;
	if (new->anon_vma)
		get_anon_vma(new->anon_vma);
	vma_start_write(vma);
	vma_start_write(new);
	vma_set_range(vma, start, addr);
	vma_txn_commit(&txn, has_lockless_readers(mm));
	return 0;
}

static bool can_merge(const struct mm_struct *mm, const struct vm_area_struct *left,
		      const struct vm_area_struct *right)
{
	uint64_t pages = (left->vm_end - left->vm_start) >> mm->machine->page_shift;

	return left->vm_end == right->vm_start && left->vm_flags == right->vm_flags &&
	       left->uffd_ctx == right->uffd_ctx && left->anon_vma == right->anon_vma &&
	       left->vm_pgoff + pages == right->vm_pgoff;
}

/*
 * @left grows over @right, which goes. Without memory for it they stay two, which is correct as
 * well.
 */
static bool merge_two(struct mm_struct *mm, struct vm_area_struct *left,
		      struct vm_area_struct *right)
{
	struct vma_entry both = { left->vm_start, right->vm_end, left };
	struct vma_txn txn;

	vma_txn_begin(&txn, &mm->tree);
	if (vma_txn_replace(&txn, right->vm_start, NULL, 0) ||
	    vma_txn_replace(&txn, left->vm_start, &both, 1)) {
		vma_txn_abort(&txn);
		return false;
	}
	vma_start_write(left);
	vma_start_write(right);
	vma_set_range(left, both.start, both.end);
	vma_mark_detached(right);
	vma_txn_commit(&txn, has_lockless_readers(mm));
	vm_area_free(right);
	return true;
}

struct vm_area_struct *vma_merge(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *prev = vma_tree_find_before(&mm->tree, vma->vm_start);
	struct vm_area_struct *next;

	if (prev && can_merge(mm, prev, vma) && merge_two(mm, prev, vma))
		vma = prev;
	next = vma_find(mm, vma->vm_end);
	if (next && can_merge(mm, vma, next))
		merge_two(mm, vma, next);
	return vma;
}

void vm_flags_reset(struct vm_area_struct *vma, unsigned long flags)
{
	vma_start_write(vma);
	FL_STEP("A4", vma->vm_flags = flags);
	FL_HOOK(fl_oracle_vma_flags(vma, flags));
}
