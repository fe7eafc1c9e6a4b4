/* SPDX-License-Identifier: MIT */
/*
 * burns.c - mutual exclusion with one bit per thread (found by L. Lamport as well).
 *
 * J. E. Burns, N. A. Lynch, "Bounds on shared memory for mutual exclusion", Information and Computation 107(2), 1993.
 *
 * Holds: one thread at a time is in the critical section; all accesses are seq_cst.
 * BUG_WEAK: acquire loads and release stores. BUG_LOWER: threads with a lower number are not looked at again
 * after the flag was raised.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define N 2

#ifdef BUG_WEAK
#define LOAD_ORDER memory_order_acquire
#define STORE_ORDER memory_order_release
#else
#define LOAD_ORDER memory_order_seq_cst
#define STORE_ORDER memory_order_seq_cst
#endif

static atomic_int flag[N];
static int counter;

static int raised(int i)
{
	return atomic_load_explicit(&flag[i], LOAD_ORDER);
}

static int lower_raised(int me)
{
	for (int i = 0; i < me; i++)
		if (raised(i))
			return 1;
	return 0;
}

static void lock(int me)
{
	for (;;) {
		atomic_store_explicit(&flag[me], 0, STORE_ORDER);
		while (lower_raised(me))
			;
		atomic_store_explicit(&flag[me], 1, STORE_ORDER);
#ifdef BUG_LOWER
		break;
#else
		if (!lower_raised(me))
			break;
#endif
	}
	for (int i = me + 1; i < N; i++)
		while (raised(i))
			;
}

static void *thread(void *arg)
{
	int me = (int)(intptr_t)arg;

	lock(me);
	counter++;
	atomic_store_explicit(&flag[me], 0, STORE_ORDER);
	return NULL;
}

int main(void)
{
	pthread_t t[N];

	for (intptr_t i = 0; i < N; i++)
		pthread_create(&t[i], NULL, thread, (void *)i);
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	assert(counter == N);
	return 0;
}
