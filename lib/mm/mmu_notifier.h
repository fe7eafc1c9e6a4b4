/* SPDX-License-Identifier: MIT */
/* mmu_notifier.h - telling subscribers that translations change. On machines with mmu_notifiers. */
#ifndef FL_MM_MMU_NOTIFIER_H
#define FL_MM_MMU_NOTIFIER_H

#include "mm/mm_types.h"

void __mmu_notifier_invalidate_range_start(struct mm_struct *mm);
void __mmu_notifier_invalidate_range_end(struct mm_struct *mm);
/* Nobody uses @mm any more. */
void mmu_notifier_subscriptions_destroy(struct mm_struct *mm);

/* mmap:R or VL:R, without the PTL: what entries say is about to change, and has changed. In pairs. */
static inline void mmu_notifier_invalidate_range_start(struct mm_struct *mm)
{
	if (mm->machine->mmu_notifiers)
		__mmu_notifier_invalidate_range_start(mm);
}

static inline void mmu_notifier_invalidate_range_end(struct mm_struct *mm)
{
	if (mm->machine->mmu_notifiers)
		__mmu_notifier_invalidate_range_end(mm);
}

#endif
