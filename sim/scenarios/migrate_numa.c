// SPDX-License-Identifier: MIT
/*
 * migrate_numa.c - B6: a page moves while the flush for its NUMA hint is yet to come.
 *
 * The protocol and its steps are at the top of lib/mm/migrate.c, lib/mm/numa.c and lib/mm/mmu_gather.h.
 */
#include <faultline/migrate.h>
#include <faultline/numa.h>

#include "memory.h"

static const char story[] =
	"The NUMA scanner makes entries inaccessible, so that the next access tells who uses the "
	"page,\n"
	"and flushes for all of them at the end. Until then programs go on through their TLBs. If\n"
	"somebody moves the page in between (compaction, or another thread's hinting fault), the\n"
	"entry that he clears is not present, and a CPU can't have an entry that is not present: "
	"so\n"
	"no flush. But it was present just now. The program stores to the old frame after it was\n"
	"copied, and its store is lost; or after the frame was given to somebody else.\n"
	"20841405940e: the scanner says that a flush is pending before it changes entries\n"
	"(tlb_flush_pending), and an inaccessible entry counts as one that TLBs may have while\n"
	"that is so.\n";

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	/* The CPU that is to store has the page in its TLB. */
	return set_up_one_page(other_cpu(cpu, 1), mm, world);
}

static void do_scan(struct fl_cpu *cpu, void *world)
{
	struct one_page *w = world;

	fl_change_prot_numa(w->mm, w->page, 1);
}

static void do_migrate_and_store(struct fl_cpu *cpu, void *world)
{
	struct one_page *w = world;

	fl_migrate_page(cpu, w->pfn);
	fl_store(cpu, w->page, 3);
}

static void do_store(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, ((struct one_page *)world)->page, 3);
}

static const struct fl_variant variants[] = {
	{ "protnone-is-not-present", "6.12", "pte_accessible=present", "sc",
	  FL_VIOLATES("stale-tlb"), "as up to 3.12" },
	{ "protnone-is-not-present-4.8", "4.8", "pte_accessible=present", "sc",
	  FL_VIOLATES("stale-tlb"), NULL },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, "20841405940e" },
	{ "linux-6.12-tso", "6.12", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.12-sc", "6.12", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-4.8", "4.8", NULL, "lkmm", FL_VERIFIED, NULL },
};

static const struct fl_variant three_variants[] = {
	{ "protnone-is-not-present", "6.12", "pte_accessible=present", "sc",
	  FL_VIOLATES("lost-write"), "as up to 3.12" },
	{ "linux-6.12-sc", "6.12", NULL, "sc", FL_VERIFIED, "20841405940e" },
	{ "linux-6.12-tso", "6.12", NULL, "tso", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "pte_accessible", "tlb_pending", "migrate_flush", NULL };

FL_SCENARIO(
	migrate_numa, .name = "migrate-numa", .id = "B6", .fixed = "20841405940e",
	.summary = "a page moves while the flush for its NUMA hint is yet to come", .story = story,
	.needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1, .migration = FL_MIGRATION_CALLS },
	.world = sizeof(struct one_page), .set_up = set_up,
	.threads = { { "numa-scan", do_scan }, { "migration", do_migrate_and_store } },
	.policies = policies, .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));

FL_SCENARIO(
	migrate_numa_three, .name = "migrate-numa-three", .id = "B6", .fixed = "20841405940e",
	.summary = "the same, and a third thread stores meanwhile", .story = story,
	.needs = { .cpus = 3, .mms = 1, .vmas = 1, .pages = 1, .migration = FL_MIGRATION_CALLS },
	.world = sizeof(struct one_page), .set_up = set_up,
	.threads = { { "numa-scan", do_scan }, { "migration", do_migrate }, { "store", do_store } },
	.policies = policies, .variants = three_variants,
	.nr_variants = FL_ARRAY_SIZE(three_variants));
