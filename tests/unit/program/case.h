/* SPDX-License-Identifier: MIT */
/* case.h - for the programs here: each has many cases, of which -DRUN=... chooses the one that main() is. */
#ifndef PROGRAM_CASE_H
#define PROGRAM_CASE_H

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define RELAXED memory_order_relaxed

/* Runs @a and @b in two threads, to their ends. */
static inline void both(void *(*a)(void *), void *(*b)(void *))
{
	pthread_t x, y;

	pthread_create(&x, NULL, a, NULL);
	pthread_create(&y, NULL, b, NULL);
	pthread_join(x, NULL);
	pthread_join(y, NULL);
}

static inline void twice(void *(*fn)(void *))
{
	both(fn, fn);
}

void RUN(void);

int main(void)
{
	RUN();
	return 0;
}

#endif
