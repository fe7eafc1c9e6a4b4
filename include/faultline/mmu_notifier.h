/* SPDX-License-Identifier: MIT */
/*
 * mmu_notifier.h - who keeps copies of an address space's translations (KVM, a device with an MMU of its own) and wants to hear
 * of changes.
 *
 * Modelled is what registration has to exclude, and no second MMU: an invalidation begins and ends, and the subscriber counts
 * those that are under way, as KVM does to know whether what it looks up may be used.
 */
#ifndef FAULTLINE_MMU_NOTIFIER_H
#define FAULTLINE_MMU_NOTIFIER_H

#include <faultline/faultline.h>

struct fl_mmu_notifier;

/*
 * @mm tells *@out of invalidations from now on: of those that begin after this call, begin and end. *@out is @mm's and goes
 * with it. -EOPNOTSUPP: a machine without fl_machine_config.mmu_notifiers. -ENOMEM. After mmu_notifier_register(),
 * mm/mmu_notifier.c, Linux 6.4.
 */
int fl_mmu_notifier_register(struct fl_mmu_notifier **out, struct fl_mm *mm);
/* How many invalidations are under way, as KVM's mmu_invalidate_in_progress. Any thread. */
int fl_mmu_notifier_in_progress(struct fl_mmu_notifier *n);

#endif
