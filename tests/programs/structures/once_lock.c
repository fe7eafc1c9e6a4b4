/* SPDX-License-Identifier: MIT */
/*
 * once_lock.c - double-checked locking: initialisation by who comes first, a load for the others.
 *
 * D. C. Schmidt, T. Harrison, "Double-checked locking", PLoPD 3, 1997; D. Bacon and others, "The 'double-checked
 * locking is broken' declaration", 2000.
 *
 * Holds: the object is made once, and complete for each user.
 * BUG_STORE: the pointer is stored relaxed. BUG_LOAD: it is loaded relaxed outside of the lock.
 * BUG_CHECK: no second look under the lock. BUG_LOCK: no lock.
 * N users.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#ifndef N
#define N 2
#endif

#ifdef BUG_STORE
#define STORE_ORDER memory_order_relaxed
#else
#define STORE_ORDER memory_order_release
#endif

#ifdef BUG_LOAD
#define LOAD_ORDER memory_order_relaxed
#else
#define LOAD_ORDER memory_order_acquire
#endif

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static _Atomic(int *) object;
static atomic_int made;

static int *make(void)
{
	int *p = malloc(sizeof(*p));

	assert(!atomic_fetch_add_explicit(&made, 1, memory_order_relaxed));
	*p = 42;
	return p;
}

static int *get(void)
{
	int *p = atomic_load_explicit(&object, LOAD_ORDER);

	if (p)
		return p;
#ifndef BUG_LOCK
	pthread_mutex_lock(&mutex);
#endif
#ifndef BUG_CHECK
	p = atomic_load_explicit(&object, memory_order_relaxed);
#endif
	if (!p) {
		p = make();
		atomic_store_explicit(&object, p, STORE_ORDER);
	}
#ifndef BUG_LOCK
	pthread_mutex_unlock(&mutex);
#endif
	return p;
}

static void *thread(void *arg)
{
	assert(*get() == 42);
	return arg;
}

int main(void)
{
	pthread_t t[N];

	for (int i = 0; i < N; i++)
		pthread_create(&t[i], NULL, thread, NULL);
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	free(atomic_load(&object));
	return 0;
}
