// SPDX-License-Identifier: MIT
/*
 * thp_dontneed.c - B16: MADV_DONTNEED passes a huge page by whose PMD is none for a moment.
 *
 * The steps are at the top of lib/mm/huge_memory.c.
 */
#include "memory.h"

static const char story[] = "NUMA hinting, MADV_FREE, or clear_refs(4) changes the PMD of a huge "
			    "page: it clears it (W1) and\n"
			    "stores it with other rights (W2). It holds mmap_lock for reading, as "
			    "MADV_DONTNEED does. MADV_DONTNEED\n"
			    "looks at the PMD without its lock: nothing there, so nothing is to be "
			    "done. Then the PMD is\n"
			    "back, and what the program threw away with it.\n"
			    "Fixed by never making it none: W1 only takes from the PMD what "
			    "hardware needs, so that all\n"
			    "software sees that a page is there, and waits for the lock.\n";

struct world {
	struct fl_mm *mm;
	fl_vaddr huge;
	size_t pages;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;

	w->mm = mm;
	w->pages = fl_hpage_pages(fl_cpu_machine(cpu));
	return map_huge_written(&w->huge, cpu, mm);
}

/* Tracking has begun once before: the VMA's own flag, VM_SOFTDIRTY, is off already. */
static int set_up_tracked(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up(cpu, mm, world);

	return err ? err : fl_clear_refs(mm, FL_CLEAR_REFS_SOFT_DIRTY);
}

static void do_hint(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_change_prot_numa(w->mm, w->huge, w->pages);
}

static void do_free(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_madvise(w->mm, w->huge, w->pages, FL_MADV_FREE);
}

static void do_clear_refs(struct fl_cpu *cpu, void *world)
{
	(void)cpu;
	fl_clear_refs(((struct world *)world)->mm, FL_CLEAR_REFS_SOFT_DIRTY);
}

/* What it loads afterwards is zero, or the oracle speaks. */
static void do_dontneed(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	fl_madvise(w->mm, w->huge, w->pages, FL_MADV_DONTNEED);
	fl_load(&word, cpu, w->huge);
}

static const struct fl_variant variants_numa[] = {
	{ "linux-4.8", "4.8", NULL, "lkmm", FL_VIOLATES("stale-tlb"), "the PMD is none" },
	{ "linux-5.7", "5.7", NULL, "lkmm", FL_VERIFIED, "ced108037c2a (4.11)" },
	{ "linux-6.12-clear", "6.12", "thp_none_pmd=clear", "lkmm", FL_VIOLATES("stale-tlb"),
	  "the same in a kernel of today" },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "linux-4.8-tso", "4.8", NULL, "tso", FL_VIOLATES("stale-tlb"), NULL },
	{ "linux-5.7-tso", "5.7", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-4.8-sc", "4.8", NULL, "sc", FL_VIOLATES("stale-tlb"), NULL },
	{ "linux-5.7-sc", "5.7", NULL, "sc", FL_VERIFIED, NULL },
};

static const struct fl_variant variants_free[] = {
	{ "linux-4.8", "4.8", NULL, "lkmm", FL_VIOLATES("stale-tlb"), "the PMD is none" },
	{ "linux-5.7", "5.7", NULL, "lkmm", FL_VERIFIED, "58ceeb6bec86 (4.11)" },
	{ "linux-4.8-sc", "4.8", NULL, "sc", FL_VIOLATES("stale-tlb"), NULL },
	{ "linux-5.7-sc", "5.7", NULL, "sc", FL_VERIFIED, NULL },
};

static const struct fl_variant variants_soft_dirty[] = {
	{ "linux-4.8", "4.8", NULL, "lkmm", FL_VIOLATES("stale-tlb"), "the PMD is none" },
	{ "linux-5.7", "5.7", NULL, "lkmm", FL_VERIFIED, "5b7abeae3af8 (4.11)" },
	{ "linux-6.12-clear", "6.12", "thp_none_pmd=clear", "lkmm", FL_VERIFIED,
	  "mmap:W, which clear_refs has since 5.11, keeps MADV_DONTNEED out" },
	{ "linux-4.8-sc", "4.8", NULL, "sc", FL_VIOLATES("stale-tlb"), NULL },
	{ "linux-5.7-sc", "5.7", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "thp_none_pmd", NULL };

#define THP_DONTNEED(ident, the_name, since, the_fix, the_summary, the_set_up, the_thread, fn,     \
		     the_variants)                                                                 \
	FL_SCENARIO(ident, .name = the_name, .id = "B16", .broken = since, .fixed = the_fix,       \
		    .summary = the_summary, .story = story,                                        \
		    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1, .huge_pages = 2 },      \
		    .world = sizeof(struct world), .set_up = the_set_up,                           \
		    .threads = { { the_thread, fn }, { "dontneed", do_dontneed } },                \
		    .policies = policies, .variants = the_variants,                                \
		    .nr_variants = FL_ARRAY_SIZE(the_variants))

THP_DONTNEED(thp_dontneed_numa, "thp-dontneed-numa", "3.8", "ced108037c2a",
	     "MADV_DONTNEED passes by a huge page that NUMA hinting is about to change", set_up,
	     "hint", do_hint, variants_numa);
THP_DONTNEED(thp_dontneed_free, "thp-dontneed-free", "4.5", "58ceeb6bec86",
	     "MADV_DONTNEED passes by a huge page that MADV_FREE is about to change", set_up,
	     "free", do_free, variants_free);
THP_DONTNEED(thp_dontneed_soft_dirty, "thp-dontneed-soft-dirty", NULL, "5b7abeae3af8",
	     "MADV_DONTNEED passes by a huge page that clear_refs is about to change",
	     set_up_tracked, "clear-refs", do_clear_refs, variants_soft_dirty);
