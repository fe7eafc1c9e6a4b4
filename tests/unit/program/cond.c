// SPDX-License-Identifier: MIT
/* cond.c - cases for lib/program/cond.c; see case.h. */
#include "case.h"

#include <time.h>

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int ready, woken;

static void *wait_in_loop(void *arg)
{
	pthread_mutex_lock(&m);
	while (!ready)
		pthread_cond_wait(&c, &m);
	woken++;
	pthread_mutex_unlock(&m);
	return NULL;
}

static void *wait_without_look(void *arg)
{
	pthread_mutex_lock(&m);
	pthread_cond_wait(&c, &m);
	pthread_mutex_unlock(&m);
	return NULL;
}

static void *wait_if(void *arg)
{
	pthread_mutex_lock(&m);
	if (!ready)
		pthread_cond_wait(&c, &m);
	assert(ready);
	ready--;
	pthread_mutex_unlock(&m);
	return NULL;
}

static void *signal_ready(void *arg)
{
	pthread_mutex_lock(&m);
	ready = 1;
	pthread_cond_signal(&c);
	pthread_mutex_unlock(&m);
	return NULL;
}

static void *signal_outside(void *arg)
{
	pthread_mutex_lock(&m);
	ready = 1;
	pthread_mutex_unlock(&m);
	pthread_cond_signal(&c);
	return NULL;
}

static void *signal_without_mutex(void *arg)
{
	__atomic_store_n(&ready, 1, __ATOMIC_RELAXED);
	pthread_cond_signal(&c);
	return NULL;
}

static void *broadcast(void *arg)
{
	pthread_mutex_lock(&m);
	ready = 1;
	pthread_cond_broadcast(&c);
	pthread_mutex_unlock(&m);
	return NULL;
}

void wait_for_it(void)
{
	both(wait_in_loop, signal_ready);
	assert(woken == 1);
}

void signal_after_unlock(void)
{
	both(wait_in_loop, signal_outside);
	assert(woken == 1);
}

void lost_wakeup(void)
{
	both(wait_without_look, signal_ready);
}

/* The store falls between the waiter's look and its wait. */
static void *wait_atomic(void *arg)
{
	pthread_mutex_lock(&m);
	while (!__atomic_load_n(&ready, __ATOMIC_RELAXED))
		pthread_cond_wait(&c, &m);
	pthread_mutex_unlock(&m);
	return NULL;
}

void change_without_mutex(void)
{
	both(wait_atomic, signal_without_mutex);
}

static void three(void *(*a)(void *), void *(*b)(void *), void *(*d)(void *))
{
	pthread_t t;

	pthread_create(&t, NULL, a, NULL);
	both(b, d);
	pthread_join(t, NULL);
}

void one_signal_for_two(void)
{
	three(wait_in_loop, wait_in_loop, signal_ready);
}

void broadcast_for_two(void)
{
	three(wait_in_loop, wait_in_loop, broadcast);
	assert(woken == 2);
}

/* Between signal and wake-up another thread takes what was there. */
void if_instead_of_while(void)
{
	three(wait_if, wait_if, broadcast);
}

static int turn;

static void *wait_for_turn(void *arg)
{
	int mine = (int)(long)arg;

	pthread_mutex_lock(&m);
	while (turn != mine)
		pthread_cond_wait(&c, &m);
	pthread_mutex_unlock(&m);
	return NULL;
}

/* Each waits for a turn of its own, in this order; the signal may wake the other one. */
void which_one_is_woken(void)
{
	pthread_t t, u;

	pthread_create(&t, NULL, wait_for_turn, (void *)1);
	pthread_create(&u, NULL, wait_for_turn, (void *)2);
	pthread_mutex_lock(&m);
	turn = 1;
	pthread_cond_signal(&c);
	pthread_mutex_unlock(&m);
	pthread_join(t, NULL);
	pthread_mutex_lock(&m);
	turn = 2;
	pthread_cond_signal(&c);
	pthread_mutex_unlock(&m);
	pthread_join(u, NULL);
}

/* A signal is for those that wait already: a later waiter can't take it. */
static atomic_int waiting;

static void *first(void *arg)
{
	pthread_mutex_lock(&m);
	waiting = 1;
	pthread_cond_wait(&c, &m);
	woken = 1;
	pthread_mutex_unlock(&m);
	return NULL;
}

static void *later(void *arg)
{
	pthread_mutex_lock(&m);
	if (!woken)
		pthread_cond_wait(&c, &m);
	pthread_cond_signal(&c);
	pthread_mutex_unlock(&m);
	return NULL;
}

void not_for_later_waiters(void)
{
	pthread_t t, u;

	pthread_create(&t, NULL, first, NULL);
	while (!waiting)
		;
	pthread_mutex_lock(&m); /* which it has released by waiting */
	pthread_cond_signal(&c);
	pthread_mutex_unlock(&m);
	pthread_create(&u, NULL, later, NULL);
	pthread_join(t, NULL); /* woken, whatever the other one does */
	pthread_mutex_lock(&m);
	pthread_cond_broadcast(&c);
	pthread_mutex_unlock(&m);
	pthread_join(u, NULL);
}

static int timeouts;

static void *wait_timed(void *arg)
{
	struct timespec until = { .tv_sec = 1 };

	pthread_mutex_lock(&m);
	if (!ready && pthread_cond_timedwait(&c, &m, &until) == ETIMEDOUT)
		timeouts++;
	pthread_mutex_unlock(&m);
	return NULL;
}

void timed_wait_ends(void)
{
	pthread_t t;

	pthread_create(&t, NULL, wait_timed, NULL);
	pthread_join(t, NULL);
	assert(timeouts == 1);
}

void timed_wait_may_time_out(void)
{
	both(wait_timed, signal_ready);
	assert(!timeouts);
}

void timed_wait_may_be_woken(void)
{
	both(wait_timed, signal_ready);
	assert(timeouts);
}

static void *wait_timed_in_loop(void *arg)
{
	struct timespec until = { .tv_sec = 1 };

	pthread_mutex_lock(&m);
	while (!ready)
		pthread_cond_timedwait(&c, &m, &until);
	pthread_mutex_unlock(&m);
	return NULL;
}

void timed_wait_in_loop(void)
{
	both(wait_timed_in_loop, signal_ready);
}

/* Was the mutex taken? */
static int is_busy(void)
{
	int err = pthread_mutex_trylock(&m);

	if (!err)
		pthread_mutex_unlock(&m);
	return err != 0;
}

/* Sees it taken, free, taken, free, taken: by a waiter that has timed out twice. */
static void *watch(void *arg)
{
	int times = 0;

	while (times < 3 && is_busy()) {
		pthread_mutex_lock(&m);
		pthread_mutex_unlock(&m);
		times++;
	}
	assert(times < 3);
	return signal_ready(arg);
}

void timed_wait_watched(void)
{
	both(wait_timed_in_loop, watch);
}

static void *wait_and_wake_others(void *arg)
{
	struct timespec until = { .tv_sec = 1 };

	pthread_mutex_lock(&m);
	while (!ready)
		if (pthread_cond_timedwait(&c, &m, &until) == ETIMEDOUT)
			pthread_cond_signal(&c);
	pthread_mutex_unlock(&m);
	return NULL;
}

static void *sleep_twice(void *arg)
{
	pthread_mutex_lock(&m);
	pthread_cond_wait(&c, &m);
	pthread_cond_wait(&c, &m);
	assert(!"woken twice");
	pthread_mutex_unlock(&m);
	return NULL;
}

/* Each round does something for others. */
void timed_wait_wakes_others(void)
{
	both(wait_and_wake_others, sleep_twice);
}

void wait_without_mutex(void)
{
	pthread_cond_wait(&c, &m);
}

void destroy_waited_for(void)
{
	pthread_t t;

	pthread_create(&t, NULL, first, NULL);
	while (!waiting)
		;
	pthread_mutex_lock(&m);
	pthread_cond_destroy(&c);
	pthread_mutex_unlock(&m);
}

static void *wait_counting(void *arg)
{
	struct timespec until = { .tv_sec = 1 };

	pthread_mutex_lock(&m);
	while (!ready && timeouts < 5)
		if (pthread_cond_timedwait(&c, &m, &until) == ETIMEDOUT)
			timeouts++;
	pthread_mutex_unlock(&m);
	return NULL;
}

/* Each time-out leads to another state, and more of them are possible than are followed. */
void timed_wait_counting(void)
{
	both(wait_counting, signal_ready);
}

void destroy_after_broadcast(void)
{
	pthread_t t;

	pthread_create(&t, NULL, wait_in_loop, NULL);
	broadcast(NULL);
	pthread_join(t, NULL);
	pthread_cond_destroy(&c);
}

/* One-place buffer, producers and consumers on one condition variable each. */
static pthread_cond_t full = PTHREAD_COND_INITIALIZER, empty = PTHREAD_COND_INITIALIZER;
static int slots, buffer, sum;

static void *produce(void *arg)
{
	pthread_mutex_lock(&m);
	while (slots)
		pthread_cond_wait(&empty, &m);
	slots = 1;
	buffer = 5;
	pthread_cond_signal(&full);
	pthread_mutex_unlock(&m);
	return NULL;
}

static void *consume(void *arg)
{
	pthread_mutex_lock(&m);
	while (!slots)
		pthread_cond_wait(&full, &m);
	slots = 0;
	sum += buffer;
	pthread_cond_signal(&empty);
	pthread_mutex_unlock(&m);
	return NULL;
}

void bounded_buffer(void)
{
	pthread_t t, u;

	pthread_create(&t, NULL, produce, NULL);
	pthread_create(&u, NULL, produce, NULL);
	twice(consume);
	pthread_join(t, NULL);
	pthread_join(u, NULL);
	assert(sum == 10);
}
