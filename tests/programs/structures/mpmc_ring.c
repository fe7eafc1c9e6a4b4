/* SPDX-License-Identifier: MIT */
/*
 * mpmc_ring.c - a bounded queue for any number of producers and consumers, with a sequence number per slot.
 *
 * D. Vyukov, "Bounded MPMC queue", 1024cores.net, 2010.
 *
 * Holds: what was put in comes out once, and complete.
 * BUG_PUT: the producer's store of the sequence number is relaxed. BUG_GET: the consumer's is, so that the next
 * producer writes the slot while it is read. BUG_CLAIM: positions are claimed by a load and a store.
 * A ring of two slots; PRODUCERS put one item each, CONSUMERS try to get one.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#ifndef PRODUCERS
#define PRODUCERS 2
#endif
#ifndef CONSUMERS
#define CONSUMERS 1
#endif
#ifndef SIZE
#define SIZE 2
#endif

#ifdef BUG_PUT
#define PUT_ORDER memory_order_relaxed
#else
#define PUT_ORDER memory_order_release
#endif

#ifdef BUG_GET
#define GET_ORDER memory_order_relaxed
#else
#define GET_ORDER memory_order_release
#endif

static struct {
	atomic_uint seq;
	int value;
} ring[SIZE];

static atomic_uint put_at, get_at;
static atomic_int seen[PRODUCERS];

/* The claimed position, whose slot has the sequence number position + @ready; or -1: not ready. */
static int claim(atomic_uint *at, unsigned int ready)
{
	unsigned int pos = atomic_load_explicit(at, memory_order_relaxed), seq;

	for (;;) {
		seq = atomic_load_explicit(&ring[pos % SIZE].seq, memory_order_acquire);
		if ((int)(seq - (pos + ready)) < 0)
			return -1;
		if (seq != pos + ready) {
			pos = atomic_load_explicit(at, memory_order_relaxed);
			continue;
		}
#ifdef BUG_CLAIM
		atomic_store_explicit(at, pos + 1, memory_order_relaxed);
		return (int)pos;
#else
		if (atomic_compare_exchange_strong_explicit(at, &pos, pos + 1, memory_order_relaxed,
							    memory_order_relaxed))
			return (int)pos;
#endif
	}
}

static int put(int value)
{
	int pos = claim(&put_at, 0);

	if (pos < 0)
		return 0;
	ring[pos % SIZE].value = value;
	atomic_store_explicit(&ring[pos % SIZE].seq, (unsigned int)pos + 1, PUT_ORDER);
	return 1;
}

static int get(int *value)
{
	int pos = claim(&get_at, 1);

	if (pos < 0)
		return 0;
	*value = ring[pos % SIZE].value;
	atomic_store_explicit(&ring[pos % SIZE].seq, (unsigned int)pos + SIZE, GET_ORDER);
	return 1;
}

static void *producer(void *arg)
{
	put((int)(intptr_t)arg);
	return NULL;
}

static void *consumer(void *arg)
{
	int value;

	if (get(&value))
		assert(!atomic_fetch_add_explicit(&seen[value], 1, memory_order_relaxed));
	return arg;
}

int main(void)
{
	pthread_t p[PRODUCERS], c[CONSUMERS];

	for (unsigned int i = 0; i < SIZE; i++)
		atomic_init(&ring[i].seq, i);
	for (intptr_t i = 0; i < PRODUCERS; i++)
		pthread_create(&p[i], NULL, producer, (void *)i);
	for (int i = 0; i < CONSUMERS; i++)
		pthread_create(&c[i], NULL, consumer, NULL);
	for (int i = 0; i < PRODUCERS; i++)
		pthread_join(p[i], NULL);
	for (int i = 0; i < CONSUMERS; i++)
		pthread_join(c[i], NULL);
	return 0;
}
