// SPDX-License-Identifier: MIT
/* once.c - cases for lib/program/once.c; see case.h. */
#include "case.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int value, times;

static void init(void)
{
	times++;
	value = 7;
}

static void *use(void *arg)
{
	pthread_once(&once, init);
	assert(value == 7);
	return NULL;
}

static void *use_by_hand(void *arg)
{
	if (!value)
		init();
	return NULL;
}

void runs_once(void)
{
	pthread_t t;

	pthread_create(&t, NULL, use, NULL);
	twice(use);
	pthread_join(t, NULL);
	assert(times == 1);
}

void by_hand(void)
{
	twice(use_by_hand);
}
