// SPDX-License-Identifier: MIT
/*
 * vma_merge.c - when neighbours become one VMA.
 *
 * State: none of its own. Two pieces of address space can be one VMA if they lie side by side, are
 * of the same file (or both of none) and go on in it without a jump, have the same userfaultfd and
 * the same flags, VM_SOFTDIRTY aside, the same memory policy, and if their anonymous pages can have the same owner:
 *
 *   both have the same anon_vma, or none,
 *   or one has none, and the other one just that one on its chain: what came out of a fork is not
 *   spread over more address space, which would lengthen everybody's walks.
 *
 * A new range has no anon_vma. If it lies between two VMAs that it fits to, these have to fit to each
 * other, too, or it goes to the lower one alone.
 *
 *   a new range ***           a range *** of a VMA changes, and is then as its neighbours
 *   PPP***      P grows       PPP***        P grows over it, the VMA goes
 *      ***NNN   N grows       PPP***vv      P grows, the VMA shrinks
 *   PPP***NNN   P grows,         ***NNN     N grows over it, the VMA goes
 *               N goes         vv***NNN     N grows, the VMA shrinks
 *                             PPP***NNN     P grows over both, which go
 *                              vv***vv      the VMA is split instead
 *
 * Who grows without having had an anon_vma gets a copy of the chain of whose pages it takes over,
 * before anything else changes: the pages' owners have to find it.
 *
 *   G1  mark all that change         faults under VL:R: waited for, kept out. Up to 6.4 who grows was marked
 *                                    after G3 (d8ab9f7b644a)
 *   G2  the pointer to the anon_vma  from here on a fault would use it
 *   G3  the chain; no memory for it: without G2 again, and nothing has changed
 *
 * VM_SOFTDIRTY: the merged VMA gets the flags that the caller stores afterwards, for a changed range
 * the range's own. So a neighbour that was all soft-dirty can forget it, as in kernels up to 6.18.
 *
 * Models: vma_merge_existing_range(), vma_merge_new_range(), vma_modify(), copy_vma(), mm/vma.c, Linux
 * 6.12, which come to the same as the cases of vma_merge() in mm/mmap.c before it; with 6.16's rule
 * for anon_vmas (879bca0a2c4f): earlier kernels did not let a VMA without pages grow over one that has
 * some, without meaning to.
 * Policy: merge_vma_lock.
 */
#include "mm/file.h"
#include "mm/mempolicy.h"
#include "mm/rmap.h"
#include "mm/vma.h"
#include "mm/vma_lock.h"

#include <errno.h>

/* --- who is alike --- */

static bool is_mergeable_vma(const struct vma_merge_struct *vmg, const struct vm_area_struct *vma)
{
	return !((vma->vm_flags ^ vmg->flags) & ~VM_SOFTDIRTY) && vma->vm_file == vmg->file &&
	       vma->uffd_ctx == vmg->uffd_ctx &&
	       (!vmg->mm->machine->mempolicy || mpol_equal(vma->vm_policy, vmg->policy));
}

/* Has @vma pages of a parent, or may it have some? */
static bool vma_had_uncowed_parents(const struct vm_area_struct *vma)
{
	return vma && vma->anon_vma && vma->anon_vma_chain->next_same_vma;
}

/* @vma: the neighbour. */
static bool is_mergeable_anon_vma(const struct vma_merge_struct *vmg,
				  const struct vm_area_struct *vma)
{
	const struct anon_vma *ours = vmg->src ? vmg->src->anon_vma : NULL;

	if (ours && !vma->anon_vma)
		return vmg->extends || !vma_had_uncowed_parents(vmg->src);
	if (!ours && vma->anon_vma)
		return !vma_had_uncowed_parents(vma);
	return ours == vma->anon_vma;
}

static bool can_vma_merge_left(const struct vma_merge_struct *vmg)
{
	const struct vm_area_struct *prev = vmg->prev;

	return prev && prev->vm_end == vmg->start && is_mergeable_vma(vmg, prev) &&
	       is_mergeable_anon_vma(vmg, prev) && prev->vm_pgoff + vma_pages(prev) == vmg->pgoff;
}

static bool can_vma_merge_right(const struct vma_merge_struct *vmg, bool left)
{
	const struct vm_area_struct *next = vmg->next;
	uint64_t pages = (vmg->end - vmg->start) >> vmg->mm->machine->page_shift;

	if (!next || vmg->end != next->vm_start || !is_mergeable_vma(vmg, next) ||
	    !is_mergeable_anon_vma(vmg, next) || next->vm_pgoff != vmg->pgoff + pages)
		return false;
	/* Each of them fits to the range. To each other? */
	return !left || !vmg->prev->anon_vma || !next->anon_vma ||
	       vmg->prev->anon_vma == next->anon_vma;
}

/* --- merging --- */

/*
 * @dst is about to take over pages of @src. *@dup is @dst if that gave it an anon_vma. Marked: from the store on a
 * fault would use the anon_vma, which may have to be taken back.
 */
static int dup_anon_vma(struct vm_area_struct *dst, struct vm_area_struct *src,
			struct vm_area_struct **dup)
{
	if (!src->anon_vma || dst->anon_vma)
		return 0;
	FL_STEP("G2", ({ WRITE_ONCE(dst->anon_vma, src->anon_vma); }));
	if (FL_STEP("G3", anon_vma_clone(dst, src)))
		return -ENOMEM;
	*dup = dst;
	return 0;
}

/*
 * change->vma grows, for which it is marked and needs @src's anon_vma. All others are marked. NULL: no memory, nothing was
 * changed.
 */
static struct vm_area_struct *merge_commit(struct mm_struct *mm, const struct vma_change *change,
					   struct vm_area_struct *src)
{
	bool early = mm->machine->policy.merge_vma_lock == FL_VMA_WRITE_LOCKED;
	struct vm_area_struct *dup = NULL;

	if (early)
		vma_start_write(change->vma);
	if (src && dup_anon_vma(change->vma, src, &dup))
		return NULL;
	if (!early)
		vma_start_write(change->vma);
	if (!vma_commit(mm, change))
		return change->vma;
	if (dup)
		unlink_anon_vmas(dup);
	return NULL;
}

struct vm_area_struct *vma_merge_new_range(const struct vma_merge_struct *vmg)
{
	struct vma_change change = { .start = vmg->start, .end = vmg->end };
	struct vm_area_struct *prev = vmg->prev, *next = vmg->next;
	bool left = can_vma_merge_left(vmg), right = can_vma_merge_right(vmg, left);
	struct vm_area_struct *src = vmg->src;

	if (!left && !right)
		return NULL;
	if (right) {
		change.vma = next;
		change.end = next->vm_end;
		change.pgoff = vmg->pgoff;
	}
	if (left) {
		change.vma = prev;
		change.start = prev->vm_start;
		change.pgoff = prev->vm_pgoff;
	}
	if (left && right) {
		vma_start_write(next);
		change.remove[0] = next;
		if (next->anon_vma)
			src = next;
	}
	return merge_commit(vmg->mm, &change, src);
}

/*
 * [vmg->start, vmg->end) is in @vma, at its start or end or both, and is about to become what @vmg
 * says. *@merged is the VMA that it is in now, or NULL if it fits to no neighbour. -ENOMEM: nothing was
 * changed.
 */
static int vma_merge_existing_range(struct vm_area_struct **merged,
				    const struct vma_merge_struct *vmg, struct vm_area_struct *vma)
{
	bool at_start = vmg->start == vma->vm_start, at_end = vmg->end == vma->vm_end;
	bool left = at_start && can_vma_merge_left(vmg);
	bool right = at_end && can_vma_merge_right(vmg, left);
	struct vm_area_struct *prev = vmg->prev, *next = vmg->next, *src = vma;
	struct vma_change change = { .start = vmg->start, .end = vmg->end, .pgoff = vmg->pgoff };

	*merged = NULL;
	if (!left && !right)
		return 0;
	vma_start_write(vma);
	if (left) {
		change.vma = prev;
		change.start = prev->vm_start;
		change.pgoff = prev->vm_pgoff;
	}
	if (right) {
		change.end = next->vm_end;
		if (left)
			vma_start_write(next);
		else
			change.vma = next;
	}
	if (at_start && at_end) {
		change.remove[0] = vma;
		if (left && right) {
			change.remove[1] = next;
			src = next->anon_vma ? next : vma;
		}
	} else {
		change.other = vma;
		change.other_start = left ? vmg->end : vma->vm_start;
		change.other_end = left ? vma->vm_end : vmg->start;
	}
	*merged = merge_commit(vmg->mm, &change, src);
	return *merged ? 0 : -ENOMEM;
}

/* --- changing a part of a VMA --- */

static struct vm_area_struct *vma_modify(struct vma_merge_struct *vmg, struct vm_area_struct *vma)
{
	struct mm_struct *mm = vmg->mm;
	struct vm_area_struct *merged;

	if (vmg->start == vma->vm_start)
		vmg->prev = vma_find_before(mm, vmg->start);
	if (vmg->end == vma->vm_end)
		vmg->next = vma_find(mm, vmg->end);
	if (vma_merge_existing_range(&merged, vmg, vma))
		return NULL;
	if (merged)
		return merged;
	if (vma->vm_start < vmg->start) {
		vma = __split_vma(mm, vma, vmg->start);
		if (!vma)
			return NULL;
	}
	if (vma->vm_end > vmg->end && split_vma(mm, vma, vmg->end)) {
		vma_merge(mm, vma);
		return NULL;
	}
	return vma;
}

/* [start, end) of @vma as it is. */
static struct vma_merge_struct vmg_of(struct mm_struct *mm, struct vm_area_struct *vma,
				      uint64_t start, uint64_t end)
{
	return (struct vma_merge_struct){
		.mm = mm,
		.start = start,
		.end = end,
		.pgoff = linear_page_index(mm->machine, vma, start),
		.flags = vma->vm_flags,
		.file = vma->vm_file,
		.src = vma,
		.uffd_ctx = vma->uffd_ctx,
		.policy = mm->machine->mempolicy ? vma->vm_policy : NULL,
	};
}

struct vm_area_struct *vma_modify_flags(struct mm_struct *mm, struct vm_area_struct *vma,
					uint64_t start, uint64_t end, unsigned long new_flags)
{
	return vma_modify_flags_uffd(mm, vma, start, end, new_flags, vma->uffd_ctx);
}

struct vm_area_struct *vma_modify_flags_uffd(struct mm_struct *mm, struct vm_area_struct *vma,
					     uint64_t start, uint64_t end, unsigned long new_flags,
					     struct fl_uffd *new_ctx)
{
	struct vma_merge_struct vmg = vmg_of(mm, vma, start, end);

	vmg.flags = new_flags;
	vmg.uffd_ctx = new_ctx;
	return vma_modify(&vmg, vma);
}

struct vm_area_struct *vma_modify_policy(struct mm_struct *mm, struct vm_area_struct *vma,
					 uint64_t start, uint64_t end, struct mempolicy *new_pol)
{
	struct vma_merge_struct vmg = vmg_of(mm, vma, start, end);

	vmg.policy = new_pol;
	return vma_modify(&vmg, vma);
}

struct vm_area_struct *vma_merge(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vma_merge_struct vmg = vmg_of(mm, vma, vma->vm_start, vma->vm_end);
	struct vm_area_struct *merged;

	vmg.prev = vma_find_before(mm, vmg.start);
	vmg.next = vma_find(mm, vmg.end);
	/* Without memory for it they stay apart, which is correct as well. */
	if (vma_merge_existing_range(&merged, &vmg, vma) || !merged)
		return vma;
	/* Its own flags went: all of it is dirty if a part of it was. */
	if (vmg.flags & ~merged->vm_flags)
		vm_flags_reset(merged, vmg.flags);
	return merged;
}

struct vm_area_struct *vma_merge_extend(struct mm_struct *mm, struct vm_area_struct *vma,
					uint64_t delta)
{
	struct vma_merge_struct vmg = vmg_of(mm, vma, vma->vm_end, vma->vm_end + delta);

	vmg.prev = vma;
	vmg.next = vma_find(mm, vma->vm_end);
	vmg.extends = true;
	return vma_merge_new_range(&vmg);
}

/* --- copying --- */

static struct vm_area_struct *copy_of(struct mm_struct *mm, struct vm_area_struct *vma,
				      const struct vma_merge_struct *vmg)
{
	struct vm_area_struct *new = vm_area_dup(mm, vma);

	if (!new)
		return NULL;
	vma_set_range(new, vmg->start, vmg->end, vmg->pgoff);
	if (anon_vma_clone(new, vma))
		goto free;
	if (!vma_link_after(mm, new, vma)) {
		if (new->vm_file)
			get_file(new->vm_file);
		return new;
	}
	unlink_anon_vmas(new);
free:
	vma_put_policy(new);
	__vm_area_free(new);
	return NULL;
}

struct vm_area_struct *copy_vma(struct vm_area_struct **vmap, uint64_t addr, uint64_t len,
				uint64_t pgoff, bool keep_source, bool *merged)
{
	struct vm_area_struct *vma = *vmap, *new;
	struct mm_struct *mm = vma->vm_mm;
	struct vma_merge_struct vmg = vmg_of(mm, vma, addr, addr + len);
	uint64_t start = vma->vm_start;
	bool untouched = vma_is_anonymous(vma) && !vma->anon_vma;

	/* Without pages nothing ties it to where it was; so it may fit to new neighbours. */
	vmg.pgoff = untouched ? addr >> mm->machine->page_shift : pgoff;
	vmg.prev = vma_find_before(mm, addr);
	vmg.next = vma_find(mm, addr);
	if (untouched && keep_source) {
		if (vmg.prev == vma)
			vmg.prev = NULL;
		if (vmg.next == vma)
			vmg.next = NULL;
	}
	/* What moves loses its userfaultfd, and so does all that it becomes one with (mremap.c). */
	new = vma_merge_new_range(&vmg);
	*merged = new;
	if (!new)
		return copy_of(mm, vma, &vmg);
	if (start >= new->vm_start && start < new->vm_end)
		*vmap = new;
	return new;
}
