/* SPDX-License-Identifier: MIT */
/*
 * filter.c - Peterson's lock for n threads: n - 1 levels, at each of which one thread stays behind.
 *
 * G. L. Peterson, "Myths about the mutual exclusion problem", IPL 12(3), 1981.
 *
 * Holds: one thread at a time is in the critical section; all accesses are seq_cst.
 * BUG_WEAK: acquire loads and release stores. BUG_LEVELS: one level less.
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

#ifdef BUG_LEVELS
#define LEVELS (N - 1)
#else
#define LEVELS N
#endif

#ifdef BUG_WEAK
#define LOAD_ORDER memory_order_acquire
#define STORE_ORDER memory_order_release
#else
#define LOAD_ORDER memory_order_seq_cst
#define STORE_ORDER memory_order_seq_cst
#endif

static atomic_int level[N], last[N];
static int counter;

static int ahead(int me, int l)
{
	for (int i = 0; i < N; i++)
		if (i != me && atomic_load_explicit(&level[i], LOAD_ORDER) >= l)
			return 1;
	return 0;
}

static void *thread(void *arg)
{
	int me = (int)(intptr_t)arg;

	for (int l = 1; l < LEVELS; l++) {
		atomic_store_explicit(&level[me], l, STORE_ORDER);
		atomic_store_explicit(&last[l], me, STORE_ORDER);
		while (atomic_load_explicit(&last[l], LOAD_ORDER) == me && ahead(me, l))
			;
	}
	counter++;
	atomic_store_explicit(&level[me], 0, STORE_ORDER);
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
