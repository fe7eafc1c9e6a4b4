// SPDX-License-Identifier: MIT
/*
 * mempolicy.c - mbind: where the pages of a range should come from.
 *
 * State: vma->vm_policy, counted by the VMAs that have it; NULL: the default. There is one node here, so what a policy says
 * makes no difference: what can go wrong is its lifetime.
 *
 *   mbind, mmap:W                             a fault, mmap:R or VL:R
 *   P1  split, or merge with a neighbour      Q1  pol = vma->vm_policy; no reference is taken
 *       that has such a policy
 *   P2  mark the VMA               [v]        Q2  which node does it say?
 *   P3  vm_policy = the new one               Q3  a page from there
 *   P4  drop the old one; the last frees it at once
 *
 * [v] Q1 to Q2 are under the lock that P3 excludes: mmap_lock, or, in 6.5 (6c21e066f925), the VMA's as well. In 6.4 a fault
 * under the VMA's lock goes on with a policy that is freed.
 *
 * Models: mbind(), vma_replace_policy(), get_vma_policy(), mm/mempolicy.c, Linux 6.4 and 6.5. A copy of a VMA shares the
 * policy; kernels copy it, too. No policies of tasks, of files or of shared memory; mbind() moves no page that is there.
 * Policy: mbind_vma_lock (P2).
 */
#include "mm/mempolicy.h"

#include <faultline/numa.h>

#include "mm/mmap_lock.h"
#include "mmu/alloc.h"
#include "rt/lacks.h"

#include <errno.h>

void mpol_put(struct mempolicy *pol)
{
	if (pol && refcount_dec_and_test(&pol->refcnt))
		fl_free(pol);
}

static enum fl_mpol_mode mpol_mode(const struct mempolicy *pol)
{
	return pol ? (enum fl_mpol_mode)READ_ONCE(pol->mode) : FL_MPOL_DEFAULT;
}

bool mpol_equal(const struct mempolicy *a, const struct mempolicy *b)
{
	return a == b || mpol_mode(a) == mpol_mode(b);
}

unsigned int policy_node(struct vm_area_struct *vma)
{
	const struct mempolicy *pol = FL_STEP("Q1", vma->vm_policy);
	enum fl_mpol_mode mode = FL_STEP("Q2", mpol_mode(pol));

	(void)mode; /* all of them mean the one node that there is */
	return 0;
}

static struct mempolicy *mpol_new(enum fl_mpol_mode mode)
{
	struct mempolicy *pol = mm_zalloc(FL_ALLOC_OBJECT, sizeof(*pol));

	if (!pol)
		return NULL;
	refcount_set(&pol->refcnt, 1);
	pol->mode = mode;
	return pol;
}

/* P2 to P4. */
static void vma_replace_policy(struct vm_area_struct *vma, struct mempolicy *pol)
{
	struct mempolicy *old = vma->vm_policy;

	if (vma->vm_mm->machine->policy.mbind_vma_lock == FL_VMA_WRITE_LOCKED)
		FL_STEP("P2", ({ vma_start_write(vma); }));
	if (pol)
		refcount_inc(&pol->refcnt);
	vma_set_step("P3", vma, vm_policy, pol);
	mpol_put(old); /* P4 */
}

static int mbind_range(struct mm_struct *mm, fl_vaddr start, fl_vaddr end, struct mempolicy *pol)
{
	fl_vaddr at = start;

	while (at < end) {
		struct vm_area_struct *vma = vma_find(mm, at);
		fl_vaddr to;

		if (!vma || vma->vm_start > at)
			return -EFAULT;
		to = vma->vm_end < end ? vma->vm_end : end;
		if (!mpol_equal(vma->vm_policy, pol)) {
			vma = vma_modify_policy(mm, vma, at, to, pol); /* P1 */
			if (!vma)
				return -ENOMEM;
			if (!mpol_equal(vma->vm_policy, pol))
				vma_replace_policy(vma, pol);
		}
		at = vma->vm_end;
	}
	return 0;
}

int fl_mbind(struct fl_mm *fl_mm, fl_vaddr addr, size_t pages, enum fl_mpol_mode mode)
{
	struct mm_struct *mm = &fl_mm->mm;
	struct fl_machine *m = mm->machine;
	uint64_t len = (uint64_t)pages << m->page_shift;
	struct mempolicy *pol = NULL;
	int err;

	if (!m->mempolicy)
		return fl_rt_lacks("fl_mbind()", "memory policies", ".mempolicy");
	if (!pages || len >> m->page_shift != pages || addr & (page_size(m) - 1) ||
	    addr > task_size(m) || len > task_size(m) - addr || mode > FL_MPOL_INTERLEAVE)
		return -EINVAL;
	if (mode != FL_MPOL_DEFAULT) {
		pol = mpol_new(mode);
		if (!pol)
			return -ENOMEM;
	}
	mmap_write_lock(mm);
	err = mbind_range(mm, addr, addr + len, pol);
	mmap_write_unlock(mm);
	mpol_put(pol);
	return err;
}

int fl_get_mempolicy(struct fl_mm *fl_mm, fl_vaddr addr)
{
	struct mm_struct *mm = &fl_mm->mm;
	struct vm_area_struct *vma;
	int mode = -EFAULT;

	mmap_read_lock(mm);
	vma = addr < task_size(mm->machine) ? vma_lookup(mm, addr) : NULL;
	if (vma)
		mode = mm->machine->mempolicy ? (int)mpol_mode(vma->vm_policy) : FL_MPOL_DEFAULT;
	mmap_read_unlock(mm);
	return mode;
}
