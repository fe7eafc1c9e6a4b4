/* SPDX-License-Identifier: MIT */
/*
 * use_after_free.c - heap memory that is freed while, or before, another thread uses it.
 *
 * ISO C11 7.22.3, 6.2.4p2.
 *
 * Holds: the memory is freed after the users are joined.
 * BUG_EARLY: before they are joined. BUG_TWICE: a user frees it, too. BUG_AFTER: it is read after it was freed.
 * BUG_REALLOC: the old block is used after a realloc(). BUG_INSIDE: a pointer into the block is freed.
 * BUG_BOUNDS: the element behind the last is written. BUG_BEFORE: the one before the first.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

static atomic_int *block;

static void *user(void *arg)
{
	atomic_fetch_add_explicit(&block[0], 1, memory_order_relaxed);
#ifdef BUG_TWICE
	free(block);
#endif
	return arg;
}

int main(void)
{
	pthread_t t, u;

	block = malloc(2 * sizeof(*block));
	atomic_init(&block[0], 0);
	atomic_init(&block[1], 0);
#ifdef BUG_BOUNDS
	atomic_init(&block[2], 0);
#endif
#ifdef BUG_BEFORE
	atomic_init(&block[-1], 0);
#endif
	pthread_create(&t, NULL, user, NULL);
	pthread_create(&u, NULL, user, NULL);
#ifdef BUG_EARLY
	free(block);
#endif
	pthread_join(t, NULL);
	pthread_join(u, NULL);
#ifdef BUG_REALLOC
	atomic_int *bigger = realloc(block, 1024 * sizeof(*block));

	assert(atomic_load(&bigger[0]) == 2);
	atomic_store(&block[0], 3);
	free(bigger);
#elif defined(BUG_INSIDE)
	free(block + 1);
#elif !defined(BUG_EARLY) && !defined(BUG_TWICE)
	assert(atomic_load(&block[0]) == 2);
	free(block);
#endif
#ifdef BUG_AFTER
	assert(atomic_load(&block[0]) == 2);
#endif
	return 0;
}
