// SPDX-License-Identifier: MIT
/*
 * range_lock.c - a list-based range lock between faults and who changes mappings: what is locked, and when the mapping is looked
 * up. No kernel has it. Steps: lib/mm/lock/range_lock.c.
 */
#include <faultline/proc.h>

#include "memory.h"

/* It does not count as soft-dirty: so, once it has grown over a new page, its flags change. */
static int set_up_clean(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_two_pages(cpu, mm, world);

	return err ? err : fl_clear_refs(mm, FL_CLEAR_REFS_SOFT_DIRTY);
}

static void do_map_behind(struct fl_cpu *cpu, void *world)
{
	struct two_pages *w = world;
	fl_vaddr addr;

	fl_mmap(&addr, w->mm, fl_page(cpu, w->range, 2), 1, FL_READ | FL_WRITE,
		FL_MAP_FIXED_NOREPLACE, NULL, 0);
}

/* Not mapped, or only just. */
static void do_fault_behind(struct fl_cpu *cpu, void *world)
{
	struct two_pages *w = world;

	fl_store(cpu, fl_page(cpu, w->range, 2), 2);
}

#define RANGE "vma_lock=range-lock"

static const char unmap_story[] =
	"A fault locks the address, not the VMA: so it can look the VMA up when it has the lock, "
	"and\n"
	"what it finds stays. Whoever looks the VMA up first, as with the locks that are in VMAs, "
	"has\n"
	"one that munmap() may have taken away before the address is locked.\n";

static const struct fl_variant unmap_variants[] = {
	{ "range-lock", "6.12", RANGE, "sc", FL_VERIFIED, NULL },
	{ "range-lock-tso", "6.12", RANGE, "tso", FL_VERIFIED, NULL },
	{ "range-lock-lkmm", "6.12", RANGE, "lkmm", FL_VERIFIED, NULL },
	{ "looked-up-before", "6.12", RANGE ",range_lookup=before", "sc",
	  FL_VIOLATES("use-after-free"), "the VMA is freed by the time its address is locked" },
};

static const char *const unmap_policies[] = { "vma_lock", "range_lookup", NULL };

FL_SCENARIO(range_lock_unmap, .name = "range-lock-unmap",
	    .summary = "munmap() locks the range of a VMA that a fault has found",
	    .story = unmap_story, .since = "6.5",
	    .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 2 },
	    .world = sizeof(struct two_pages), .set_up = set_up_two_pages,
	    .threads = { { "unmap", do_unmap_two_pages }, { "fault", do_store_to_second } },
	    .policies = unmap_policies, .variants = unmap_variants,
	    .nr_variants = FL_ARRAY_SIZE(unmap_variants));

static const char grow_story[] =
	"mmap() next to a mapping like it makes that one larger, and then stores its flags, which "
	"say\n"
	"now that it counts as soft-dirty. Who changes a VMA locks the addresses that it has. If "
	"it is\n"
	"to have more, these have to be locked, too, before the tree says so: a fault there would "
	"find\n"
	"a VMA whose writer has not finished. Locks that are in VMAs have it easier: the VMA is\n"
	"locked, wherever it is.\n";

static const struct fl_variant grow_variants[] = {
	{ "range-lock", "6.12", RANGE, "sc", FL_VERIFIED, NULL },
	{ "range-lock-tso", "6.12", RANGE, "tso", FL_VERIFIED, NULL },
	{ "range-lock-lkmm", "6.12", RANGE, "lkmm", FL_VERIFIED, NULL },
	{ "old-addresses", "6.12", RANGE ",range_extents=old", "sc", FL_VIOLATES("vma-torn"),
	  "a fault in the new page has the VMA while it grows" },
};

static const char *const grow_policies[] = { "vma_lock", "range_extents", NULL };

FL_SCENARIO(range_lock_grow, .name = "range-lock-grow",
	    .summary = "a VMA grows over an address that a fault has locked", .story = grow_story,
	    .since = "6.5", .needs = { .cpus = 2, .mms = 1, .vmas = 1, .pages = 3 },
	    .world = sizeof(struct two_pages), .set_up = set_up_clean,
	    .threads = { { "mmap", do_map_behind }, { "fault", do_fault_behind } },
	    .policies = grow_policies, .variants = grow_variants,
	    .nr_variants = FL_ARRAY_SIZE(grow_variants));
