// SPDX-License-Identifier: MIT
/*
 * pairs.c - tests lib/mm under the check engine, two calls at a time: whatever meets, there is no data race by the
 * kernel's memory model, and no oracle fails. What kernels got wrong is in sim/scenarios.
 *
 * First touches: one thread touches a page for the first time, so that it makes the tables above it
 * (pgalloc.c), while another one goes there by each of the ways that there are. Then pairs on pages that are
 * there, and calls that publish other things: VMAs, anon_vmas, pages of files, userfaultfds.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/file.h>
#include <faultline/gup.h>
#include <faultline/ksm.h>
#include <faultline/numa.h>
#include <faultline/pipe.h>
#include <faultline/proc.h>
#include <faultline/run.h>
#include <faultline/uffd.h>

struct world {
	struct fl_mm *mm, *child;
	fl_vaddr page, other;
	struct fl_file *file;
	struct fl_uffd *uffd;
	struct fl_pipe *pipe;
};

/* --- worlds --- */

static int set_up_anon(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;

	w->mm = mm;
	return fl_mmap_anon(&w->page, mm, 1, FL_READ | FL_WRITE);
}

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
	if (err)
		return err;
	return fl_mmap(&w->page, mm, 0, 1, FL_READ | FL_WRITE, FL_MAP_SHARED, w->file, 0);
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

static int set_up_missing(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_anon(cpu, mm, world);

	if (!err)
		err = fl_uffd_create(&w->uffd, mm);
	return err ? err : fl_uffd_register(w->uffd, cpu, w->page, 1, FL_UFFD_MISSING);
}

static int set_up_no_uffd(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_anon(cpu, mm, world);

	return err ? err : fl_uffd_create(&((struct world *)world)->uffd, mm);
}

static int set_up_written(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_anon(cpu, mm, world);

	if (!err)
		err = fl_pipe_create(&w->pipe, fl_cpu_machine(cpu), 2);
	return err ? err : fl_store(cpu, w->page, 1);
}

/* CPU 1 has the child. */
static int set_up_forked(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_written(cpu, mm, world);

	if (!err)
		err = fl_fork(&w->child, mm);
	if (!err)
		fl_switch_mm(fl_machine_cpu(fl_cpu_machine(cpu), 1), w->child);
	return err;
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

/* --- the first touch --- */

static void do_store(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, ((struct world *)world)->page, 1);
}

static void do_load(struct fl_cpu *cpu, void *world)
{
	uint64_t word;

	fl_load(&word, cpu, ((struct world *)world)->page);
}

/* --- who else comes --- */

static void do_store_too(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, ((struct world *)world)->page, 2);
}

static void do_store_beside(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, ((struct world *)world)->other, 2);
}

static void advise(void *world, enum fl_advice advice)
{
	struct world *w = world;

	fl_madvise(w->mm, w->page, 1, advice);
}

static void do_dontneed(struct fl_cpu *cpu, void *world)
{
	advise(world, FL_MADV_DONTNEED);
}

static void do_free(struct fl_cpu *cpu, void *world)
{
	advise(world, FL_MADV_FREE);
}

static void do_populate(struct fl_cpu *cpu, void *world)
{
	advise(world, FL_MADV_POPULATE_READ);
}

static void do_pagemap(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t entry;

	fl_pagemap(&entry, w->mm, w->page, 1);
}

static void do_gup_fast(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	struct fl_pin pin;

	if (fl_pin_user_pages_fast(cpu, w->page, 1, FL_GUP_WRITE | FL_GUP_FAST_ONLY, &pin) == 1)
		fl_unpin(cpu, &pin);
}

static void do_gup(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	struct fl_pin pin;

	if (fl_pin_user_pages(cpu, w->mm, w->page, 1, FL_GUP_WRITE, &pin) == 1)
		fl_unpin(cpu, &pin);
}

static void do_mprotect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_mprotect(w->mm, w->page, 1, FL_READ);
}

static void do_poke(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_poke(cpu, w->mm, w->page, 2);
}

static void do_truncate(struct fl_cpu *cpu, void *world)
{
	fl_file_truncate(((struct world *)world)->file, 0);
}

static void do_punch_hole(struct fl_cpu *cpu, void *world)
{
	fl_file_punch_hole(((struct world *)world)->file, 0, 1);
}

static void do_numa(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_change_prot_numa(w->mm, w->page, 1);
}

static void do_ksm(struct fl_cpu *cpu, void *world)
{
	fl_ksm_scan(cpu, fl_cpu_machine(cpu));
}

static void do_uffd_protect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_uffd_writeprotect(w->uffd, w->page, 1, true);
}

static void do_clear_refs(struct fl_cpu *cpu, void *world)
{
	fl_clear_refs(((struct world *)world)->mm, FL_CLEAR_REFS_ALL);
}

static void do_clear_soft_dirty(struct fl_cpu *cpu, void *world)
{
	fl_clear_refs(((struct world *)world)->mm, FL_CLEAR_REFS_SOFT_DIRTY);
}

static void do_fork(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_fork(&w->child, w->mm);
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

static void do_munmap(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_munmap(w->mm, w->page, 1);
}

static void do_mremap(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	fl_vaddr addr;

	fl_mremap(&addr, w->mm, w->page, 1, 1, FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED,
		  fl_page(cpu, w->page, 8));
}

static void do_exit(struct fl_cpu *cpu, void *world)
{
	fl_mm_destroy(((struct world *)world)->child);
}

static void do_vmsplice(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	if (fl_vmsplice(cpu, w->pipe, w->page, 1) == 1)
		fl_pipe_peek(&word, w->pipe, 0);
}

static void do_write_file(struct fl_cpu *cpu, void *world)
{
	fl_file_write(((struct world *)world)->file, 0, 0, 7);
}

static void do_read_file(struct fl_cpu *cpu, void *world)
{
	uint64_t word;

	fl_file_read(&word, ((struct world *)world)->file, 0, 0);
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

struct row {
	const char *name;
	int (*set_up)(struct fl_cpu *cpu, struct fl_mm *mm, void *world);
	void (*run[2])(struct fl_cpu *cpu, void *world);
	const char *since, *set; /* NULL: all releases, nothing */
};

static const struct row touches[] = {
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

static const struct row pairs[] = {
	{ "COW in parent and child", set_up_forked, { do_store, do_store_too } },
	{ "write fault, fork", set_up_written, { do_fork, do_store } },
	{ "exit, COW", set_up_forked, { do_store, do_exit } },
	{ "exit, clear_refs", set_up_forked, { do_clear_soft_dirty, do_exit } },
	{ "exit, pagemap", set_up_forked, { do_pagemap, do_exit } },
	{ "exit, GUP-fast", set_up_forked, { do_gup_fast, do_exit } },
	{ "KSM, read", set_up_equal, { do_load, do_ksm } },
	{ "mremap, write", set_up_written, { do_store, do_mremap } },
	{ "munmap, write", set_up_written, { do_store, do_munmap } },
	{ "munmap, GUP-fast", set_up_written, { do_gup_fast, do_munmap } },
	{ "mprotect, write", set_up_written, { do_store, do_mprotect } },
	{ "mprotect, GUP-fast", set_up_written, { do_gup_fast, do_mprotect } },
	{ "DONTNEED, GUP-fast", set_up_written, { do_gup_fast, do_dontneed } },
	{ "FREE, write", set_up_written, { do_store, do_free } },
	{ "NUMA hinting, read", set_up_written, { do_load, do_numa } },
	{ "vmsplice, write", set_up_written, { do_vmsplice, do_store } },
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
	{ "lazy TLB, munmap", set_up_written, { do_munmap, do_be_lazy }, .set = "tlb_flush=ipi" },
};

/* 6.4 without its known races (A5), which would come first. */
#define SET_6_4                                                                                    \
	"vma_unlock_order=release,vma_check_order=acquire,vma_mark=once,vma_early_check=once,"     \
	"vma_anon_check=after-lock"

static const char *const releases[] = { "4.8", "5.7", "5.9",  "5.12", "6.0",
					"6.1", "6.4", "6.12", "6.17" };

static void verify(const struct row *row, const char *kernel)
{
	struct fl_scenario s = {
		.name = "pair",
		.needs = { .cpus = 2, .mms = 2, .vmas = 2, .pages = 3 },
		.world = sizeof(struct world),
		.set_up = row->set_up,
		.threads = { { "first", row->run[0] }, { "second", row->run[1] } },
		.may_wait = FL_WAIT_UFFD,
	};
	char set[256], err[1024] = "";
	struct fl_run_options opt = { .kernel = kernel, .set = set, .model = "lkmm" };
	struct fl_run_result result = { 0 };
	/* tlb_flush=broadcast is everybody's. */
	snprintf(set, sizeof(set), "%s%s", row->set ? row->set : "tlb_flush=broadcast",
		 strcmp(kernel, "6.4") ? "" : "," SET_6_4);
	ck_assert_msg(!fl_run_check(&s, &opt, &result, err, sizeof(err)), "%s, %s: %s", row->name,
		      kernel, err);
	ck_assert_msg(result.verdict == FL_VERDICT_VERIFIED, "%s, %s: %s: %s", row->name, kernel,
		      result.oracle, result.message);
	fl_run_result_free(&result);
}

static void verify_all(const struct row *row, const char *since)
{
	bool old = true;

	for (size_t i = 0; i < FL_ARRAY_SIZE(releases); i++) {
		old = old && strcmp(releases[i], row->since ? row->since : since) != 0;
		if (!old)
			verify(row, releases[i]);
	}
}

START_TEST(a_first_touch_races_with_nobody)
{
	verify_all(&touches[_i], "4.8");
}
END_TEST

START_TEST(calls_that_meet_race_with_nobody)
{
	verify_all(&pairs[_i], "5.9");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.pairs");
	TCase *tc = tcase_create("executions");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, a_first_touch_races_with_nobody, 0, FL_ARRAY_SIZE(touches));
	tcase_add_loop_test(tc, calls_that_meet_race_with_nobody, 0, FL_ARRAY_SIZE(pairs));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
