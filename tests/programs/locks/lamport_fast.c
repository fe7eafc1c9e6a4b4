/* SPDX-License-Identifier: MIT */
/*
 * lamport_fast.c - mutual exclusion in seven accesses if nobody else wants in.
 *
 * L. Lamport, "A fast mutual exclusion algorithm", TOCS 5(1), 1987, algorithm 2.
 *
 * Holds: one thread at a time is in the critical section; all accesses are seq_cst.
 * BUG_WEAK: acquire loads and release stores. BUG_NO_X: x is not looked at again after y was set.
 * BUG_NO_WAIT: who lost x does not wait for the others before it looks at y.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define N 2

#ifdef BUG_WEAK
#define LOAD_ORDER memory_order_acquire
#define STORE_ORDER memory_order_release
#else
#define LOAD_ORDER memory_order_seq_cst
#define STORE_ORDER memory_order_seq_cst
#endif

#define GET(p) atomic_load_explicit((p), LOAD_ORDER)
#define SET(p, v) atomic_store_explicit((p), (v), STORE_ORDER)

static atomic_int x, y, wants[N + 1];
static int counter;

static void lock(int me)
{
	for (;;) {
		SET(&wants[me], 1);
		SET(&x, me);
		if (GET(&y)) {
			SET(&wants[me], 0);
			while (GET(&y))
				;
			continue;
		}
		SET(&y, me);
#ifdef BUG_NO_X
		return;
#endif
		if (GET(&x) == me)
			return;
		SET(&wants[me], 0);
#ifndef BUG_NO_WAIT
		for (int i = 1; i <= N; i++)
			while (GET(&wants[i]))
				;
#endif
		if (GET(&y) == me)
			return;
		while (GET(&y))
			;
	}
}

static void *thread(void *arg)
{
	int me = (int)(intptr_t)arg;

	lock(me);
	counter++;
	SET(&y, 0);
	SET(&wants[me], 0);
	return NULL;
}

int main(void)
{
	pthread_t t[N];

	for (intptr_t i = 0; i < N; i++)
		pthread_create(&t[i], NULL, thread, (void *)(i + 1));
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	assert(counter == N);
	return 0;
}
