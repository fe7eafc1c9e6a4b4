/* SPDX-License-Identifier: MIT */
/*
 * dijkstra.c - the first solution of mutual exclusion of n threads.
 *
 * E. W. Dijkstra, "Solution of a problem in concurrent programming control", CACM 8(9), 1965.
 *
 * Holds: one thread at a time is in the critical section; all accesses are seq_cst.
 * Two threads that try at the same time can go round without end: a thread gives up after ROUNDS rounds.
 * BUG_WEAK: acquire loads and release stores. BUG_NO_CHECK: the last look at the others is missing.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define N 2

#ifndef ROUNDS
#define ROUNDS 2
#endif

#ifdef BUG_WEAK
#define LOAD_ORDER memory_order_acquire
#define STORE_ORDER memory_order_release
#else
#define LOAD_ORDER memory_order_seq_cst
#define STORE_ORDER memory_order_seq_cst
#endif

#define GET(p) atomic_load_explicit((p), LOAD_ORDER)
#define SET(p, v) atomic_store_explicit((p), (v), STORE_ORDER)

enum { OUT, WANTS, TRIES };

static atomic_int state[N], turn;
static int counter;

static int alone(int me)
{
#ifndef BUG_NO_CHECK
	for (int i = 0; i < N; i++)
		if (i != me && GET(&state[i]) == TRIES)
			return 0;
#endif
	(void)me;
	return 1;
}

static int lock(int me)
{
	for (int round = 0; round < ROUNDS; round++) {
		int t;

		SET(&state[me], WANTS);
		while ((t = GET(&turn)) != me)
			if (GET(&state[t]) == OUT)
				SET(&turn, me);
		SET(&state[me], TRIES);
		if (alone(me))
			return 1;
	}
	return 0;
}

static void *thread(void *arg)
{
	int me = (int)(intptr_t)arg;

	if (lock(me))
		counter++;
	SET(&state[me], OUT);
	return NULL;
}

int main(void)
{
	pthread_t t[N];

	for (intptr_t i = 0; i < N; i++)
		pthread_create(&t[i], NULL, thread, (void *)i);
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	assert(counter <= N);
	return 0;
}
