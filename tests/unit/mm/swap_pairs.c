// SPDX-License-Identifier: MIT
/*
 * swap_pairs.c - tests reclaim and swap under the check engine, two at a time: whatever meets, there is no data
 * race by the kernel's memory model, and no oracle fails. As pairs.c. What kernels got wrong is in
 * sim/scenarios.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/faultline.h>
#include <faultline/run.h>

struct world {
	struct fl_mm *mm, *child;
	fl_vaddr page;
	uint64_t pfn;
};

/* --- worlds --- */

static int find_frame(struct world *w, struct fl_mm *mm)
{
	struct fl_pte_info pte;
	int err = fl_inspect_pte(&pte, mm, w->page);

	w->pfn = pte.pfn;
	return err;
}

static int set_up_written(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = fl_mmap_anon(&w->page, mm, 1, FL_READ | FL_WRITE);

	w->mm = mm;
	if (!err)
		err = fl_store(cpu, w->page, 1);
	return err ? err : find_frame(w, mm);
}

static int set_up_swapped(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_written(cpu, mm, world);

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
	return err ? err : find_frame(w, mm);
}

/* CPU 1 has the child. */
static int fork_to_cpu1(struct fl_cpu *cpu, struct fl_mm *mm, struct world *w)
{
	int err = fl_fork(&w->child, mm);

	if (!err)
		fl_switch_mm(fl_machine_cpu(fl_cpu_machine(cpu), 1), w->child);
	return err;
}

static int set_up_forked(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_written(cpu, mm, world);

	return err ? err : fork_to_cpu1(cpu, mm, world);
}

static int set_up_swapped_forked(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_swapped(cpu, mm, world);

	return err ? err : fork_to_cpu1(cpu, mm, world);
}

static int set_up_lazyfree(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_written(cpu, mm, world);

	return err ? err : fl_madvise(mm, w->page, 1, FL_MADV_FREE);
}

static int set_up_file(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	struct fl_file *file;
	uint64_t word;
	int err = fl_file_create(&file, fl_cpu_machine(cpu), FL_FILE_REGULAR, 1, 0);

	w->mm = mm;
	if (!err)
		err = fl_mmap(&w->page, mm, 0, 1, FL_READ | FL_WRITE, FL_MAP_SHARED, file, 0);
	if (!err)
		err = fl_load(&word, cpu, w->page);
	return err ? err : find_frame(w, mm);
}

/* --- what they do --- */

static void do_reclaim(struct fl_cpu *cpu, void *world)
{
	fl_reclaim_page(cpu, ((struct world *)world)->pfn);
}

static void do_store(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, ((struct world *)world)->page, 2);
}

static void do_store_too(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, ((struct world *)world)->page, 3);
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

static void do_mprotect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_mprotect(w->mm, w->page, 1, FL_READ);
}

static void do_mremap(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	fl_vaddr to;

	fl_mremap(&to, w->mm, w->page, 1, 1, FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED,
		  fl_page(cpu, w->page, 4));
}

static void do_dontneed(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_madvise(w->mm, w->page, 1, FL_MADV_DONTNEED);
}

static void do_free(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_madvise(w->mm, w->page, 1, FL_MADV_FREE);
}

static void do_gup_fast(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	struct fl_pin pin;

	/* Kept: oracles look at the page when all is over. */
	if (fl_pin_user_pages_fast(cpu, w->page, 1, FL_GUP_WRITE | FL_GUP_FAST_ONLY, &pin) == 1)
		fl_pin_store(&pin, 1, 7);
}

/* Faults the page in if it is not there. */
static void do_gup(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	struct fl_pin pin;

	if (fl_pin_user_pages(cpu, w->mm, w->page, 1, FL_GUP_WRITE, &pin) == 1)
		fl_pin_store(&pin, 1, 7);
}

/* Has a reference for a moment, and waits for what it wrote. */
static void do_poke(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	if (!fl_poke(cpu, w->mm, w->page, 7))
		do_load(cpu, world);
}

static void do_ksm(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_ksm_write_protect(cpu, w->mm, w->page);
}

static void do_clear_soft_dirty(struct fl_cpu *cpu, void *world)
{
	fl_clear_refs(((struct world *)world)->mm, FL_CLEAR_REFS_SOFT_DIRTY);
}

/* --- */

struct row {
	const char *name;
	int (*set_up)(struct fl_cpu *cpu, struct fl_mm *mm, void *world);
	void (*run[2])(struct fl_cpu *cpu, void *world);
	bool many; /* too many executions for all of them: those with one preemption, for a while */
};

static const struct row pairs[] = {
	{ "reclaim, store", set_up_written, { do_reclaim, do_store } },
	{ "reclaim, load", set_up_written, { do_reclaim, do_load } },
	{ "reclaim of a clean page, store", set_up_cached, { do_reclaim, do_store }, .many = true },
	{ "reclaim of a clean page, a debugger",
	  set_up_cached,
	  { do_reclaim, do_poke },
	  .many = true },
	{ "reclaim, fork", set_up_written, { do_reclaim, do_fork }, .many = true },
	{ "reclaim, munmap", set_up_written, { do_reclaim, do_munmap } },
	{ "reclaim, mprotect", set_up_written, { do_reclaim, do_mprotect } },
	{ "reclaim, mremap", set_up_written, { do_reclaim, do_mremap } },
	{ "reclaim, DONTNEED", set_up_written, { do_reclaim, do_dontneed } },
	{ "reclaim, FREE", set_up_cached, { do_reclaim, do_free }, .many = true },
	{ "reclaim, clear_refs(4)", set_up_written, { do_reclaim, do_clear_soft_dirty } },
	{ "reclaim, GUP-fast", set_up_written, { do_reclaim, do_gup_fast } },
	{ "reclaim, KSM", set_up_written, { do_reclaim, do_ksm } },
	{ "reclaim, reclaim", set_up_written, { do_reclaim, do_reclaim } },
	{ "reclaim, the child's exit", set_up_forked, { do_reclaim, do_exit }, .many = true },
	{ "reclaim, COW", set_up_forked, { do_reclaim, do_store }, .many = true },
	{ "reclaim of a lazyfree page, store", set_up_lazyfree, { do_reclaim, do_store } },
	{ "reclaim of a lazyfree page, GUP-fast", set_up_lazyfree, { do_reclaim, do_gup_fast } },
	{ "reclaim of a file's page, store", set_up_file, { do_reclaim, do_store }, .many = true },
	{ "swap-in, swap-in", set_up_swapped, { do_load, do_store } },
	{ "swap-in by two processes",
	  set_up_swapped_forked,
	  { do_store, do_store_too },
	  .many = true },
	{ "swap-in, fork", set_up_swapped, { do_store, do_fork } },
	{ "swap-in, munmap", set_up_swapped, { do_store, do_munmap } },
	{ "swap-in, DONTNEED", set_up_swapped, { do_store, do_dontneed } },
	{ "swap-in, FREE", set_up_swapped, { do_load, do_free } },
	{ "swap-in, mprotect", set_up_swapped, { do_store, do_mprotect } },
	{ "swap-in, GUP", set_up_swapped, { do_load, do_gup } },
	{ "swap-in, the child's exit", set_up_swapped_forked, { do_store, do_exit }, .many = true },
};

static const char *const releases[] = { "5.12", "5.18", "6.1", "6.12", "6.17" };
static const char *const few_releases[] = { "5.12", "6.12" };

static void verify(const struct row *row, const char *kernel)
{
	struct fl_scenario s = {
		.name = "pair",
		.needs = { .cpus = 2, .mms = 2, .vmas = 2, .pages = 2, .swap_slots = 2 },
		.world = sizeof(struct world),
		.set_up = row->set_up,
		.threads = { { "first", row->run[0] }, { "second", row->run[1] } },
	};
	char err[1024] = "";
	struct fl_run_options opt = { .kernel = kernel, .model = "lkmm" };
	struct fl_run_result result = { 0 };

	/* Where references are counted there are twenty times as many. */
	if (row->many || !strcmp(kernel, "5.18")) {
		opt.search = "preemptions:1";
		opt.timeout = 10;
	}
	ck_assert_msg(!fl_run_check(&s, &opt, &result, err, sizeof(err)), "%s, %s: %s", row->name,
		      kernel, err);
	ck_assert_msg(result.verdict == FL_VERDICT_VERIFIED ||
			      (opt.search && result.verdict == FL_VERDICT_INCONCLUSIVE),
		      "%s, %s: %s: %s", row->name, kernel, result.oracle, result.message);
	fl_run_result_free(&result);
}

START_TEST(reclaim_and_swap_race_with_nobody)
{
	const struct row *row = &pairs[_i];
	const char *const *kernels = row->many ? few_releases : releases;
	size_t n = row->many ? FL_ARRAY_SIZE(few_releases) : FL_ARRAY_SIZE(releases);

	for (size_t i = 0; i < n; i++)
		verify(row, kernels[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.swap_pairs");
	TCase *tc = tcase_create("executions");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, reclaim_and_swap_race_with_nobody, 0, FL_ARRAY_SIZE(pairs));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
