/* SPDX-License-Identifier: MIT */
/*
 * process.h - programs on a machine, as the kernel's own self-tests have them: by the public interface alone.
 *
 * A case is a function that runs in a fresh process and notes with holds() what a self-test would report. Set-up that
 * fails ends the test at once. Each case is a test under the newest release; then each release is a test, which runs
 * all cases on one machine and compares with the lists of those that are known to fail it: so each case is seen to hold,
 * and those that found a bug once are seen to find it.
 *
 * A file has its configuration of machines (config), nr_cases, and case_of(), which makes ready for case number @i.
 *
 * A CPU's program is run by the one thread of the test. A page is 16 bytes, two words.
 */
#ifndef TESTS_PROCESS_H
#define TESTS_PROCESS_H

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/faultline.h>

#define NEWEST "6.17"
#define RW (FL_READ | FL_WRITE)
#define PAGE 16u

struct process {
	struct fl_mm *mm;
	struct fl_cpu *cpu; /* runs it */
};

static struct fl_machine *machine;
static struct process parent, child; /* the child: only after fork_child() */
static uint64_t free_at_start;
static char wrong[256]; /* what did not hold first; empty: all did */

/* --- machines and processes --- */

static inline void make_machine(const struct fl_machine_config *given, const char *kernel)
{
	struct fl_machine_config small = *given;
	struct fl_policy *policy;
	char err[512];

	fl_machine_config_small(&small);
	small.cpus = 2;
	small.levels = 3;
	small.frames = 128;
	ck_assert_msg(!fl_policy_create(&policy, kernel, NULL, err, sizeof(err)), "%s", err);
	small.policy = policy;
	ck_assert_int_eq(fl_machine_create(&machine, &small), 0);
	fl_policy_free(policy);
	ck_assert_uint_eq(fl_machine_page_size(machine), PAGE);
	free_at_start = fl_machine_free_frames(machine);
	parent.cpu = fl_machine_cpu(machine, 0);
	child.cpu = fl_machine_cpu(machine, 1);
	ck_assert_int_eq(fl_cpu_bind(parent.cpu), 0);
}

static inline void begin_process(void)
{
	ck_assert_int_eq(fl_mm_create(&parent.mm, machine), 0);
	fl_switch_mm(parent.cpu, parent.mm);
	wrong[0] = '\0';
}

static inline void fork_child(void)
{
	ck_assert_int_eq(fl_fork(&child.mm, parent.mm), 0);
	fl_switch_mm(child.cpu, child.mm);
}

static inline void child_exits(void)
{
	fl_switch_mm(child.cpu, NULL);
	fl_mm_destroy(child.mm);
	child.mm = NULL;
}

/* Nothing may be left behind. */
static inline void end_process(void)
{
	if (child.mm)
		child_exits();
	fl_switch_mm(parent.cpu, NULL);
	fl_mm_destroy(parent.mm);
	fl_lru_add_drain_all(machine);
	ck_assert_uint_eq(fl_machine_free_frames(machine), free_at_start);
}

static inline void end_machine(void)
{
	fl_cpu_unbind(parent.cpu);
	fl_machine_destroy(machine);
}

/* --- what holds --- */

__attribute__((format(printf, 2, 3))) static inline bool holds(bool yes, const char *fmt, ...)
{
	va_list ap;

	if (!yes && !wrong[0]) {
		va_start(ap, fmt);
		vsnprintf(wrong, sizeof(wrong), fmt, ap);
		va_end(ap);
	}
	return yes;
}

/* Is @name in @list, names with a space between them? NULL: none. */
static inline bool listed(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (; list && *list; list += strcspn(list, " "), list += *list == ' ')
		if (strcspn(list, " ") == n && !strncmp(list, name, n))
			return true;
	return false;
}

struct self_case {
	char name[128];
	void (*run)(void);
	const char *broken;  /* the releases that fail it */
	const char *missing; /* those that do not have what it needs */
};

static struct fl_machine_config config;
static const int nr_cases;
static struct self_case case_of(int i);

static bool newest; /* is it the newest release that runs? */

/* Cases @first to @end - 1 under release @kernel. */
static inline void run_cases(const char *kernel, int first, int end)
{
	char problems[4096] = "";
	size_t n = 0;

	newest = !strcmp(kernel, NEWEST);
	make_machine(&config, kernel);
	for (int i = first; i < end; i++) {
		struct self_case c = case_of(i);
		bool broken = listed(c.broken, kernel);

		if (listed(c.missing, kernel))
			continue;
		begin_process();
		c.run();
		if (!broken == !wrong[0]) {
			end_process();
			continue;
		}
		n += (size_t)snprintf(problems + n, sizeof(problems) - n, "\n  %s: %s", c.name,
				      broken ? "holds, but should fail" : wrong);
		ck_assert_uint_lt(n, sizeof(problems));
		end_process();
	}
	end_machine();
	ck_assert_msg(!n, "linux-%s%s", kernel, problems);
}

START_TEST(case_holds)
{
	run_cases(NEWEST, _i, _i + 1);
}
END_TEST

START_TEST(release)
{
	run_cases(fl_policy_profile((size_t)_i)->name, 0, nr_cases);
}
END_TEST

/* --- what a program does --- */

static inline fl_vaddr map_anon(struct process *p, size_t pages, unsigned int prot)
{
	fl_vaddr addr;

	ck_assert_int_eq(fl_mmap_anon(&addr, p->mm, pages, prot), 0);
	return addr;
}

static inline fl_vaddr map_file(struct process *p, size_t pages, unsigned int prot,
				unsigned int flags, struct fl_file *file)
{
	fl_vaddr addr;

	ck_assert_int_eq(fl_mmap(&addr, p->mm, 0, pages, prot, flags, file, 0), 0);
	return addr;
}

static inline void unmap(struct process *p, fl_vaddr addr, size_t pages)
{
	ck_assert_int_eq(fl_munmap(p->mm, addr, pages), 0);
}

static inline void protect(struct process *p, fl_vaddr addr, size_t pages, unsigned int prot)
{
	ck_assert_int_eq(fl_mprotect(p->mm, addr, pages, prot), 0);
}

static inline void advise(struct process *p, fl_vaddr addr, size_t pages, enum fl_advice advice)
{
	ck_assert_int_eq(fl_madvise(p->mm, addr, pages, advice), 0);
}

/* Both words of a page. */
static inline void fill(struct process *p, fl_vaddr addr, uint64_t word)
{
	ck_assert_int_eq(fl_store(p->cpu, addr, word), 0);
	ck_assert_int_eq(fl_store(p->cpu, addr + 8, word + 1), 0);
}

static inline uint64_t load(struct process *p, fl_vaddr addr)
{
	uint64_t word = 0;

	ck_assert_int_eq(fl_load(&word, p->cpu, addr), 0);
	return word;
}

/* Is a page as fill() with @word left it? */
static inline bool reads(struct process *p, fl_vaddr addr, uint64_t word)
{
	return load(p, addr) == word && load(p, addr + 8) == word + 1;
}

/* A write ends with SIGSEGV, for lack of permission, and nothing has changed. */
static inline bool write_faults(struct process *p, fl_vaddr addr)
{
	uint64_t before = load(p, addr);
	struct fl_signal sig;

	if (fl_store(p->cpu, addr, before + 1) != -EFAULT)
		return false;
	fl_last_signal(&sig, p->cpu);
	return sig.signo == SIGSEGV && sig.code == SEGV_ACCERR && sig.addr == addr && sig.write &&
	       load(p, addr) == before;
}

/* --- what /proc says --- */

static inline uint64_t pagemap_of(struct process *p, fl_vaddr addr)
{
	uint64_t entry;

	ck_assert_int_eq(fl_pagemap(&entry, p->mm, addr, 1), 0);
	return entry;
}

static inline bool populated(struct process *p, fl_vaddr addr)
{
	return pagemap_of(p, addr) & (FL_PM_PRESENT | FL_PM_SWAP);
}

static inline bool swapped(struct process *p, fl_vaddr addr)
{
	return pagemap_of(p, addr) & FL_PM_SWAP;
}

static inline bool soft_dirty(struct process *p, fl_vaddr addr)
{
	return pagemap_of(p, addr) & FL_PM_SOFT_DIRTY;
}

static inline bool uffd_wp(struct process *p, fl_vaddr addr)
{
	return pagemap_of(p, addr) & FL_PM_UFFD_WP;
}

static inline void clear_soft_dirty(struct process *p)
{
	ck_assert_int_eq(fl_clear_refs(p->mm, FL_CLEAR_REFS_SOFT_DIRTY), 0);
}

/* To swap with it, whoever else maps it. */
static inline void swap_out(struct process *p, fl_vaddr addr)
{
	fl_lru_add_drain_all(machine);
	ck_assert_int_eq(fl_reclaim_page(p->cpu, FL_PM_PFN(pagemap_of(p, addr))), 0);
	ck_assert(swapped(p, addr));
}

/* --- suites --- */

/* @more: other tests; or NULL. */
static inline int run_suite(const char *name, const TTest *more)
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, case_holds, 0, nr_cases);
	tcase_add_loop_test(tc, release, 0, (int)fl_policy_nr_profiles());
	if (more)
		tcase_add_test(tc, more);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
