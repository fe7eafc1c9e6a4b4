// SPDX-License-Identifier: MIT
/* mmu_notifier_register.c - A5k: an mmu notifier is registered in the middle of an invalidation. Steps: lib/mm/mmu_notifier.c. */
#include <faultline/mmu_notifier.h>

#include "memory.h"

static const char story[] =
	"KVM, or a device with an MMU of its own, subscribes to an mm: it is told before entries\n"
	"change and after, and counts what is under way. So it must not be put on the list in\n"
	"between. mmap_lock for writing kept everybody out who could be there; a fault that copies "
	"a\n"
	"page needs only its VMA's lock now. The subscriber hears of an end that had no start, "
	"and\n"
	"counts one too few: it will use translations while they change.\n"
	"6.4 came with the fix: registration write-locks all VMAs, with all the other locks that "
	"it\n"
	"takes.\n";

struct world {
	struct fl_mm *mm;
	struct fl_mmu_notifier *kvm;
	fl_vaddr page; /* shared with a child: a store copies it */
	struct fl_mm *child;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = map_written(&w->page, cpu, mm, 1);

	w->mm = mm;
	return err ? err : fl_fork(&w->child, mm);
}

static void do_register(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_mmu_notifier_register(&w->kvm, w->mm);
}

static void do_fault(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, ((struct world *)world)->page, 2);
}

static const struct fl_variant variants[] = {
	{ "not-locked", "6.4", "take_all_locks_vma=none", "sc", FL_VIOLATES("mmu-notifier"),
	  "6.4 without it" },
	{ "not-locked-tso", "6.4", "take_all_locks_vma=none", "tso", FL_VIOLATES("mmu-notifier"),
	  NULL },
	{ "not-locked-lkmm", "6.4", "take_all_locks_vma=none", "lkmm", FL_VIOLATES("mmu-notifier"),
	  NULL },
	{ "not-locked-6.15", "6.15", "take_all_locks_vma=none", "sc", FL_VIOLATES("mmu-notifier"),
	  NULL },
	{ "linux-6.3", "6.3", NULL, "sc", FL_VERIFIED, "faults wait for mmap_lock" },
	{ "linux-6.4", "6.4", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-6.4-tso", "6.4", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.5-lkmm", "6.5", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "linux-6.17", "6.17", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "vma_lock", "take_all_locks_vma", NULL };

FL_SCENARIO(mmu_notifier_register, .name = "mmu-notifier-register", .id = "A5k",
	    .summary = "an mmu notifier is registered in the middle of an invalidation",
	    .story = story, .since = "6.4",
	    .needs = { .cpus = 2, .mms = 2, .vmas = 1, .pages = 2, .mmu_notifiers = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "register", do_register }, { "fault", do_fault } }, .policies = policies,
	    .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
