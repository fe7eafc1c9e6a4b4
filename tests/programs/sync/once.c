/* SPDX-License-Identifier: MIT */
/*
 * once.c - pthread_once() and C11's call_once().
 *
 * POSIX.1-2017, pthread_once(); ISO C11 7.26.2.
 *
 * Holds: the function is called once, and has been called when any of the calls returns.
 * BUG_TWO: each thread has its own control. BUG_PLAIN: a plain flag instead: data race.
 * C11: call_once().
 */
#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#ifdef C11
#include <threads.h>
#define ONCE(c) call_once((c), init)
typedef once_flag control;
#else
#define ONCE(c) pthread_once((c), init)
typedef pthread_once_t control;
#endif

static control controls[2];
static int calls, value;

static void init(void)
{
	calls++;
	value = 42;
}

static void *thread(void *arg)
{
#if defined(BUG_PLAIN)
	if (!value)
		init();
#elif defined(BUG_TWO)
	ONCE(&controls[(intptr_t)arg]);
#else
	(void)arg;
	ONCE(&controls[0]);
#endif
	assert(value == 42);
	return NULL;
}

int main(void)
{
	pthread_t t[2];

	for (intptr_t i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, thread, (void *)i);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert(calls == 1);
	return 0;
}
