/* SPDX-License-Identifier: MIT */
/*
 * cas_order.c - the two orders of a compare-exchange.
 *
 * ISO C11 7.17.7.4.
 *
 * Holds: a failing compare-exchange with an acquire failure order synchronises with the store that it reads.
 * BUG_FAILURE: the failure order is relaxed, the success order does not matter then: data race.
 * BUG_SUCCESS: the succeeding one is relaxed.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#ifdef BUG_FAILURE
#define FAILURE_ORDER memory_order_relaxed
#else
#define FAILURE_ORDER memory_order_acquire
#endif

#ifdef BUG_SUCCESS
#define SUCCESS_ORDER memory_order_relaxed
#else
#define SUCCESS_ORDER memory_order_acquire
#endif

static int data;
static atomic_int x;

static void *writer(void *arg)
{
	data = 42;
	atomic_store_explicit(&x, 1, memory_order_release);
	return arg;
}

static void *fails(void *arg)
{
	int expected = 0;

	if (!atomic_compare_exchange_strong_explicit(&x, &expected, 0, memory_order_acquire,
						     FAILURE_ORDER))
		assert(data == 42);
	return arg;
}

static void *succeeds(void *arg)
{
	int expected = 1;

	if (atomic_compare_exchange_strong_explicit(&x, &expected, 1, SUCCESS_ORDER,
						    memory_order_relaxed))
		assert(data == 42);
	return arg;
}

int main(void)
{
	void *(*fn[3])(void *) = { writer, fails, succeeds };
	pthread_t t[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, fn[i], NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	return 0;
}
