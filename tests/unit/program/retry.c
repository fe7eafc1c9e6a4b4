// SPDX-License-Identifier: MIT
/* retry.c - cases for lib/explore/retry.c: an exchange that is tried again. */
#include "rules.h"

static void *exchange_again(void *arg)
{
	int r = atomic_load(&x);

	while (!atomic_compare_exchange_strong(&x, &r, 42))
		;
	return NULL;
}

/* What r was first stays in a register that nobody looks at again. */
void a_dead_register_differs(void)
{
	both(exchange_again, store_x);
}

static void *exchange_or_look(void *arg)
{
	int r = atomic_load(&x);

	while (!atomic_compare_exchange_strong(&x, &r, 42))
		if (!atomic_load(&y))
			r = atomic_load(&x);
	return NULL;
}

static void *store_x_then_y(void *arg)
{
	atomic_store(&x, 1);
	atomic_store(&y, 1);
	return NULL;
}

/* What y was is not kept. */
void a_round_has_a_load_more(void)
{
	both(exchange_or_look, store_x_then_y);
}

static atomic_int seen;
static atomic_int *_Atomic node;

/* Of a list: x is its head. */
static void push(atomic_int *next)
{
	int old = LOAD(x);

	do
		STORE(*next, old + 1);
	while (!atomic_compare_exchange_strong_explicit(&x, &old, 9, RELAXED, RELAXED));
}

static void *push_unseen(void *arg)
{
	push(calloc(1, sizeof(atomic_int)));
	return NULL;
}

void a_push_is_tried_again(void)
{
	both(push_unseen, store_x);
}

static void *push_seen(void *arg)
{
	atomic_int *next = calloc(1, sizeof(*next));

	atomic_store_explicit(&node, next, memory_order_release);
	push(next);
	return NULL;
}

static void *exchange_five(void *arg)
{
	if (!atomic_exchange_explicit(&x, 5, RELAXED))
		STORE(y, 1);
	return NULL;
}

static void *look_at_next(void *arg)
{
	atomic_int *next = atomic_load_explicit(&node, ACQUIRE);

	if (next && LOAD(x) == 9)
		STORE(seen, LOAD(*next));
	return NULL;
}

/* Nothing orders the push before the look, which may find what the first try has stored. */
void a_try_is_seen(void)
{
	pthread_t c;

	pthread_create(&c, NULL, look_at_next, NULL);
	both(push_seen, exchange_five);
	pthread_join(c, NULL);
	assert(!(LOAD(y) && LOAD(seen) == 1));
}
