/* SPDX-License-Identifier: MIT */
/*
 * readers.c - one thread stores N locations in turn, each of N readers loads one: 2^N executions.
 *
 * Holds: with RELEASE, a reader that loads two locations, last stored first, sees both stores or the older one.
 * BUG_RELAXED: the same with relaxed stores.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#ifndef N
#define N 3
#endif

#if defined(RELEASE)
#define STORE_ORDER memory_order_release
#else
#define STORE_ORDER memory_order_relaxed
#endif

static atomic_int x[N];

static void *stores(void *arg)
{
	for (int i = 0; i < N; i++)
		atomic_store_explicit(&x[i], 1, STORE_ORDER);
	return arg;
}

static void *loads(void *arg)
{
	int me = (int)(intptr_t)arg, v = atomic_load_explicit(&x[me], memory_order_acquire);

#if defined(RELEASE) || defined(BUG_RELAXED)
	if (v && me)
		assert(atomic_load_explicit(&x[me - 1], memory_order_relaxed));
#else
	(void)v;
#endif
	return NULL;
}

int main(void)
{
	pthread_t w, r[N];

	pthread_create(&w, NULL, stores, NULL);
	for (intptr_t i = 0; i < N; i++)
		pthread_create(&r[i], NULL, loads, (void *)i);
	pthread_join(w, NULL);
	for (int i = 0; i < N; i++)
		pthread_join(r[i], NULL);
	return 0;
}
