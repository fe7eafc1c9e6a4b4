// SPDX-License-Identifier: MIT
/* clear_refs_flush.c - A1d, B9: soft-dirty is cleared, and the TLB flush is never sent. */
#include "memory.h"

static const char story[] =
	"clear_refs(4) write-protects entries inside a batch of TLB flushes, but notes none of "
	"them\n"
	"in it. Since 0758cd830494 a batch in which nothing is noted is not flushed. Stores go on\n"
	"through old translations, without a fault, and the page stays soft-clean: a checkpoint "
	"that\n"
	"copies what is soft-dirty misses them.\n"
	"912efa17e512 flushes by hand, and announces it.\n";

struct world {
	struct fl_mm *mm;
	fl_vaddr page;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;

	w->mm = mm;
	/* By the CPU that is going to store through its old translation. */
	return map_written(&w->page, other_cpu(cpu, 1), mm, 1);
}

/* Begins to track, then copies the page, as a checkpoint's first round does. */
static void do_checkpoint(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t copy;

	fl_clear_refs(w->mm, FL_CLEAR_REFS_SOFT_DIRTY);
	fl_load(&copy, cpu, w->page);
}

static void do_store(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_store(cpu, w->page, 2);
}

static const struct fl_variant variants[] = {
	{ "linux-5.9", "5.9", NULL, "lkmm", FL_VIOLATES("missed-soft-dirty"), "0758cd830494" },
	{ "linux-5.9-sc", "5.9", NULL, "sc", FL_VIOLATES("missed-soft-dirty"), NULL },
	{ "linux-5.9-tso", "5.9", NULL, "tso", FL_VIOLATES("missed-soft-dirty"), NULL },
	{ "linux-5.11", "5.11", NULL, "lkmm", FL_VIOLATES("missed-soft-dirty"),
	  "mmap:W stops faults, not stores that do not fault" },
	{ "linux-5.12", "5.12", NULL, "lkmm", FL_VERIFIED, "912efa17e512" },
	{ "linux-5.12-ipi", "5.12", "tlb_flush=ipi", "lkmm", FL_VERIFIED, NULL },
	{ "linux-4.8", "4.8", NULL, "lkmm", FL_VERIFIED, "a flush of its own at the end" },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "soft_dirty_flush", NULL };

FL_SCENARIO(clear_refs_flush, .name = "clear-refs-flush", .id = "A1d,B9", .broken = "0758cd830494",
	    .fixed = "912efa17e512",
	    .summary = "stores after clear_refs are not soft-dirty: no flush was sent",
	    .story = story, .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "checkpoint", do_checkpoint }, { "store", do_store } },
	    .policies = policies, .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
