/* SPDX-License-Identifier: MIT */
/*
 * tas.c - a spin lock that is one test-and-set flag.
 *
 * T. E. Anderson, "The performance of spin lock alternatives for shared-memory multiprocessors", TPDS 1(1), 1990.
 *
 * Holds: the counter that the lock protects is accessed by one thread at a time, and no addition is lost.
 * BUG_SET: the acquiring operation is relaxed. BUG_CLEAR: the releasing one is.
 * N threads take the lock K times each.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#ifndef N
#define N 2
#endif
#ifndef K
#define K 1
#endif

#ifdef BUG_SET
#define SET_ORDER memory_order_relaxed
#else
#define SET_ORDER memory_order_acquire
#endif

#ifdef BUG_CLEAR
#define CLEAR_ORDER memory_order_relaxed
#else
#define CLEAR_ORDER memory_order_release
#endif

static atomic_flag flag = ATOMIC_FLAG_INIT;
static int counter;

static void *thread(void *arg)
{
	for (int i = 0; i < K; i++) {
		while (atomic_flag_test_and_set_explicit(&flag, SET_ORDER))
			;
		counter++;
		atomic_flag_clear_explicit(&flag, CLEAR_ORDER);
	}
	return arg;
}

int main(void)
{
	pthread_t t[N];

	for (int i = 0; i < N; i++)
		pthread_create(&t[i], NULL, thread, NULL);
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	assert(counter == N * K);
	return 0;
}
