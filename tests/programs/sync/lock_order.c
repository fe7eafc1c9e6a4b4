/* SPDX-License-Identifier: MIT */
/*
 * lock_order.c - two mutexes.
 *
 * E. G. Coffman, M. J. Elphick, A. Shoshani, "System deadlocks", Computing Surveys 3(2), 1971.
 *
 * Holds: both threads end.
 * BUG_ORDER: they take the mutexes in different orders: deadlock. BUG_AGAIN: one is taken twice by one thread.
 * BUG_KEEP: a thread ends with a mutex locked. BUG_FOREIGN: a thread unlocks what the other has locked.
 * TRY: the second mutex is tried, and the first given back if it is taken: no deadlock, in spite of the order.
 */
#include <pthread.h>
#include <stddef.h>

static pthread_mutex_t a = PTHREAD_MUTEX_INITIALIZER, b = PTHREAD_MUTEX_INITIALIZER;
static int x;

static void *first(void *arg)
{
	pthread_mutex_lock(&a);
	pthread_mutex_lock(&b);
#ifdef BUG_AGAIN
	pthread_mutex_lock(&a);
#endif
	x++;
	pthread_mutex_unlock(&b);
#ifndef BUG_KEEP
	pthread_mutex_unlock(&a);
#endif
	return arg;
}

static void *second(void *arg)
{
#if defined(TRY)
	pthread_mutex_lock(&b);
	if (!pthread_mutex_trylock(&a)) {
		x++;
		pthread_mutex_unlock(&a);
	}
	pthread_mutex_unlock(&b);
#elif defined(BUG_FOREIGN)
	pthread_mutex_unlock(&a);
#elif defined(BUG_ORDER)
	pthread_mutex_lock(&b);
	pthread_mutex_lock(&a);
	x++;
	pthread_mutex_unlock(&a);
	pthread_mutex_unlock(&b);
#else
	first(NULL);
#endif
	return arg;
}

int main(void)
{
	pthread_t t, u;

	pthread_create(&t, NULL, first, NULL);
	pthread_create(&u, NULL, second, NULL);
	pthread_join(t, NULL);
	pthread_join(u, NULL);
	return 0;
}
