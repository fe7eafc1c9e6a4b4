/* SPDX-License-Identifier: MIT */
/*
 * wait.c - loops that only wait for another thread's store, in the shapes in which people write them.
 *
 * Holds: behind the loop, what was written before the store is seen. However often a loop goes round, it is one
 * execution: SHAPE does not change their number.
 * BUG_ORDER: the loop loads relaxed: data race. BUG_VALUE: it waits for a value that nobody stores: waits for ever.
 * SHAPE: see wait_for_flag(). STORES: the flag is counted up to that number, the loop waits for it.
 */
#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#ifndef SHAPE
#define SHAPE 0
#endif
#ifndef STORES
#define STORES 2
#endif

#ifdef BUG_ORDER
#define LOAD_ORDER memory_order_relaxed
#else
#define LOAD_ORDER memory_order_acquire
#endif

#ifdef BUG_VALUE
#define WANTED (STORES + 1)
#else
#define WANTED STORES
#endif

static struct {
	int other;
	atomic_int flag[2];
} shared;
static int data;

static int load(void)
{
	return atomic_load_explicit(&shared.flag[1], LOAD_ORDER);
}

__attribute__((noinline)) static bool is_set(atomic_int *flag)
{
	return atomic_load_explicit(flag, LOAD_ORDER) == WANTED;
}

__attribute__((noinline)) static void pause_a_little(void)
{
	for (volatile int i = 0; i < 3; i++)
		;
}

static void wait_for_flag(void)
{
#if SHAPE == 0
	while (load() != WANTED)
		;
#elif SHAPE == 1
	do {
	} while (load() != WANTED);
#elif SHAPE == 2
	for (;;)
		if (load() == WANTED)
			break;
#elif SHAPE == 3 /* the first load is not in the loop */
	int v = load();

	while (v != WANTED)
		v = load();
#elif SHAPE == 4 /* a variable that lives on */
	bool done = false;

	while (!done)
		done = load() == WANTED;
#elif SHAPE == 5
	while (!is_set(&shared.flag[1]))
		sched_yield();
#elif SHAPE == 6
	while (!is_set(&shared.flag[1]))
		pause_a_little();
#elif SHAPE == 7
again:
	if (load() != WANTED)
		goto again;
#elif SHAPE == 8  /* a read-modify-write that changes nothing if it fails */
	int expected;

	do
		expected = WANTED;
	while (!atomic_compare_exchange_strong_explicit(&shared.flag[1], &expected, WANTED,
							LOAD_ORDER, LOAD_ORDER));
#elif SHAPE == 9  /* a loop in a loop */
	while (load() != WANTED)
		while (load() == 0)
			;
#elif SHAPE == 10 /* two loads in a round */
	while (load() != WANTED || load() != WANTED)
		;
#elif SHAPE == 11
	for (int v = 0; v != WANTED; v = load())
		;
#else
#error "SHAPE"
#endif
}

static void *waits(void *arg)
{
	wait_for_flag();
	assert(data == 42);
	return arg;
}

static void *stores(void *arg)
{
	data = 42;
	for (int i = 1; i <= STORES; i++)
		atomic_store_explicit(&shared.flag[1], i, memory_order_release);
	return arg;
}

int main(void)
{
	pthread_t t[2];

#ifdef WRITER_FIRST
	pthread_create(&t[0], NULL, stores, NULL);
	pthread_create(&t[1], NULL, waits, NULL);
#else
	pthread_create(&t[1], NULL, waits, NULL);
	pthread_create(&t[0], NULL, stores, NULL);
#endif
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	return 0;
}
