/* SPDX-License-Identifier: MIT */
/*
 * seqlock.c - a sequence lock: readers take nothing and try again if a writer came in between.
 *
 * H.-J. Boehm, "Can seqlocks get along with programming language memory models?", MSPC 2012, figures 4 and 6.
 *
 * Holds: a reader's two values are of one write.
 * BUG_READ_FENCE: nothing orders the reader's loads before its second look at the sequence number.
 * BUG_WRITE_FENCE: nothing orders the writer's stores after its sequence number became odd.
 * BUG_END: the last store of the writer is relaxed. BUG_NO_RETRY: the reader does not look a second time.
 * WRITES by one writer, READERS readers; each tries until it has a result.
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

#ifdef BUG_END
#define END_ORDER memory_order_relaxed
#else
#define END_ORDER memory_order_release
#endif

static atomic_uint seq;
static atomic_int a, b;

static void *writer(void *arg)
{
	for (int i = 1; i <= WRITES; i++) {
		unsigned int s = atomic_load_explicit(&seq, memory_order_relaxed);

		atomic_store_explicit(&seq, s + 1, memory_order_relaxed);
#ifndef BUG_WRITE_FENCE
		atomic_thread_fence(memory_order_release);
#endif
		atomic_store_explicit(&a, i, memory_order_relaxed);
		atomic_store_explicit(&b, i, memory_order_relaxed);
		atomic_store_explicit(&seq, s + 2, END_ORDER);
	}
	return arg;
}

static void *reader(void *arg)
{
	unsigned int before, after;
	int x, y;

	do {
		while ((before = atomic_load_explicit(&seq, memory_order_acquire)) & 1)
			;
		x = atomic_load_explicit(&a, memory_order_relaxed);
		y = atomic_load_explicit(&b, memory_order_relaxed);
#ifndef BUG_READ_FENCE
		atomic_thread_fence(memory_order_acquire);
#endif
#ifdef BUG_NO_RETRY
		after = before;
#else
		after = atomic_load_explicit(&seq, memory_order_relaxed);
#endif
	} while (before != after);
	assert(x == y);
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
