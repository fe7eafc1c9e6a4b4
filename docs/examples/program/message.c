// SPDX-License-Identifier: MIT
/* message.c - one thread hands data to another; -DORDER=memory_order_relaxed takes the order away. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#ifndef ORDER
#define ORDER memory_order_release
#endif

static atomic_int ready;
static int data;

static void *give(void *arg)
{
	data = 42;
	atomic_store_explicit(&ready, 1, ORDER);
	return arg;
}

int main(void)
{
	pthread_t t;

	pthread_create(&t, NULL, give, NULL);
	while (!atomic_load_explicit(&ready, memory_order_acquire))
		;
	assert(data == 42);
	pthread_join(t, NULL);
	return 0;
}
