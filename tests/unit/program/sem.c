// SPDX-License-Identifier: MIT
/* sem.c - cases for lib/program/sem.c; see case.h. */
#include "case.h"

#include <semaphore.h>
#include <time.h>

static sem_t s;
static int data, none;
static atomic_int done;

static void *exclusive(void *arg)
{
	sem_wait(&s);
	data++;
	sem_post(&s);
	return NULL;
}

void as_mutex(void)
{
	sem_init(&s, 0, 1);
	twice(exclusive);
	assert(data == 2);
	sem_destroy(&s);
}

void room_for_two(void)
{
	sem_init(&s, 0, 2);
	twice(exclusive);
}

static void *give(void *arg)
{
	data = 1;
	sem_post(&s);
	return NULL;
}

static void *take(void *arg)
{
	sem_wait(&s);
	assert(data == 1);
	return NULL;
}

void hands_over(void)
{
	sem_init(&s, 0, 0);
	both(give, take);
}

void nobody_gives(void)
{
	sem_init(&s, 0, 0);
	both(take, take);
}

static void *try_take(void *arg)
{
	if (sem_trywait(&s)) {
		assert(errno == EAGAIN);
		__atomic_store_n(&none, 1, __ATOMIC_RELAXED);
	} else {
		assert(data == 1);
	}
	return NULL;
}

void trying(void)
{
	int value;

	sem_init(&s, 0, 0);
	both(give, try_take);
	sem_getvalue(&s, &value);
	assert(value == none);
}

static void *take_timed(void *arg)
{
	struct timespec until = { .tv_sec = 1 };

	if (sem_timedwait(&s, &until)) {
		assert(errno == ETIMEDOUT);
		__atomic_store_n(&none, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

void timed(void)
{
	sem_init(&s, 0, 0);
	both(give, take_timed);
	assert(!none);
}

static void *give_when_there_is_none(void *arg)
{
	struct timespec until = { .tv_sec = 1 };

	while (!done)
		if (sem_timedwait(&s, &until))
			sem_post(&s);
	return NULL;
}

static void *take_two(void *arg)
{
	sem_wait(&s);
	sem_wait(&s);
	assert(!"got two");
	return NULL;
}

/* Each time-out leads to one more. */
void timed_in_loop(void)
{
	sem_init(&s, 0, 0);
	both(give_when_there_is_none, take_two);
}
