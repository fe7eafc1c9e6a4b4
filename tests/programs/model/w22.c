/* SPDX-License-Identifier: MIT */
/*
 * w22.c - 2+2W: two threads store to two locations in opposite orders.
 *
 * P. Sewell, S. Sarkar and others, "Understanding POWER multiprocessors", PLDI 2011; Lahav and others, PLDI 2017.
 *
 * Holds with seq_cst stores, or FENCES between them: not both locations keep a thread's first store.
 * BUG_RELAXED, BUG_RELEASE: weaker stores.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#if defined(BUG_RELAXED) || defined(FENCES)
#define STORE_ORDER memory_order_relaxed
#elif defined(BUG_RELEASE)
#define STORE_ORDER memory_order_release
#else
#define STORE_ORDER memory_order_seq_cst
#endif

static atomic_int x, y;

static void two(atomic_int *first, atomic_int *second)
{
	atomic_store_explicit(first, 1, STORE_ORDER);
#ifdef FENCES
	atomic_thread_fence(memory_order_seq_cst);
#endif
	atomic_store_explicit(second, 2, STORE_ORDER);
}

static void *xy(void *arg)
{
	two(&x, &y);
	return arg;
}

static void *yx(void *arg)
{
	two(&y, &x);
	return arg;
}

int main(void)
{
	pthread_t t, u;

	pthread_create(&t, NULL, xy, NULL);
	pthread_create(&u, NULL, yx, NULL);
	pthread_join(t, NULL);
	pthread_join(u, NULL);
	assert(x != 1 || y != 1);
	return 0;
}
