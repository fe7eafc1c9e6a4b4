/* SPDX-License-Identifier: MIT */
/* fai.c - N threads increment one counter: N! executions. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_int counter;

static void *thread(void *arg)
{
	atomic_fetch_add_explicit(&counter, 1, memory_order_relaxed);
	return arg;
}

int main(void)
{
	pthread_t t[N];

	for (int i = 0; i < N; i++)
		pthread_create(&t[i], NULL, thread, NULL);
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	assert(atomic_load_explicit(&counter, memory_order_relaxed) == N);
	return 0;
}
