/* SPDX-License-Identifier: MIT */
/*
 * assume.c - waiting by an assumption instead of a loop.
 *
 * The idiom of GenMC's and Nidhugg's tests.
 *
 * Holds: executions in which the flag is not seen are cut off. BUG_RELAXED: a relaxed flag: data race.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include <faultline/verifier.h>

#ifdef BUG_RELAXED
#define LOAD_ORDER memory_order_relaxed
#else
#define LOAD_ORDER memory_order_acquire
#endif

static atomic_int flag;
static int data;

static void *writer(void *arg)
{
	data = 1;
	atomic_store_explicit(&flag, 1, memory_order_release);
	return arg;
}

static void *reader(void *arg)
{
	__VERIFIER_assume(atomic_load_explicit(&flag, LOAD_ORDER));
	assert(data == 1);
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
