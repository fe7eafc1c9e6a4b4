/* SPDX-License-Identifier: MIT */
/*
 * semaphores.c - the bounded buffer with counting semaphores.
 *
 * E. W. Dijkstra, "Cooperating sequential processes", EWD 123, 1965, section 4.3.
 *
 * Holds: the consumer gets what was produced, in order; everybody ends.
 * BUG_FREE: the producer does not wait for a free slot: data race. BUG_POST: the consumer gives no slot back: deadlock.
 * BUG_VALUE: one slot too many.
 * SIZE slots, ITEMS items.
 */
#include <assert.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>

#ifndef SIZE
#define SIZE 1
#endif
#ifndef ITEMS
#define ITEMS 2
#endif

#ifdef BUG_VALUE
#define FREE_SLOTS (SIZE + 1)
#else
#define FREE_SLOTS SIZE
#endif

static sem_t free_slots, items;
static int slots[SIZE];

static void *producer(void *arg)
{
	for (int i = 0; i < ITEMS; i++) {
#ifndef BUG_FREE
		sem_wait(&free_slots);
#endif
		slots[i % SIZE] = i;
		sem_post(&items);
	}
	return arg;
}

static void *consumer(void *arg)
{
	for (int i = 0; i < ITEMS; i++) {
		sem_wait(&items);
		assert(slots[i % SIZE] == i);
#ifndef BUG_POST
		sem_post(&free_slots);
#endif
	}
	return arg;
}

int main(void)
{
	pthread_t p, c;

	sem_init(&free_slots, 0, FREE_SLOTS);
	sem_init(&items, 0, 0);
	pthread_create(&p, NULL, producer, NULL);
	pthread_create(&c, NULL, consumer, NULL);
	pthread_join(p, NULL);
	pthread_join(c, NULL);
	return 0;
}
