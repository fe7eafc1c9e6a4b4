/* SPDX-License-Identifier: MIT */
/*
 * pair.h - two calls at a time under the check engine: whatever meets in lib/mm, there is no data race by the kernel's
 * memory model, no oracle fails, nobody waits for ever. What kernels got wrong is in sim/scenarios.
 *
 * A file of pairs has one table or more, what is needed for its rows only, a test per table that calls
 * verify_pair(), and a main() that calls pairs_main(). A row says what it is about, which world there is before, what
 * the threads on CPU 0 and CPU 1 do:
 *
 *	{ "munmap, write", set_up_written, { do_store, do_unmap } },
 *
 * and, where it is not as usual, by name:
 *
 *	.since		first release to be asked; else that of the table; else all of its releases
 *	.set		fields of the policy
 *	.search		where not all executions can be explored: "preemptions:1"; and .timeout, seconds
 *	.model		"tso"; else lkmm
 *	.oracle		that must fail: some step is left out, by .set; .broken: in this release only
 *	.small		huge pages of two base pages
 *
 * A new row: set_up_... and do_... that are below, or one more in the file that needs it, here if two do. A thread's body is
 * one call, the first thread's is what the file is about, and what can be done in the world before is done there:
 * each access of a thread is an event, also that to struct world. Values that are stored differ from each other, or a
 * lost store looks like one that is there. Then break what the row is to guard, and see it fail. It should take
 * less than 5 seconds in all releases: PAIRS_VERBOSE=1 in the environment prints times, numbers of executions and the
 * picture of a failure, PAIR=TEXT leaves out rows without that in their names.
 */
#ifndef TESTS_PAIR_H
#define TESTS_PAIR_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/faultline.h>
#include <faultline/migrate.h>
#include <faultline/run.h>

/* Base pages that a call is about. */
#ifndef PAIR_PAGES
#define PAIR_PAGES(w) 1
#endif

struct world {
	struct fl_mm *mm, *child;
	fl_vaddr page;	/* what it is about: the first address */
	fl_vaddr other; /* something else's, or free */
	size_t pages;	/* of a huge page */
	uint64_t pfn;	/* where the page is */
	struct fl_file *file;
	struct fl_uffd *uffd;
	struct fl_pipe *pipe;
};

struct pair {
	const char *name;
	int (*set_up)(struct fl_cpu *cpu, struct fl_mm *mm, void *world);
	void (*run[2])(struct fl_cpu *cpu, void *world);
	const char *since, *set, *search, *model, *oracle, *broken;
	double timeout;
	bool small;
};

/* What the rows of a table have in common. */
struct pair_table {
	const char *const *releases; /* NULL at the end */
	const char *since;	     /* NULL: the first one */
	/* Of one release, in front of the row's own fields: {} or { "6.4", "..." }. */
	struct {
		const char *release, *set;
	} but;
	int vmas, pages, swap_slots, huge_pages;
	unsigned int migration, may_wait;
};

/* --- worlds --- */

static inline int set_up_anon(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct world *w = world;

	(void)cpu;
	w->mm = mm;
	return fl_mmap_anon(&w->page, mm, 1, FL_READ | FL_WRITE);
}

/* CPU 1 has the child. */
static inline int fork_to_cpu1(struct fl_cpu *cpu, struct fl_mm *mm, struct world *w)
{
	int err = fl_fork(&w->child, mm);

	if (!err)
		fl_switch_mm(fl_machine_cpu(fl_cpu_machine(cpu), 1), w->child);
	return err;
}

static inline int set_up_written(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_anon(cpu, mm, world);

	return err ? err : fl_store(cpu, ((struct world *)world)->page, 1);
}

static inline int find_frame(struct world *w)
{
	struct fl_pte_info pte;
	int err = fl_inspect_pte(&pte, w->mm, w->page);

	w->pfn = pte.pfn;
	return err ? err : !pte.present;
}

/* For calls that are given a frame. */
static inline int set_up_frame(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_written(cpu, mm, world);

	return err ? err : find_frame(world);
}

static inline int set_up_forked(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	int err = set_up_frame(cpu, mm, world);

	return err ? err : fork_to_cpu1(cpu, mm, world);
}

static inline int register_uffd(struct fl_cpu *cpu, struct fl_mm *mm, struct world *w,
				unsigned int mode)
{
	int err = fl_uffd_create(&w->uffd, mm);

	return err ? err : fl_uffd_register(w->uffd, cpu, w->page, 1, mode);
}

/* One shared page of a new file of this kind. */
static inline int map_new_file(struct fl_cpu *cpu, struct fl_mm *mm, struct world *w,
			       enum fl_file_kind kind)
{
	int err = fl_file_create(&w->file, fl_cpu_machine(cpu), kind, 1, 0);

	w->mm = mm;
	if (err)
		return err;
	return fl_mmap(&w->page, mm, 0, 1, FL_READ | FL_WRITE, FL_MAP_SHARED, w->file, 0);
}

/* --- accesses --- */

static inline void do_load(struct fl_cpu *cpu, void *world)
{
	uint64_t word;

	fl_load(&word, cpu, ((struct world *)world)->page);
}

static inline void do_store(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, ((struct world *)world)->page, 2);
}

static inline void do_store_too(struct fl_cpu *cpu, void *world)
{
	fl_store(cpu, ((struct world *)world)->page, 3);
}

/* And lets go of it. */
static inline void do_gup_fast(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	struct fl_pin pin;

	if (fl_pin_user_pages_fast(cpu, w->page, 1, FL_GUP_WRITE | FL_GUP_FAST_ONLY, &pin) == 1)
		fl_unpin(cpu, &pin);
}

static inline void do_gup(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	struct fl_pin pin;

	if (fl_pin_user_pages(cpu, w->mm, w->page, 1, FL_GUP_WRITE, &pin) == 1)
		fl_unpin(cpu, &pin);
}

/* Kept: the oracles look at it when all is over. */
static inline void do_pin(struct fl_cpu *cpu, void *world)
{
	struct fl_pin pin;

	fl_pin_user_pages_fast(cpu, ((struct world *)world)->page, 1, FL_GUP_FAST_ONLY, &pin);
}

static inline void do_poke(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_poke(cpu, w->mm, w->page, 7);
}

/* --- calls --- */

static inline void advise(void *world, enum fl_advice advice)
{
	struct world *w = world;

	fl_madvise(w->mm, w->page, PAIR_PAGES(w), advice);
}

static inline void do_dontneed(struct fl_cpu *cpu, void *world)
{
	(void)cpu;
	advise(world, FL_MADV_DONTNEED);
}

static inline void do_free(struct fl_cpu *cpu, void *world)
{
	(void)cpu;
	advise(world, FL_MADV_FREE);
}

static inline void do_mprotect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_mprotect(w->mm, w->page, PAIR_PAGES(w), FL_READ);
}

static inline void do_unmap(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_munmap(w->mm, w->page, PAIR_PAGES(w));
}

static inline void do_mremap(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	fl_vaddr addr;

	fl_mremap(&addr, w->mm, w->page, 1, 1, FL_MREMAP_MAYMOVE | FL_MREMAP_FIXED,
		  fl_page(cpu, w->page, 4));
}

static inline void do_fork(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_fork(&w->child, w->mm);
}

static inline void do_exit(struct fl_cpu *cpu, void *world)
{
	(void)cpu;
	fl_mm_destroy(((struct world *)world)->child);
}

static inline void do_pagemap(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;
	uint64_t entry;

	(void)cpu;
	fl_pagemap(&entry, w->mm, w->page, 1);
}

static inline void do_numa(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_change_prot_numa(w->mm, w->page, PAIR_PAGES(w));
}

static inline void do_clear_soft_dirty(struct fl_cpu *cpu, void *world)
{
	(void)cpu;
	fl_clear_refs(((struct world *)world)->mm, FL_CLEAR_REFS_SOFT_DIRTY);
}

static inline void do_uffd_protect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	(void)cpu;
	fl_uffd_writeprotect(w->uffd, w->page, 1, true);
}

static inline void do_ksm_protect(struct fl_cpu *cpu, void *world)
{
	struct world *w = world;

	fl_ksm_write_protect(cpu, w->mm, w->page);
}

static inline void do_truncate(struct fl_cpu *cpu, void *world)
{
	(void)cpu;
	fl_file_truncate(((struct world *)world)->file, 0);
}

static inline void do_read_file(struct fl_cpu *cpu, void *world)
{
	uint64_t word;

	(void)cpu;
	fl_file_read(&word, ((struct world *)world)->file, 0, 0);
}

static inline void do_write_file(struct fl_cpu *cpu, void *world)
{
	(void)cpu;
	fl_file_write(((struct world *)world)->file, 0, 0, 7);
}

/* --- exploring --- */

/* The oracle that must fail; NULL: all is well. */
static inline const char *oracle_of(const struct pair *p, const char *kernel)
{
	return p->broken && strcmp(kernel, p->broken) != 0 ? NULL : p->oracle;
}

static inline void check_result(const struct pair *p, const char *kernel,
				const struct fl_run_result *r)
{
	const char *oracle = oracle_of(p, kernel);

	if (getenv("PAIRS_VERBOSE"))
		printf("%s, %s: %llu executions, %u events, %.2f s\n", p->name, kernel,
		       (unsigned long long)r->executions, r->events, r->seconds);
	if (getenv("PAIRS_VERBOSE") && r->trace && !oracle)
		fl_trace_print(r->trace, stdout);
	fflush(stdout);
	if (oracle) {
		ck_assert_msg(!strcmp(r->oracle, oracle), "%s, %s: \"%s\" %s", p->name, kernel,
			      r->oracle, r->message);
		return;
	}
	ck_assert_msg(r->verdict == FL_VERDICT_VERIFIED ||
			      (p->search && r->verdict == FL_VERDICT_INCONCLUSIVE),
		      "%s, %s: %s: %s", p->name, kernel, r->oracle, r->message);
	ck_assert_msg(r->executions > 1, "%s, %s: they don't meet", p->name, kernel);
}

/* The fields of the policy that differ from the release's. */
static inline void set_of(char *set, size_t size, const struct pair_table *t, const struct pair *p,
			  const char *kernel)
{
	const char *own = p->set ? p->set : "tlb_flush=broadcast"; /* that is everybody's */
	const char *more = getenv("PAIRS_SET");
	bool but = t->but.release && !strcmp(kernel, t->but.release);

	snprintf(set, size, "%s%s%s%s%s", but ? t->but.set : "", but ? "," : "", own,
		 more ? "," : "", more ? more : "");
}

static inline void verify_pair_in(const struct pair_table *t, const struct pair *p,
				  const char *kernel)
{
	struct fl_scenario s = {
		.name = "pair",
		.needs = { .cpus = 2,
			   .mms = 2,
			   .vmas = t->vmas,
			   .pages = t->pages,
			   .swap_slots = t->swap_slots,
			   .huge_pages = t->huge_pages,
			   .small_huge_pages = p->small,
			   .migration = t->migration },
		.world = sizeof(struct world),
		.set_up = p->set_up,
		.threads = { { "first", p->run[0] }, { "second", p->run[1] } },
		.may_wait = t->may_wait,
	};
	char err[1024] = "", set[512];
	struct fl_run_options opt = {
		.kernel = kernel,
		.set = set,
		.model = p->model ? p->model : "lkmm",
		.search = p->search,
		.timeout = p->timeout,
	};
	struct fl_run_result r = { 0 };

	set_of(set, sizeof(set), t, p, kernel);
	ck_assert_msg(!fl_run_check(&s, &opt, &r, err, sizeof(err)), "%s, %s: %s", p->name, kernel,
		      err);
	check_result(p, kernel, &r);
	fl_run_result_free(&r);
}

static inline bool pair_is_asked_for(const struct pair *p)
{
	const char *text = getenv("PAIR");

	return !text || strstr(p->name, text);
}

static inline bool kernel_is_asked_for(const char *kernel)
{
	const char *text = getenv("PAIRS_KERNEL");

	return !text || !strcmp(kernel, text);
}

/* In all releases that it is for. */
static inline void verify_pair(const struct pair_table *t, const struct pair *p)
{
	const char *since = p->since ? p->since : t->since;
	bool old = since;

	for (const char *const *kernel = t->releases; *kernel; kernel++) {
		old = old && strcmp(*kernel, since) != 0;
		if (!old && pair_is_asked_for(p) && kernel_is_asked_for(*kernel))
			verify_pair_in(t, p, *kernel);
	}
}

/* A test for each row of a table. */
struct pair_test {
	const TTest *test;
	size_t rows;
};

/* @tests ends with a NULL test. */
static inline int pairs_main(const char *name, const struct pair_test *tests)
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create("executions");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 120);
	for (; tests->test; tests++)
		tcase_add_loop_test(tc, tests->test, 0, (int)tests->rows);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
