// SPDX-License-Identifier: MIT
/*
 * thp_cow_split.c - CVE-2020-29368: a write fault counts mappings while another process splits its PMD.
 *
 * The steps are at the top of lib/mm/huge_memory.c.
 */
#include "memory.h"

static const char story[] =
	"A huge page is shared by parent and child after a fork. NUMA hinting of a part of it in "
	"the\n"
	"child splits the PMD that maps it (as MADV_DONTNEED would): the child's one mapping of "
	"the whole (S4) becomes\n"
	"one mapping of each part (S2). The parent writes. Its fault has to know whether it is "
	"alone\n"
	"with the page, and adds up the mappings: of the parts, before they are counted there, "
	"and\n"
	"of the whole, when that is one less already. So it finds one mapping, its own, and makes "
	"the\n"
	"page writable, which the child still reads.\n"
	"The fault has the page locked while it counts. From 5.8 on the split takes the page lock\n"
	"as well (S0); from 5.18 on references decide, which are added before any mapping goes.\n";

struct world {
	struct fl_mm *child;
	fl_vaddr huge;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = map_huge_written(&w->huge, cpu, mm);

	return err ? err : fl_fork(&w->child, mm);
}

static void do_write(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_store(cpu, w->huge, 2);
}

static void do_split(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_change_prot_numa(w->child, w->huge, 1);
}

static const struct fl_variant variants[] = {
	{ "linux-5.7", "5.7", NULL, "lkmm", FL_VIOLATES("isolation"), "mappings are added up" },
	{ "linux-5.8", "5.8", NULL, "lkmm", FL_VERIFIED, "c444eb564fb1: under the page lock" },
	{ "linux-5.7-page-lock", "5.7", "thp_split_lock=page-lock", "lkmm", FL_VERIFIED,
	  "as in 5.7.5" },
	{ "linux-5.12-no-lock", "5.12", "thp_split_lock=none", "lkmm", FL_VIOLATES("isolation"),
	  "5.9 counts references of base pages, but mappings of huge ones" },
	{ "linux-5.18", "5.18", NULL, "lkmm", FL_VERIFIED,
	  "references decide, and the lock is not needed any more: 7f7609175ff2" },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
	{ "linux-5.7-tso", "5.7", NULL, "tso", FL_VIOLATES("isolation"), NULL },
	{ "linux-5.7-sc", "5.7", NULL, "sc", FL_VIOLATES("isolation"), NULL },
	{ "linux-5.8-sc", "5.8", NULL, "sc", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "thp_split_lock", "wp_reuse", NULL };

FL_SCENARIO(thp_cow_split, .name = "thp-cow-split", .id = "A3", .cve = "CVE-2020-29368",
	    .broken = "4.5", .fixed = "c444eb564fb1",
	    .summary =
		    "a write fault on a huge page counts its mappings while another mm splits its "
		    "PMD",
	    .story = story,

	    .needs = { .cpus = 2,
		       .mms = 2,
		       .vmas = 1,
		       .pages = 2,
		       .huge_pages = 1,
		       .small_huge_pages = 1 },
	    .world = sizeof(struct world), .set_up = set_up,
	    .threads = { { "write", do_write }, { "split", do_split } }, .policies = policies,
	    .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));
