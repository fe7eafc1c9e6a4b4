/* SPDX-License-Identifier: MIT */
/*
 * exit.c - ends of the program: exit(), abort(), atexit() handlers.
 *
 * ISO C11 7.22.4.
 *
 * Holds: exit(0) of a thread ends the program, whatever the others would still do.
 * BUG_ABORT: a thread calls abort() when it comes second. BUG_HANDLER: a handler finds an unfinished state.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

static atomic_int first;

static void handler(void)
{
#ifdef BUG_HANDLER
	assert(atomic_load(&first) == 2);
#endif
}

static void *thread(void *arg)
{
	if (atomic_fetch_add(&first, 1) == 1) {
#ifdef BUG_ABORT
		abort();
#endif
	} else {
		exit(0);
	}
	return arg;
}

int main(void)
{
	pthread_t t[2];

	atexit(handler);
	for (int i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, thread, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	return 0;
}
