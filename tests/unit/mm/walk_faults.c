// SPDX-License-Identifier: MIT
/*
 * walk_faults.c - system calls that hold mmap:W and take rights away, with a fault under the VMA's lock at the same time:
 * on memory of many kinds, to the end of all executions.
 *
 * docs/findings.md counts on it, for two questions. Does it matter how mm_lock_seq ends the marks, by a release (6.5 to
 * 6.12) or by smp_wmb() (6.14)? And what breaks if a walk marks no VMA, as in 6.4 (the other mistakes of 6.4 left out:
 * 6.5 with two fields of 6.4)? Two threads: walk and fault. Three: one more stores through an old translation.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/file.h>
#include <faultline/gup.h>
#include <faultline/mm.h>
#include <faultline/oracle.h>
#include <faultline/proc.h>
#include <faultline/run.h>
#include <faultline/thp.h>
#include <faultline/uffd.h>

#define STALE_CPU 2

struct world {
	struct fl_mm *mm, *child;
	struct fl_uffd *uffd;
	fl_vaddr page;
	size_t pages; /* 0: one */
	struct fl_pin pin;
};

static size_t nr_pages(const struct world *w)
{
	return w->pages ? w->pages : 1;
}

/* --- kinds of memory: VM_SOFTDIRTY is off, STALE_CPU has a translation --- */

static int written(struct fl_cpu *cpu, struct fl_mm *mm, struct world *w)
{
	int err = fl_clear_refs(mm, FL_CLEAR_REFS_SOFT_DIRTY);

	w->mm = mm;
	if (!err && !w->uffd)
		err = fl_uffd_create(&w->uffd, mm);
	return err ? err : fl_store(fl_machine_cpu(fl_cpu_machine(cpu), STALE_CPU), w->page, 1);
}

static int anon(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = fl_mmap_anon(&w->page, mm, 1, FL_READ | FL_WRITE);

	return err ? err : written(cpu, mm, w);
}

static int take(struct fl_cpu *cpu, struct world *w, unsigned int flags)
{
	return fl_pin_user_pages_fast(cpu, w->page, 1, flags, &w->pin) == 1 ? 0 : -EFAULT;
}

static int referenced(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = anon(cpu, mm, world);

	return err ? err : take(cpu, world, FL_GUP_GET);
}

static int pinned(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = anon(cpu, mm, world);

	return err ? err : take(cpu, world, FL_GUP_WRITE);
}

static int shared_with_child(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = anon(cpu, mm, world);

	return err ? err : fl_fork(&((struct world *)world)->child, mm);
}

/* PG_anon_exclusive went, and came back with the store. */
static int child_gone(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = shared_with_child(cpu, mm, world);

	if (err)
		return err;
	fl_mm_destroy(w->child);
	return fl_store(fl_machine_cpu(fl_cpu_machine(cpu), STALE_CPU), w->page, 1);
}

static int shmem(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = fl_mmap(&w->page, mm, 0, 1, FL_READ | FL_WRITE, FL_MAP_SHARED, NULL, 0);

	return err ? err : written(cpu, mm, w);
}

static int private_file(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	struct fl_file *file;
	int err = fl_file_create(&file, fl_cpu_machine(cpu), FL_FILE_SHMEM, 1, 1);

	if (!err)
		err = fl_mmap(&w->page, mm, 0, 1, FL_READ | FL_WRITE, 0, file, 0);
	return err ? err : written(cpu, mm, w);
}

static int uffd_wp(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = fl_mmap_anon(&w->page, mm, 1, FL_READ | FL_WRITE);

	if (!err)
		err = fl_uffd_create(&w->uffd, mm);
	if (!err)
		err = fl_uffd_register(w->uffd, cpu, w->page, 1, FL_UFFD_WP);
	return err ? err : written(cpu, mm, w);
}

/* Only the zero page is mapped; the VMA has its anon_vma. */
static int zero_page(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	uint64_t word;
	int err = fl_mmap_anon(&w->page, mm, 2, FL_READ | FL_WRITE);

	w->mm = mm;
	if (!err)
		err = fl_clear_refs(mm, FL_CLEAR_REFS_SOFT_DIRTY);
	if (!err)
		err = fl_uffd_create(&w->uffd, mm);
	if (!err)
		err = fl_store(cpu, fl_page(cpu, w->page, 1), 1);
	return err ? err : fl_load(&word, fl_machine_cpu(fl_cpu_machine(cpu), STALE_CPU), w->page);
}

/* The page is in swap, and has been written there: nobody has a translation. */
static int swapped(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = anon(cpu, mm, world);

	return err ? err : fl_madvise(mm, w->page, 1, FL_MADV_PAGEOUT);
}

/* The calls are for all of it, the accesses to its first word. */
static int huge(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	size_t pages = fl_hpage_pages(fl_cpu_machine(cpu));
	struct world *w = world;
	int err = fl_mmap(&w->page, mm, fl_page(cpu, 0, pages), pages, FL_READ | FL_WRITE,
			  FL_MAP_FIXED, NULL, 0);

	w->pages = pages;
	if (!err)
		err = fl_madvise(mm, w->page, pages, FL_MADV_HUGEPAGE);
	return err ? err : written(cpu, mm, w);
}

/* --- walks --- */

static void do_clear_refs(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	fl_clear_refs(w->mm, FL_CLEAR_REFS_SOFT_DIRTY);
	fl_load(&word, cpu, w->page); /* the copy that the oracle holds against soft-dirty */
}

static void do_mprotect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_mprotect(w->mm, w->page, nr_pages(w), FL_READ);
}

static void do_fork(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_fork(&w->child, w->mm);
}

static void do_munmap(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_munmap(w->mm, w->page, nr_pages(w));
}

static void do_mremap(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	fl_vaddr at;

	(void)cpu;
	fl_mremap(&at, w->mm, w->page, nr_pages(w), nr_pages(w),
		  FL_MREMAP_MAYMOVE | FL_MREMAP_DONTUNMAP, 0);
}

static void do_register(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_uffd_register(w->uffd, cpu, w->page, nr_pages(w), FL_UFFD_MISSING);
}

/* --- the others --- */

static void do_fault(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t word;

	fl_store(cpu, w->page, 3);
	fl_load(&word, cpu, w->page);
}

static void do_fault_beside(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, ((struct world *)world)->page + FL_WORD_SIZE, 2);
}

/* --- which with which --- */

static const struct kind {
	const char *name;
	int (*set_up)(struct fl_cpu *cpu, struct fl_mm *mm, void *world);
	bool endless; /* three threads have too many executions */
	const char
		*fork3; /* the oracle that fails with three threads and a fork that marks nothing */
	int swap_slots, huge_pages; /* of the machine */
} kinds[] = {
	{ "anon", anon, false, "lost-write" },
	{ "referenced", referenced, false, "lost-write" },
	{ "pinned", pinned, false, NULL }, /* the child gets a copy */
	{ "shared with a child", shared_with_child, true, NULL },
	{ "child gone", child_gone, false, "lost-write" },
	{ "shmem", shmem, false, NULL }, /* faults take mmap_lock; fork copies no entries */
	{ "private file", private_file, false, NULL }, /* faults take mmap_lock */
	{ "uffd-wp", uffd_wp, false, NULL },	       /* faults take mmap_lock */
	{ "zero page", zero_page, true, NULL },
	{ "swapped out", swapped, true, NULL, .swap_slots = 2 },
	{ "huge", huge, false, NULL, .huge_pages = 2 }, /* the fault splits the PMD, with a flush */
};

static const struct walk {
	const char *name;
	void (*run)(struct fl_cpu *cpu, void *world);
} walks[] = {
	{ "clear_refs", do_clear_refs }, { "fork", do_fork },	  { "mprotect", do_mprotect },
	{ "munmap", do_munmap },	 { "mremap", do_mremap }, { "uffd register", do_register },
};

#define NR_KINDS (sizeof(kinds) / sizeof(kinds[0]))
#define NR_WALKS (sizeof(walks) / sizeof(walks[0]))
#define UNMARKED "soft_dirty_lock=mmap-write,fork_vma_lock=none"

static struct fl_run_result explore(const struct kind *kind, const struct walk *walk, bool three,
				    const char *kernel, const char *set)
{
	struct fl_scenario s = {
		.name = "walk",
		.needs = { .cpus = 3, .mms = 2, .pages = 3 },
		.world = sizeof(struct world),
		.set_up = kind->set_up,
		.threads = { { "walk", walk->run },
			     { "fault", three ? do_fault_beside : do_fault } },
		.may_wait = FL_WAIT_UFFD,
	};
	struct fl_run_options opt = { .kernel = kernel,
				      .set = set,
				      .model = three ? "sc" : "lkmm" };
	struct fl_run_result r = { 0 };
	char err[1024] = "";

	s.needs.swap_slots = kind->swap_slots;
	s.needs.huge_pages = kind->huge_pages;
	s.needs.small_huge_pages = kind->huge_pages > 0;
	if (three)
		s.threads[2] = (struct fl_thread_def){ "stale store", do_fault };
	ck_assert_msg(!fl_run_check(&s, &opt, &r, err, sizeof(err)), "%s, %s: %s", kind->name,
		      walk->name, err);
	printf("%s%s%s: %s, %s: %s, %llu executions\n", kernel, set ? "," : "", set ? set : "",
	       kind->name, walk->name, r.verdict == FL_VERDICT_VERIFIED ? "verified" : r.oracle,
	       (unsigned long long)r.executions);
	return r;
}

static const struct {
	const char *kernel, *set;
} two[] = { { "6.12", NULL }, { "6.14", NULL }, { "6.5", UNMARKED } };

START_TEST(a_walk_and_a_fault_break_no_oracle)
{
	for (size_t i = 0; i < NR_KINDS; i++) {
		for (size_t j = 0; j < NR_WALKS; j++) {
			struct fl_run_result r =
				explore(&kinds[i], &walks[j], false, two[_i].kernel, two[_i].set);

			ck_assert_msg(r.verdict == FL_VERDICT_VERIFIED, "%s: %s, %s: %s: %s",
				      two[_i].kernel, kinds[i].name, walks[j].name, r.oracle,
				      r.message);
			fl_run_result_free(&r);
		}
	}
}
END_TEST

/* So the pairs can show it if the end of the marks is not ordered. */
START_TEST(a_walk_and_a_fault_break_one_without_the_barrier)
{
	struct fl_run_result r =
		explore(&kinds[8], &walks[NR_WALKS - 1], false, "6.14", "vma_unlock_order=relaxed");

	ck_assert_str_eq(r.oracle, "vma-torn");
	fl_run_result_free(&r);
}
END_TEST

START_TEST(clear_refs_without_marks_loses_nothing_while_exclusive_pages_are_not_copied)
{
	struct fl_run_result r;

	for (size_t i = 0; i < NR_KINDS; i++) {
		if (kinds[i].endless)
			continue;
		r = explore(&kinds[i], &walks[0], true, "6.5", UNMARKED);
		ck_assert_msg(r.verdict == FL_VERDICT_VERIFIED, "%s: %s: %s", kinds[i].name,
			      r.oracle, r.message);
		fl_run_result_free(&r);
	}
	r = explore(&kinds[1], &walks[0], true, "6.5", UNMARKED ",wp_reuse=refcount-lru");
	ck_assert_str_eq(r.oracle, "lost-write");
	fl_run_result_free(&r);
}
END_TEST

START_TEST(fork_without_marks_loses_stores_of_anonymous_memory)
{
	for (size_t i = 0; i < NR_KINDS; i++) {
		struct fl_run_result r;

		if (kinds[i].endless &&
		    !kinds[i].fork3) /* a violation may be found before the end */
			continue;
		r = explore(&kinds[i], &walks[1], true, "6.5", UNMARKED);
		ck_assert_str_eq(r.oracle, kinds[i].fork3 ? kinds[i].fork3 : "");
		fl_run_result_free(&r);
	}
}
END_TEST

/* Between the two looks tracking goes on: what the device writes there is missed. */
static void do_pin_and_write(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t before, after;

	if (fl_pin_user_pages_fast(cpu, w->page, 1, FL_GUP_WRITE | FL_GUP_FAST_ONLY, &w->pin) != 1)
		return;
	fl_pagemap(&before, w->mm, w->page, 1);
	fl_pin_store(&w->pin, 1, 7);
	fl_pagemap(&after, w->mm, w->page, 1);
	if (!((before | after) & FL_PM_SOFT_DIRTY))
		fl_oracle_fail("soft-clean", "a device wrote to a page that is not soft-dirty");
}

START_TEST(a_page_that_gup_fast_pins_behind_the_back_of_clear_refs_is_not_soft_dirty)
{
	struct fl_scenario s = {
		.name = "pin",
		.needs = { .cpus = 3, .mms = 1, .pages = 3 },
		.world = sizeof(struct world),
		.set_up = anon,
		.threads = { { "clear_refs", do_clear_refs }, { "gup-fast", do_pin_and_write } },
	};
	struct fl_run_options opt = { .kernel = "6.12", .model = "sc" };
	struct fl_run_result r = { 0 };
	char err[1024] = "";

	ck_assert_msg(!fl_run_check(&s, &opt, &r, err, sizeof(err)), "%s", err);
	ck_assert_str_eq(r.oracle, "soft-clean");
	fl_run_result_free(&r);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.walk_faults");
	TCase *tc = tcase_create("walks");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 240);
	tcase_add_loop_test(tc, a_walk_and_a_fault_break_no_oracle, 0,
			    sizeof(two) / sizeof(two[0]));
	tcase_add_test(tc, a_walk_and_a_fault_break_one_without_the_barrier);
	tcase_add_test(tc,
		       clear_refs_without_marks_loses_nothing_while_exclusive_pages_are_not_copied);
	tcase_add_test(tc, fork_without_marks_loses_stores_of_anonymous_memory);
	tcase_add_test(tc,
		       a_page_that_gup_fast_pins_behind_the_back_of_clear_refs_is_not_soft_dirty);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
