// SPDX-License-Identifier: MIT
/* counter.c - each thread adds another number to a counter; in which order does not matter. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#ifndef SUM
#define SUM 10
#endif

atomic_int sum;

static void *add(void *number)
{
	atomic_fetch_add_explicit(&sum, (int)(intptr_t)number, memory_order_relaxed);
	return NULL;
}

int main(void)
{
	pthread_t t[4];

	for (intptr_t i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, add, (void *)(i + 1));
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert(atomic_load_explicit(&sum, memory_order_relaxed) == SUM);
	return 0;
}
