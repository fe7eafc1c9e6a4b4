/* SPDX-License-Identifier: MIT */
/*
 * mp.c - message passing: who sees the flag sees the data, which are plain.
 *
 * ISO C11 5.1.2.4 and 7.17.4.
 *
 * Holds with a release store or fence, and an acquire load or fence: no data race, the data are 42.
 * BUG_STORE, BUG_LOAD: a relaxed access. BUG_BEFORE: the release fence is before the data. BUG_LATE: the acquire
 * fence is after the data.
 * FENCES: relaxed accesses with fences. CONSUME: the data are reached by a pointer from a consume load, and a
 * checker takes that for acquire.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#if defined(BUG_STORE) || defined(FENCES) || defined(BUG_BEFORE) || defined(BUG_LATE)
#define STORE_ORDER memory_order_relaxed
#else
#define STORE_ORDER memory_order_release
#endif

#if defined(BUG_LOAD) || defined(FENCES) || defined(BUG_BEFORE) || defined(BUG_LATE)
#define LOAD_ORDER memory_order_relaxed
#elif defined(CONSUME)
#define LOAD_ORDER memory_order_consume
#else
#define LOAD_ORDER memory_order_acquire
#endif

static int data;
static _Atomic(int *) flag;

static void *writer(void *arg)
{
#ifdef BUG_BEFORE
	atomic_thread_fence(memory_order_release);
#endif
	data = 42;
#if defined(FENCES) || defined(BUG_LATE)
	atomic_thread_fence(memory_order_release);
#endif
	atomic_store_explicit(&flag, &data, STORE_ORDER);
	return arg;
}

static void *reader(void *arg)
{
	int *p = atomic_load_explicit(&flag, LOAD_ORDER);

	if (!p)
		return arg;
#if defined(FENCES) || defined(BUG_BEFORE)
	atomic_thread_fence(memory_order_acquire);
#endif
	assert(*p == 42);
#ifdef BUG_LATE
	atomic_thread_fence(memory_order_acquire);
#endif
	return arg;
}

int main(void)
{
	pthread_t w, r;

	pthread_create(&w, NULL, writer, NULL);
	pthread_create(&r, NULL, reader, NULL);
	pthread_join(w, NULL);
	pthread_join(r, NULL);
	return 0;
}
