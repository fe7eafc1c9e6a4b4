/* SPDX-License-Identifier: MIT */
/*
 * iriw.c - independent reads of independent writes: do two readers see two stores in different orders?
 *
 * H.-J. Boehm, S. V. Adve, "Foundations of the C++ concurrency memory model", PLDI 2008.
 *
 * Holds with seq_cst accesses, or FENCES between the loads: they do not.
 * BUG_ACQ_REL, BUG_RELAXED: weaker accesses. BUG_LOADS: seq_cst stores, acquire loads.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#if defined(BUG_ACQ_REL) || defined(BUG_LOADS)
#define LOAD_ORDER memory_order_acquire
#elif defined(BUG_RELAXED) || defined(FENCES)
#define LOAD_ORDER memory_order_relaxed
#else
#define LOAD_ORDER memory_order_seq_cst
#endif

#if defined(BUG_ACQ_REL)
#define STORE_ORDER memory_order_release
#elif defined(BUG_RELAXED) || defined(FENCES)
#define STORE_ORDER memory_order_relaxed
#else
#define STORE_ORDER memory_order_seq_cst
#endif

static atomic_int x, y;
static int seen[2][2];

static void *write_x(void *arg)
{
	atomic_store_explicit(&x, 1, STORE_ORDER);
	return arg;
}

static void *write_y(void *arg)
{
	atomic_store_explicit(&y, 1, STORE_ORDER);
	return arg;
}

static void look(atomic_int *first, atomic_int *second, int *result)
{
	result[0] = atomic_load_explicit(first, LOAD_ORDER);
#ifdef FENCES
	atomic_thread_fence(memory_order_seq_cst);
#endif
	result[1] = atomic_load_explicit(second, LOAD_ORDER);
}

static void *read_xy(void *arg)
{
	look(&x, &y, seen[0]);
	return arg;
}

static void *read_yx(void *arg)
{
	look(&y, &x, seen[1]);
	return arg;
}

int main(void)
{
	void *(*fn[4])(void *) = { write_x, write_y, read_xy, read_yx };
	pthread_t t[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, fn[i], NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert(!(seen[0][0] && !seen[0][1] && seen[1][0] && !seen[1][1]));
	return 0;
}
