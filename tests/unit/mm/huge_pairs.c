// SPDX-License-Identifier: MIT
/*
 * huge_pairs.c - tests lib/mm/huge_memory.c and khugepaged.c under the check engine, two calls at a time, as
 * pairs.c does for base pages: whatever meets, there is no data race and no oracle fails.
 */
#define PAIR_PAGES(w) ((w)->pages) /* that a huge page has */
#include "pair.h"

static int map_range(struct fl_cpu *cpu, struct fl_mm *mm, struct world *w)
{
	w->mm = mm;
	w->pages = fl_hpage_pages(fl_cpu_machine(cpu));
	return fl_mmap(&w->page, mm, fl_page(cpu, 0, w->pages), w->pages, FL_READ | FL_WRITE,
		       FL_MAP_FIXED, NULL, 0);
}

/* Nothing is there yet. */
static int set_up_empty(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = map_range(cpu, mm, w);

	return err ? err : fl_madvise(mm, w->page, w->pages, FL_MADV_HUGEPAGE);
}

/* Nothing is there yet, not even an anon_vma, but the area behind has one that would do. */
static int set_up_neighbour(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	fl_vaddr behind;
	int err = map_range(cpu, mm, w);

	if (!err)
		err = fl_mprotect(mm, w->page, w->pages, FL_READ);
	if (!err)
		err = fl_mmap(&behind, mm, fl_page(cpu, w->page, w->pages), 1, FL_READ | FL_WRITE,
			      FL_MAP_FIXED, NULL, 0);
	if (!err)
		err = fl_madvise(mm, w->page, w->pages + 1, FL_MADV_HUGEPAGE);
	return err ? err : fl_store(cpu, behind, 1);
}

static int set_up_huge(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_empty(cpu, mm, world);

	return err ? err : fl_store(cpu, ((struct world *)world)->page, 1);
}

static int set_up_huge_forked(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_huge(cpu, mm, world);

	return err ? err : fork_to_cpu1(cpu, mm, world);
}

/* A huge page, and no base frame: who needs one breaks the huge page's block up, once that is free. */
static int set_up_last_block(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct fl_machine *m = fl_cpu_machine(cpu);
	struct world *w = world;
	fl_vaddr rest;
	int err = set_up_huge(cpu, mm, world);

	if (!err)
		err = fl_mmap(&w->other, mm, fl_page(cpu, 0, 1), 2, FL_READ | FL_WRITE,
			      FL_MAP_FIXED, NULL, 0);
	if (!err)
		err = fl_mmap(&rest, mm, fl_page(cpu, w->page, w->pages), 8, FL_READ | FL_WRITE,
			      FL_MAP_FIXED, NULL, 0);
	for (size_t i = 0; !err && fl_machine_free_frames(m); i++)
		err = fl_store(cpu, fl_page(cpu, rest, i), 1);
	return err;
}

/* Two base pages, which may be collapsed. */
static int set_up_base(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = map_range(cpu, mm, w);

	if (!err)
		err = fl_store(cpu, w->page, 1);
	return err ? err : fl_store(cpu, fl_page(cpu, w->page, 1), 1);
}

static void do_store_beside(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, fl_page(cpu, ((struct world *)world)->page, 1), 3);
}

static void do_dontneed_part(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_madvise(w->mm, fl_page(cpu, w->page, 1), 1, FL_MADV_DONTNEED);
}

/* The frames of the first two parts are base pages' now. */
static void do_dontneed_and_touch(struct fl_cpu *cpu, void *world)
{
	fl_vaddr other = ((struct world *)world)->other;

	do_dontneed(cpu, world);
	fl_store(cpu, other, 5);
	fl_store(cpu, fl_page(cpu, other, 1), 6);
}

static void do_gup_fast_tail(struct fl_cpu *cpu, void *world)
{
	struct fl_pin pin;
	fl_vaddr tail = fl_page(cpu, ((struct world *)world)->page, 1);

	if (fl_pin_user_pages_fast(cpu, tail, 1, FL_GUP_WRITE | FL_GUP_FAST_ONLY, &pin) == 1)
		fl_unpin(cpu, &pin);
}

static void do_child_split(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_change_prot_numa(w->child, w->page, 1);
}

static void do_collapse(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_madvise(w->mm, w->page, w->pages, FL_MADV_COLLAPSE);
}

static void do_mprotect_part(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_mprotect(w->mm, w->page, 1, FL_READ);
}

static void do_munmap_behind(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_munmap(w->mm, fl_page(cpu, w->page, w->pages), 1);
}

static void do_pagemap_two(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t entries[2];

	fl_pagemap(entries, w->mm, w->page, 2);
}

static const struct pair rows[] = {
	{ "two first touches", set_up_empty, { do_store, do_store_beside } },
	{ "first touch, DONTNEED", set_up_empty, { do_store, do_dontneed } },
	{ "first touch, DONTNEED of a part", set_up_empty, { do_store, do_dontneed_part } },
	{ "first touch, slow GUP", set_up_empty, { do_store, do_gup } },
	{ "first touch, collapse", set_up_empty, { do_store, do_collapse } },
	{ "first touch, munmap of the neighbour", set_up_neighbour, { do_load, do_munmap_behind } },
	{ "write, DONTNEED", set_up_huge, { do_store, do_dontneed } },
	{ "write, DONTNEED of a part", set_up_huge, { do_store, do_dontneed_part } },
	{ "two DONTNEED of all and of a part", set_up_huge, { do_dontneed, do_dontneed_part } },
	{ "write, munmap", set_up_huge, { do_store, do_unmap } },
	{ "write, mprotect", set_up_huge, { do_store, do_mprotect } },
	{ "write, mprotect of a part", set_up_huge, { do_store, do_mprotect_part } },
	{ "write, FREE", set_up_huge, { do_store, do_free } },
	{ "write, clear_refs", set_up_huge, { do_store, do_clear_soft_dirty } },
	{ "NUMA hinting, read", set_up_huge, { do_load, do_numa } },
	{ "NUMA hinting, pagemap", set_up_huge, { do_pagemap_two, do_numa } },
	{ "GUP-fast, DONTNEED", set_up_huge, { do_gup_fast, do_dontneed } },
	{ "GUP-fast, split", set_up_huge, { do_gup_fast, do_dontneed_part } },
	{ "GUP-fast, mprotect", set_up_huge, { do_gup_fast, do_mprotect } },
	{ "slow GUP, split", set_up_huge, { do_gup, do_dontneed_part } },
	{ "write, fork", set_up_huge, { do_store, do_fork } },
	{ "pin, split", set_up_huge, { do_pin, do_dontneed_part } },
	/* Before: CVE-2020-29368. */
	{ "COW, split in the child",
	  set_up_huge_forked,
	  { do_store, do_child_split },
	  .since = "5.9",
	  .small = true },
	{ "COW, exit", set_up_huge_forked, { do_store, do_exit } },
	{ "pin, exit", set_up_huge_forked, { do_pin, do_exit } },
	{ "collapse, write", set_up_base, { do_store, do_collapse } },
	{ "collapse, read beside", set_up_base, { do_load, do_collapse } },
	{ "collapse, pin", set_up_base, { do_pin, do_collapse }, .since = "6.1" },
	{ "collapse, DONTNEED of a part", set_up_base, { do_dontneed_part, do_collapse } },
	{ "collapse, pagemap", set_up_base, { do_pagemap_two, do_collapse } },
};

/* With as few frames as there can be. */
static const struct pair scarce[] = {
	{ "GUP-fast, the block is broken up",
	  set_up_last_block,
	  { do_gup_fast_tail, do_dontneed_and_touch } },
};

static const char *const releases[] = { "4.8", "5.9", "6.1", "6.12", "6.17", NULL };

static const struct pair_table table = {
	.releases = releases, .vmas = 2, .pages = 3, .huge_pages = 1
};

START_TEST(calls_that_meet_at_a_huge_page_race_with_nobody)
{
	verify_pair(&table, &rows[_i]);
}
END_TEST

START_TEST(a_frame_becomes_a_base_page_under_the_eyes_of_gup_fast)
{
	static const struct pair_table little_memory = {
		.releases = releases, .vmas = 2, .pages = 1, .huge_pages = 1
	};

	verify_pair(&little_memory, &scarce[_i]);
}
END_TEST

int main(void)
{
	const struct pair_test tests[] = {
		{ calls_that_meet_at_a_huge_page_race_with_nobody, FL_ARRAY_SIZE(rows) },
		{ a_frame_becomes_a_base_page_under_the_eyes_of_gup_fast, FL_ARRAY_SIZE(scarce) },
		{ NULL, 0 },
	};

	return pairs_main("mm.huge_pairs", tests);
}
