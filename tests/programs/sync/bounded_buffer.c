/* SPDX-License-Identifier: MIT */
/*
 * bounded_buffer.c - producers and consumers with a mutex and two condition variables.
 *
 * C. A. R. Hoare, "Monitors: an operating system structuring concept", CACM 17(10), 1974.
 *
 * Holds: what is produced is consumed, everybody ends.
 * BUG_IF: a waiter does not look again at the condition when it wakes up: the other consumer was faster.
 * BUG_ONE: one condition variable for both sides, and one waiter is woken: it may be of the wrong side: deadlock.
 * BUG_SIGNAL: consumers wake nobody up: deadlock. BUG_UNLOCKED: the count is looked at outside of the mutex.
 * PRODUCERS produce and CONSUMERS consume ITEMS each; the buffer has room for one item.
 */
#include <assert.h>
#include <pthread.h>
#include <stddef.h>

#ifndef PRODUCERS
#define PRODUCERS 1
#endif
#ifndef CONSUMERS
#define CONSUMERS 1
#endif
#ifndef ITEMS
#define ITEMS 2
#endif

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER;
#ifdef BUG_ONE
#define not_full not_empty
#else
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER;
#endif
static int count, produced, consumed;

static void put(void)
{
	pthread_mutex_lock(&mutex);
	while (count == 1)
		pthread_cond_wait(&not_full, &mutex);
	count++;
	produced++;
	pthread_cond_signal(&not_empty);
	pthread_mutex_unlock(&mutex);
}

static void get(void)
{
#ifdef BUG_UNLOCKED
	while (count == 0)
		;
	pthread_mutex_lock(&mutex);
#else
	pthread_mutex_lock(&mutex);
#ifdef BUG_IF
	if (count == 0)
		pthread_cond_wait(&not_empty, &mutex);
#else
	while (count == 0)
		pthread_cond_wait(&not_empty, &mutex);
#endif
#endif
	assert(count == 1);
	count--;
	consumed++;
#ifndef BUG_SIGNAL
	pthread_cond_signal(&not_full);
#endif
	pthread_mutex_unlock(&mutex);
}

static void *producer(void *arg)
{
	for (int i = 0; i < ITEMS; i++)
		put();
	return arg;
}

static void *consumer(void *arg)
{
	for (int i = 0; i < ITEMS; i++)
		get();
	return arg;
}

int main(void)
{
	pthread_t t[PRODUCERS + CONSUMERS];

	for (int i = 0; i < PRODUCERS + CONSUMERS; i++)
		pthread_create(&t[i], NULL, i < PRODUCERS ? producer : consumer, NULL);
	for (int i = 0; i < PRODUCERS + CONSUMERS; i++)
		pthread_join(t[i], NULL);
	assert(count == 0 && produced == consumed);
	return 0;
}
