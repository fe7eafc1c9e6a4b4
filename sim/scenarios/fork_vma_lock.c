// SPDX-License-Identifier: MIT
/* fork_vma_lock.c - A5c: fork() copies page tables while faults go on under VMA locks. */
#include "memory.h"

static const char story[] =
	"fork() write-protects the parent's pages, and flushes the TLBs when it has copied all.\n"
	"With mmap_lock held no thread of the parent could fault in between: a copy that a fault\n"
	"makes would miss what others store through translations that are still writable. In 6.4\n"
	"a fault needs only its VMA's lock, which fork() does not take. One thread faults and\n"
	"copies the page, another one still stores to the old one, which is the child's now: the\n"
	"parent has lost the store, and the child sees it.\n"
	"fb49c455323f: fork() write-locks each VMA before it copies it.\n";

struct world {
	struct fl_mm *mm, *child;
	fl_vaddr page;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;

	w->mm = mm;
	/* By the CPU that is going to store through its old translation. */
	return map_written(&w->page, other_cpu(cpu, 2), mm, 1);
}

static void do_fork(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_fork(&w->child, w->mm);
}

static void do_fault(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_store(cpu, w->page + FL_WORD_SIZE, 2);
}

static void do_store(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	fl_store(cpu, w->page, 3);
	fl_load(&word, cpu, w->page);
}

static const struct fl_variant variants[] = {
	{ "linux-6.4", "6.4", NULL, "sc", FL_VIOLATES("lost-write"), NULL },
	{ "linux-6.4-tso", "6.4", NULL, "tso", FL_VIOLATES("lost-write"), NULL },
	{ "linux-6.4-lkmm", "6.4", NULL, "lkmm", FL_VIOLATES("lost-write"), NULL },
	{ "linux-6.3", "6.3", NULL, "sc", FL_VERIFIED, "faults wait for mmap_lock" },
	{ "linux-6.5", "6.5", NULL, "sc", FL_VERIFIED, "fb49c455323f; also 6.4.3" },
	{ "linux-6.5-tso", "6.5", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.15", "6.15", NULL, "sc", FL_VERIFIED, NULL },
	{ "6.15-unlocked", "6.15", "fork_vma_lock=none", "sc", FL_VIOLATES("lost-write"),
	  "the rule holds for locks by reference count, too" },
};

static const char *const policies[] = { "vma_lock", "fork_vma_lock", NULL };

FL_SCENARIO(fork_vma_lock, .name = "fork-vma-lock", .id = "A5c", .broken = "5e31275cc997",
	    .fixed = "fb49c455323f",
	    .summary = "fork() copies page tables while faults go on under VMA locks",
	    .story = story, .since = "6.4", .needs = { .cpus = 3, .mms = 1, .vmas = 1, .pages = 2 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "fork", do_fork }, { "fault", do_fault }, { "store", do_store } },
	    .policies = policies, .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
