// SPDX-License-Identifier: MIT
/*
 * huge_pairs.c - tests lib/mm/huge_memory.c and khugepaged.c under the check engine, two calls at a time, as
 * pairs.c does for base pages: whatever meets, there is no data race and no oracle fails.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/gup.h>
#include <faultline/numa.h>
#include <faultline/proc.h>
#include <faultline/run.h>
#include <faultline/thp.h>

struct world {
	struct fl_mm *mm, *child;
	fl_vaddr huge; /* the address of the huge page, or of what can become one */
	size_t pages;  /* that it has */
};

static int map_range(struct fl_cpu *cpu, struct fl_mm *mm, struct world *w)
{
	w->mm = mm;
	w->pages = fl_hpage_pages(fl_cpu_machine(cpu));
	return fl_mmap(&w->huge, mm, fl_page(cpu, 0, w->pages), w->pages, FL_READ | FL_WRITE,
		       FL_MAP_FIXED, NULL, 0);
}

/* Nothing is there yet. */
static int set_up_empty(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = map_range(cpu, mm, w);

	return err ? err : fl_madvise(mm, w->huge, w->pages, FL_MADV_HUGEPAGE);
}

/* Nothing is there yet, not even an anon_vma, but the area behind has one that would do. */
static int set_up_neighbour(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	fl_vaddr behind;
	int err = map_range(cpu, mm, w);

	if (!err)
		err = fl_mprotect(mm, w->huge, w->pages, FL_READ);
	if (!err)
		err = fl_mmap(&behind, mm, fl_page(cpu, w->huge, w->pages), 1, FL_READ | FL_WRITE,
			      FL_MAP_FIXED, NULL, 0);
	if (!err)
		err = fl_madvise(mm, w->huge, w->pages + 1, FL_MADV_HUGEPAGE);
	return err ? err : fl_store(cpu, behind, 1);
}

static int set_up_huge(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_empty(cpu, mm, world);

	return err ? err : fl_store(cpu, ((struct world *)world)->huge, 1);
}

/* CPU 1 has the child. */
static int set_up_forked(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up_huge(cpu, mm, world);

	if (!err)
		err = fl_fork(&w->child, mm);
	if (!err)
		fl_switch_mm(fl_machine_cpu(fl_cpu_machine(cpu), 1), w->child);
	return err;
}

/* Two base pages, which may be collapsed. */
static int set_up_base(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = map_range(cpu, mm, w);

	if (!err)
		err = fl_store(cpu, w->huge, 1);
	return err ? err : fl_store(cpu, fl_page(cpu, w->huge, 1), 1);
}

static void do_store(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, ((struct world *)world)->huge, 2);
}

static void do_store_beside(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, fl_page(cpu, ((struct world *)world)->huge, 1), 3);
}

static void do_load(struct fl_cpu *cpu, void *world)
{
	uint64_t word;

	fl_load(&word, cpu, ((struct world *)world)->huge);
}

static void do_dontneed(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_madvise(w->mm, w->huge, w->pages, FL_MADV_DONTNEED);
}

static void do_dontneed_part(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_madvise(w->mm, fl_page(cpu, w->huge, 1), 1, FL_MADV_DONTNEED);
}

static void do_child_split(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_change_prot_numa(w->child, w->huge, 1);
}

static void do_free(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_madvise(w->mm, w->huge, w->pages, FL_MADV_FREE);
}

static void do_collapse(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_madvise(w->mm, w->huge, w->pages, FL_MADV_COLLAPSE);
}

static void do_mprotect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_mprotect(w->mm, w->huge, w->pages, FL_READ);
}

static void do_mprotect_part(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_mprotect(w->mm, w->huge, 1, FL_READ);
}

static void do_munmap(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_munmap(w->mm, w->huge, w->pages);
}

static void do_munmap_behind(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_munmap(w->mm, fl_page(cpu, w->huge, w->pages), 1);
}

static void do_numa(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_change_prot_numa(w->mm, w->huge, w->pages);
}

static void do_clear_soft_dirty(struct fl_cpu *cpu, void *world)
{
	fl_clear_refs(((struct world *)world)->mm, FL_CLEAR_REFS_SOFT_DIRTY);
}

static void do_pagemap(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t entries[2];

	fl_pagemap(entries, w->mm, w->huge, 2);
}

static void do_gup_fast(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	struct fl_pin pin;

	if (fl_pin_user_pages_fast(cpu, w->huge, 1, FL_GUP_WRITE | FL_GUP_FAST_ONLY, &pin) == 1)
		fl_unpin(cpu, &pin);
}

/* Kept: the oracles look at it when all is over. */
static void do_pin(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	struct fl_pin pin;

	fl_pin_user_pages_fast(cpu, w->huge, 1, FL_GUP_FAST_ONLY, &pin);
}

static void do_gup(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	struct fl_pin pin;

	if (fl_pin_user_pages(cpu, w->mm, w->huge, 1, FL_GUP_WRITE, &pin) == 1)
		fl_unpin(cpu, &pin);
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

struct row {
	const char *name;
	int (*set_up)(struct fl_cpu *cpu, struct fl_mm *mm, void *world);
	void (*run[2])(struct fl_cpu *cpu, void *world);
	const char *since;
	bool small; /* huge pages of two base pages: else it takes too long */
};

static const struct row rows[] = {
	{ "two first touches", set_up_empty, { do_store, do_store_beside } },
	{ "first touch, DONTNEED", set_up_empty, { do_store, do_dontneed } },
	{ "first touch, DONTNEED of a part", set_up_empty, { do_store, do_dontneed_part } },
	{ "first touch, slow GUP", set_up_empty, { do_store, do_gup } },
	{ "first touch, collapse", set_up_empty, { do_store, do_collapse } },
	{ "first touch, munmap of the neighbour", set_up_neighbour, { do_load, do_munmap_behind } },
	{ "write, DONTNEED", set_up_huge, { do_store, do_dontneed } },
	{ "write, DONTNEED of a part", set_up_huge, { do_store, do_dontneed_part } },
	{ "two DONTNEED of all and of a part", set_up_huge, { do_dontneed, do_dontneed_part } },
	{ "write, munmap", set_up_huge, { do_store, do_munmap } },
	{ "write, mprotect", set_up_huge, { do_store, do_mprotect } },
	{ "write, mprotect of a part", set_up_huge, { do_store, do_mprotect_part } },
	{ "write, FREE", set_up_huge, { do_store, do_free } },
	{ "write, clear_refs", set_up_huge, { do_store, do_clear_soft_dirty } },
	{ "NUMA hinting, read", set_up_huge, { do_load, do_numa } },
	{ "NUMA hinting, pagemap", set_up_huge, { do_pagemap, do_numa } },
	{ "GUP-fast, DONTNEED", set_up_huge, { do_gup_fast, do_dontneed } },
	{ "GUP-fast, split", set_up_huge, { do_gup_fast, do_dontneed_part } },
	{ "GUP-fast, mprotect", set_up_huge, { do_gup_fast, do_mprotect } },
	{ "slow GUP, split", set_up_huge, { do_gup, do_dontneed_part } },
	{ "write, fork", set_up_huge, { do_store, do_fork } },
	{ "pin, split", set_up_huge, { do_pin, do_dontneed_part } },
	/* Before: CVE-2020-29368. */
	{ "COW, split in the child",
	  set_up_forked,
	  { do_store, do_child_split },
	  .since = "5.9",
	  .small = true },
	{ "COW, exit", set_up_forked, { do_store, do_exit } },
	{ "pin, exit", set_up_forked, { do_pin, do_exit } },
	{ "collapse, write", set_up_base, { do_store, do_collapse } },
	{ "collapse, read beside", set_up_base, { do_load, do_collapse } },
	{ "collapse, pin", set_up_base, { do_pin, do_collapse }, .since = "6.1" },
	{ "collapse, DONTNEED of a part", set_up_base, { do_dontneed_part, do_collapse } },
	{ "collapse, pagemap", set_up_base, { do_pagemap, do_collapse } },
};

static const char *const releases[] = { "4.8", "5.9", "6.1", "6.12", "6.17" };

static void verify(const struct row *row, const char *kernel, const char *set, const char *expect)
{
	struct fl_scenario s = {
		.name = "huge",
		.needs = { .cpus = 2,
			   .mms = 2,
			   .vmas = 2,
			   .pages = 3,
			   .huge_pages = 1,
			   .small_huge_pages = row->small },
		.world = sizeof(struct world),
		.set_up = row->set_up,
		.threads = { { "first", row->run[0] }, { "second", row->run[1] } },
	};
	char err[1024] = "";
	struct fl_run_options opt = { .kernel = kernel, .set = set, .model = "lkmm" };
	struct fl_run_result result = { 0 };

	ck_assert_msg(!fl_run_check(&s, &opt, &result, err, sizeof(err)), "%s, %s: %s", row->name,
		      kernel, err);
	if (getenv("HUGE_PAIRS_VERBOSE"))
		printf("%s, %s: %llu executions\n", row->name, kernel,
		       (unsigned long long)result.executions);
	if (expect)
		ck_assert_msg(result.verdict == FL_VERDICT_VIOLATION &&
				      !strcmp(result.oracle, expect),
			      "%s, %s: %s: %s", row->name, kernel, result.oracle, result.message);
	else
		ck_assert_msg(result.verdict == FL_VERDICT_VERIFIED, "%s, %s: %s: %s", row->name,
			      kernel, result.oracle, result.message);
	fl_run_result_free(&result);
}

START_TEST(calls_that_meet_at_a_huge_page_race_with_nobody)
{
	const struct row *row = &rows[_i];
	bool old = row->since;

	for (size_t i = 0; i < FL_ARRAY_SIZE(releases); i++) {
		old = old && strcmp(releases[i], row->since) != 0;
		if (!old)
			verify(row, releases[i], NULL, NULL);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.huge_pairs");
	TCase *tc = tcase_create("executions");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, calls_that_meet_at_a_huge_page_race_with_nobody, 0,
			    FL_ARRAY_SIZE(rows));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
