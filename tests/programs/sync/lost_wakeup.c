/* SPDX-License-Identifier: MIT */
/*
 * lost_wakeup.c - waiting for a flag with a condition variable.
 *
 * A. D. Birrell, "An introduction to programming with threads", DEC SRC report 35, 1989, "Using wait".
 *
 * Holds: the waiter goes on once the flag is set, whoever comes first.
 * BUG_CHECK: the waiter waits without looking at the flag: the signal may have been before: deadlock.
 * BUG_OUTSIDE: it looks before it takes the mutex: the same. BUG_MUTEX: the flag is set without the mutex, so that
 * the signal may come between the look and the wait.
 * Under this checker a wait ends by a signal only: what depends on spurious wakeups to go on is a deadlock.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static atomic_int flag;

static void *waiter(void *arg)
{
#ifdef BUG_OUTSIDE
	int set = atomic_load(&flag);

	pthread_mutex_lock(&mutex);
	if (!set)
		pthread_cond_wait(&cond, &mutex);
#elif defined(BUG_CHECK)
	pthread_mutex_lock(&mutex);
	pthread_cond_wait(&cond, &mutex);
#else
	pthread_mutex_lock(&mutex);
	while (!atomic_load(&flag))
		pthread_cond_wait(&cond, &mutex);
#endif
	pthread_mutex_unlock(&mutex);
	return arg;
}

int main(void)
{
	pthread_t t;

	pthread_create(&t, NULL, waiter, NULL);
#ifndef BUG_MUTEX
	pthread_mutex_lock(&mutex);
#endif
	atomic_store(&flag, 1);
#ifndef BUG_MUTEX
	pthread_mutex_unlock(&mutex);
#endif
	pthread_cond_signal(&cond);
	pthread_join(t, NULL);
	return 0;
}
