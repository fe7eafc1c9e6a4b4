// SPDX-License-Identifier: MIT
/*
 * barrier.c - pthread_barrier_t: its first word is COUNT, the number of threads it is for, then how many have
 * arrived, then the round, then ALIVE; its second word is the round once more. The last to arrive begins the next
 * round and gets PTHREAD_BARRIER_SERIAL_THREAD. The others wait for the second word, which arrivals for the next
 * round leave alone: who waits reads one store and no other, if each round has the same threads. If it has others, the
 * second word may still be at an earlier round: who waits goes on waiting then, and who begins a round waits for the one
 * before to have begun, so that the word only grows.
 */
#include <errno.h>
#include <pthread.h>

#include "call.h"

#define WORD sizeof(uint64_t)
#define ARRIVED (1ull << 16)
#define ROUND (1ull << 32)
#define ALIVE (0xba44ull << 48)

static uint64_t *round_of(pthread_barrier_t *bar)
{
	return (uint64_t *)bar + 1;
}

static unsigned int count_of(uint64_t word)
{
	return word & 0xffff;
}

static unsigned int arrived_at(uint64_t word)
{
	return word >> 16 & 0xffff;
}

static uint64_t round_at(uint64_t word)
{
	return word >> 32 & 0xffff;
}

static bool is_alive(uint64_t word)
{
	return (word & 0xffffull << 48) == ALIVE;
}

static bool arrive(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)a, (void)b;
	if (arrived_at(old) + 1 == count_of(old))
		*n = (old & ~(ROUND - ARRIVED)) + ROUND;
	else
		*n = old + ARRIVED;
	return is_alive(old);
}

/* Is it round @a, or later? */
static bool round_begun(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)b;
	*n = old;
	return old >= a;
}

static bool destroy_word(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)a, (void)b;
	*n = 0;
	return !arrived_at(old);
}

/* On a stack, what is there may be a barrier of a function that has returned. */
static bool may_not_be_there(const pthread_barrier_t *bar)
{
	return memory_tracks((uintptr_t)bar);
}

CALL(int, pthread_barrier_init, pthread_barrier_t *bar, const pthread_barrierattr_t *attr,
     unsigned int count)
{
	const struct fl_site *site = WHAT("pthread_barrier_init()");

	if (!count || count > 0xffff)
		return EINVAL;
	if (may_not_be_there(bar) && is_alive(call_load(bar, WORD, FL_PLAIN, site, PC)))
		call_violation("bad-init", "%s initialises a barrier that is initialised",
			       thread_name(current_thread));
	call_store(bar, WORD, ALIVE | count, FL_PLAIN, site, PC);
	call_store(round_of(bar), WORD, 0, FL_PLAIN, site, PC);
	return 0;
}

CALL(int, pthread_barrier_destroy, pthread_barrier_t *bar)
{
	if (!call_rmw(bar, WORD, destroy_word, 0, 0, FL_ONCE, WHAT("pthread_barrier_destroy()"), PC,
		      NULL))
		call_violation("bad-destroy", "%s destroys a barrier at which threads wait",
			       thread_name(current_thread));
	return 0;
}

CALL(int, pthread_barrier_wait, pthread_barrier_t *bar)
{
	const struct fl_site *site = WHAT("pthread_barrier_wait()");
	uint64_t old, round;

	if (!call_rmw(bar, WORD, arrive, 0, 0, FL_ACQ_REL, site, PC, &old))
		call_violation("use-after-destroy",
			       "%s waits at a barrier that was destroyed or never initialised",
			       thread_name(current_thread));
	round = round_at(old);
	if (arrived_at(old) + 1 == count_of(old)) {
		if (round)
			call_wait(round_of(bar), WORD, round_begun, round, 0, FL_ONCE, site, PC);
		call_store(round_of(bar), WORD, round + 1, FL_RELEASE, site, PC);
		return PTHREAD_BARRIER_SERIAL_THREAD;
	}
	call_wait(round_of(bar), WORD, round_begun, round + 1, 0, FL_ACQUIRE, site, PC);
	return 0;
}
