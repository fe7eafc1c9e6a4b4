/* SPDX-License-Identifier: MIT */
/*
 * szymanski.c - mutual exclusion with linear wait: a waiting room with two doors.
 *
 * B. K. Szymanski, "A simple solution to Lamport's concurrent programming problem with linear wait", ICS 1988.
 *
 * Holds: the two threads are never both in the critical section; all accesses are seq_cst.
 * BUG_WEAK: acquire loads and release stores instead.
 * BUG_DOOR: the door in is not closed: a thread goes from 1 straight to 4.
 * BUG_LOOK: the wait before leaving looks twice, once for 2 and once for 3, and may miss both: deadlock.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#ifdef BUG_WEAK
#define LOAD_ORDER memory_order_acquire
#define STORE_ORDER memory_order_release
#else
#define LOAD_ORDER memory_order_seq_cst
#define STORE_ORDER memory_order_seq_cst
#endif

/* 0: outside; 1: wants in; 2: waits for others to come through the door; 3: door is open; 4: door is closed */
static atomic_int flag[2];
static int counter;

static int get(int i)
{
	return atomic_load_explicit(&flag[i], LOAD_ORDER);
}

static void set(int i, int v)
{
	atomic_store_explicit(&flag[i], v, STORE_ORDER);
}

static int inside(int i)
{
#ifdef BUG_LOOK
	return get(i) == 2 || get(i) == 3;
#else
	int v = get(i);

	return v == 2 || v == 3;
#endif
}

static void *thread(void *arg)
{
	int me = (int)(intptr_t)arg, other = 1 - me;

	set(me, 1);
	while (get(other) >= 3)
		;
#ifndef BUG_DOOR
	set(me, 3);
	if (get(other) == 1) {
		set(me, 2);
		while (get(other) != 4)
			;
	}
#endif
	set(me, 4);
	if (me == 1)
		while (get(other) >= 2)
			;
	counter++;
	if (me == 0)
		while (inside(other))
			;
	set(me, 0);
	return NULL;
}

int main(void)
{
	pthread_t t[2];

	for (intptr_t i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, thread, (void *)i);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert(counter == 2);
	return 0;
}
