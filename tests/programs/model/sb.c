/* SPDX-License-Identifier: MIT */
/*
 * sb.c - store buffering.
 *
 * ISO C11 7.17.3; O. Lahav, V. Vafeiadis, J. Kang, C.-K. Hur, D. Dreyer, "Repairing sequential consistency in
 * C/C++11", PLDI 2017.
 *
 * Holds with seq_cst accesses, or with FENCES: the two loads are not both 0.
 * BUG_RELAXED, BUG_ACQ_REL: weaker accesses. BUG_ONE_FENCE: relaxed, with a fence in one thread.
 * RMW: relaxed accesses, the fence is a seq_cst read-modify-write of a third location.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#if defined(BUG_ACQ_REL)
#define LOAD_ORDER memory_order_acquire
#define STORE_ORDER memory_order_release
#elif defined(BUG_RELAXED) || defined(FENCES) || defined(BUG_ONE_FENCE) || defined(RMW)
#define LOAD_ORDER memory_order_relaxed
#define STORE_ORDER memory_order_relaxed
#else
#define LOAD_ORDER memory_order_seq_cst
#define STORE_ORDER memory_order_seq_cst
#endif

#define FENCE() atomic_thread_fence(memory_order_seq_cst)

static atomic_int x, y, z;
static int rx, ry;

static void *first(void *arg)
{
	atomic_store_explicit(&x, 1, STORE_ORDER);
#if defined(FENCES) || defined(BUG_ONE_FENCE)
	FENCE();
#elif defined(RMW)
	atomic_fetch_add(&z, 1);
#endif
	ry = atomic_load_explicit(&y, LOAD_ORDER);
	return arg;
}

static void *second(void *arg)
{
	atomic_store_explicit(&y, 1, STORE_ORDER);
#if defined(FENCES)
	FENCE();
#elif defined(RMW)
	atomic_fetch_add(&z, 1);
#endif
	rx = atomic_load_explicit(&x, LOAD_ORDER);
	return arg;
}

int main(void)
{
	pthread_t t, u;

	pthread_create(&t, NULL, first, NULL);
	pthread_create(&u, NULL, second, NULL);
	pthread_join(t, NULL);
	pthread_join(u, NULL);
	(void)z;
	assert(rx || ry);
	return 0;
}
