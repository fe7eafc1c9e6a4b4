/* SPDX-License-Identifier: MIT */
/*
 * thread_local.c - thread-local variables and thread-specific data.
 *
 * ISO C11 6.2.4p4; POSIX.1-2017, pthread_key_create().
 *
 * Holds: each thread starts with the initial value and changes its own; destructors get the thread's value.
 * BUG_SHARED: the variable is not thread-local: data race. BUG_POINTER: another thread writes to it by a pointer.
 * KEY: with pthread_setspecific().
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#ifdef BUG_SHARED
static int counter = 40;
#else
static _Thread_local int counter = 40;
#endif
static _Thread_local int zero;

static atomic_int sum;

#ifdef BUG_POINTER
static _Atomic(int *) leaked;
#endif

#ifdef KEY
static pthread_key_t key;

static void destructor(void *value)
{
	atomic_fetch_add_explicit(&sum, *(int *)value, memory_order_relaxed);
}
#endif

static void *thread(void *arg)
{
	assert(!zero);
	zero = 1;
	counter += (int)(intptr_t)arg;
#ifdef BUG_POINTER
	int *other = atomic_exchange(&leaked, &counter);

	if (other)
		*other = 0;
#endif
	counter++;
#ifdef KEY
	assert(!pthread_getspecific(key));
	pthread_setspecific(key, &counter);
#else
	atomic_fetch_add_explicit(&sum, counter, memory_order_relaxed);
#endif
	return NULL;
}

int main(void)
{
	pthread_t t[2];

#ifdef KEY
	pthread_key_create(&key, destructor);
#endif
	for (intptr_t i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, thread, (void *)i);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert(counter == 40 && sum == 41 + 42);
	return 0;
}
