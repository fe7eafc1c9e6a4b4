/* SPDX-License-Identifier: MIT */
/*
 * bakery.c - Lamport's bakery: draw a number above all others, wait for those with lower ones.
 *
 * L. Lamport, "A new solution of Dijkstra's concurrent programming problem", CACM 17(8), 1974.
 *
 * Holds: one thread at a time is in the critical section; all accesses are seq_cst.
 * BUG_CHOOSING: nobody waits for a thread that is still choosing its number.
 * BUG_WEAK: acquire loads and release stores. BUG_TIE: equal numbers are not told apart.
 * N threads.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#ifndef N
#define N 2
#endif

#ifdef BUG_WEAK
#define LOAD_ORDER memory_order_acquire
#define STORE_ORDER memory_order_release
#else
#define LOAD_ORDER memory_order_seq_cst
#define STORE_ORDER memory_order_seq_cst
#endif

static atomic_int choosing[N], number[N];
static int counter;

static int before(int a, int i, int b, int j)
{
#ifdef BUG_TIE
	(void)i, (void)j;
	return a < b;
#else
	return a < b || (a == b && i < j);
#endif
}

static void *thread(void *arg)
{
	int me = (int)(intptr_t)arg, mine = 0, n;

	atomic_store_explicit(&choosing[me], 1, STORE_ORDER);
	for (int i = 0; i < N; i++) {
		if (i == me)
			continue;
		n = atomic_load_explicit(&number[i], LOAD_ORDER);
		if (n > mine)
			mine = n;
	}
	mine++;
	atomic_store_explicit(&number[me], mine, STORE_ORDER);
	atomic_store_explicit(&choosing[me], 0, STORE_ORDER);
	for (int i = 0; i < N; i++) {
		if (i == me)
			continue;
#ifndef BUG_CHOOSING
		while (atomic_load_explicit(&choosing[i], LOAD_ORDER))
			;
#endif
		do {
			n = atomic_load_explicit(&number[i], LOAD_ORDER);
		} while (n && before(n, i, mine, me));
	}
	counter++;
	atomic_store_explicit(&number[me], 0, STORE_ORDER);
	return NULL;
}

int main(void)
{
	pthread_t t[N];

	for (intptr_t i = 0; i < N; i++)
		pthread_create(&t[i], NULL, thread, (void *)i);
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	assert(counter == N);
	return 0;
}
