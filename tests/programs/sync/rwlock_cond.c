/* SPDX-License-Identifier: MIT */
/*
 * rwlock_cond.c - a reader-writer lock made of a mutex and a condition variable.
 *
 * P. J. Courtois, F. Heymans, D. L. Parnas, "Concurrent control with 'readers' and 'writers'", CACM 14(10), 1971.
 *
 * Holds: a writer is alone; everybody ends.
 * ONE: who leaves wakes one waiter instead of all. That is enough: the one wakes the next when it leaves.
 * BUG_IF: a writer does not look again when it wakes up. BUG_LAST: a reader that leaves wakes nobody: deadlock.
 * READERS, WRITERS: how many threads of each.
 */
#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#ifndef READERS
#define READERS 1
#endif
#ifndef WRITERS
#define WRITERS 1
#endif

#ifdef ONE
#define WAKE pthread_cond_signal
#else
#define WAKE pthread_cond_broadcast
#endif

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int readers;
static bool writing;
static int data;

static void read_lock(void)
{
	pthread_mutex_lock(&mutex);
	while (writing)
		pthread_cond_wait(&changed, &mutex);
	readers++;
	pthread_mutex_unlock(&mutex);
}

static void read_unlock(void)
{
	pthread_mutex_lock(&mutex);
	readers--;
#ifndef BUG_LAST
	if (!readers)
		WAKE(&changed);
#endif
	pthread_mutex_unlock(&mutex);
}

static void write_lock(void)
{
	pthread_mutex_lock(&mutex);
#ifdef BUG_IF
	if (writing || readers)
#else
	while (writing || readers)
#endif
		pthread_cond_wait(&changed, &mutex);
	writing = true;
	pthread_mutex_unlock(&mutex);
}

static void write_unlock(void)
{
	pthread_mutex_lock(&mutex);
	writing = false;
	WAKE(&changed);
	pthread_mutex_unlock(&mutex);
}

static void *reader(void *arg)
{
	int before;

	read_lock();
	before = data;
	assert(before == data);
	read_unlock();
	return arg;
}

static void *writer(void *arg)
{
	write_lock();
	data++;
	write_unlock();
	return arg;
}

int main(void)
{
	pthread_t t[READERS + WRITERS];

	for (int i = 0; i < READERS + WRITERS; i++)
		pthread_create(&t[i], NULL, i < READERS ? reader : writer, NULL);
	for (int i = 0; i < READERS + WRITERS; i++)
		pthread_join(t[i], NULL);
	assert(data == WRITERS);
	return 0;
}
