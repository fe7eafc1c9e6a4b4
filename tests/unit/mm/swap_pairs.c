// SPDX-License-Identifier: MIT
/*
 * swap_pairs.c - tests reclaim and swap under the check engine, two at a time: whatever meets, there is no data
 * race by the kernel's memory model, and no oracle fails. As pairs.c. What kernels got wrong is in
 * sim/scenarios.
 */
#include "pair.h"

#include <faultline/oracle.h>

#include <errno.h>

/* --- worlds --- */

static int set_up_swapped(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_frame(cpu, mm, world);

	return err ? err : fl_reclaim_page(cpu, w->pfn);
}

/* It came back by a read: it is in the swap cache, and clean. */
static int set_up_cached(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_swapped(cpu, mm, world);
	uint64_t word;

	if (!err)
		err = fl_load(&word, cpu, w->page);
	return err ? err : find_frame(w);
}

static int set_up_swapped_forked(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_swapped(cpu, mm, world);

	return err ? err : fork_to_cpu1(cpu, mm, world);
}

/* Its entry refers to swap, and it is in the swap cache yet: somebody had it when it was to go. */
static int set_up_left_in_cache(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	struct fl_pin pin;
	int err = set_up_frame(cpu, mm, world);

	if (!err && fl_pin_user_pages_fast(cpu, w->page, 1, FL_GUP_GET, &pin) != 1)
		err = -EFAULT;
	if (err)
		return err;
	fl_reclaim_page(cpu, w->pfn);
	fl_unpin(cpu, &pin);
	return 0;
}

static int set_up_lazyfree(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_frame(cpu, mm, world);

	return err ? err : fl_madvise(mm, w->page, 1, FL_MADV_FREE);
}

static int set_up_file(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	uint64_t word;
	int err = map_new_file(cpu, mm, world, FL_FILE_REGULAR);

	if (!err)
		err = fl_load(&word, cpu, w->page);
	return err ? err : find_frame(w);
}

/* --- what they do --- */

static void do_reclaim(struct fl_cpu *cpu, void *world)
{
	fl_reclaim_page(cpu, ((struct world *)world)->pfn);
}

static void do_pin_fast_and_store(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	struct fl_pin pin;

	/* Kept: oracles look at the page when all is over. */
	if (fl_pin_user_pages_fast(cpu, w->page, 1, FL_GUP_WRITE | FL_GUP_FAST_ONLY, &pin) == 1)
		fl_pin_store(&pin, 1, 7);
}

/* Faults the page in if it is not there. */
static void do_pin_and_store(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	struct fl_pin pin;

	if (fl_pin_user_pages(cpu, w->mm, w->page, 1, FL_GUP_WRITE, &pin) == 1)
		fl_pin_store(&pin, 1, 7);
}

/* Has a reference for a moment; what it wrote must stay, whatever becomes of the page. */
static void do_poke_and_load(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	if (!fl_poke(cpu, w->mm, w->page, 7) && !fl_load(&word, cpu, w->page) && word != 7)
		fl_oracle_fail("lost-write", "what a debugger wrote is gone");
}

/* Another page at the same address goes to the same slot: the entry looks as before. */
static void do_renew(struct fl_cpu *cpu, void *world)
{
	uint64_t word;

	do_dontneed(cpu, world);
	do_store(cpu, world);
	advise(world, FL_MADV_PAGEOUT);
	if (!fl_load(&word, cpu, ((struct world *)world)->page) && word != 2)
		fl_oracle_fail("lost-write", "the page from before is back");
}

/* --- */

/* Too many executions for all of them: those with one preemption, for a while. */
#define MANY .search = "preemptions:1", .timeout = 10

static const struct pair pairs[] = {
	{ "reclaim, store", set_up_frame, { do_reclaim, do_store } },
	{ "reclaim, load", set_up_frame, { do_reclaim, do_load } },
	{ "reclaim of a clean page, store", set_up_cached, { do_reclaim, do_store }, MANY },
	{ "reclaim of a clean page, a debugger",
	  set_up_cached,
	  { do_reclaim, do_poke_and_load },
	  MANY },
	/* From 6.11 on he need not make the entry dirty: the page is all that tells of it. */
	{ "reclaim of a page that only seems to be clean",
	  set_up_cached,
	  { do_reclaim, do_poke_and_load },
	  .since = "6.12",
	  .search = "preemptions:2",
	  .timeout = 60 },
	{ "reclaim, fork", set_up_frame, { do_reclaim, do_fork }, MANY },
	{ "reclaim, munmap", set_up_frame, { do_reclaim, do_unmap } },
	{ "reclaim, mprotect", set_up_frame, { do_reclaim, do_mprotect } },
	{ "reclaim, mremap", set_up_frame, { do_reclaim, do_mremap } },
	{ "reclaim, DONTNEED", set_up_frame, { do_reclaim, do_dontneed } },
	{ "reclaim, FREE", set_up_cached, { do_reclaim, do_free }, MANY },
	{ "reclaim, clear_refs(4)", set_up_frame, { do_reclaim, do_clear_soft_dirty } },
	{ "reclaim, GUP-fast", set_up_frame, { do_reclaim, do_pin_fast_and_store } },
	{ "reclaim, KSM", set_up_frame, { do_reclaim, do_ksm_protect } },
	{ "reclaim, reclaim", set_up_frame, { do_reclaim, do_reclaim } },
	{ "reclaim, the child's exit", set_up_forked, { do_reclaim, do_exit }, MANY },
	{ "reclaim, COW", set_up_forked, { do_reclaim, do_store }, MANY },
	{ "reclaim of a lazyfree page, store", set_up_lazyfree, { do_reclaim, do_store } },
	{ "reclaim of a lazyfree page, GUP-fast",
	  set_up_lazyfree,
	  { do_reclaim, do_pin_fast_and_store } },
	{ "reclaim of a file's page, store", set_up_file, { do_reclaim, do_store }, MANY },
	{ "swap-in, swap-in", set_up_swapped, { do_load, do_store } },
	{ "swap-in by two processes", set_up_swapped_forked, { do_store, do_store_too }, MANY },
	{ "swap-in, fork", set_up_swapped, { do_store, do_fork } },
	{ "swap-in, munmap", set_up_swapped, { do_store, do_unmap } },
	{ "swap-in, DONTNEED", set_up_swapped, { do_store, do_dontneed } },
	{ "swap-in, FREE", set_up_swapped, { do_load, do_free } },
	{ "swap-in, mprotect", set_up_swapped, { do_store, do_mprotect } },
	{ "swap-in, GUP", set_up_swapped, { do_load, do_pin_and_store } },
	{ "swap-in, the slot is another page's",
	  set_up_left_in_cache,
	  { do_load, do_renew },
	  .since = "6.12",
	  .search = "preemptions:2",
	  .model = "sc",
	  .timeout = 60 },
	{ "swap-in, the child's exit", set_up_swapped_forked, { do_store, do_exit }, MANY },
};

static const char *const releases[] = { "5.12", "6.1", "6.12", "6.17", NULL };
static const char *const few_releases[] = { "5.12", "6.12", NULL };
static const char *const counted[] = { "5.18", NULL };

static const struct pair_table all = {
	.releases = releases, .vmas = 2, .pages = 2, .swap_slots = 2
};
static const struct pair_table few = {
	.releases = few_releases, .vmas = 2, .pages = 2, .swap_slots = 2
};
static const struct pair_table refcount = {
	.releases = counted, .vmas = 2, .pages = 2, .swap_slots = 2
};

START_TEST(reclaim_and_swap_race_with_nobody)
{
	verify_pair(pairs[_i].search ? &few : &all, &pairs[_i]);
}
END_TEST

/* Where references are counted there are twenty times as many executions. */
START_TEST(reclaim_and_swap_race_with_nobody_where_references_are_counted)
{
	struct pair pair = pairs[_i];

	if (pair.search)
		return;
	pair.search = "preemptions:1";
	pair.timeout = 10;
	verify_pair(&refcount, &pair);
}
END_TEST

int main(void)
{
	const struct pair_test tests[] = {
		{ reclaim_and_swap_race_with_nobody, FL_ARRAY_SIZE(pairs) },
		{ reclaim_and_swap_race_with_nobody_where_references_are_counted,
		  FL_ARRAY_SIZE(pairs) },
		{ NULL, 0 },
	};

	return pairs_main("mm.swap_pairs", tests);
}
