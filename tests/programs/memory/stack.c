/* SPDX-License-Identifier: MIT */
/*
 * stack.c - variables of one thread that another uses.
 *
 * ISO C11 6.2.4p2 and p7.
 *
 * Holds: main() waits for the thread that has a pointer to its variable.
 * BUG_RETURN: the function whose variable it is returns before the thread uses it.
 * BUG_RACE: main() changes the variable meanwhile.
 */
#include <assert.h>
#include <pthread.h>
#include <stddef.h>

static pthread_t t;

static void *user(void *arg)
{
	int *p = arg;

	assert(*p == 42);
	*p = 43;
	return NULL;
}

__attribute__((noinline)) static void start(void)
{
	int local = 42;

	pthread_create(&t, NULL, user, &local);
#ifdef BUG_RACE
	local = 44;
#endif
#ifndef BUG_RETURN
	pthread_join(t, NULL);
	assert(local == 43);
#endif
}

int main(void)
{
	start();
#ifdef BUG_RETURN
	pthread_join(t, NULL);
#endif
	return 0;
}
