/* SPDX-License-Identifier: MIT */
/*
 * mixed_order.c - an atomic that is also accessed plainly.
 *
 * ISO C11 5.1.2.4p25: of two conflicting accesses that race, one plain is enough for undefined behaviour.
 *
 * Holds: the plain access comes before the threads are created and after they are joined.
 * BUG_READ, BUG_WRITE: main() reads or writes plainly while the thread runs.
 * BUG_BYTE: main() writes one byte of it.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_int x;

static void *thread(void *arg)
{
	atomic_fetch_add_explicit(&x, 1, memory_order_relaxed);
	return arg;
}

int main(void)
{
	int *plain = (int *)&x;
	pthread_t t;

	*plain = 1;
	pthread_create(&t, NULL, thread, NULL);
#if defined(BUG_READ)
	assert(*plain >= 1);
#elif defined(BUG_WRITE)
	*plain = 5;
#elif defined(BUG_BYTE)
	*(volatile char *)plain = 5;
#endif
	pthread_join(t, NULL);
	assert(*plain >= 2);
	return 0;
}
