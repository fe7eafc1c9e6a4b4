// SPDX-License-Identifier: MIT
/* vma_bad_access.c - A5l: a fault that is not permitted ends a lock that it does not have. */
#include "memory.h"

static const char story[] = "A program stores to memory that it may only read. The fault has the "
			    "lock of the VMA alone,\n"
			    "and goes where faults always went to report that: there mmap_lock is "
			    "let go of, which this\n"
			    "fault does not have, and the VMA's lock is not. mmap_lock counts one "
			    "reader too few from then\n"
			    "on: who wants it for writing next waits for ever, and so would who "
			    "marks the VMA.\n"
			    "So a fault under the VMA's lock first lets go of that. Up to 6.9 it "
			    "then took mmap_lock and\n"
			    "looked again; since 6.10 it reports what it knows.\n";

struct world {
	struct fl_mm *mm;
	fl_vaddr page;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = map_written(&w->page, cpu, mm, 1);

	w->mm = mm;
	return err ? err : fl_mprotect(mm, w->page, 1, FL_READ);
}

static void do_store(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, ((struct world *)world)->page, 2);
}

static void do_unmap(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_munmap(w->mm, w->page, 1);
}

static const struct fl_variant variants[] = {
	{ "mmap-unlock", "6.5", "vma_bad_access=mmap-unlock", "sc", FL_VIOLATES("deadlock"), NULL },
	{ "mmap-unlock-6.15", "6.15", "vma_bad_access=mmap-unlock", "sc", FL_VIOLATES("deadlock"),
	  NULL },
	{ "linux-6.4", "6.4", NULL, "sc", FL_VERIFIED, "it looks again under mmap_lock" },
	{ "linux-6.12", "6.12", NULL, "sc", FL_VERIFIED, "it reports what it knows" },
	{ "linux-6.12-tso", "6.12", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.17", "6.17", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "vma_lock", "vma_bad_access", NULL };

FL_SCENARIO(vma_bad_access, .name = "vma-bad-access", .id = "A5l",
	    .summary = "a fault that is not permitted ends a lock that it does not have",
	    .story = story, .since = "6.4", .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "store", do_store }, { "unmap", do_unmap } }, .policies = policies,
	    .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
