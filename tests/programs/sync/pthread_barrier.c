/* SPDX-License-Identifier: MIT */
/*
 * pthread_barrier.c - phases that are kept apart by a barrier.
 *
 * POSIX.1-2017, pthread_barrier_wait().
 *
 * Holds: what was written before the barrier is seen behind it; one thread is told to be the serial one.
 * BUG_COUNT: the barrier waits for one thread more than there are: deadlock.
 * BUG_SKIP: one thread does not wait: data race, or deadlock. BUG_TWICE: it is initialised again while it exists.
 * AGAIN: it is destroyed before.
 * N threads, ROUNDS rounds.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#ifndef N
#define N 2
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif

#ifdef BUG_COUNT
#define COUNT (N + 1)
#else
#define COUNT N
#endif

static pthread_barrier_t barrier;
static int data[N];
static atomic_int serial;

static void *thread(void *arg)
{
	int me = (int)(intptr_t)arg;

	for (int i = 1; i <= ROUNDS; i++) {
		data[me] = i;
#ifdef BUG_SKIP
		if (me == 0)
			continue;
#endif
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			atomic_fetch_add_explicit(&serial, 1, memory_order_relaxed);
		for (int j = 0; j < N; j++)
			assert(data[j] == i);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

int main(void)
{
	pthread_t t[N];

	pthread_barrier_init(&barrier, NULL, COUNT);
#ifdef AGAIN
	pthread_barrier_destroy(&barrier);
#endif
#if defined(AGAIN) || defined(BUG_TWICE)
	pthread_barrier_init(&barrier, NULL, COUNT);
#endif
	for (intptr_t i = 0; i < N; i++)
		pthread_create(&t[i], NULL, thread, (void *)i);
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	pthread_barrier_destroy(&barrier);
	assert(serial == ROUNDS);
	return 0;
}
