/* SPDX-License-Identifier: MIT */
/*
 * sc_mixed.c - seq_cst accesses mixed with weaker ones (Z6.U).
 *
 * Lahav and others, PLDI 2017, figure 1: compilers for POWER need what C11 as published forbade; rc11 allows it.
 *
 * Holds if all accesses are seq_cst: not r1 == 1, r2 == 3, r3 == 0.
 * BUG_WEAK: the accesses between the seq_cst ones of the first and third thread are acquire and release.
 * BUG_RMW: the same with a seq_cst read-modify-write: still allowed, as the step from its load to its store stays at
 * one location (a checker that takes that step for an order between seq_cst accesses misses it).
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#if defined(BUG_WEAK) || defined(BUG_RMW)
#define STORE_ORDER memory_order_release
#define LOAD_ORDER memory_order_relaxed
#else
#define STORE_ORDER memory_order_seq_cst
#define LOAD_ORDER memory_order_seq_cst
#endif

#ifdef BUG_WEAK
#define RMW_ORDER memory_order_acq_rel
#else
#define RMW_ORDER memory_order_seq_cst
#endif

static atomic_int x, y;
static int r1, r2, r3;

static void *first(void *arg)
{
	atomic_store(&x, 1);
	atomic_store_explicit(&y, 1, STORE_ORDER);
	return arg;
}

static void *second(void *arg)
{
	r1 = atomic_fetch_add_explicit(&y, 1, RMW_ORDER);
	r2 = atomic_load_explicit(&y, LOAD_ORDER);
	return arg;
}

static void *third(void *arg)
{
	atomic_store(&y, 3);
	r3 = atomic_load(&x);
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
	assert(!(r1 == 1 && r2 == 3 && r3 == 0));
	return 0;
}
