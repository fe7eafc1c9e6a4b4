/* SPDX-License-Identifier: MIT */
/*
 * world.h - the smallest world for tests of lib/mmu and lib/mm: one machine, one mm, this thread
 * is CPU 0.
 *
 * Include it first. Small sizes, so that addresses can be counted: a page is 16 bytes, page
 * number 1 is at 0x10.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <check.h>
#include <pthread.h>
#include <stdlib.h>

#include <faultline/faultline.h>

/* All of them before the variables below, whose names are those of many parameters. */
#include "mm/fault.h"
#include "mm/gup.h"
#include "mm/mm.h"
#include "mm/mmap_lock.h"
#include "mm/pgalloc.h"
#include "mm/rmap.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"
#include "mmu/mmu.h"

#define PAGE 16u

static struct fl_machine *machine;
static struct fl_cpu *cpu0, *cpu1;
static struct fl_mm *fl_mm;
static struct mm_struct *mm; /* the same, from inside */

static inline void make_world_with(struct fl_machine_config *config, const char *kernel,
				   const char *set)
{
	struct fl_policy *policy;
	char err[512];

	ck_assert_msg(!fl_policy_create(&policy, kernel, set, err, sizeof(err)), "%s", err);
	config->policy = policy;
	ck_assert_int_eq(fl_machine_create(&machine, config), 0);
	fl_policy_free(policy);
	cpu0 = fl_machine_cpu(machine, 0);
	cpu1 = fl_machine_cpu(machine, 1);
	ck_assert_int_eq(fl_mm_create(&fl_mm, machine), 0);
	mm = &fl_mm->mm;
	for (unsigned int i = 0; i < fl_machine_nr_cpus(machine); i++)
		fl_switch_mm(fl_machine_cpu(machine, i), fl_mm);
	ck_assert_int_eq(fl_cpu_bind(cpu0), 0);
}

static inline void make_world(const char *kernel, const char *set)
{
	struct fl_machine_config config = { .cpus = 2 };

	fl_machine_config_small(&config);
	make_world_with(&config, kernel, set);
}

/* What is not left behind is part of every test: frames here, memory under valgrind and ASan. */
static inline void end_world(void)
{
	uint64_t frames = machine->nr_frames;

	fl_mm_destroy(fl_mm);
	ck_assert_uint_eq(fl_machine_free_frames(machine), frames - 1);
	fl_cpu_unbind(cpu0);
	fl_machine_destroy(machine);
}

static inline fl_vaddr map(size_t pages, unsigned int prot)
{
	fl_vaddr addr;

	ck_assert_int_eq(fl_mmap_anon(&addr, fl_mm, pages, prot), 0);
	return addr;
}

static inline uint64_t load(struct fl_cpu *cpu, fl_vaddr addr)
{
	uint64_t word = 0;

	ck_assert_int_eq(fl_load(&word, cpu, addr), 0);
	return word;
}

/* The entry for @addr as memory has it; 0 without a table. */
static inline pte_t entry_of(fl_vaddr addr)
{
	pmd_t *pmdp = pmd_offset_lockless(machine, mm->pgd, addr);

	return pmdp && *pmdp ? *pte_offset_map(machine, *pmdp, addr) : 0;
}

static inline struct page *page_of(fl_vaddr addr)
{
	return pfn_to_page(machine, pte_pfn(entry_of(addr)));
}

/* --- a second CPU --- */

struct call {
	struct fl_cpu *cpu;
	void (*fn)(struct fl_cpu *cpu, void *arg);
	void *arg;
	pthread_t thread;
};

static inline void *call_thread(void *arg)
{
	struct call *c = arg;

	if (fl_cpu_bind(c->cpu))
		abort();
	c->fn(c->cpu, c->arg);
	fl_cpu_unbind(c->cpu);
	return NULL;
}

static inline void begin_on(struct call *c, struct fl_cpu *cpu,
			    void (*fn)(struct fl_cpu *cpu, void *arg), void *arg)
{
	*c = (struct call){ .cpu = cpu, .fn = fn, .arg = arg };
	ck_assert_int_eq(pthread_create(&c->thread, NULL, call_thread, c), 0);
}

/* Waiting in pthread_join() answers no interrupts: as an idle CPU this one needs to answer none. */
static inline void end_on(struct call *c)
{
	fl_cpu_unbind(cpu0);
	pthread_join(c->thread, NULL);
	ck_assert_int_eq(fl_cpu_bind(cpu0), 0);
}

/* Threads that wait for each other are slow where they share a core with others. */
static inline TCase *test_case(const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	return tc;
}

static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
