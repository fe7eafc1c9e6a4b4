// SPDX-License-Identifier: MIT
/*
 * vma_pairs.c - two system calls of one address space at the same time, to the end of all executions, in releases with and
 * without per-VMA locks.
 *
 * With these, VMAs and nodes of their tree are given back by callbacks of call_rcu(), each a thread of its own.
 */
#include "pair.h"

#include <faultline/oracle.h>

/* Pages of one VMA. */
static int set_up_three(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;

	w->mm = mm;
	return fl_mmap_anon(&w->page, mm, 3, FL_READ | FL_WRITE);
}

static int set_up_missing(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_three(cpu, mm, world);

	return err ? err : register_uffd(cpu, mm, world, FL_UFFD_MISSING);
}

static int set_up_protected(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_three(cpu, mm, world);

	if (!err)
		err = fl_store(cpu, w->page, 1);
	if (!err)
		err = register_uffd(cpu, mm, w, FL_UFFD_WP);
	return err ? err : fl_uffd_writeprotect(w->uffd, w->page, 1, true);
}

static int set_up_touched(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_three(cpu, mm, world);

	return err ? err : fl_store(cpu, w->page, 1);
}

static void do_mmap(struct fl_cpu *cpu, void *world)
{
	fl_vaddr at;

	(void)cpu;
	fl_mmap_anon(&at, ((struct world *)world)->mm, 1, FL_READ);
}

/* Becomes a part of the VMA that is there. */
static void do_mmap_merged(struct fl_cpu *cpu, void *world)
{
	fl_vaddr at;

	(void)cpu;
	fl_mmap_anon(&at, ((struct world *)world)->mm, 1, FL_READ | FL_WRITE);
}

static void do_mmap_fixed(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	fl_vaddr at;

	fl_mmap(&at, w->mm, fl_page(cpu, w->page, 1), 1, FL_READ, FL_MAP_FIXED, NULL, 0);
}

static void do_munmap_second(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_munmap(w->mm, fl_page(cpu, w->page, 1), 1);
}

static void do_mprotect_three(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_mprotect(w->mm, w->page, 3, FL_READ);
}

/* Both take mmap:R and then mmap:W. */
static void do_drop_and_protect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_madvise(w->mm, w->page, 1, FL_MADV_DONTNEED);
	fl_mprotect(w->mm, w->page, 1, FL_READ);
}

static void do_first_store(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, fl_page(cpu, ((struct world *)world)->page, 1), 2);
}

static void do_fork_and_exit(struct fl_cpu *cpu, void *world)
{
	struct fl_mm *child = NULL;

	(void)cpu;
	if (!fl_fork(&child, ((struct world *)world)->mm))
		fl_mm_destroy(child);
}

/* Whoever closes the userfaultfd lets it go on. */
static void do_store_must(struct fl_cpu *cpu, void *world)
{
	if (fl_store(cpu, ((struct world *)world)->page, 2))
		fl_oracle_fail("store", "fl_store() failed");
}

/* Moved, and then a fault at the new place: the copy was marked before it was in the tree, in all releases. */
static void do_move_and_store(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	fl_vaddr moved;

	if (!fl_mremap(&moved, w->mm, w->page, 3, 3, FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED,
		       fl_page(cpu, 0, 12)))
		fl_store(cpu, fl_page(cpu, moved, 2), 5);
}

static void do_close(struct fl_cpu *cpu, void *world)
{
	(void)cpu;
	fl_uffd_close(((struct world *)world)->uffd);
}

static const struct pair pairs[] = {
	{ "mmap, mmap", set_up_three, { do_mmap, do_mmap } },
	{ "mmap, mmap, merged", set_up_three, { do_mmap_merged, do_mmap_merged } },
	{ "munmap, mmap", set_up_three, { do_unmap, do_mmap } },
	{ "mmap FIXED, mprotect", set_up_three, { do_mmap_fixed, do_mprotect_three } },
	{ "munmap, munmap", set_up_three, { do_unmap, do_munmap_second } },
	{ "fork, mmap", set_up_three, { do_fork_and_exit, do_mmap } },
	{ "fault, uffd close", set_up_missing, { do_store_must, do_close } },
	/* In 6.4 a fault under the VMA's lock races with who marks it (b1f02b95758d). */
	{ "uffd-wp fault, uffd close",
	  set_up_protected,
	  { do_store_must, do_close },
	  .oracle = "data-race",
	  .broken = "6.4" },
	/* Under lkmm 6.4's locks are not ordered (A5a); the question is about the mark. */
	{ "mremap and store, load",
	  set_up_touched,
	  { do_move_and_store, do_load },
	  .model = "tso" },
};

static const struct pair readers_then_writers[] = {
	{ "DONTNEED and mprotect, load", set_up_touched, { do_drop_and_protect, do_load } },
	{ "clear_refs, first fault", set_up_touched, { do_clear_soft_dirty, do_first_store } },
};

static const char *const releases[] = { "6.3", "6.4", "6.12", "6.15", NULL };
static const char *const without_vma_locks[] = { "5.9", NULL };

START_TEST(all_executions_of_two_system_calls_are_explored)
{
	static const struct pair_table table = { .releases = releases, .pages = 3 };

	verify_pair(&table, &pairs[_i]);
}
END_TEST

START_TEST(a_reader_that_becomes_a_writer_races_with_no_reader)
{
	static const struct pair_table table = { .releases = without_vma_locks, .pages = 3 };

	verify_pair(&table, &readers_then_writers[_i]);
}
END_TEST

int main(void)
{
	const struct pair_test tests[] = {
		{ all_executions_of_two_system_calls_are_explored, FL_ARRAY_SIZE(pairs) },
		{ a_reader_that_becomes_a_writer_races_with_no_reader,
		  FL_ARRAY_SIZE(readers_then_writers) },
		{ NULL, 0 },
	};

	return pairs_main("mm.vma_pairs", tests);
}
