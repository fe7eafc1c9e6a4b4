/* SPDX-License-Identifier: MIT */
/*
 * bounded.c - loops that end by themselves: each round counts, however much it looks like waiting.
 *
 * Holds: the thread that gave up did not see the flag, the other one did and sees the data.
 * BUG_ORDER: the load is relaxed: data race.
 * SHAPE: see look(). ROUNDS: after so many the loop is left.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#ifndef SHAPE
#define SHAPE 0
#endif
#ifndef ROUNDS
#define ROUNDS 3
#endif

#ifdef BUG_ORDER
#define LOAD_ORDER memory_order_relaxed
#else
#define LOAD_ORDER memory_order_acquire
#endif

static atomic_int flag;
static int data;

static int load(void)
{
	return atomic_load_explicit(&flag, LOAD_ORDER);
}

/* Has the flag been seen? */
static bool look(void)
{
#if SHAPE == 0
	for (int i = 0; i < ROUNDS; i++)
		if (load())
			return true;
	return false;
#elif SHAPE == 1
	int n = 0, v = load();

	while (!v && n++ < ROUNDS)
		v = load();
	return v;
#elif SHAPE == 2 /* no loop at all */
	int v = load();

	if (!v)
		v = load();
	return v;
#elif SHAPE == 3 /* backs off, and then gives up */
	for (int pause = 1; pause < 1 << ROUNDS; pause *= 2) {
		if (load())
			return true;
		for (volatile int i = 0; i < pause; i++)
			;
	}
	return false;
#elif SHAPE == 4 /* the rounds are counted in memory of its own */
	static _Thread_local int rounds;

	while (rounds++ < ROUNDS)
		if (load())
			return true;
	return false;
#else
#error "SHAPE"
#endif
}

static void *looks(void *arg)
{
	if (look())
		assert(data == 42);
	return arg;
}

static void *stores(void *arg)
{
	data = 42;
	atomic_store_explicit(&flag, 1, memory_order_release);
	return arg;
}

int main(void)
{
	pthread_t t[2];

	pthread_create(&t[0], NULL, looks, NULL);
	pthread_create(&t[1], NULL, stores, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	return 0;
}
