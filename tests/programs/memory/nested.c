/* SPDX-License-Identifier: MIT */
/*
 * nested.c - threads that create threads, with what they have just read, and leave them unjoined.
 *
 * Holds: a thread sees what its creator saw. Threads that nobody joins run to their end.
 * BUG_JOIN: the creator does not wait for the thread that it created, and uses its result.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

static atomic_int x, y, flag;
static int result;

static void *inner(void *arg)
{
	if ((intptr_t)arg == 1)
		assert(atomic_load_explicit(&x, memory_order_relaxed) == 1);
	else
		atomic_store_explicit(&y, 1, memory_order_relaxed);
	result = 1;
	return NULL;
}

static void *outer(void *arg)
{
	intptr_t seen = atomic_load_explicit(&flag, memory_order_acquire);
	pthread_t t;

	pthread_create(&t, NULL, inner, (void *)seen);
#ifdef BUG_JOIN
	assert(result);
#endif
	return arg;
}

static void *sets(void *arg)
{
	atomic_store_explicit(&x, 1, memory_order_relaxed);
	atomic_store_explicit(&flag, 1, memory_order_release);
	return arg;
}

int main(void)
{
	pthread_t t[2];

	pthread_create(&t[0], NULL, outer, NULL);
	pthread_create(&t[1], NULL, sets, NULL);
	return 0;
}
