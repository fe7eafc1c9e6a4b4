// SPDX-License-Identifier: MIT
/*
 * migrate_pairs.c - tests lib/mm/migrate.c under the check engine: a page moves while something else is
 * done to it. Whatever meets: no data race by the kernel's memory model, no oracle fails, nobody waits
 * for ever. What kernels got wrong is in sim/scenarios.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/file.h>
#include <faultline/gup.h>
#include <faultline/inspect.h>
#include <faultline/ksm.h>
#include <faultline/migrate.h>
#include <faultline/numa.h>
#include <faultline/proc.h>
#include <faultline/run.h>
#include <faultline/uffd.h>

struct world {
	struct fl_mm *mm, *child;
	fl_vaddr page, other; /* the other: free, or the same page of a file */
	uint64_t pfn;	      /* where the page is */
	struct fl_file *file;
	struct fl_uffd *uffd;
	struct fl_pin pin;
};

/* --- worlds --- */

static int find_page(struct world *w)
{
	struct fl_pte_info pte;
	int err = fl_inspect_pte(&pte, w->mm, w->page);

	w->pfn = pte.pfn;
	return err ? err : !pte.present;
}

static int set_up_anon(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = fl_mmap_anon(&w->page, mm, 1, FL_READ | FL_WRITE);

	w->mm = mm;
	w->other = fl_page(cpu, w->page, 4);
	if (!err)
		err = fl_store(cpu, w->page, 1);
	return err ? err : find_page(w);
}

/* CPU 1 has the child. */
static int set_up_forked(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_anon(cpu, mm, world);

	if (!err)
		err = fl_fork(&w->child, mm);
	if (!err)
		fl_switch_mm(fl_machine_cpu(fl_cpu_machine(cpu), 1), w->child);
	return err;
}

/* CPU 1 has the page in its TLB. */
static int set_up_cached(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_anon(cpu, mm, world);

	return err ? err : fl_store(fl_machine_cpu(fl_cpu_machine(cpu), 1), w->page, 2);
}

static int set_up_hinted(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_anon(cpu, mm, world);

	return err ? err : fl_change_prot_numa(mm, w->page, 1) != 1;
}

static int set_up_uffd(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_anon(cpu, mm, world);

	if (!err)
		err = fl_uffd_create(&w->uffd, mm);
	return err ? err : fl_uffd_register(w->uffd, cpu, w->page, 1, FL_UFFD_WP);
}

static int set_up_file(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = fl_file_create(&w->file, fl_cpu_machine(cpu), FL_FILE_SHMEM, 1, 0);

	w->mm = mm;
	if (!err)
		err = fl_mmap(&w->page, mm, 0, 1, FL_READ | FL_WRITE, FL_MAP_SHARED, w->file, 0);
	if (!err)
		err = fl_store(cpu, w->page, 1);
	return err ? err : find_page(w);
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

static void do_store(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, ((struct world *)world)->page, 2);
}

static void do_store_three(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, ((struct world *)world)->page, 3);
}

static void do_migrate_and_store(struct fl_cpu *cpu, void *world)
{
	do_migrate(cpu, world);
	do_store_three(cpu, world);
}

static void do_load(struct fl_cpu *cpu, void *world)
{
	uint64_t word;

	fl_load(&word, cpu, ((struct world *)world)->page);
}

static void do_fork(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_fork(&w->child, w->mm);
}

static void do_exit(struct fl_cpu *cpu, void *world)
{
	fl_mm_destroy(((struct world *)world)->child);
}

static void do_munmap(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_munmap(w->mm, w->page, 1);
}

static void do_dontneed(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_madvise(w->mm, w->page, 1, FL_MADV_DONTNEED);
}

static void do_mprotect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_mprotect(w->mm, w->page, 1, FL_READ);
}

static void do_mremap(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	fl_vaddr addr;

	fl_mremap(&addr, w->mm, w->page, 1, 1, FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED, w->other);
}

/* Kept: oracles look at it when all is over. */
static void do_pin(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_pin_user_pages_fast(cpu, w->page, 1, FL_GUP_FAST_ONLY, &w->pin);
}

static void do_pin_write(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_pin_user_pages_fast(cpu, w->page, 1, FL_GUP_WRITE, &w->pin);
}

static void do_pagemap(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t entry;

	fl_pagemap(&entry, w->mm, w->page, 1);
}

static void do_clear_soft_dirty(struct fl_cpu *cpu, void *world)
{
	fl_clear_refs(((struct world *)world)->mm, FL_CLEAR_REFS_SOFT_DIRTY);
}

static void do_numa(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_change_prot_numa(w->mm, w->page, 1);
}

static void do_ksm(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_ksm_write_protect(cpu, w->mm, w->page);
}

static void do_uffd_protect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_uffd_writeprotect(w->uffd, w->page, 1, true);
}

static void do_truncate(struct fl_cpu *cpu, void *world)
{
	fl_file_truncate(((struct world *)world)->file, 0);
}

/* Takes the page out of the cache, and makes a new one, which may be in the same frame. */
static void do_punch_and_load(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	fl_file_punch_hole(w->file, 0, 1);
	fl_load(&word, cpu, w->page);
}

static void do_read_file(struct fl_cpu *cpu, void *world)
{
	uint64_t word;

	fl_file_read(&word, ((struct world *)world)->file, 0, 0);
}

static void do_write_file(struct fl_cpu *cpu, void *world)
{
	fl_file_write(((struct world *)world)->file, 0, 0, 7);
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

struct row {
	const char *name;
	int (*set_up)(struct fl_cpu *cpu, struct fl_mm *mm, void *world);
	void (*run[2])(struct fl_cpu *cpu, void *world);
	const char *since, *set; /* NULL: all releases, nothing */
	const char *search;	 /* NULL: all executions, which would be too many else */
	const char *oracle;	 /* that finds it; NULL: all is well */
};

static const struct row pairs[] = {
	{ "a store", set_up_anon, { do_migrate, do_store } },
	{ "a store by the TLB", set_up_cached, { do_migrate, do_store_three } },
	{ "a store by the TLB, flushed once",
	  set_up_cached,
	  { do_migrate, do_store_three },
	  .set = "migrate_flush=batch" },
	{ "a store by the TLB, flushed per entry",
	  set_up_cached,
	  { do_migrate, do_store_three },
	  .set = "migrate_flush=entry" },
	{ "a load", set_up_anon, { do_migrate, do_load } },
	{ "a store in the child",
	  set_up_forked,
	  { do_migrate, do_store },
	  .since = "6.12",
	  .search = "preemptions:1" },
	{ "a hinting fault", set_up_hinted, { do_migrate, do_store } },
	{ "fork", set_up_anon, { do_migrate, do_fork }, .since = "6.12" },
	{ "exit", set_up_forked, { do_migrate, do_exit }, .since = "6.12" },
	{ "munmap", set_up_anon, { do_migrate, do_munmap } },
	{ "MADV_DONTNEED", set_up_anon, { do_migrate, do_dontneed } },
	{ "mprotect", set_up_anon, { do_migrate, do_mprotect } },
	{ "mremap", set_up_anon, { do_migrate, do_mremap } },
	{ "GUP-fast, read", set_up_anon, { do_migrate, do_pin }, .since = "6.1" },
	{ "GUP, write", set_up_anon, { do_migrate, do_pin_write } },
	{ "pagemap", set_up_anon, { do_migrate, do_pagemap } },
	{ "clear_refs(4)", set_up_anon, { do_migrate, do_clear_soft_dirty } },
	{ "NUMA hinting", set_up_anon, { do_migrate, do_numa } },
	{ "KSM", set_up_anon, { do_migrate, do_ksm } },
	{ "userfaultfd", set_up_uffd, { do_migrate, do_uffd_protect }, .since = "5.19" },
	{ "another migration", set_up_anon, { do_migrate, do_migrate } },
	{ "a migration by address", set_up_anon, { do_migrate, do_move_pages } },
	{ "a store, interrupts", set_up_anon, { do_migrate, do_store }, .set = "tlb_flush=ipi" },
	{ "file: a store", set_up_file, { do_migrate, do_store } },
	{ "file: truncation", set_up_file, { do_migrate, do_truncate }, .search = "preemptions:1" },
	{ "file: a hole, and a new page",
	  set_up_file,
	  { do_migrate, do_punch_and_load },
	  .since = "6.12",
	  .search = "preemptions:2" },
	{ "file: MADV_DONTNEED", set_up_file, { do_migrate, do_dontneed } },
	{ "file: read()", set_up_file, { do_migrate, do_read_file } },
	{ "file: write()", set_up_file, { do_migrate, do_write_file } },
	{ "file: another mapping", set_up_file, { do_migrate, do_map_and_load } },
	{ "file: GUP, write", set_up_file, { do_migrate, do_pin_write } },
	{ "file: fork", set_up_file, { do_migrate, do_fork } },
};

/* Some step of migration, or of its neighbours, is left out or wrong. */
static const struct row mutants[] = {
	{ "no flush",
	  set_up_cached,
	  { do_migrate, do_store_three },
	  .set = "migrate_flush=none",
	  .oracle = "stale-tlb" },
	{ "hinted, no flush",
	  set_up_cached,
	  { do_numa, do_migrate_and_store },
	  .set = "pte_accessible=present",
	  .oracle = "stale-tlb" },
	{ "fork copies what is writable",
	  set_up_anon,
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

static const char *const releases[] = { "4.8", "5.19", "6.1", "6.12", "6.17" };

static void verify(const struct row *row, const char *kernel)
{
	struct fl_scenario s = {
		.name = "pair",
		.needs = { .cpus = 2,
			   .mms = 2,
			   .vmas = 2,
			   .pages = 2,
			   .migration = FL_MIGRATION_CALLS },
		.world = sizeof(struct world),
		.set_up = row->set_up,
		.threads = { { "first", row->run[0] }, { "second", row->run[1] } },
		.may_wait = FL_WAIT_UFFD,
	};
	const char *set = row->set ? row->set : "tlb_flush=broadcast"; /* that is everybody's */
	char err[1024] = "";
	struct fl_run_options opt = {
		.kernel = kernel, .set = set, .model = "lkmm", .search = row->search
	};
	struct fl_run_result result = { 0 };

	ck_assert_msg(!fl_run_check(&s, &opt, &result, err, sizeof(err)), "%s, %s: %s", row->name,
		      kernel, err);
	if (row->oracle)
		ck_assert_msg(!strcmp(result.oracle, row->oracle), "%s, %s: \"%s\"", row->name,
			      kernel, result.oracle);
	else
		ck_assert_msg(result.verdict ==
				      (row->search ? FL_VERDICT_INCONCLUSIVE : FL_VERDICT_VERIFIED),
			      "%s, %s: %s: %s", row->name, kernel, result.oracle, result.message);
	/* They met. */
	ck_assert_uint_gt(result.executions, row->oracle ? 0 : 1);
	fl_run_result_free(&result);
}

static void verify_all(const struct row *row)
{
	bool old = row->since;

	for (size_t i = 0; i < FL_ARRAY_SIZE(releases); i++) {
		old = old && strcmp(releases[i], row->since) != 0;
		if (!old)
			verify(row, releases[i]);
	}
}

START_TEST(a_page_moves_whatever_else_is_done_to_it)
{
	verify_all(&pairs[_i]);
}
END_TEST

START_TEST(what_is_left_out_is_found)
{
	verify_all(&mutants[_i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.migrate_pairs");
	TCase *tc = tcase_create("executions");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, a_page_moves_whatever_else_is_done_to_it, 0, FL_ARRAY_SIZE(pairs));
	tcase_add_loop_test(tc, what_is_left_out_is_found, 0, FL_ARRAY_SIZE(mutants));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
