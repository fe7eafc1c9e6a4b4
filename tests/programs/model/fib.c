/* SPDX-License-Identifier: MIT */
/*
 * fib.c - two threads add each other's variable to their own.
 *
 * SV-COMP's pthread/fib_bench.
 *
 * Holds: neither gets larger than the Fibonacci number of 2 * N + 2.
 * BUG_LIMIT: the largest number itself is not allowed.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#ifndef N
#define N 3
#endif

static atomic_int x = 1, y = 1;

static void *first(void *arg)
{
	for (int k = 0; k < N; k++)
		atomic_store(&x, atomic_load(&x) + atomic_load(&y));
	return arg;
}

static void *second(void *arg)
{
	for (int k = 0; k < N; k++)
		atomic_store(&y, atomic_load(&y) + atomic_load(&x));
	return arg;
}

/* The Fibonacci number of 2 * N + 2, with 1, 1, 2, ... */
static int limit(void)
{
	int a = 1, b = 1;

	for (int i = 0; i < 2 * N; i++) {
		int c = a + b;

		a = b;
		b = c;
	}
	return b;
}

int main(void)
{
	pthread_t t, u;

	pthread_create(&t, NULL, first, NULL);
	pthread_create(&u, NULL, second, NULL);
	pthread_join(t, NULL);
	pthread_join(u, NULL);
#ifdef BUG_LIMIT
	assert(x < limit() && y < limit());
#else
	assert(x <= limit() && y <= limit());
#endif
	return 0;
}
