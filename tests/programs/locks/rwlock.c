/* SPDX-License-Identifier: MIT */
/*
 * rwlock.c - a reader-writer spin lock in one word, as Linux's rwlock_t on x86 was until 3.16.
 *
 * A reader takes one off the word, a writer takes BIAS off; who makes the word negative (writer: non-zero)
 * puts it back and waits until it has a chance.
 *
 * Holds: a writer is alone, readers see what the last writer left.
 * BUG_READ_UNLOCK: a reader leaves by a relaxed addition, so a writer's store races with its load.
 * BUG_WRITE_LOCK: a writer enters by a relaxed subtraction. BUG_WRITE_UNLOCK: it leaves by a relaxed addition.
 * READERS, WRITERS: how many threads of each.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#ifndef READERS
#define READERS 1
#endif
#ifndef WRITERS
#define WRITERS 1
#endif

#define BIAS 0x100000

#ifdef BUG_READ_UNLOCK
#define READ_UNLOCK_ORDER memory_order_relaxed
#else
#define READ_UNLOCK_ORDER memory_order_release
#endif

#ifdef BUG_WRITE_LOCK
#define WRITE_LOCK_ORDER memory_order_relaxed
#else
#define WRITE_LOCK_ORDER memory_order_acquire
#endif

#ifdef BUG_WRITE_UNLOCK
#define WRITE_UNLOCK_ORDER memory_order_relaxed
#else
#define WRITE_UNLOCK_ORDER memory_order_release
#endif

static atomic_int lock = BIAS;
static int a, b;

static void read_lock(void)
{
	while (atomic_fetch_sub_explicit(&lock, 1, memory_order_acquire) <= 0) {
		atomic_fetch_add_explicit(&lock, 1, memory_order_relaxed);
		while (atomic_load_explicit(&lock, memory_order_relaxed) <= 0)
			;
	}
}

static void read_unlock(void)
{
	atomic_fetch_add_explicit(&lock, 1, READ_UNLOCK_ORDER);
}

static void write_lock(void)
{
	while (atomic_fetch_sub_explicit(&lock, BIAS, WRITE_LOCK_ORDER) != BIAS) {
		atomic_fetch_add_explicit(&lock, BIAS, memory_order_relaxed);
		while (atomic_load_explicit(&lock, memory_order_relaxed) != BIAS)
			;
	}
}

static void write_unlock(void)
{
	atomic_fetch_add_explicit(&lock, BIAS, WRITE_UNLOCK_ORDER);
}

static void *reader(void *arg)
{
	read_lock();
	assert(a == b);
	read_unlock();
	return arg;
}

static void *writer(void *arg)
{
	write_lock();
	a++;
	b++;
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
	assert(a == WRITERS && b == WRITERS);
	return 0;
}
