/* SPDX-License-Identifier: MIT */
/*
 * release_sequence.c - an acquire load that reads from the end of a chain of read-modify-writes.
 *
 * ISO C11 5.1.2.4p10; H.-J. Boehm and others, P0982, "Weaken release sequences", which RC11 and C++20 follow.
 *
 * Holds: a chain of relaxed read-modify-writes by other threads carries the release on.
 * BUG_STORE: a relaxed store of another thread is in the chain. BUG_HEAD: the head of the chain is relaxed.
 * BUG_SAME: a relaxed store of the releasing thread itself: C11 had it in the sequence, C++20 and rc11 have not.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#ifdef BUG_HEAD
#define HEAD_ORDER memory_order_relaxed
#else
#define HEAD_ORDER memory_order_release
#endif

static int data;
static atomic_int x;

static void *writer(void *arg)
{
	data = 42;
	atomic_store_explicit(&x, 1, HEAD_ORDER);
#ifdef BUG_SAME
	atomic_store_explicit(&x, 3, memory_order_relaxed);
#endif
	return arg;
}

static void *middle(void *arg)
{
#ifdef BUG_STORE
	if (atomic_load_explicit(&x, memory_order_relaxed) == 1)
		atomic_store_explicit(&x, 2, memory_order_relaxed);
#else
	int expected = 1;

	atomic_compare_exchange_strong_explicit(&x, &expected, 2, memory_order_relaxed,
						memory_order_relaxed);
#endif
	return arg;
}

static void *reader(void *arg)
{
	if (atomic_load_explicit(&x, memory_order_acquire) >= 2)
		assert(data == 42);
	return arg;
}

int main(void)
{
	void *(*fn[3])(void *) = { writer, middle, reader };
	pthread_t t[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, fn[i], NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	return 0;
}
