/* SPDX-License-Identifier: MIT */
/*
 * wait.c - how a thread waits for another one, native engine.
 *
 * A waiter spins, so that a short wait costs no system call; then yields, since the thread that it
 * waits for may need this very core; and in waits for user space, which may be long, sleeps.
 *
 * Is everybody stuck who waits for user space? That many wait is not enough: the condition of one may
 * hold already, and it has not looked yet. So the runner opens a ballot, and a waiter casts a vote after
 * it has seen the ballot, then looked, and found that its condition does not hold. If all have voted,
 * and nobody has begun or ended a wait since, nobody was left who could have changed a condition.
 */
#include <sched.h>
#include <time.h>

#include <faultline/rt.h>

#include "rt/thread.h"

#define SPINS 100 /* some microseconds of `pause` */
#define YIELDS 1000
#define NAP_NS 50000

#define VOTE_WAIT_NS 20000
#define VOTE_WAITS 500

void (*fl_rt_wait_hook)(void);

static atomic_t nr_waiting; /* in such a wait now */
static atomic_t nr_begun;   /* such waits ever */
static int stop;

/* The number of the ballot in the high part, the votes below; one word, so that no vote comes late. */
static atomic_long_t ballot;
#define VOTE_BITS 16
static __thread long ballot_seen, ballot_voted;

void fl_native_wait(unsigned int *step)
{
	if (fl_rt_wait_hook)
		fl_rt_wait_hook();
	cpu_relax();
	if (*step >= SPINS)
		sched_yield();
	else
		++*step;
}

void fl_native_may_wait_begin(void)
{
	atomic_fetch_inc(&nr_begun);
	atomic_fetch_inc(&nr_waiting);
}

/* The caller's condition did not hold when it looked last. */
static void vote(void)
{
	long now = atomic_long_read_acquire(&ballot), number = now >> VOTE_BITS;

	if (ballot_seen == number && ballot_voted != number) {
		ballot_voted = number;
		while (now >> VOTE_BITS == number &&
		       !atomic_long_try_cmpxchg(&ballot, &now, now + 1))
			;
	}
	ballot_seen = number;
}

bool fl_native_may_wait(unsigned int *step)
{
	static const struct timespec nap = { .tv_nsec = NAP_NS };

	if (READ_ONCE(stop))
		return false;
	vote();
	if (fl_rt_wait_hook)
		fl_rt_wait_hook();
	cpu_relax();
	if (*step >= SPINS + YIELDS) {
		nanosleep(&nap, NULL);
		return true;
	}
	if (++*step >= SPINS)
		sched_yield();
	return true;
}

void fl_native_may_wait_end(void)
{
	atomic_fetch_dec(&nr_waiting);
}

int fl_rt_nr_waiting(void)
{
	static const struct timespec pause = { .tv_nsec = VOTE_WAIT_NS };
	int begun = atomic_read_acquire(&nr_begun);
	int waiting = atomic_read_acquire(&nr_waiting);
	long number = (atomic_long_read(&ballot) >> VOTE_BITS) + 1, votes = 0;
	int i;

	if (!waiting)
		return 0;
	atomic_long_xchg(&ballot, number << VOTE_BITS);
	for (i = 0; i < VOTE_WAITS && votes < waiting; i++) {
		nanosleep(&pause, NULL);
		votes = atomic_long_read_acquire(&ballot) - (number << VOTE_BITS);
	}
	if (atomic_read_acquire(&nr_begun) != begun || atomic_read_acquire(&nr_waiting) != waiting)
		return 0;
	return (int)votes;
}

void fl_rt_stop_waiting(bool value)
{
	WRITE_ONCE(stop, value);
}
