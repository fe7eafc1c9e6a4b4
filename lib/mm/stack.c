// SPDX-License-Identifier: MIT
/*
 * stack.c - a mapping that grows downwards (MAP_GROWSDOWN): who touches what is below it gets more of it.
 *
 * State: vm_start and vm_pgoff of a VMA with VM_GROWSDOWN, and its range in the tree. Invariants: as in vma.c; and
 * between it and a mapping below that may be accessed and does not grow itself stays a gap, so that a stack that runs
 * over meets nothing.
 *
 *   a fault below the VMA                              who may be in the way
 *   X1  mmap:R; the first VMA above, can it grow?
 *   X2  mmap:W instead; the same VMA?      [w]         all others: with mmap:R they look at vm_start and the tree
 *   X3  mark the VMA                       [v]         faults under VL:R: waited for, kept out
 *   X4  lock the anon_vma, page_table_lock             others who grow a VMA; walks from a page to its mappings
 *   X5  vm_start, vm_pgoff; the tree
 *   X6  back to mmap:R; the fault goes on
 *
 * [w] Since 6.5 (9471f1f2f502). Before it X5 was done with mmap:R, and X4 was all that kept others out who grow:
 *     up to 6.0 that stored vm_start and no more; since 6.1 it replaces a node of the tree, and the old one goes after
 *     a grace period. Who walks the tree with mmap:R holds nothing that the grace period waits for: StackRot (B4).
 * [v] Since 6.5 (c137381f71ae). Without it a fault that locked the VMA alone can read the new vm_start with the old
 *     vm_pgoff (A5d). Without [w] so can one that holds mmap:R.
 *
 * Models: expand_stack(), expand_downwards(), find_extend_vma(), lock_mm_and_find_vma(), mm/mmap.c, mm/memory.c, Linux
 * 4.8 to 6.12.
 * Policy: stack_growth (X2, X5), stack_vma_lock (X3).
 *
 * New mappings are placed without regard to the gap, and a stack has no limit. What kernels look up by one call they do in a
 * reader section of RCU, loops over VMAs are in none.
 */
#include "mm/stack.h"

#include "mm/mmap_lock.h"
#include "mm/rmap.h"
#include "mm/vma.h"
#include "oracle/hooks.h"

#include <errno.h>

/* 256 pages, but in small address spaces, which have no room for that. */
static uint64_t stack_guard_gap(const struct fl_machine *m)
{
	uint64_t share = task_size(m) >> 4, gap = 256ULL << m->page_shift;

	return share < gap ? share : gap;
}

/* X5: the VMA has [addr, vma->vm_start) as well. */
static int grow(struct vm_area_struct *vma, fl_vaddr addr)
{
	struct mm_struct *mm = vma->vm_mm;
	enum fl_stack_growth how = mm->machine->policy.stack_growth;
	uint64_t pages = (vma->vm_start - addr) >> mm->machine->page_shift;
	struct vma_entry entry = { addr, vma->vm_end, vma };
	struct vma_txn txn;

	if (pages > vma->vm_pgoff)
		return -ENOMEM;
	vma_txn_begin(&txn, &mm->tree);
	if (vma_txn_replace(&txn, vma->vm_start, &entry, 1)) {
		vma_txn_abort(&txn);
		return -ENOMEM;
	}
	vma_set_step("X5", vma, vm_start, addr);
	vma_set_step("X5", vma, vm_pgoff, vma->vm_pgoff - pages);
	FL_HOOK(fl_oracle_vma_range(vma, addr, vma->vm_end));
	if (how == FL_STACK_MMAP_READ) /* an rbtree has no nodes of its own */
		vma_txn_commit_keep(&txn);
	else
		vma_txn_commit(&txn, how == FL_STACK_MMAP_READ_NODE || vma_lockless_readers(mm));
	return 0;
}

/* X3 to X5. @vma is the first one above @addr. mmap:W, or mmap:R if the policy has it so. */
static int expand_downwards(struct vm_area_struct *vma, fl_vaddr addr)
{
	struct mm_struct *mm = vma->vm_mm;
	struct vm_area_struct *prev;
	int err = 0;

	addr = page_align_down(mm->machine, addr);
	if (addr < page_size(mm->machine)) /* mmap_min_addr */
		return -EPERM;
	prev = vma_find_before(mm, vma->vm_start);
	if (prev && !(prev->vm_flags & VM_GROWSDOWN) && prev->vm_flags & (VM_READ | VM_WRITE) &&
	    addr - prev->vm_end < stack_guard_gap(mm->machine))
		return -ENOMEM;
	if (anon_vma_prepare(vma))
		return -ENOMEM;
	if (mm->machine->policy.stack_vma_lock == FL_VMA_WRITE_LOCKED)
		FL_STEP("X3", ({
				vma_start_write(vma);
				vma_start_write_range(mm, addr, vma->vm_start);
			}));
	anon_vma_lock_write(vma->anon_vma); /* X4 */
	spin_lock(&mm->page_table_lock);
	if (addr < vma->vm_start) /* somebody else was faster */
		err = grow(vma, addr);
	spin_unlock(&mm->page_table_lock);
	anon_vma_unlock_write(vma->anon_vma);
	return err;
}

/* X1. What could grow to @addr, or has it already. NULL: nothing. */
static struct vm_area_struct *find_growable(struct mm_struct *mm, fl_vaddr addr)
{
	struct vm_area_struct *vma;

	rcu_read_lock(); /* find_vma(); for the reason of vma_lookup() */
	vma = vma_find(mm, addr);
	rcu_read_unlock();
	return vma && vma->vm_flags & VM_GROWSDOWN ? vma : NULL;
}

/* Up to 6.4: with mmap:R, which stays. */
static struct vm_area_struct *find_extend_vma(struct mm_struct *mm, fl_vaddr addr)
{
	struct vm_area_struct *vma = find_growable(mm, addr);

	return vma && !expand_downwards(vma, addr) ? vma : NULL;
}

/* X2 to X6. mmap:R was let go of: what was found under it says nothing any more. NULL: unlocked. */
static struct vm_area_struct *upgrade_and_expand(struct mm_struct *mm, fl_vaddr addr)
{
	struct vm_area_struct *vma;

	mmap_read_unlock(mm);
	mmap_write_lock(mm); /* X2 */
	vma = vma_find(mm, addr);
	if (!vma)
		goto fail;
	/* Somebody else was faster, or has mapped something there. */
	if (vma->vm_start > addr &&
	    (!(vma->vm_flags & VM_GROWSDOWN) || expand_downwards(vma, addr)))
		goto fail;
	mmap_write_downgrade(mm); /* X6 */
	return vma;

fail:
	mmap_write_unlock(mm);
	return NULL;
}

struct vm_area_struct *lock_mm_and_find_vma(struct mm_struct *mm, fl_vaddr addr)
{
	struct vm_area_struct *vma;

	mmap_read_lock(mm);
	vma = vma_lookup(mm, addr);
	if (vma)
		return vma;
	if (mm->machine->policy.stack_growth == FL_STACK_MMAP_WRITE && find_growable(mm, addr))
		return upgrade_and_expand(mm, addr);
	if (mm->machine->policy.stack_growth != FL_STACK_MMAP_WRITE)
		vma = find_extend_vma(mm, addr);
	if (!vma)
		mmap_read_unlock(mm);
	return vma;
}

struct vm_area_struct *gup_vma_lookup(struct mm_struct *mm, fl_vaddr addr)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);

	if (!vma && mm->machine->policy.stack_growth != FL_STACK_MMAP_WRITE)
		vma = find_extend_vma(mm, addr);
	return vma;
}

bool expand_stack(struct mm_struct *mm, fl_vaddr addr)
{
	if (find_growable(mm, addr))
		return upgrade_and_expand(mm, addr);
	mmap_read_unlock(mm);
	return false;
}
