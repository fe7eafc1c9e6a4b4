// SPDX-License-Identifier: MIT
/* polls.c - a loop that does more than wait: it counts, so that each round leads to another state. */
#include <pthread.h>
#include <stdatomic.h>

static atomic_int done, polls;

static void *finish(void *arg)
{
	atomic_store(&done, 1);
	return arg;
}

int main(void)
{
	pthread_t t;

	pthread_create(&t, NULL, finish, NULL);
	while (!atomic_load(&done))
		atomic_fetch_add(&polls, 1);
	pthread_join(t, NULL);
	return 0;
}
