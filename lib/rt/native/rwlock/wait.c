/* SPDX-License-Identifier: MIT */
/* wait.c - waiting in reader-writer locks, native engine; for users' locks as well (rwlock.h). */
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <faultline/rt.h>
#include <faultline/rwlock.h>

#include "rt/native/rwlock/wait.h"
#include "rt/native/thread_internal.h"
#include "rt/thread.h"

/* Steps of fl_native_wait() before a thread sleeps: some microseconds, about what the sleep would cost. */
#define SPINS 100
/* Steps between two looks at the clock. */
#define STEPS 16

/* Indexed by CPU. Each has its line: others look at it while they spin. */
static struct {
	int sleeps;
} __attribute__((aligned(64))) cpus[FL_MAX_CPUS];

void fl_wait(unsigned int *step)
{
	fl_native_wait(step);
}

int fl_sleep_begin(void)
{
	int cpu = fl_native_cpu_sleep();

	if (cpu >= 0)
		__atomic_store_n(&cpus[cpu].sleeps, 1, __ATOMIC_RELAXED);
	return cpu;
}

void fl_sleep_end(int slept)
{
	if (slept >= 0)
		__atomic_store_n(&cpus[slept].sleeps, 0, __ATOMIC_RELAXED);
	fl_native_cpu_wake(slept);
}

bool fl_cpu_sleeps(int cpu)
{
	return __atomic_load_n(&cpus[cpu].sleeps, __ATOMIC_RELAXED);
}

enum { WAITS, AWAKE, SLEEPS };

void fl_park(int *word)
{
	unsigned int step = 0, spins = 0;
	int now, cpu;

	while ((now = __atomic_load_n(word, __ATOMIC_ACQUIRE)) != AWAKE) {
		/* Under `faultline stress` others have to hear that we look in vain: no sleep. */
		if (spins < SPINS || fl_rt_wait_hook) {
			spins++;
			fl_native_wait(&step);
			continue;
		}
		if (now == WAITS &&
		    !__atomic_compare_exchange_n(word, &now, SLEEPS, false, __ATOMIC_RELAXED,
						 __ATOMIC_RELAXED))
			continue;
		cpu = fl_sleep_begin();
		syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, SLEEPS, NULL, NULL, 0);
		fl_sleep_end(cpu);
	}
}

bool fl_unpark(int *word)
{
	return __atomic_exchange_n(word, AWAKE, __ATOMIC_RELEASE) == SLEEPS;
}

void fl_wake_up(int *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

uint64_t fl_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

bool fl_time_is_up(unsigned int *step, uint64_t end)
{
	return ++*step % STEPS == 0 && fl_now_ns() > end;
}
