// SPDX-License-Identifier: MIT
/* parcel.c - two threads hand over data, and agree who is first; with more order than that takes. */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

static atomic_int ready, giver_here, taker_here;
static int parcel, giver_first, taker_first;

static void *give(void *arg)
{
	atomic_store(&giver_here, 1);
	giver_first = !atomic_load(&taker_here);
	parcel = 42;
	atomic_thread_fence(memory_order_release);
	atomic_store(&ready, 1);
	return arg;
}

static void *take(void *arg)
{
	atomic_store(&taker_here, 1);
	taker_first = !atomic_load(&giver_here);
	while (!atomic_load(&ready))
		;
	assert(parcel == 42);
	return arg;
}

int main(void)
{
	pthread_t giver, taker;

	pthread_create(&giver, NULL, give, NULL);
	pthread_create(&taker, NULL, take, NULL);
	pthread_join(giver, NULL);
	pthread_join(taker, NULL);
	assert(!(giver_first && taker_first));
	return 0;
}
