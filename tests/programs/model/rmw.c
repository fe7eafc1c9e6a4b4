/* SPDX-License-Identifier: MIT */
/*
 * rmw.c - read-modify-writes are atomic, whatever their order: fetch-and-add, exchange, compare-exchange, bit operations.
 *
 * ISO C11 7.17.7 and 7.17.3p12.
 *
 * Holds: no addition is lost, one thread wins each exchange. BUG_SPLIT: a load and a store instead.
 * N threads. OP: 0 add, 1 exchange, 2 compare-exchange (once), 3 or, 4 a loop of weak compare-exchanges.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#ifndef N
#define N 2
#endif
#ifndef OP
#define OP 0
#endif

static atomic_int x, winners;

static void step(int me)
{
	int old = 0;

#if defined(BUG_SPLIT)
	(void)me;
	old = atomic_load_explicit(&x, memory_order_relaxed);
	atomic_store_explicit(&x, old + 1, memory_order_relaxed);
#elif OP == 0
	(void)me;
	old = atomic_fetch_add_explicit(&x, 1, memory_order_relaxed);
#elif OP == 1
	(void)me;
	old = atomic_exchange_explicit(&x, 1, memory_order_relaxed);
#elif OP == 2
	(void)me;
	atomic_compare_exchange_strong_explicit(&x, &old, 1, memory_order_relaxed,
						memory_order_relaxed);
#elif OP == 3
	old = atomic_fetch_or_explicit(&x, 1 << me, memory_order_relaxed);
#else
	(void)me;
	old = atomic_load_explicit(&x, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&x, &old, old + 1, memory_order_relaxed,
						      memory_order_relaxed))
		;
#endif
	if (!old)
		atomic_fetch_add_explicit(&winners, 1, memory_order_relaxed);
}

static void *thread(void *arg)
{
	step((int)(intptr_t)arg);
	return NULL;
}

int main(void)
{
	pthread_t t[N];

	for (intptr_t i = 0; i < N; i++)
		pthread_create(&t[i], NULL, thread, (void *)i);
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	assert(winners == 1);
#if OP == 0 || OP == 4
	assert(x == N);
#elif OP == 3
	assert(x == (1 << N) - 1);
#else
	assert(x == 1);
#endif
	return 0;
}
