/* SPDX-License-Identifier: MIT */
/*
 * rwlock.c - pthread_rwlock_t.
 *
 * POSIX.1-2017, pthread_rwlock_rdlock(), pthread_rwlock_wrlock().
 *
 * Holds: the writer is alone, readers may be several.
 * BUG_READ: the writer takes the lock for reading: data race.
 * BUG_UPGRADE: a reader takes the lock for writing without giving up its own: deadlock.
 * BUG_UNLOCK: a reader unlocks twice.
 * READERS readers, WRITERS writers.
 */
#include <assert.h>
#include <pthread.h>
#include <stddef.h>

#ifndef READERS
#define READERS 2
#endif
#ifndef WRITERS
#define WRITERS 1
#endif

#ifdef BUG_READ
#define WRITE_LOCK pthread_rwlock_rdlock
#else
#define WRITE_LOCK pthread_rwlock_wrlock
#endif

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static int a, b;

static void *reader(void *arg)
{
	pthread_rwlock_rdlock(&lock);
	assert(a == b);
#ifdef BUG_UPGRADE
	pthread_rwlock_wrlock(&lock);
	pthread_rwlock_unlock(&lock);
#endif
	pthread_rwlock_unlock(&lock);
#ifdef BUG_UNLOCK
	pthread_rwlock_unlock(&lock);
#endif
	return arg;
}

static void *writer(void *arg)
{
	WRITE_LOCK(&lock);
	a++;
	b++;
	pthread_rwlock_unlock(&lock);
	return arg;
}

int main(void)
{
	pthread_t t[READERS + WRITERS];

	for (int i = 0; i < READERS + WRITERS; i++)
		pthread_create(&t[i], NULL, i < READERS ? reader : writer, NULL);
	for (int i = 0; i < READERS + WRITERS; i++)
		pthread_join(t[i], NULL);
	assert(a == WRITERS && b == WRITERS);
	return 0;
}
