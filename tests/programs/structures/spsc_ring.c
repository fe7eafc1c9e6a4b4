/* SPDX-License-Identifier: MIT */
/*
 * spsc_ring.c - a ring for one producer and one consumer.
 *
 * L. Lamport, "Specifying concurrent program modules", TOPLAS 5(2), 1983; Documentation/core-api/circular-buffers.rst.
 *
 * Holds: the consumer gets what was produced, in order.
 * BUG_TAIL: the producer's store of the tail is relaxed: the consumer reads a slot before it was written.
 * BUG_HEAD: the consumer's store of the head is relaxed: the producer writes a slot while it is read.
 * BUG_FULL: the producer lets the ring fill up by one too many.
 * SIZE slots, ITEMS items.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#ifndef SIZE
#define SIZE 1
#endif
#ifndef ITEMS
#define ITEMS 2
#endif

#ifdef BUG_TAIL
#define TAIL_ORDER memory_order_relaxed
#else
#define TAIL_ORDER memory_order_release
#endif

#ifdef BUG_HEAD
#define HEAD_ORDER memory_order_relaxed
#else
#define HEAD_ORDER memory_order_release
#endif

#ifdef BUG_FULL
#define ROOM (SIZE + 1)
#else
#define ROOM SIZE
#endif

static int slots[SIZE];
static atomic_uint head, tail;

static void *producer(void *arg)
{
	for (unsigned int i = 0; i < ITEMS; i++) {
		while (i - atomic_load_explicit(&head, memory_order_acquire) >= ROOM)
			;
		slots[i % SIZE] = (int)i + 1;
		atomic_store_explicit(&tail, i + 1, TAIL_ORDER);
	}
	return arg;
}

static void *consumer(void *arg)
{
	for (unsigned int i = 0; i < ITEMS; i++) {
		while (atomic_load_explicit(&tail, memory_order_acquire) == i)
			;
		assert(slots[i % SIZE] == (int)i + 1);
		atomic_store_explicit(&head, i + 1, HEAD_ORDER);
	}
	return arg;
}

int main(void)
{
	pthread_t p, c;

	pthread_create(&p, NULL, producer, NULL);
	pthread_create(&c, NULL, consumer, NULL);
	pthread_join(p, NULL);
	pthread_join(c, NULL);
	return 0;
}
