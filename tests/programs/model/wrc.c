/* SPDX-License-Identifier: MIT */
/*
 * wrc.c - write to read causality: what a thread saw is seen by who synchronises with it.
 *
 * Boehm and Adve, PLDI 2008; ISO C11 5.1.2.4p18 (happens-before is transitive).
 *
 * Holds with acquire and release along the chain. BUG_FIRST: the first load is relaxed (its store, too).
 * BUG_LAST: the last load of the flag is.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#ifdef BUG_FIRST
#define FIRST_LOAD memory_order_relaxed
#define FIRST_STORE memory_order_relaxed
#else
#define FIRST_LOAD memory_order_acquire
#define FIRST_STORE memory_order_release
#endif

#ifdef BUG_LAST
#define LAST_LOAD memory_order_relaxed
#else
#define LAST_LOAD memory_order_acquire
#endif

static int data;
static atomic_int x, y;

static void *first(void *arg)
{
	data = 1;
	atomic_store_explicit(&x, 1, FIRST_STORE);
	return arg;
}

static void *second(void *arg)
{
	if (atomic_load_explicit(&x, FIRST_LOAD))
		atomic_store_explicit(&y, 1, memory_order_release);
	return arg;
}

static void *third(void *arg)
{
	if (atomic_load_explicit(&y, LAST_LOAD))
		assert(data == 1);
	return arg;
}

int main(void)
{
	void *(*fn[3])(void *) = { first, second, third };
	pthread_t t[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, fn[i], NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	return 0;
}
