/* SPDX-License-Identifier: MIT */
/*
 * dekker.c - the first solution of mutual exclusion of two threads.
 *
 * E. W. Dijkstra, "Cooperating sequential processes", EWD 123, 1965 (the solution is T. J. Dekker's).
 *
 * Holds: the two are never both in the critical section. Each raise of a flag is followed by a full fence.
 * BUG_NO_FENCE: without the fence after the flag is raised first. BUG_NO_FENCE_AGAIN: without it after the
 * flag is raised again, having waited for one's turn (seen with K=2). BUG_LEAVE: the flag is lowered by a relaxed store.
 * Each thread enters K times.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#ifndef K
#define K 1
#endif

#ifdef BUG_LEAVE
#define LEAVE_ORDER memory_order_relaxed
#else
#define LEAVE_ORDER memory_order_release
#endif

static atomic_int flag[2], turn;
static int counter;

static void lock(int me, int other)
{
	atomic_store_explicit(&flag[me], 1, memory_order_relaxed);
#ifndef BUG_NO_FENCE
	atomic_thread_fence(memory_order_seq_cst);
#endif
	while (atomic_load_explicit(&flag[other], memory_order_acquire)) {
		if (atomic_load_explicit(&turn, memory_order_relaxed) == me)
			continue;
		atomic_store_explicit(&flag[me], 0, memory_order_relaxed);
		while (atomic_load_explicit(&turn, memory_order_relaxed) != me)
			;
		atomic_store_explicit(&flag[me], 1, memory_order_relaxed);
#ifndef BUG_NO_FENCE_AGAIN
		atomic_thread_fence(memory_order_seq_cst);
#endif
	}
}

static void unlock(int me, int other)
{
	atomic_store_explicit(&turn, other, memory_order_relaxed);
	atomic_store_explicit(&flag[me], 0, LEAVE_ORDER);
}

static void *thread(void *arg)
{
	int me = (int)(intptr_t)arg, other = 1 - me;

	for (int i = 0; i < K; i++) {
		lock(me, other);
		counter++;
		unlock(me, other);
	}
	return NULL;
}

int main(void)
{
	pthread_t t[2];

	for (intptr_t i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, thread, (void *)i);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert(counter == 2 * K);
	return 0;
}
