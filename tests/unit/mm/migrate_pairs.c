// SPDX-License-Identifier: MIT
/*
 * migrate_pairs.c - tests lib/mm/migrate.c under the check engine: a page moves while something else is
 * done to it. Whatever meets: no data race by the kernel's memory model, no oracle fails, nobody waits
 * for ever. What kernels got wrong is in sim/scenarios.
 */
#include "pair.h"

/* --- worlds --- */

/* CPU 1 has the page in its TLB. */
static int set_up_cached(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_frame(cpu, mm, world);

	return err ? err : fl_store(fl_machine_cpu(fl_cpu_machine(cpu), 1), w->page, 2);
}

static int set_up_hinted(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_frame(cpu, mm, world);

	return err ? err : fl_change_prot_numa(mm, w->page, 1) != 1;
}

static int set_up_uffd(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_frame(cpu, mm, world);

	return err ? err : register_uffd(cpu, mm, world, FL_UFFD_WP);
}

static int set_up_file(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = map_new_file(cpu, mm, world, FL_FILE_SHMEM);

	if (!err)
		err = fl_store(cpu, ((struct world *)world)->page, 1);
	return err ? err : find_frame(world);
}

/* Nothing maps the page any more, and the caller has the only reference to the file. */
static int set_up_unmapped_file(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_file(cpu, mm, world);

	return err ? err : fl_munmap(mm, ((struct world *)world)->page, 1);
}

/* --- who comes --- */

static void do_migrate(struct fl_cpu *cpu, void *world)
{
	fl_migrate_page(cpu, ((struct world *)world)->pfn);
}

static void do_move_pages(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_move_pages(cpu, w->mm, w->page, 1, NULL);
}

static void do_migrate_and_store(struct fl_cpu *cpu, void *world)
{
	do_migrate(cpu, world);
	do_store_too(cpu, world);
}

static void do_pin_write(struct fl_cpu *cpu, void *world)
{
	struct fl_pin pin;

	fl_pin_user_pages_fast(cpu, ((struct world *)world)->page, 1, FL_GUP_WRITE, &pin);
}

/* Takes the page out of the cache, and makes a new one, which may be in the same frame. */
static void do_punch_and_load(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	fl_file_punch_hole(w->file, 0, 1);
	fl_load(&word, cpu, w->page);
}

static void do_end_file(struct fl_cpu *cpu, void *world)
{
	(void)cpu;
	fl_file_put(((struct world *)world)->file);
}

static void do_map_and_load(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	fl_mmap(&w->other, w->mm, fl_page(cpu, w->page, 4), 1, FL_READ,
		FL_MAP_SHARED | FL_MAP_FIXED_NOREPLACE, w->file, 0);
	fl_load(&word, cpu, w->other);
}

/* --- */

static const struct pair pairs[] = {
	{ "a store", set_up_frame, { do_migrate, do_store } },
	{ "a store by the TLB", set_up_cached, { do_migrate, do_store_too } },
	{ "a store by the TLB, flushed once",
	  set_up_cached,
	  { do_migrate, do_store_too },
	  .set = "migrate_flush=batch" },
	{ "a store by the TLB, flushed per entry",
	  set_up_cached,
	  { do_migrate, do_store_too },
	  .set = "migrate_flush=entry" },
	{ "a load", set_up_frame, { do_migrate, do_load } },
	{ "a store in the child",
	  set_up_forked,
	  { do_migrate, do_store },
	  .since = "6.12",
	  .search = "preemptions:1" },
	{ "a hinting fault", set_up_hinted, { do_migrate, do_store } },
	{ "fork", set_up_frame, { do_migrate, do_fork }, .since = "6.12" },
	{ "exit", set_up_forked, { do_migrate, do_exit }, .since = "6.12" },
	{ "munmap", set_up_frame, { do_migrate, do_unmap } },
	{ "MADV_DONTNEED", set_up_frame, { do_migrate, do_dontneed } },
	{ "mprotect", set_up_frame, { do_migrate, do_mprotect } },
	{ "mremap", set_up_frame, { do_migrate, do_mremap } },
	{ "GUP-fast, read", set_up_frame, { do_migrate, do_pin }, .since = "6.1" },
	{ "GUP, write", set_up_frame, { do_migrate, do_pin_write } },
	{ "pagemap", set_up_frame, { do_migrate, do_pagemap } },
	{ "clear_refs(4)", set_up_frame, { do_migrate, do_clear_soft_dirty } },
	{ "NUMA hinting", set_up_frame, { do_migrate, do_numa } },
	{ "KSM", set_up_frame, { do_migrate, do_ksm_protect } },
	{ "userfaultfd", set_up_uffd, { do_migrate, do_uffd_protect }, .since = "5.19" },
	{ "another migration", set_up_frame, { do_migrate, do_migrate } },
	{ "a migration by address", set_up_frame, { do_migrate, do_move_pages } },
	{ "a store, interrupts", set_up_frame, { do_migrate, do_store }, .set = "tlb_flush=ipi" },
	{ "file: a store", set_up_file, { do_migrate, do_store } },
	{ "file: truncation", set_up_file, { do_migrate, do_truncate }, .search = "preemptions:1" },
	{ "file: a hole, and a new page",
	  set_up_file,
	  { do_migrate, do_punch_and_load },
	  .since = "6.12",
	  .search = "preemptions:2" },
	{ "file: its end", set_up_unmapped_file, { do_migrate, do_end_file } },
	{ "file: MADV_DONTNEED", set_up_file, { do_migrate, do_dontneed } },
	{ "file: read()", set_up_file, { do_migrate, do_read_file } },
	{ "file: write()", set_up_file, { do_migrate, do_write_file } },
	{ "file: another mapping", set_up_file, { do_migrate, do_map_and_load } },
	{ "file: GUP, write", set_up_file, { do_migrate, do_pin_write } },
	{ "file: fork", set_up_file, { do_migrate, do_fork } },
};

/* Some step of migration, or of its neighbours, is left out or wrong. */
static const struct pair mutants[] = {
	{ "no flush",
	  set_up_cached,
	  { do_migrate, do_store_too },
	  .set = "migrate_flush=none",
	  .oracle = "stale-tlb" },
	{ "hinted, no flush",
	  set_up_cached,
	  { do_numa, do_migrate_and_store },
	  .set = "pte_accessible=present",
	  .oracle = "stale-tlb" },
	{ "fork copies what is writable",
	  set_up_frame,
	  { do_migrate, do_fork },
	  .since = "5.19",
	  .set = "fork_migration=untouched",
	  .oracle = "anon-exclusive" },
	{ "what was shared is exclusive",
	  set_up_forked,
	  { do_migrate, do_load },
	  .since = "5.19",
	  .set = "migrate_restore=exclusive",
	  .oracle = "anon-exclusive" },
};

static const char *const releases[] = { "4.8", "5.19", "6.1", "6.12", "6.17", NULL };

static const struct pair_table table = {
	.releases = releases,
	.vmas = 2,
	.pages = 2,
	.migration = FL_MIGRATION_CALLS,
	.may_wait = FL_WAIT_UFFD,
};

START_TEST(a_page_moves_whatever_else_is_done_to_it)
{
	verify_pair(&table, &pairs[_i]);
}
END_TEST

START_TEST(what_is_left_out_is_found)
{
	verify_pair(&table, &mutants[_i]);
}
END_TEST

int main(void)
{
	const struct pair_test tests[] = {
		{ a_page_moves_whatever_else_is_done_to_it, FL_ARRAY_SIZE(pairs) },
		{ what_is_left_out_is_found, FL_ARRAY_SIZE(mutants) },
		{ NULL, 0 },
	};

	return pairs_main("mm.migrate_pairs", tests);
}
