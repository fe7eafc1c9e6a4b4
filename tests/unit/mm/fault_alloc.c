// SPDX-License-Identifier: MIT
/*
 * fault_alloc.c - a fault on a warm machine takes no memory from the C library: frames, page tables, anon_vmas and
 * their chain elements come from lists of the CPU (mmu/frame.c, mmu/objects.c). Linked with wrappers of all
 * functions that allocate.
 */
#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

#include <faultline/faultline.h>
#include <faultline/file.h>
#include <faultline/machine.h>
#include <faultline/mm.h>

#include "rt/thread.h"

#define PAGES 1100 /* of three tables */
#define RW (FL_READ | FL_WRITE)

static __thread bool counting;
static __thread unsigned long taken;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);

void *__wrap_malloc(size_t size)
{
	taken += counting;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	taken += counting;
	return __real_calloc(n, size);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
	taken += counting;
	return __real_aligned_alloc(align, size);
}

static struct fl_machine *machine;
static struct fl_cpu *cpu;
static struct fl_mm *mm;
static fl_vaddr range;

static const char *const strategies[] = {
	"vma_lock=none",
	"vma_lock=rwsem-seq,vma_free=rcu",
	"vma_lock=refcnt",
};
#define NR_STRATEGIES ((int)(sizeof(strategies) / sizeof(strategies[0])))

static void set_up(const char *set)
{
	struct fl_machine_config config = { .frames = 8192, .no_oracles = 1 };
	struct fl_policy *policy;
	char err[256];

	ck_assert_msg(!fl_policy_create(&policy, "6.12", set, err, sizeof(err)), "%s", err);
	config.policy = policy;
	ck_assert_int_eq(fl_machine_create(&machine, &config), 0);
	fl_policy_free(policy);
	cpu = fl_machine_cpu(machine, 0);
	ck_assert_int_eq(fl_mm_create(&mm, machine), 0);
	fl_switch_mm(cpu, mm);
	ck_assert_int_eq(fl_cpu_bind(cpu), 0);
}

static void tear_down(void)
{
	fl_mm_destroy(mm);
	fl_cpu_unbind(cpu);
	fl_machine_destroy(machine);
}

/* All pages once, counted. */
static void touch(bool write)
{
	uint64_t word;
	int err = 0;

	counting = true;
	for (size_t i = 0; i < PAGES; i++) {
		fl_vaddr addr = fl_page(cpu, range, i);

		err |= write ? fl_store(cpu, addr, i) : fl_load(&word, cpu, addr);
	}
	counting = false;
	ck_assert_int_eq(err, 0);
}

static void unmap(void)
{
	ck_assert_int_eq(fl_munmap(mm, range, PAGES), 0);
	fl_rt_rcu_barrier(); /* page tables come back after a grace period */
}

static void anon(void)
{
	ck_assert_int_eq(fl_mmap_anon(&range, mm, PAGES, RW), 0);
	touch(true);
	unmap();
}

static void zero(void)
{
	ck_assert_int_eq(fl_mmap_anon(&range, mm, PAGES, RW), 0);
	touch(false);
	unmap();
}

static void zero_then_anon(void)
{
	ck_assert_int_eq(fl_mmap_anon(&range, mm, PAGES, RW), 0);
	touch(false);
	touch(true);
	unmap();
}

static void cow(void)
{
	struct fl_mm *child;

	ck_assert_int_eq(fl_mmap_anon(&range, mm, PAGES, RW), 0);
	touch(true);
	ck_assert_int_eq(fl_fork(&child, mm), 0);
	touch(true);
	fl_mm_destroy(child);
	unmap();
}

static void in_file(void)
{
	struct fl_file *file;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, PAGES, 0), 0);
	ck_assert_int_eq(fl_mmap(&range, mm, 0, PAGES, RW, FL_MAP_SHARED, file, 0), 0);
	touch(false);
	touch(true);
	unmap();
	fl_file_put(file);
}

static void private_file(void)
{
	struct fl_file *file;

	ck_assert_int_eq(fl_file_create(&file, machine, FL_FILE_SHMEM, PAGES, 0), 0);
	ck_assert_int_eq(fl_mmap(&range, mm, 0, PAGES, RW, 0, file, 0), 0);
	touch(true);
	unmap();
	fl_file_put(file);
}

static void (*const kinds[])(void) = { anon, zero, zero_then_anon, cow, in_file, private_file };
#define NR_KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

START_TEST(faults_of_a_warm_machine_take_no_memory)
{
	set_up(strategies[_i % NR_STRATEGIES]);
	kinds[_i / NR_STRATEGIES]();
	taken = 0;
	for (int i = 0; i < 3; i++)
		kinds[_i / NR_STRATEGIES]();
	ck_assert_uint_eq(taken, 0);
	tear_down();
}
END_TEST

START_TEST(those_of_a_cold_machine_do)
{
	set_up(strategies[_i]);
	anon();
	ck_assert_uint_gt(taken, 0);
	tear_down();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("mm.fault_alloc");
	TCase *t = tcase_create("faults");
	SRunner *runner;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, faults_of_a_warm_machine_take_no_memory, 0,
			    NR_KINDS * NR_STRATEGIES);
	tcase_add_loop_test(t, those_of_a_cold_machine_do, 0, NR_STRATEGIES);
	suite_add_tcase(s, t);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
