/* SPDX-License-Identifier: MIT */
/*
 * sb_ring.c - store buffering among N threads: each stores its own location and loads its neighbour's.
 *
 * Holds: nothing is asked but their number: 2^N executions, as every load reads one of two stores.
 * BUG_ALL: that not all loads read 0. FENCES: with a full fence in between they don't: 2^N - 1.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#ifndef N
#define N 3
#endif

static atomic_int x[N];
static int seen[N];

static void *thread(void *arg)
{
	int me = (int)(intptr_t)arg;

	atomic_store_explicit(&x[me], 1, memory_order_relaxed);
#ifdef FENCES
	atomic_thread_fence(memory_order_seq_cst);
#endif
	seen[me] = atomic_load_explicit(&x[(me + 1) % N], memory_order_relaxed);
	return NULL;
}

int main(void)
{
	pthread_t t[N];
	int sum = 0;

	for (intptr_t i = 0; i < N; i++)
		pthread_create(&t[i], NULL, thread, (void *)i);
	for (int i = 0; i < N; i++) {
		pthread_join(t[i], NULL);
		sum += seen[i];
	}
#if defined(BUG_ALL) || defined(FENCES)
	assert(sum);
#else
	(void)sum;
#endif
	return 0;
}
