// SPDX-License-Identifier: MIT
/*
 * world.c - what lies outside of the program and must be the same in each run: random numbers, clocks,
 * processes. Each thread has its own sequence of random numbers, and a clock that advances by a second
 * at each look. Sleeping takes no time.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <sys/types.h>
#include <threads.h>
#include <time.h>

#include "call.h"
#include "explore/symmetry.h"

#define EPOCH 1700000000

static uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

CALL(int, rand, void)
{
	return (int)next_random(&changing_self()->random);
}

CALL(void, srand, unsigned int seed)
{
	changing_self()->random = seed;
}

CALL(int, rand_r, unsigned int *seed)
{
	unsigned int s;
	uint64_t state;
	int r;

	call_read(&s, seed, sizeof(s), PC);
	state = s;
	r = (int)next_random(&state);
	s = (unsigned int)state;
	call_write(seed, &s, sizeof(s), PC);
	return r;
}

CALL(long, random, void)
{
	return (long)next_random(&changing_self()->random);
}

CALL(void, srandom, unsigned int seed)
{
	changing_self()->random = seed;
}

CALL(double, drand48, void)
{
	return (double)next_random(&changing_self()->random) / 2147483648.0;
}

CALL(long, lrand48, void)
{
	return (long)next_random(&changing_self()->random);
}

CALL(long, mrand48, void)
{
	return (int)(next_random(&changing_self()->random) << 1);
}

CALL(void, srand48, long seed)
{
	changing_self()->random = seed;
}

static time_t now(void)
{
	return EPOCH + changing_self()->clock++;
}

/* Member by member: a program looks at them one by one. */
static void put_time(struct timespec *out, uintptr_t pc)
{
	CALL_RETURN(&out->tv_sec, now(), pc);
	CALL_RETURN(&out->tv_nsec, 0, pc);
}

CALL(time_t, time, time_t *out)
{
	time_t t = now();

	CALL_RETURN(out, t, PC);
	return t;
}

CALL(clock_t, clock, void)
{
	return (now() - EPOCH) * CLOCKS_PER_SEC;
}

CALL(int, clock_gettime, clockid_t clock, struct timespec *out)
{
	put_time(out, PC);
	return 0;
}

CALL(int, gettimeofday, struct timeval *out, void *zone)
{
	CALL_RETURN(&out->tv_sec, now(), PC);
	CALL_RETURN(&out->tv_usec, 0, PC);
	return 0;
}

CALL(int, timespec_get, struct timespec *out, int base)
{
	put_time(out, PC);
	return base;
}

CALL(unsigned int, sleep, unsigned int seconds)
{
	return 0;
}

CALL(int, usleep, useconds_t us)
{
	return 0;
}

CALL(int, nanosleep, const struct timespec *t, struct timespec *rest)
{
	return 0;
}

CALL(int, clock_nanosleep, clockid_t clock, int flags, const struct timespec *t,
     struct timespec *rest)
{
	return 0;
}

CALL(int, thrd_sleep, const struct timespec *t, struct timespec *rest)
{
	return 0;
}

CALL(int, sched_yield, void)
{
	return 0;
}

CALL(int, pthread_yield, void)
{
	return 0;
}

CALL(void, thrd_yield, void)
{
}

CALL(unsigned int, alarm, unsigned int seconds)
{
	return 0;
}

CALL(pid_t, fork, void)
{
	call_refuse("fork() is not modelled");
}

CALL(sighandler_t, signal, int number, sighandler_t handler)
{
	return SIG_DFL;
}

CALL(int, sigaction, int number, const struct sigaction *action, struct sigaction *old)
{
	return 0;
}

/* Of an atomic operation on a real number: nobody looks at the flags. */
CALL(void, __atomic_feraiseexcept, int exceptions)
{
}

CALL(pid_t, getpid, void)
{
	return 1000;
}

CALL(pid_t, gettid, void)
{
	if (outside())
		return 1000;
	symmetry_known(current_thread);
	return 1000 + current_thread;
}
