/* SPDX-License-Identifier: MIT */
/*
 * lb.c - load buffering.
 *
 * Lahav and others, PLDI 2017, section 4: RC11 has no cycle of sequenced-before and reads-from, though C11 and the
 * hardware of some machines allow this one.
 *
 * Holds under rc11, by its definition: the two loads are not both 1. DATA: the stored values are the loaded ones,
 * and 42 does not come out of thin air.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_int x, y;
static int rx, ry;

#ifdef DATA
#define VALUE(r) (r)
#else
#define VALUE(r) 1
#endif

static void *first(void *arg)
{
	rx = atomic_load_explicit(&x, memory_order_relaxed);
	atomic_store_explicit(&y, VALUE(rx), memory_order_relaxed);
	return arg;
}

static void *second(void *arg)
{
	ry = atomic_load_explicit(&y, memory_order_relaxed);
	atomic_store_explicit(&x, VALUE(ry), memory_order_relaxed);
	return arg;
}

int main(void)
{
	pthread_t t, u;

	pthread_create(&t, NULL, first, NULL);
	pthread_create(&u, NULL, second, NULL);
	pthread_join(t, NULL);
	pthread_join(u, NULL);
	assert(!rx || !ry);
	return 0;
}
