// SPDX-License-Identifier: MIT
/*
 * mmu_notifier.c - subscribers who hear that translations of an mm change.
 *
 * State: mm->notifiers, a list that only grows; n->in_progress, the invalidations that a subscriber was told of and not yet
 * of their end. Invariant: it is never less than 0. KVM uses no translation that it looked up while it was more.
 *
 *   registration, mmap:W                       a fault that copies a page, mmap:R or VL:R
 *   T1  mm_take_all_locks(): mark each VMA     I1  start: tell all on the list
 *   T2  put it on the list                     I2  the new entry, under the PTL
 *   T3  unlock                                 I3  end: tell all on the list
 *
 * T2 may not come between I1 and I3: who hears of an end without its start counts one too few from then on. mmap:W keeps out
 * whoever has mmap:R; faults that have the lock of their VMA alone are kept out by T1 (since 6.4, which brought them).
 *
 * Models: mmu_notifier_register(), __mmu_notifier_invalidate_range_start(), __mmu_notifier_invalidate_range_end(),
 * mm/mmu_notifier.c, mm_take_all_locks(), mm/mmap.c, Linux 6.4. Of those who invalidate there is wp_page_copy() alone: all others
 * have mmap_lock. The locks of files and anon_vmas, which mm_take_all_locks() takes as well, keep out walks from pages to their
 * mappings: they tell nobody here. No unregistering, no SRCU.
 * Policy: take_all_locks_vma (T1).
 */
#include "mm/mmu_notifier.h"

#include <faultline/mmu_notifier.h>

#include "mm/mmap_lock.h"
#include "mm/vma.h"
#include "mmu/alloc.h"
#include "oracle/hooks.h"
#include "rt/lacks.h"

#include <errno.h>

struct fl_mmu_notifier {
	struct fl_mmu_notifier *next; /* constant, once it is on the list */
	atomic_t in_progress;
};

void __mmu_notifier_invalidate_range_start(struct mm_struct *mm)
{
	for (struct fl_mmu_notifier *n = FL_STEP("I1", rcu_dereference(mm->notifiers)); n;
	     n = n->next)
		FL_STEP("I1", atomic_inc(&n->in_progress));
}

void __mmu_notifier_invalidate_range_end(struct mm_struct *mm)
{
	for (struct fl_mmu_notifier *n = FL_STEP("I3", rcu_dereference(mm->notifiers)); n;
	     n = n->next) {
		int left = FL_STEP("I3", atomic_dec_return(&n->in_progress));

		FL_HOOK(fl_oracle_notifier_end(mm, left));
	}
}

/* T1. mmap:W. Ends with it. */
static void mm_take_all_locks(struct mm_struct *mm)
{
	struct vm_area_struct *vma;

	if (mm->machine->policy.take_all_locks_vma != FL_VMA_WRITE_LOCKED)
		return;
	for (vma = vma_find(mm, 0); vma; vma = vma_find(mm, vma->vm_end))
		vma_start_write(vma);
}

int fl_mmu_notifier_register(struct fl_mmu_notifier **out, struct fl_mm *fl_mm)
{
	struct mm_struct *mm = &fl_mm->mm;
	struct fl_mmu_notifier *n;

	if (!mm->machine->mmu_notifiers)
		return fl_rt_lacks("fl_mmu_notifier_register()", "mmu notifiers", ".mmu_notifiers");
	n = mm_zalloc(FL_ALLOC_OBJECT, sizeof(*n));
	if (!n)
		return -ENOMEM;
	mmap_write_lock(mm);
	mm_take_all_locks(mm);
	n->next = READ_ONCE(mm->notifiers);
	FL_STEP("T2", ({ smp_store_release(&mm->notifiers, n); }));
	mmap_write_unlock(mm);
	*out = n;
	return 0;
}

int fl_mmu_notifier_in_progress(struct fl_mmu_notifier *n)
{
	return atomic_read(&n->in_progress);
}

void mmu_notifier_subscriptions_destroy(struct mm_struct *mm)
{
	while (mm->notifiers) {
		struct fl_mmu_notifier *n = mm->notifiers;

		mm->notifiers = n->next;
		fl_free(n);
	}
}
