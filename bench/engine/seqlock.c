/* SPDX-License-Identifier: MIT */
/*
 * seqlock.c - WRITES updates under a sequence lock, READERS threads that try to read once.
 *
 * As tests/programs/model/seqlock_once.c, but the writer counts for itself: it loads nothing.
 * BUG: without the reader's fence.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_int seq, x, y;

static void *writer(void *arg)
{
	for (int i = 1; i <= WRITES; i++) {
		atomic_store_explicit(&seq, 2 * i - 1, memory_order_relaxed);
		atomic_thread_fence(memory_order_release);
		atomic_store_explicit(&x, i, memory_order_relaxed);
		atomic_store_explicit(&y, i, memory_order_relaxed);
		atomic_store_explicit(&seq, 2 * i, memory_order_release);
	}
	return arg;
}

static void *reader(void *arg)
{
	int begin = atomic_load_explicit(&seq, memory_order_acquire), a, b;

	if (begin % 2)
		return arg;
	a = atomic_load_explicit(&x, memory_order_relaxed);
	b = atomic_load_explicit(&y, memory_order_relaxed);
#ifndef BUG
	atomic_thread_fence(memory_order_acquire);
#endif
	if (atomic_load_explicit(&seq, memory_order_relaxed) == begin)
		assert(a == b);
	return arg;
}

int main(void)
{
	pthread_t w, r[READERS];

	pthread_create(&w, NULL, writer, NULL);
	for (int i = 0; i < READERS; i++)
		pthread_create(&r[i], NULL, reader, NULL);
	pthread_join(w, NULL);
	for (int i = 0; i < READERS; i++)
		pthread_join(r[i], NULL);
	return 0;
}
