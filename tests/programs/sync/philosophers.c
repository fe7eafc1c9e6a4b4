/* SPDX-License-Identifier: MIT */
/*
 * philosophers.c - the dining philosophers.
 *
 * E. W. Dijkstra, "Hierarchical ordering of sequential processes", Acta Informatica 1, 1971.
 *
 * Holds: with the forks taken in one order by all, everybody eats.
 * BUG_ORDER: each takes the fork on the left first: deadlock. BUG_FORK: one fork is not taken: data race.
 * N philosophers.
 */
#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#ifndef N
#define N 3
#endif

static pthread_mutex_t fork_of[N];
static int used[N];

static void *philosopher(void *arg)
{
	int left = (int)(intptr_t)arg, right = (left + 1) % N;
	int first = left, second = right;

#ifndef BUG_ORDER
	if (second < first)
		first = right, second = left;
#endif
	pthread_mutex_lock(&fork_of[first]);
#ifndef BUG_FORK
	pthread_mutex_lock(&fork_of[second]);
#endif
	used[left]++;
	used[right]++;
#ifndef BUG_FORK
	pthread_mutex_unlock(&fork_of[second]);
#endif
	pthread_mutex_unlock(&fork_of[first]);
	return NULL;
}

int main(void)
{
	pthread_t t[N];

	for (int i = 0; i < N; i++)
		pthread_mutex_init(&fork_of[i], NULL);
	for (intptr_t i = 0; i < N; i++)
		pthread_create(&t[i], NULL, philosopher, (void *)i);
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < N; i++)
		assert(used[i] == 2);
	return 0;
}
