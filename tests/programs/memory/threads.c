/* SPDX-License-Identifier: MIT */
/*
 * threads.c - the life of threads: arguments, results, detached and unjoined ones, pthread_exit(), thrd_create().
 *
 * POSIX.1-2017, pthread_create(), pthread_join(), pthread_exit(); ISO C11 7.26.5.
 *
 * Holds: each thread gets its argument and the joiner its result; what it did is seen behind the join.
 * EXIT: threads end by pthread_exit() from a called function. MAIN_EXIT: main() ends by pthread_exit(), the others go on.
 * DETACH: the threads are detached and main() waits for an atomic counter. C11: thrd_create().
 * UNJOINED: main() returns without joining: the others may be cut off anywhere.
 * BUG_ARGUMENT: all threads get a pointer to the loop variable. BUG_JOIN_TWICE, BUG_JOIN_DETACHED: as it says.
 * BUG_DETACH: a result of a detached thread is read without waiting for it.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#ifdef C11
#include <threads.h>
#endif

#define N 2

static int result[N];
static atomic_int done;

static void finish(int i)
{
	result[i] = i + 1;
	atomic_fetch_add_explicit(&done, 1, memory_order_release);
#if defined(EXIT) || defined(MAIN_EXIT)
	pthread_exit((void *)(intptr_t)(i + 1));
#endif
}

#ifdef C11
static int thread(void *arg)
{
	int i = (int)(intptr_t)arg;

	finish(i);
	return i + 1;
}

int main(void)
{
	thrd_t t[N];
	int r;

	for (intptr_t i = 0; i < N; i++)
		assert(thrd_create(&t[i], thread, (void *)i) == thrd_success);
	for (int i = 0; i < N; i++) {
		assert(thrd_join(t[i], &r) == thrd_success);
		assert(r == i + 1 && result[i] == i + 1);
	}
	return 0;
}
#else
static void *thread(void *arg)
{
#ifdef BUG_ARGUMENT
	int i = *(int *)arg;

	if (i == N) /* seen too late */
		i = 0;
#else
	int i = (int)(intptr_t)arg;
#endif

	finish(i);
	return (void *)(intptr_t)(i + 1);
}

int main(void)
{
	pthread_t t[N];
#ifdef BUG_ARGUMENT
	int i;

	for (i = 0; i < N; i++)
		pthread_create(&t[i], NULL, thread, &i);
#else
	for (intptr_t i = 0; i < N; i++)
		pthread_create(&t[i], NULL, thread, (void *)i);
#endif
#if defined(MAIN_EXIT)
	pthread_exit(NULL);
#elif defined(DETACH) || defined(BUG_DETACH) || defined(BUG_JOIN_DETACHED)
	for (int i = 0; i < N; i++)
		pthread_detach(t[i]);
#ifdef BUG_JOIN_DETACHED
	pthread_join(t[0], NULL);
#endif
#ifdef DETACH
	while (atomic_load_explicit(&done, memory_order_acquire) < N)
		;
#endif
	assert(result[0] == 1 && result[1] == 2);
#elif !defined(UNJOINED)
	for (int i = 0; i < N; i++) {
		void *r;

		pthread_join(t[i], &r);
#ifndef BUG_ARGUMENT
		assert((intptr_t)r == i + 1 && result[i] == i + 1);
#endif
	}
#ifdef BUG_JOIN_TWICE
	pthread_join(t[0], NULL);
#endif
#endif
	return 0;
}
#endif
