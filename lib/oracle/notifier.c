// SPDX-License-Identifier: MIT
/*
 * notifier.c - oracle "mmu-notifier": who subscribes to invalidations hears of the start of each that he hears the end of.
 *
 * Specification (include/linux/mmu_notifier.h, "invalidate_range_start() and invalidate_range_end() must be paired"). KVM counts
 * those under way; with one too few it uses translations while they change, and warns.
 *
 * Judged at once, with the subscriber's count as the modelled code has it after an end.
 */
#include "oracle/hooks.h"
#include "oracle/oracle.h"

#include <faultline/oracle.h>

#include "mm/mm_types.h"

void fl_oracle_notifier_end(const struct mm_struct *mm, int left)
{
	if (left < 0)
		fl_oracle_fail("mmu-notifier",
			       "a subscriber to mm %llu hears of an invalidation's end, and has "
			       "not heard of its start",
			       (unsigned long long)mm->id);
}
