// SPDX-License-Identifier: MIT
/*
 * reclaim_numa.c - B6 with reclaim: a page goes to swap while the flush for its NUMA hint is yet to come.
 *
 * The protocol and its steps are at the top of lib/mm/rmap_unmap.c, lib/mm/tlb_batch.c and lib/mm/numa.c.
 */
#include "memory.h"

#include <faultline/numa.h>

static const char story[] =
	"The NUMA scanner makes entries inaccessible and flushes for all of them at the end. Until "
	"then\n"
	"programs go on through their TLBs. If reclaim clears such an entry in between it is not "
	"present, and\n"
	"what is not present leaves no note of a flush that is due (since 7e12beb8ca2a, 6.3; "
	"before, "
	"each entry\n"
	"did). But it was present just now: a program stores to the frame when the page is on its "
	"way to swap,\n"
	"or when the frame is somebody else's.\n"
	"20841405940e: the scanner says that a flush is pending before it changes entries\n"
	"(tlb_flush_pending), and while that is so an inaccessible entry is one that TLBs may "
	"have.\n";

/* The CPU that is to store has the page in its TLB. */
static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	return set_up_one_page(other_cpu(cpu, 1), mm, world);
}

static void do_scan(struct fl_cpu *cpu, void *world)
{
	struct one_page *w = world;

	fl_change_prot_numa(w->mm, w->page, 1);
}

static void do_reclaim_and_store(struct fl_cpu *cpu, void *world)
{
	struct one_page *w = world;

	do_reclaim(cpu, world);
	fl_store(cpu, w->page, 3);
}

/* As a scanner of another thread that is done already. */
static void do_scan_reclaim_and_store(struct fl_cpu *cpu, void *world)
{
	do_scan(cpu, world);
	do_reclaim_and_store(cpu, world);
}

static const struct fl_variant variants[] = {
	{ "protnone-is-not-present", "6.12", "pte_accessible=present", "lkmm",
	  FL_VIOLATES("stale-tlb"), "as up to 3.12" },
	{ "protnone-is-not-present-tso", "6.12", "pte_accessible=present", "tso",
	  FL_VIOLATES("stale-tlb"), NULL },
	{ "protnone-is-not-present-sc", "6.12", "pte_accessible=present", "sc",
	  FL_VIOLATES("stale-tlb"), NULL },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, "20841405940e" },
	{ "linux-6.12-tso", "6.12", NULL, "tso", FL_VERIFIED, NULL },
	{ "linux-6.12-sc", "6.12", NULL, "sc", FL_VERIFIED, NULL },
	{ "linux-4.8", "4.8", NULL, "lkmm", FL_VERIFIED, NULL },
};

static const char story_two[] =
	"As reclaim-numa with two scanners. Up to 4.12 that a flush is pending was a flag, and the "
	"scanner\n"
	"that is done first takes it back for both. So reclaim can't know by that flag; but up to "
	"6.2 it noted\n"
	"each entry that it cleared for its own flush, whether TLBs could have it or not. What "
	"looks like a\n"
	"flush too many is what makes old kernels safe.\n";

static const struct fl_variant variants_two[] = {
	{ "linux-4.8", "4.8", NULL, "lkmm", FL_VERIFIED, "reclaim notes each entry" },
	{ "accessible-4.8", "4.8", "tlb_batched_note=accessible", "lkmm", FL_VIOLATES("stale-tlb"),
	  "with the rule of 6.3" },
	{ "accessible-4.8-sc", "4.8", "tlb_batched_note=accessible", "sc", FL_VIOLATES("stale-tlb"),
	  NULL },
	{ "linux-5.7", "5.7", NULL, "lkmm", FL_VERIFIED, "16af97dc5a89: a count" },
	{ "accessible-5.7", "5.7", "tlb_batched_note=accessible", "lkmm", FL_VERIFIED, NULL },
	{ "linux-6.12", "6.12", NULL, "lkmm", FL_VERIFIED, NULL },
};

static const char *const policies[] = { "pte_accessible", "tlb_pending", NULL };

static const char *const policies_two[] = { "tlb_batched_note", "tlb_pending", NULL };

FL_SCENARIO(reclaim_numa, .name = "reclaim-numa", .id = "B6", .broken = NULL,
	    .fixed = "20841405940e",
	    .summary = "a page goes to swap while the flush for its NUMA hint is yet to come",
	    .story = story,
	    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1, .swap_slots = 1 },
	    .world = sizeof(struct one_page), .set_up = set_up,
	    .threads = { { "numa-scan", do_scan }, { "reclaim", do_reclaim_and_store } },
	    .policies = policies, .variants = variants, .nr_variants = FL_ARRAY_SIZE(variants));

FL_SCENARIO(reclaim_numa_two, .name = "reclaim-numa-two", .id = "B6", .broken = NULL, .fixed = NULL,
	    .summary = "the same with two scanners, one of which is done", .story = story_two,
	    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 1, .swap_slots = 1 },
	    .world = sizeof(struct one_page), .set_up = set_up,
	    .threads = { { "numa-scan", do_scan }, { "scan-reclaim", do_scan_reclaim_and_store } },
	    .policies = policies_two, .variants = variants_two,
	    .nr_variants = FL_ARRAY_SIZE(variants_two));
