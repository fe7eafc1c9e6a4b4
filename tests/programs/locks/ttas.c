/* SPDX-License-Identifier: MIT */
/*
 * ttas.c - a spin lock that waits by reading, then tries a test-and-set.
 *
 * L. Rudolph, Z. Segall, "Dynamic decentralized cache schemes for MIMD parallel processors", ISCA 1984.
 *
 * Holds: one thread at a time has the lock.
 * BUG_STORE: the lock is taken by a store, without looking whether it is still free.
 * BUG_EXCHANGE: the exchange is relaxed.
 * BUG_RELEASE: the releasing store is relaxed.
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

#ifdef BUG_EXCHANGE
#define EXCHANGE_ORDER memory_order_relaxed
#else
#define EXCHANGE_ORDER memory_order_acquire
#endif

#ifdef BUG_RELEASE
#define RELEASE_ORDER memory_order_relaxed
#else
#define RELEASE_ORDER memory_order_release
#endif

static atomic_int taken;
static int counter;

static void lock(void)
{
	for (;;) {
		while (atomic_load_explicit(&taken, memory_order_relaxed))
			;
#ifdef BUG_STORE
		atomic_store_explicit(&taken, 1, memory_order_relaxed);
		return;
#else
		if (!atomic_exchange_explicit(&taken, 1, EXCHANGE_ORDER))
			return;
#endif
	}
}

static void unlock(void)
{
	atomic_store_explicit(&taken, 0, RELEASE_ORDER);
}

static void *thread(void *arg)
{
	for (int i = 0; i < K; i++) {
		lock();
		counter++;
		unlock();
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
