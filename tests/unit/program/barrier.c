// SPDX-License-Identifier: MIT
/* barrier.c - cases for lib/program/barrier.c; see case.h. */
#include "case.h"

static pthread_barrier_t b;
static int left, right;
static atomic_int serial;

static void pass(void)
{
	int r = pthread_barrier_wait(&b);

	assert(!r || r == PTHREAD_BARRIER_SERIAL_THREAD);
	if (r)
		atomic_fetch_add(&serial, 1);
}

static void *do_left(void *arg)
{
	left = 1;
	pass();
	assert(right == 1);
	pass();
	left = 2;
	return NULL;
}

static void *do_right(void *arg)
{
	right = 1;
	pass();
	assert(left == 1);
	pass();
	right = 2;
	return NULL;
}

void separates_rounds(void)
{
	pthread_barrier_init(&b, NULL, 2);
	both(do_left, do_right);
	assert(left == 2 && right == 2 && serial == 2);
	pthread_barrier_destroy(&b);
}

static void *hasty(void *arg)
{
	right = 1;
	pass();
	right = 3;
	pass();
	return NULL;
}

void too_early(void)
{
	pthread_barrier_init(&b, NULL, 2);
	both(do_left, hasty);
}

void too_few(void)
{
	pthread_barrier_init(&b, NULL, 3);
	both(do_left, do_right);
}

void not_initialised(void)
{
	pass();
}

void count_of_zero(void)
{
	assert(pthread_barrier_init(&b, NULL, 0) == EINVAL);
}

void alone(void)
{
	pthread_barrier_init(&b, NULL, 1);
	pass();
	pass();
	assert(serial == 2);
}

static atomic_int passed;

static void *pass_one_of_two(void *arg)
{
	pass();
	assert(atomic_fetch_add(&passed, 1) < 2);
	return NULL;
}

static void *pass_only(void *arg)
{
	pass();
	return NULL;
}

static void run(void *(*fn)(void *), int n)
{
	pthread_t t[4];

	pthread_barrier_init(&b, NULL, 2);
	for (int i = 0; i < n; i++)
		pthread_create(&t[i], NULL, fn, (void *)(intptr_t)i);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
}

/* The second round has other threads than the first, which have not seen that one end. */
void pairs(void)
{
	run(pass_only, 4);
	assert(serial == 2);
}

void one_has_no_partner(void)
{
	run(pass_one_of_two, 3);
}
