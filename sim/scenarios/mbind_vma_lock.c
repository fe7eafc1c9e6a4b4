// SPDX-License-Identifier: MIT
/* mbind_vma_lock.c - A5i: a fault follows a memory policy that mbind() has replaced. Steps: lib/mm/mempolicy.c. */
#include <faultline/numa.h>

#include "memory.h"

static const char story[] = "A fault asks the VMA's policy where its new page should come from. It "
			    "takes no reference:\n"
			    "mbind() holds mmap_lock for writing when it replaces the policy, and "
			    "frees the old one at\n"
			    "once. In 6.4 a fault needs the VMA's lock alone, which mbind() did "
			    "not take: it goes on with\n"
			    "a policy that is freed.\n"
			    "6c21e066f925: mbind() write-locks the VMA before.\n";

/* The VMA has a policy. */
static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct two_pages *w = world;
	int err = set_up_two_pages(cpu, mm, world);

	return err ? err : fl_mbind(mm, w->range, 2, FL_MPOL_BIND);
}

static void do_mbind(struct fl_cpu *cpu, void *world)
{
	struct two_pages *w = world;

	(void)cpu;
	fl_mbind(w->mm, w->range, 2, FL_MPOL_INTERLEAVE);
}

static const struct fl_variant variants[] = {
	{ "linux-6.4", "6.4", NULL, "sc", FL_VIOLATES("use-after-free"), NULL },
	{ "linux-6.4-tso", "6.4", NULL, "tso", FL_VIOLATES("use-after-free"), NULL },
	{ "linux-6.4-lkmm", "6.4", NULL, "lkmm", FL_VIOLATES("use-after-free"), NULL },
	{ "not-locked-6.15", "6.15", "mbind_vma_lock=none", "sc", FL_VIOLATES("use-after-free"),
	  "6.15 without the fix" },
	{ "linux-6.3", "6.3", NULL, "sc", FL_VERIFIED, "faults wait for mmap_lock" },
	{ "linux-6.5", "6.5", NULL, "sc", FL_VERIFIED, "6c21e066f925; also 6.4.8" },
	{ "linux-6.5-tso", "6.5", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.5-lkmm", "6.5", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "linux-6.17", "6.17", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "vma_lock", "mbind_vma_lock", NULL };

FL_SCENARIO(mbind_vma_lock, .name = "mbind-vma-lock", .id = "A5i", .broken = "5e31275cc997",
	    .fixed = "6c21e066f925",
	    .summary = "a fault follows a memory policy that mbind() has replaced", .story = story,
	    .since = "6.4", .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 2, .mempolicy = 1 },
	    .world = sizeof(struct two_pages), .set_up = set_up,
	    .threads = { { "mbind", do_mbind }, { "fault", do_store_to_second } },
	    .policies = policies, .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
