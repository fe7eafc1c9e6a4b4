/* SPDX-License-Identifier: MIT */
/*
 * ticket.c - a ticket spin lock.
 *
 * J. M. Mellor-Crummey, M. L. Scott, "Algorithms for scalable synchronization on shared-memory multiprocessors",
 * TOCS 9(1), 1991, algorithm 2. Ticket locks were Linux's spinlock_t from 2.6.25 to 4.1.
 *
 * Holds: one thread at a time has the lock.
 * BUG_OWNER: the store that passes the lock on is relaxed. BUG_WAIT: the load that waits for it is.
 * BUG_DRAW: a ticket is drawn by a load and a store, so that two threads may have the same.
 * N threads take the lock K times each.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#ifndef N
#define N 2
#endif
#ifndef K
#define K 1
#endif

#ifdef BUG_OWNER
#define OWNER_ORDER memory_order_relaxed
#else
#define OWNER_ORDER memory_order_release
#endif

#ifdef BUG_WAIT
#define WAIT_ORDER memory_order_relaxed
#else
#define WAIT_ORDER memory_order_acquire
#endif

static atomic_uint next, owner;
static int counter;

static unsigned int draw(void)
{
#ifdef BUG_DRAW
	unsigned int ticket = atomic_load_explicit(&next, memory_order_relaxed);

	atomic_store_explicit(&next, ticket + 1, memory_order_relaxed);
	return ticket;
#else
	return atomic_fetch_add_explicit(&next, 1, memory_order_relaxed);
#endif
}

static void *thread(void *arg)
{
	for (int i = 0; i < K; i++) {
		unsigned int ticket = draw();

		while (atomic_load_explicit(&owner, WAIT_ORDER) != ticket)
			;
		counter++;
		atomic_store_explicit(&owner, ticket + 1, OWNER_ORDER);
	}
	return arg;
}

int main(void)
{
	pthread_t t[N];

	for (int i = 0; i < N; i++)
		pthread_create(&t[i], NULL, thread, NULL);
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	assert(counter == N * K);
	return 0;
}
