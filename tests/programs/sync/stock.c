/* SPDX-License-Identifier: MIT */
/*
 * stock.c - producer and consumer that look at a counter under a mutex; a consumer that finds nothing gives up.
 *
 * A shape of the pthread programs of SV-COMP.
 *
 * Holds: never more is consumed than was produced. BUG_UNLOCKED: the consumer's first look is outside of the mutex.
 * BUG_SPLIT: the consumer gives the mutex back between its look and its taking.
 * PRODUCERS and CONSUMERS threads, ITEMS items each.
 */
#include <assert.h>
#include <pthread.h>
#include <stddef.h>

#ifndef PRODUCERS
#define PRODUCERS 1
#endif
#ifndef CONSUMERS
#define CONSUMERS 2
#endif
#ifndef ITEMS
#define ITEMS 1
#endif

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int stock, produced, consumed;

static void *producer(void *arg)
{
	for (int i = 0; i < ITEMS; i++) {
		pthread_mutex_lock(&mutex);
		stock++;
		produced++;
		pthread_mutex_unlock(&mutex);
	}
	return arg;
}

static void *consumer(void *arg)
{
	for (int i = 0; i < ITEMS; i++) {
#ifdef BUG_UNLOCKED
		if (!stock)
			continue;
#endif
		pthread_mutex_lock(&mutex);
		if (stock > 0) {
#ifdef BUG_SPLIT
			pthread_mutex_unlock(&mutex);
			pthread_mutex_lock(&mutex);
#endif
			stock--;
			consumed++;
			assert(consumed <= produced);
		}
		pthread_mutex_unlock(&mutex);
	}
	return arg;
}

int main(void)
{
	pthread_t t[PRODUCERS + CONSUMERS];

	for (int i = 0; i < PRODUCERS + CONSUMERS; i++)
		pthread_create(&t[i], NULL, i < PRODUCERS ? producer : consumer, NULL);
	for (int i = 0; i < PRODUCERS + CONSUMERS; i++)
		pthread_join(t[i], NULL);
	assert(stock == produced - consumed && stock >= 0);
	return 0;
}
