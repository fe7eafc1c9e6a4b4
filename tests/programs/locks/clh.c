/* SPDX-License-Identifier: MIT */
/*
 * clh.c - the CLH queue lock: each waiter spins on its predecessor's node and takes it over afterwards.
 *
 * T. S. Craig, "Building FIFO and priority-queuing spin locks from atomic swap", University of Washington 93-02-02;
 * P. Magnusson, A. Landin, E. Hagersten, "Queue locks on cache coherent multiprocessors", IPPS 1994.
 *
 * Holds: one thread at a time has the lock, and who waits gets it.
 * BUG_UNLOCK: the releasing store is relaxed. BUG_WAIT: the waiting load is.
 * BUG_SWAP: the exchange of the tail is relaxed: a waiter may see its predecessor's node as it was before.
 * BUG_REUSE: a thread takes its own node again, which its successor may still look at: deadlock.
 * N threads take the lock K times each.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#ifndef N
#define N 2
#endif
#ifndef K
#define K 2
#endif

#ifdef BUG_UNLOCK
#define UNLOCK_ORDER memory_order_relaxed
#else
#define UNLOCK_ORDER memory_order_release
#endif

#ifdef BUG_WAIT
#define WAIT_ORDER memory_order_relaxed
#else
#define WAIT_ORDER memory_order_acquire
#endif

#ifdef BUG_SWAP
#define SWAP_ORDER memory_order_relaxed
#else
#define SWAP_ORDER memory_order_acq_rel
#endif

struct node {
	atomic_int taken;
};

static struct node nodes[N + 1];
static _Atomic(struct node *) tail = &nodes[N];
static int counter;

static void *thread(void *arg)
{
	struct node *mine = &nodes[(intptr_t)arg], *prev;

	for (int i = 0; i < K; i++) {
		atomic_store_explicit(&mine->taken, 1, memory_order_relaxed);
		prev = atomic_exchange_explicit(&tail, mine, SWAP_ORDER);
		while (atomic_load_explicit(&prev->taken, WAIT_ORDER))
			;
		counter++;
		atomic_store_explicit(&mine->taken, 0, UNLOCK_ORDER);
#ifndef BUG_REUSE
		mine = prev;
#endif
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
	assert(counter == N * K);
	return 0;
}
