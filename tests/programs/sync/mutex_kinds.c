/* SPDX-License-Identifier: MIT */
/*
 * mutex_kinds.c - recursive and error-checking mutexes, C11's mtx_t, spin locks.
 *
 * POSIX.1-2017, pthread_mutex_lock(); ISO C11 7.26.4.
 *
 * Holds: a recursive mutex is free after as many unlocks as locks, an error-checking one says what is wrong.
 * BUG_NORMAL: what is locked twice is a normal mutex. BUG_ONCE: the recursive mutex is unlocked once: deadlock.
 * MTX, SPIN: the same counter under a mtx_t or a pthread_spinlock_t.
 */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <threads.h>

static int counter;

#if defined(MTX)
static mtx_t mutex;

static void init(void)
{
	assert(mtx_init(&mutex, mtx_plain) == thrd_success);
}

static void count(void)
{
	mtx_lock(&mutex);
	counter++;
	mtx_unlock(&mutex);
}
#elif defined(SPIN)
static pthread_spinlock_t spin;

static void init(void)
{
	pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
}

static void count(void)
{
	pthread_spin_lock(&spin);
	counter++;
	pthread_spin_unlock(&spin);
}
#else
static pthread_mutex_t recursive, checking;

static void init(void)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&checking, &attr);
#ifndef BUG_NORMAL
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&recursive, &attr);
#endif
	pthread_mutexattr_destroy(&attr);
}

static void count(void)
{
	pthread_mutex_lock(&recursive);
	assert(!pthread_mutex_lock(&recursive));
	counter++;
#ifndef BUG_ONCE
	pthread_mutex_unlock(&recursive);
#endif
	pthread_mutex_unlock(&recursive);

	assert(pthread_mutex_unlock(&checking) == EPERM);
	assert(!pthread_mutex_lock(&checking));
	assert(pthread_mutex_lock(&checking) == EDEADLK);
	assert(!pthread_mutex_unlock(&checking));
}
#endif

static void *thread(void *arg)
{
	count();
	return arg;
}

int main(void)
{
	pthread_t t[2];

	init();
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, thread, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert(counter == 2);
	return 0;
}
