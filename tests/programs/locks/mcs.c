/* SPDX-License-Identifier: MIT */
/*
 * mcs.c - the MCS queue lock: each waiter spins on its own node.
 *
 * J. M. Mellor-Crummey, M. L. Scott, "Algorithms for scalable synchronization on shared-memory multiprocessors",
 * TOCS 9(1), 1991, algorithm 5.
 *
 * Holds: one thread at a time has the lock, and who waits gets it.
 * BUG_PASS: the store that passes the lock to the next waiter is relaxed: data race.
 * BUG_TAIL: the exchange of the tail does not release the node's initialisation: the store of `next` by the
 * successor may come before it in the coherence order and is lost: deadlock.
 * BUG_LAST: an unlocking thread that has no successor yet, but is not the last either, does not wait for it: deadlock.
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
#define K 1
#endif

#ifdef BUG_PASS
#define PASS_ORDER memory_order_relaxed
#else
#define PASS_ORDER memory_order_release
#endif

#ifdef BUG_TAIL
#define TAIL_ORDER memory_order_acquire
#else
#define TAIL_ORDER memory_order_acq_rel
#endif

struct node {
	_Atomic(struct node *) next;
	atomic_int waits;
};

static _Atomic(struct node *) tail;
static struct node nodes[N];
static int counter;

static void lock(struct node *n)
{
	struct node *prev;

	atomic_store_explicit(&n->next, NULL, memory_order_relaxed);
	atomic_store_explicit(&n->waits, 1, memory_order_relaxed);
	prev = atomic_exchange_explicit(&tail, n, TAIL_ORDER);
	if (!prev)
		return;
	atomic_store_explicit(&prev->next, n, memory_order_release);
	while (atomic_load_explicit(&n->waits, memory_order_acquire))
		;
}

static void unlock(struct node *n)
{
	struct node *next = atomic_load_explicit(&n->next, memory_order_acquire), *self = n;

	if (!next) {
		if (atomic_compare_exchange_strong_explicit(
			    &tail, &self, NULL, memory_order_release, memory_order_relaxed))
			return;
#ifdef BUG_LAST
		return;
#endif
		while (!(next = atomic_load_explicit(&n->next, memory_order_acquire)))
			;
	}
	atomic_store_explicit(&next->waits, 0, PASS_ORDER);
}

static void *thread(void *arg)
{
	struct node *n = &nodes[(intptr_t)arg];

	for (int i = 0; i < K; i++) {
		lock(n);
		counter++;
		unlock(n);
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
