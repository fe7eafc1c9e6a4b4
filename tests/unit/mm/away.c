// SPDX-License-Identifier: MIT
/*
 * away.c - flushes by interrupt (mmu/shootdown.c) with real threads, as a program of the library has them: some that
 * run and do something else, some that make accesses all the time, more than there are cores. Nobody is held up, which
 * the time limits say, and nobody uses a translation that is gone.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include <faultline/faultline.h>
#include <faultline/machine.h>
#include <faultline/mm.h>

#define MANY 16
#define TIME_LIMIT 100
#define RW (FL_READ | FL_WRITE)

static struct fl_machine *machine;
static struct fl_mm *mm;

static void set_up_with(const char *set)
{
	struct fl_machine_config config = { .cpus = MANY, .frames = 4096, .no_oracles = 1 };
	struct fl_policy *policy;
	char err[256];

	ck_assert_msg(!fl_policy_create(&policy, "6.12", set, err, sizeof(err)), "%s", err);
	config.policy = policy;
	ck_assert_int_eq(fl_machine_create(&machine, &config), 0);
	fl_policy_free(policy);
	ck_assert_int_eq(fl_mm_create(&mm, machine), 0);
}

static void set_up(void)
{
	set_up_with("tlb_flush=ipi");
}

/* GUP-fast's old way: an interrupt to all CPUs when tables go. */
static void set_up_tables_by_ipi(void)
{
	set_up_with("tlb_flush=ipi,pgtable_free=ipi,tlb_gen=none");
}

static void tear_down(void)
{
	fl_mm_destroy(mm);
	ck_assert_uint_eq(fl_machine_free_frames(machine), 4095);
	fl_machine_destroy(machine);
}

static struct fl_cpu *enter(unsigned int nr)
{
	struct fl_cpu *cpu = fl_machine_cpu(machine, nr);

	ck_assert_int_eq(fl_cpu_bind(cpu), 0);
	fl_switch_mm(cpu, mm);
	return cpu;
}

static void leave(struct fl_cpu *cpu)
{
	fl_switch_mm(cpu, NULL);
	fl_cpu_unbind(cpu);
}

/* --- one that is elsewhere, with the mm loaded --- */

enum place { IN_A_BARRIER, COMPUTING, LAZY_IN_A_BARRIER, NR_PLACES };

static struct {
	pthread_barrier_t begin, end;
	enum place place;
	fl_vaddr range;
	int over;
} away;

static void *be_away(void *arg)
{
	struct fl_cpu *cpu = enter(1);
	uint64_t word;

	(void)arg;
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(fl_load(&word, cpu, fl_page(cpu, away.range, (size_t)i)), 0);
	if (away.place == LAZY_IN_A_BARRIER)
		fl_enter_lazy_tlb(cpu);
	pthread_barrier_wait(&away.begin);
	if (away.place == COMPUTING) {
		while (!__atomic_load_n(&away.over, __ATOMIC_RELAXED))
			;
	}
	pthread_barrier_wait(&away.end);
	fl_switch_mm(cpu, mm);
	/* It has heard of all that happened meanwhile. */
	ck_assert_int_eq(fl_load(&word, cpu, away.range), -EFAULT);
	ck_assert_int_eq(fl_store(cpu, fl_page(cpu, away.range, 1), 1), -EFAULT);
	ck_assert_int_eq(fl_load(&word, cpu, fl_page(cpu, away.range, 1)), 0);
	ck_assert_int_eq(fl_load(&word, cpu, fl_page(cpu, away.range, 2)), 0);
	ck_assert_uint_eq(word, 0);
	leave(cpu);
	return NULL;
}

START_TEST(calls_do_not_wait_for_a_thread_that_is_elsewhere)
{
	struct fl_cpu *cpu = enter(0);
	struct fl_mm *child;
	pthread_t thread;
	fl_vaddr other;

	away.place = (enum place)_i;
	away.over = 0;
	pthread_barrier_init(&away.begin, NULL, 2);
	pthread_barrier_init(&away.end, NULL, 2);
	ck_assert_int_eq(fl_mmap_anon(&away.range, mm, 4, RW), 0);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(fl_store(cpu, fl_page(cpu, away.range, (size_t)i), 7), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, be_away, NULL), 0);
	pthread_barrier_wait(&away.begin);

	ck_assert_int_eq(fl_munmap(mm, away.range, 1), 0);
	ck_assert_int_eq(fl_mprotect(mm, fl_page(cpu, away.range, 1), 1, FL_READ), 0);
	ck_assert_int_eq(fl_madvise(mm, fl_page(cpu, away.range, 2), 1, FL_MADV_DONTNEED), 0);
	for (int i = 0; i < 200; i++) {
		ck_assert_int_eq(fl_fork(&child, mm), 0);
		fl_mm_destroy(child);
		ck_assert_int_eq(fl_mmap_anon(&other, mm, 1, RW), 0);
		ck_assert_int_eq(fl_store(cpu, other, 1), 0);
		ck_assert_int_eq(fl_munmap(mm, other, 1), 0);
	}
	__atomic_store_n(&away.over, 1, __ATOMIC_RELAXED);
	pthread_barrier_wait(&away.end);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	pthread_barrier_destroy(&away.begin);
	pthread_barrier_destroy(&away.end);
	leave(cpu);
}
END_TEST

/* --- one that makes accesses all the time --- */

#define FLUSHES 20000 /* twice: each protection that is taken away, each that comes back */

static struct {
	fl_vaddr page;
	int ready, over;
	uint64_t stores, faults;
} busy;

static void *store_all_the_time(void *arg)
{
	struct fl_cpu *cpu = enter(1);

	(void)arg;
	for (uint64_t i = 1; !__atomic_load_n(&busy.over, __ATOMIC_RELAXED); i++) {
		int err = fl_store(cpu, busy.page, i);

		busy.stores += err == 0;
		busy.faults += err == -EFAULT;
		if (i == 1)
			__atomic_store_n(&busy.ready, 1, __ATOMIC_RELEASE);
	}
	leave(cpu);
	return NULL;
}

START_TEST(no_store_follows_a_flush_that_forbids_it)
{
	struct fl_cpu *cpu = _i ? NULL : enter(0); /* also by a thread that is no CPU */
	struct fl_cpu *reader = _i ? fl_machine_cpu(machine, 2) : cpu;
	pthread_t thread;
	uint64_t before, after;

	if (_i)
		fl_switch_mm(reader, mm);
	busy.over = busy.ready = 0;
	ck_assert_int_eq(fl_mmap_anon(&busy.page, mm, 1, RW), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, store_all_the_time, NULL), 0);
	while (!__atomic_load_n(&busy.ready, __ATOMIC_ACQUIRE))
		;
	for (int i = 0; i < FLUSHES; i++) {
		if (fl_mprotect(mm, busy.page, 1, FL_READ) || fl_load(&before, reader, busy.page))
			ck_abort();
		for (volatile int j = i % 64; j > 0;)
			j = j - 1;
		if (fl_load(&after, reader, busy.page) || fl_mprotect(mm, busy.page, 1, RW))
			ck_abort();
		if (before != after)
			ck_abort_msg("a store after the flush");
	}
	__atomic_store_n(&busy.over, 1, __ATOMIC_RELAXED);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_uint_gt(busy.stores, 0);
	if (cpu)
		leave(cpu);
	else
		fl_switch_mm(reader, NULL);
}
END_TEST

/* --- more CPUs than cores --- */

#define ROUNDS 60

static fl_vaddr shared;

static void *do_all(void *arg)
{
	unsigned int nr = (unsigned int)(uintptr_t)arg, seed = nr + 1;
	struct fl_cpu *cpu = enter(nr);
	fl_vaddr own;
	uint64_t word;

	for (int i = 0; i < ROUNDS; i++) {
		int err;

		if (fl_mmap_anon(&own, mm, 2, RW))
			ck_abort_msg("mmap");
		if (fl_store(cpu, own, nr) || fl_store(cpu, fl_page(cpu, own, 1), nr))
			ck_abort_msg("store");
		for (size_t j = 0; j < 4; j++) {
			fl_vaddr a = fl_page(cpu, shared, (size_t)rand_r(&seed) % MANY);

			err = j % 2 ? fl_load(&word, cpu, a) : fl_store(cpu, a, nr);
			if (err && err != -EFAULT)
				ck_abort_msg("access: %d", err);
		}
		if (fl_mprotect(mm, fl_page(cpu, shared, nr), 1, i % 2 ? RW : FL_READ) ||
		    fl_mprotect(mm, own, 1, FL_READ))
			ck_abort_msg("mprotect");
		if (fl_store(cpu, own, 1) != -EFAULT || fl_load(&word, cpu, own) || word != nr)
			ck_abort_msg("protection");
		if (i % 8 == 0 && fl_madvise(mm, shared, MANY, FL_MADV_DONTNEED))
			ck_abort_msg("madvise");
		if (i % 16 == 0)
			nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
		if (fl_munmap(mm, own, 2))
			ck_abort_msg("munmap");
	}
	leave(cpu);
	return NULL;
}

START_TEST(more_cpus_than_cores_come_to_an_end)
{
	pthread_t threads[MANY];

	ck_assert_int_eq(fl_mmap_anon(&shared, mm, MANY, RW), 0);
	for (uintptr_t i = 0; i < MANY; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, do_all, (void *)i), 0);
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}
END_TEST

/* --- an address space that goes while others have it loaded --- */

static struct {
	struct fl_mm *mm;
	pthread_barrier_t begin;
	int over;
} gone;

static void *stay_lazy(void *arg)
{
	struct fl_cpu *cpu = fl_machine_cpu(machine, 1);
	uint64_t word;

	(void)arg;
	ck_assert_int_eq(fl_cpu_bind(cpu), 0);
	for (int i = 0; i < 100; i++) {
		fl_switch_mm(cpu, gone.mm);
		fl_enter_lazy_tlb(cpu);
		pthread_barrier_wait(&gone.begin);
		/* A program that does not know that there is nothing for it. */
		do {
			ck_assert_int_eq(fl_load(&word, cpu, 4096), -EINVAL);
		} while (__atomic_load_n(&gone.over, __ATOMIC_RELAXED) <= i);
		pthread_barrier_wait(&gone.begin);
	}
	fl_cpu_unbind(cpu);
	return NULL;
}

START_TEST(a_lazy_cpu_leaves_an_mm_that_goes)
{
	struct fl_cpu *cpu = enter(0);
	pthread_t thread;

	gone.over = 0;
	pthread_barrier_init(&gone.begin, NULL, 2);
	ck_assert_int_eq(fl_mm_create(&gone.mm, machine), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, stay_lazy, NULL), 0);
	for (int i = 0; i < 100; i++) {
		pthread_barrier_wait(&gone.begin);
		fl_mm_destroy(gone.mm);
		ck_assert_int_eq(fl_mm_create(&gone.mm, machine), 0);
		__atomic_store_n(&gone.over, i + 1, __ATOMIC_RELAXED);
		pthread_barrier_wait(&gone.begin);
	}
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	fl_mm_destroy(gone.mm);
	pthread_barrier_destroy(&gone.begin);
	leave(cpu);
}
END_TEST

static void add(Suite *s, const char *name, void (*begin)(void))
{
	TCase *t = tcase_create(name);

	tcase_add_checked_fixture(t, begin, tear_down);
	tcase_set_timeout(t, TIME_LIMIT);
	tcase_add_loop_test(t, calls_do_not_wait_for_a_thread_that_is_elsewhere, 0, NR_PLACES);
	tcase_add_loop_test(t, no_store_follows_a_flush_that_forbids_it, 0, 2);
	tcase_add_test(t, more_cpus_than_cores_come_to_an_end);
	tcase_add_test(t, a_lazy_cpu_leaves_an_mm_that_goes);
	suite_add_tcase(s, t);
}

int main(void)
{
	Suite *s = suite_create("mm.away");
	SRunner *runner;
	int failed;

	add(s, "generations", set_up);
	add(s, "tables by interrupt", set_up_tables_by_ipi);
	runner = srunner_create(s);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
