/* SPDX-License-Identifier: MIT */
/*
 * retry.c - a compare-exchange that is tried until it succeeds, in the shapes in which people write it.
 *
 * Holds: no addition is lost. A round that failed and left nothing behind is as if it had not been, if the thread
 * could have read at once what it read then: N! executions, and more where the first load and
 * the later ones are of different order. BUG_SPLIT: a load and a store instead.
 * N threads. SHAPE: see add(). ORDERS: of the first load, of success and failure.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#ifndef N
#define N 2
#endif
#ifndef SHAPE
#define SHAPE 0
#endif
#ifndef LOAD
#define LOAD relaxed
#endif
#ifndef SUCCESS
#define SUCCESS relaxed
#endif
#ifndef FAILURE
#define FAILURE relaxed
#endif

#define PASTE(name) memory_order_##name
#define ORDER(name) PASTE(name)

static atomic_int x;

static int load(void)
{
	return atomic_load_explicit(&x, ORDER(LOAD));
}

#define CAS(expected, new)                                                                         \
	atomic_compare_exchange_strong_explicit(&x, expected, new, ORDER(SUCCESS), ORDER(FAILURE))
#define CAS_WEAK(expected, new)                                                                    \
	atomic_compare_exchange_weak_explicit(&x, expected, new, ORDER(SUCCESS), ORDER(FAILURE))

static void add(void)
{
#ifdef BUG_SPLIT
	atomic_store_explicit(&x, load() + 1, ORDER(LOAD));
#elif SHAPE == 0 /* goes on with what the failed one has read */
	int old = load();

	while (!CAS(&old, old + 1))
		;
#elif SHAPE == 1
	int old = load(), new;

	do
		new = old + 1;
	while (!CAS_WEAK(&old, new));
#elif SHAPE == 2 /* loads again */
	int old;

	do
		old = load();
	while (!CAS(&old, old + 1));
#elif SHAPE == 3
	for (;;) {
		int old = load(), new = old + 1;

		if (CAS_WEAK(&old, new))
			return;
	}
#elif SHAPE == 4 /* has not loaded before */
	int old = 0;

	while (!CAS(&old, old + 1))
		;
#elif SHAPE == 5 /* looks before it tries */
	for (;;) {
		int old = load();

		if (load() == old && CAS(&old, old + 1))
			break;
	}
#else
#error "SHAPE"
#endif
}

static void *thread(void *arg)
{
	add();
	return arg;
}

int main(void)
{
	pthread_t t[N];

	for (int i = 0; i < N; i++)
		pthread_create(&t[i], NULL, thread, NULL);
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	assert(atomic_load(&x) == N);
	return 0;
}
