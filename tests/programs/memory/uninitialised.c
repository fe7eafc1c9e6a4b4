/* SPDX-License-Identifier: MIT */
/*
 * uninitialised.c - objects that are used without having been initialised, or after they were destroyed.
 *
 * POSIX.1-2017, pthread_mutex_init(), pthread_mutex_destroy(), pthread_barrier_init().
 *
 * Holds: the mutex is initialised before the threads exist and destroyed after they are joined.
 * BUG_DESTROY: it is destroyed while a thread may still lock it. BUG_LOCKED: it is destroyed while it is locked.
 * BUG_BARRIER: a barrier that was never initialised.
 */
#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t mutex;
#ifdef BUG_BARRIER
static pthread_barrier_t barrier;
#endif
static int counter;

static void *thread(void *arg)
{
	pthread_mutex_lock(&mutex);
	counter++;
	pthread_mutex_unlock(&mutex);
#ifdef BUG_BARRIER
	pthread_barrier_wait(&barrier);
#endif
	return arg;
}

int main(void)
{
	pthread_t t;

	pthread_mutex_init(&mutex, NULL);
	pthread_create(&t, NULL, thread, NULL);
#ifdef BUG_LOCKED
	pthread_mutex_lock(&mutex);
#endif
#if defined(BUG_DESTROY) || defined(BUG_LOCKED)
	pthread_mutex_destroy(&mutex);
#endif
	pthread_join(t, NULL);
#if !defined(BUG_DESTROY) && !defined(BUG_LOCKED)
	pthread_mutex_destroy(&mutex);
#endif
	return 0;
}
