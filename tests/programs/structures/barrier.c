/* SPDX-License-Identifier: MIT */
/*
 * barrier.c - a central sense-reversing barrier.
 *
 * D. Hensgen, R. Finkel, U. Manber, "Two algorithms for barrier synchronization", IJPP 17(1), 1988;
 * Mellor-Crummey and Scott, TOCS 9(1), 1991, algorithm 7.
 *
 * Holds: what a thread wrote before the barrier is seen by all others behind it, in each round.
 * BUG_SENSE: the sense is set by a relaxed store. BUG_COUNT: arrivals are counted by a relaxed addition.
 * BUG_RESET: the count is set back after the sense was set: who is fast is not counted in the next round: deadlock.
 * BUG_REVERSE: waiters wait for the count to come to zero, without a sense: who is slow waits for ever.
 * N threads, ROUNDS rounds.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#ifndef N
#define N 2
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif

#ifdef BUG_SENSE
#define SENSE_ORDER memory_order_relaxed
#else
#define SENSE_ORDER memory_order_release
#endif

#ifdef BUG_COUNT
#define COUNT_ORDER memory_order_relaxed
#else
#define COUNT_ORDER memory_order_acq_rel
#endif

static atomic_int count, sense;
static int data[N][ROUNDS];

static void wait(int mine)
{
#ifdef BUG_REVERSE
	(void)mine;
	if (atomic_fetch_add_explicit(&count, 1, COUNT_ORDER) == N - 1)
		atomic_store_explicit(&count, 0, memory_order_release);
	else
		while (atomic_load_explicit(&count, memory_order_acquire))
			;
#else
	if (atomic_fetch_add_explicit(&count, 1, COUNT_ORDER) == N - 1) {
#ifdef BUG_RESET
		atomic_store_explicit(&sense, mine, SENSE_ORDER);
		atomic_store_explicit(&count, 0, memory_order_relaxed);
#else
		atomic_store_explicit(&count, 0, memory_order_relaxed);
		atomic_store_explicit(&sense, mine, SENSE_ORDER);
#endif
	} else {
		while (atomic_load_explicit(&sense, memory_order_acquire) != mine)
			;
	}
#endif
}

static void *thread(void *arg)
{
	int me = (int)(intptr_t)arg, mine = 0;

	for (int i = 0; i < ROUNDS; i++) {
		mine = !mine;
		data[me][i] = 1;
		wait(mine);
		for (int j = 0; j < N; j++)
			assert(data[j][i]);
	}
	return NULL;
}

int main(void)
{
	pthread_t t[N];

	for (intptr_t i = 0; i < N; i++)
		pthread_create(&t[i], NULL, thread, (void *)i);
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	return 0;
}
