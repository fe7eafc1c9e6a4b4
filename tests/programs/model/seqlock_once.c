/* SPDX-License-Identifier: MIT */
/*
 * seqlock_once.c - readers of a sequence lock that try once and give up if a writer was there.
 *
 * H.-J. Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012.
 *
 * Holds: a reader that does not give up has a consistent pair. BUG_FENCE: without the reader's acquire fence.
 * WRITES by one writer, READERS readers: their choices are independent, so the executions are a power.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#ifndef WRITES
#define WRITES 1
#endif
#ifndef READERS
#define READERS 1
#endif

static atomic_uint seq;
static atomic_int x, y;

static void *writer(void *arg)
{
	for (int i = 1; i <= WRITES; i++) {
		unsigned int s = atomic_load_explicit(&seq, memory_order_relaxed);

		atomic_store_explicit(&seq, s + 1, memory_order_relaxed);
		atomic_thread_fence(memory_order_release);
		atomic_store_explicit(&x, i, memory_order_relaxed);
		atomic_store_explicit(&y, i, memory_order_relaxed);
		atomic_store_explicit(&seq, s + 2, memory_order_release);
	}
	return arg;
}

static void *reader(void *arg)
{
	unsigned int s = atomic_load_explicit(&seq, memory_order_acquire);
	int a, b;

	if (s & 1)
		return arg;
	a = atomic_load_explicit(&x, memory_order_relaxed);
	b = atomic_load_explicit(&y, memory_order_relaxed);
#ifndef BUG_FENCE
	atomic_thread_fence(memory_order_acquire);
#endif
	if (atomic_load_explicit(&seq, memory_order_relaxed) == s)
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
