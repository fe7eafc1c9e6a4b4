/* SPDX-License-Identifier: MIT */
/* start.c - one execution: what is left is starting up. */
#include <pthread.h>
#include <stddef.h>

static void *thread(void *arg)
{
	return arg;
}

int main(void)
{
	pthread_t t;

	pthread_create(&t, NULL, thread, NULL);
	pthread_join(t, NULL);
	return 0;
}
