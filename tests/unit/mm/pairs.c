// SPDX-License-Identifier: MIT
/*
 * pairs.c - tests lib/mm under the check engine, two calls at a time: whatever meets, there is no data race by the
 * kernel's memory model, and no oracle fails. What kernels got wrong is in sim/scenarios.
 *
 * First touches: one thread touches a page for the first time, so that it makes the tables above it
 * (pgalloc.c), while another one goes there by each of the ways that there are. Then pairs on pages that are
 * there, and calls that publish other things: VMAs, anon_vmas, pages of files, userfaultfds.
 */
#include "pair.h"

/* --- worlds --- */

/* Two VMAs that may be merged one day: the second one's first fault looks at the first one's anon_vma. */
static int set_up_neighbours(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_anon(cpu, mm, world);

	if (err)
		return err;
	return fl_mmap(&w->other, mm, fl_page(cpu, w->page, 1), 1, FL_WRITE, FL_MAP_FIXED_NOREPLACE,
		       NULL, 0);
}

static int set_up_mergeable(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_anon(cpu, mm, world);

	return err ? err : fl_madvise(mm, ((struct world *)world)->page, 1, FL_MADV_MERGEABLE);
}

static int set_up_uffd(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_anon(cpu, mm, world);

	return err ? err : register_uffd(cpu, mm, world, FL_UFFD_WP);
}

static int set_up_missing(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_anon(cpu, mm, world);

	return err ? err : register_uffd(cpu, mm, world, FL_UFFD_MISSING);
}

static int set_up_no_uffd(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_anon(cpu, mm, world);

	return err ? err : fl_uffd_create(&((struct world *)world)->uffd, mm);
}

static int set_up_file(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	return map_new_file(cpu, mm, world, FL_FILE_SHMEM);
}

/* The other address is nobody's yet. */
static int set_up_room(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = fl_file_create(&w->file, fl_cpu_machine(cpu), FL_FILE_SHMEM, 1, 0);

	if (!err)
		err = set_up_anon(cpu, mm, world);
	w->other = fl_page(cpu, w->page, 4);
	return err ? err : fl_file_write(w->file, 0, 0, 5);
}

static int set_up_file_page(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_file(cpu, mm, world);

	return err ? err : fl_file_write(((struct world *)world)->file, 0, 0, 5);
}

static int set_up_pipe(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_written(cpu, mm, world);

	return err ? err : fl_pipe_create(&w->pipe, fl_cpu_machine(cpu), 2);
}

/* Two pages with the same content, seen once: the next pass merges them. */
static int set_up_equal(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = fl_mmap_anon(&w->page, mm, 2, FL_READ | FL_WRITE);
	long scanned = 0;

	w->mm = mm;
	for (size_t i = 0; !err && i < 2; i++)
		err = fl_store(cpu, fl_page(cpu, w->page, i), 5);
	if (!err)
		err = fl_madvise(mm, w->page, 2, FL_MADV_MERGEABLE);
	if (!err)
		scanned = fl_ksm_scan(cpu, fl_cpu_machine(cpu));
	return scanned < 0 ? (int)scanned : err;
}

/* --- threads --- */

static void do_store_beside(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, ((struct world *)world)->other, 2);
}

static void do_populate(struct fl_cpu *cpu, void *world)
{
	advise(world, FL_MADV_POPULATE_READ);
}

static void do_punch_hole(struct fl_cpu *cpu, void *world)
{
	fl_file_punch_hole(((struct world *)world)->file, 0, 1);
}

static void do_ksm(struct fl_cpu *cpu, void *world)
{
	fl_ksm_scan(cpu, fl_cpu_machine(cpu));
}

static void do_clear_refs(struct fl_cpu *cpu, void *world)
{
	fl_clear_refs(((struct world *)world)->mm, FL_CLEAR_REFS_ALL);
}

static void do_load_other(struct fl_cpu *cpu, void *world)
{
	uint64_t word;

	fl_load(&word, cpu, ((struct world *)world)->other);
}

static void do_map(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	fl_vaddr addr;

	fl_mmap(&addr, w->mm, w->other, 1, FL_READ | FL_WRITE, FL_MAP_FIXED_NOREPLACE, NULL, 0);
}

static void do_map_file(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	fl_vaddr addr;

	fl_mmap(&addr, w->mm, w->other, 1, FL_READ | FL_WRITE,
		FL_MAP_FIXED_NOREPLACE | FL_MAP_SHARED | FL_MAP_POPULATE, w->file, 0);
}

static void do_vmsplice(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	if (fl_vmsplice(cpu, w->pipe, w->page, 1) == 1)
		fl_pipe_peek(&word, w->pipe, 0);
}

static void do_register(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_uffd_register(w->uffd, cpu, w->page, 1, FL_UFFD_MISSING);
}

static void do_copy(struct fl_cpu *cpu, void *world)
{
	static const uint64_t words[] = { 5, 5 };
	struct world *w = world;

	fl_uffd_copy(w->uffd, w->page, words);
}

/* A kernel thread runs for a while. */
static void do_be_lazy(struct fl_cpu *cpu, void *world)
{
	fl_enter_lazy_tlb(cpu);
	fl_switch_mm(cpu, ((struct world *)world)->mm);
	do_load(cpu, world);
}

/* --- */

static const struct pair touches[] = {
	{ "a store", set_up_anon, { do_store, do_store_too } },
	{ "a neighbour's first touch", set_up_neighbours, { do_store, do_store_beside } },
	{ "MADV_DONTNEED", set_up_anon, { do_store, do_dontneed } },
	{ "MADV_FREE", set_up_anon, { do_store, do_free } },
	{ "MADV_POPULATE_READ", set_up_anon, { do_store, do_populate } },
	{ "pagemap", set_up_anon, { do_store, do_pagemap } },
	{ "GUP-fast", set_up_anon, { do_store, do_gup_fast } },
	{ "slow GUP", set_up_anon, { do_store, do_gup } },
	{ "mprotect", set_up_anon, { do_store, do_mprotect } },
	{ "a debugger", set_up_anon, { do_store, do_poke } },
	{ "truncation", set_up_file, { do_store, do_truncate } },
	/* A few seconds for each release, and none differs there; with a store it would be half a minute. */
	{ "a hole", set_up_file, { do_load, do_punch_hole }, .since = "6.12" },
	{ "NUMA hinting", set_up_anon, { do_store, do_numa } },
	{ "KSM", set_up_mergeable, { do_store, do_ksm } },
	{ "userfaultfd", set_up_uffd, { do_store, do_uffd_protect }, .since = "5.7" },
	{ "clear_refs(1)", set_up_anon, { do_store, do_clear_refs } },
	{ "clear_refs(4)", set_up_anon, { do_store, do_clear_soft_dirty } },
	{ "fork", set_up_anon, { do_store, do_fork } },
};

static const struct pair pairs[] = {
	{ "COW in parent and child", set_up_forked, { do_store, do_store_too } },
	{ "write fault, fork", set_up_written, { do_fork, do_store } },
	{ "exit, COW", set_up_forked, { do_store, do_exit } },
	/* Before, what fork has protected need not be protected again. */
	{ "exit, clear_refs", set_up_forked, { do_clear_soft_dirty, do_exit }, .since = "5.12" },
	{ "exit, pagemap", set_up_forked, { do_pagemap, do_exit } },
	{ "exit, GUP-fast", set_up_forked, { do_pin, do_exit } },
	{ "KSM, read", set_up_equal, { do_load, do_ksm } },
	{ "mremap, write", set_up_written, { do_store, do_mremap } },
	{ "munmap, write", set_up_written, { do_store, do_unmap } },
	{ "munmap, GUP-fast", set_up_written, { do_gup_fast, do_unmap } },
	{ "mprotect, write", set_up_written, { do_store, do_mprotect } },
	{ "mprotect, GUP-fast", set_up_written, { do_gup_fast, do_mprotect } },
	{ "DONTNEED, GUP-fast", set_up_written, { do_gup_fast, do_dontneed } },
	{ "FREE, write", set_up_written, { do_store, do_free } },
	{ "NUMA hinting, read", set_up_written, { do_load, do_numa } },
	{ "vmsplice, write", set_up_pipe, { do_vmsplice, do_store } },
	{ "truncation, file fault", set_up_file_page, { do_load, do_truncate } },
	{ "truncation, read()", set_up_file_page, { do_read_file, do_truncate } },
	{ "truncation, new mapping", set_up_room, { do_map_file, do_truncate } },
	{ "write() of a new page, file fault", set_up_file, { do_write_file, do_load } },
	{ "new VMA, write", set_up_room, { do_map, do_store_beside } },
	{ "new VMA of a file, read", set_up_room, { do_map_file, do_load_other } },
	{ "userfaultfd registers, write", set_up_no_uffd, { do_register, do_store } },
	{ "userfaultfd fills, read", set_up_missing, { do_copy, do_load } },
	{ "userfaultfd fills, GUP-fast", set_up_missing, { do_copy, do_gup_fast } },
	{ "lazy TLB, DONTNEED",
	  set_up_written,
	  { do_dontneed, do_be_lazy },
	  .set = "tlb_flush=ipi" },
	{ "lazy TLB, munmap", set_up_written, { do_unmap, do_be_lazy }, .set = "tlb_flush=ipi" },
};

static const char *const releases[] = { "4.8", "5.7", "5.9",  "5.12", "6.0",
					"6.1", "6.4", "6.12", "6.17", NULL };

/* Without its known races (A5), which would come first. */
#define BUT_6_4                                                                                    \
	{                                                                                          \
		"6.4", "vma_unlock_order=release,vma_check_order=acquire,vma_mark=once,"           \
		       "vma_early_check=once,vma_anon_check=after-lock"                            \
	}

static const struct pair_table first_touches = {
	.releases = releases, .but = BUT_6_4, .vmas = 2, .pages = 3, .may_wait = FL_WAIT_UFFD
};

static const struct pair_table meetings = {
	.releases = releases,
	.since = "5.9",
	.but = BUT_6_4,
	.vmas = 2,
	.pages = 3,
	.may_wait = FL_WAIT_UFFD,
};

START_TEST(a_first_touch_races_with_nobody)
{
	verify_pair(&first_touches, &touches[_i]);
}
END_TEST

START_TEST(calls_that_meet_race_with_nobody)
{
	verify_pair(&meetings, &pairs[_i]);
}
END_TEST

int main(void)
{
	const struct pair_test tests[] = {
		{ a_first_touch_races_with_nobody, FL_ARRAY_SIZE(touches) },
		{ calls_that_meet_race_with_nobody, FL_ARRAY_SIZE(pairs) },
		{ NULL, 0 },
	};

	return pairs_main("mm.pairs", tests);
}
