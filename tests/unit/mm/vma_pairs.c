// SPDX-License-Identifier: MIT
/*
 * vma_pairs.c - two system calls of one address space at the same time, to the end of all executions, in releases with and
 * without per-VMA locks.
 *
 * With these, VMAs and nodes of their tree are given back by callbacks of call_rcu(), each a thread of its own.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/mm.h>
#include <faultline/oracle.h>
#include <faultline/proc.h>
#include <faultline/run.h>
#include <faultline/uffd.h>

struct world {
	struct fl_mm *mm;
	fl_vaddr range; /* three pages of one private anonymous VMA */
	struct fl_uffd *uffd;
};

static int set_up(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;

	w->mm = mm;
	return fl_mmap_anon(&w->range, mm, 3, FL_READ | FL_WRITE);
}

static int set_up_missing(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up(cpu, mm, world);

	if (!err)
		err = fl_uffd_create(&w->uffd, mm);
	return err ? err : fl_uffd_register(w->uffd, cpu, w->range, 1, FL_UFFD_MISSING);
}

static int set_up_protected(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up(cpu, mm, world);

	if (!err)
		err = fl_store(cpu, w->range, 1);
	if (!err)
		err = fl_uffd_create(&w->uffd, mm);
	if (!err)
		err = fl_uffd_register(w->uffd, cpu, w->range, 1, FL_UFFD_WP);
	return err ? err : fl_uffd_writeprotect(w->uffd, w->range, 1, true);
}

static int set_up_touched(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;
	int err = set_up(cpu, mm, world);

	return err ? err : fl_store(cpu, w->range, 1);
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

	fl_mmap(&at, w->mm, fl_page(cpu, w->range, 1), 1, FL_READ, FL_MAP_FIXED, NULL, 0);
}

static void do_munmap_first(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_munmap(w->mm, w->range, 1);
}

static void do_munmap_second(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_munmap(w->mm, fl_page(cpu, w->range, 1), 1);
}

static void do_mprotect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_mprotect(w->mm, w->range, 3, FL_READ);
}

/* Both take mmap:R and then mmap:W. */
static void do_drop_and_protect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_madvise(w->mm, w->range, 1, FL_MADV_DONTNEED);
	fl_mprotect(w->mm, w->range, 1, FL_READ);
}

static void do_clear_refs(struct fl_cpu *cpu, void *world)
{
	(void)cpu;
	fl_clear_refs(((struct world *)world)->mm, FL_CLEAR_REFS_SOFT_DIRTY);
}

static void do_load(struct fl_cpu *cpu, void *world)
{
	uint64_t word;

	fl_load(&word, cpu, ((struct world *)world)->range);
}

static void do_first_store(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, fl_page(cpu, ((struct world *)world)->range, 1), 2);
}

static void do_fork(struct fl_cpu *cpu, void *world)
{
	struct fl_mm *child = NULL;

	(void)cpu;
	if (!fl_fork(&child, ((struct world *)world)->mm))
		fl_mm_destroy(child);
}

/* Whoever closes the userfaultfd lets it go on. */
static void do_store(struct fl_cpu *cpu, void *world)
{
	if (fl_store(cpu, ((struct world *)world)->range, 2))
		fl_oracle_fail("store", "fl_store() failed");
}

/* Moved, and then a fault at the new place: the copy was marked before it was in the tree, in all releases. */
static void do_move_and_store(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	fl_vaddr moved;

	if (!fl_mremap(&moved, w->mm, w->range, 3, 3, FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED,
		       fl_page(cpu, 0, 12)))
		fl_store(cpu, fl_page(cpu, moved, 2), 5);
}

static void do_close(struct fl_cpu *cpu, void *world)
{
	(void)cpu;
	fl_uffd_close(((struct world *)world)->uffd);
}

struct pair {
	const char *name;
	int (*set_up)(struct fl_cpu *cpu, struct fl_mm *mm, void *world);
	void (*a)(struct fl_cpu *cpu, void *world), (*b)(struct fl_cpu *cpu, void *world);
	/* In this release a fault under the VMA's lock races with who marks it (b1f02b95758d). */
	const char *broken;
	const char *model; /* NULL: lkmm */
};

static const struct pair pairs[] = {
	{ "mmap, mmap", set_up, do_mmap, do_mmap, NULL },
	{ "mmap, mmap, merged", set_up, do_mmap_merged, do_mmap_merged, NULL },
	{ "munmap, mmap", set_up, do_munmap_first, do_mmap, NULL },
	{ "mmap FIXED, mprotect", set_up, do_mmap_fixed, do_mprotect, NULL },
	{ "munmap, munmap", set_up, do_munmap_first, do_munmap_second, NULL },
	{ "fork, mmap", set_up, do_fork, do_mmap, NULL },
	{ "fault, uffd close", set_up_missing, do_store, do_close, NULL },
	{ "uffd-wp fault, uffd close", set_up_protected, do_store, do_close, "6.4" },
	/* Under lkmm 6.4's locks are not ordered (A5a); the question is about the mark. */
	{ "mremap and store, load", set_up_touched, do_move_and_store, do_load, NULL, "tso" },
};

static const struct pair readers_then_writers[] = {
	{ "DONTNEED and mprotect, load", set_up_touched, do_drop_and_protect, do_load, NULL },
	{ "clear_refs, first fault", set_up_touched, do_clear_refs, do_first_store, NULL },
};

static const char *const kernels[] = { "6.3", "6.4", "6.12", "6.15" };

#define NR_PAIRS (sizeof(pairs) / sizeof(pairs[0]))
#define NR_KERNELS (sizeof(kernels) / sizeof(kernels[0]))

static void explore(const struct pair *pair, const char *kernel)
{
	struct fl_scenario s = {
		.name = "pair",
		.needs = { .cpus = 2, .mms = 2, .pages = 3 },
		.world = sizeof(struct world),
		.set_up = pair->set_up,
		.threads = { { "a", pair->a }, { "b", pair->b } },
	};
	struct fl_run_options opt = { .kernel = kernel,
				      .model = pair->model ? pair->model : "lkmm" };
	struct fl_run_result r = { 0 };
	char err[1024] = "";

	ck_assert_msg(!fl_run_check(&s, &opt, &r, err, sizeof(err)), "%s, %s: %s", pair->name,
		      kernel, err);
	printf("%s, %s: %llu executions, %u events, %.2f s\n", pair->name, kernel,
	       (unsigned long long)r.executions, r.events, r.seconds);
	if (pair->broken && !strcmp(kernel, pair->broken))
		ck_assert_str_eq(r.oracle, "data-race");
	else
		ck_assert_msg(r.verdict == FL_VERDICT_VERIFIED, "%s, %s: %s: %s", pair->name,
			      kernel, r.oracle, r.message);
	fl_run_result_free(&r);
}

START_TEST(all_executions_of_two_system_calls_are_explored)
{
	explore(&pairs[_i % NR_PAIRS], kernels[_i / NR_PAIRS]);
}
END_TEST

START_TEST(a_reader_that_becomes_a_writer_races_with_no_reader)
{
	explore(&readers_then_writers[_i], "5.9");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mm.vma_pairs");
	TCase *tc = tcase_create("pairs");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, all_executions_of_two_system_calls_are_explored, 0,
			    NR_PAIRS * NR_KERNELS);
	tcase_add_loop_test(tc, a_reader_that_becomes_a_writer_races_with_no_reader, 0, 2);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
