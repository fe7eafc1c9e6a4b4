/* SPDX-License-Identifier: MIT */
/*
 * lastzero.c - threads that fill an array one after the other, and one that looks for the last zero.
 *
 * P. A. Abdulla, S. Aronis, B. Jonsson, K. Sagonas, "Optimal dynamic partial order reduction", POPL 2014.
 *
 * Holds: the search ends within the array. N writers.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#ifndef N
#define N 4
#endif

static atomic_int array[N + 1];

static void *reader(void *arg)
{
	int i = N;

	while (atomic_load_explicit(&array[i], memory_order_relaxed))
		i--;
	assert(i >= 0);
	return arg;
}

static void *writer(void *arg)
{
	intptr_t i = (intptr_t)arg;
	int below = atomic_load_explicit(&array[i - 1], memory_order_relaxed);

	atomic_store_explicit(&array[i], below + 1, memory_order_relaxed);
	return NULL;
}

int main(void)
{
	pthread_t t[N + 1];

	pthread_create(&t[0], NULL, reader, NULL);
	for (intptr_t i = 1; i <= N; i++)
		pthread_create(&t[i], NULL, writer, (void *)i);
	for (int i = 0; i <= N; i++)
		pthread_join(t[i], NULL);
	return 0;
}
