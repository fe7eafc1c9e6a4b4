/* SPDX-License-Identifier: MIT */
/*
 * stale.c - a load that returns a value BACK stores old, though a later flag was seen.
 *
 * No paper: checkers that keep only a few past stores miss it (Relacy's history has three).
 *
 * Holds with acquire and release on the flag: who sees it sees the last store.
 * BUG_RELAXED: a relaxed flag; the assertion fails only for the value of STORES - BACK.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#ifndef STORES
#define STORES 5
#endif
#ifndef BACK
#define BACK 4
#endif

#ifdef BUG_RELAXED
#define LOAD_ORDER memory_order_relaxed
#define STORE_ORDER memory_order_relaxed
#else
#define LOAD_ORDER memory_order_acquire
#define STORE_ORDER memory_order_release
#endif

static atomic_int x, flag;

static void *writer(void *arg)
{
	for (int i = 1; i <= STORES; i++)
		atomic_store_explicit(&x, i, memory_order_relaxed);
	atomic_store_explicit(&flag, 1, STORE_ORDER);
	return arg;
}

static void *reader(void *arg)
{
	if (atomic_load_explicit(&flag, LOAD_ORDER))
		assert(atomic_load_explicit(&x, memory_order_relaxed) != STORES - BACK);
	return arg;
}

int main(void)
{
	pthread_t w, r;

	pthread_create(&w, NULL, writer, NULL);
	pthread_create(&r, NULL, reader, NULL);
	pthread_join(w, NULL);
	pthread_join(r, NULL);
	return 0;
}
