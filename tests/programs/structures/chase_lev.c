/* SPDX-License-Identifier: MIT */
/*
 * chase_lev.c - a work-stealing deque: its owner works at the bottom, thieves at the top.
 *
 * D. Chase, Y. Lev, "Dynamic circular work-stealing deque", SPAA 2005; orders and fences of N. M. Lê, A. Pop,
 * A. Cohen, F. Zappella Nardelli, "Correct and efficient work-stealing for weak memory models", PPoPP 2013, figure 1.
 *
 * Holds: each item is taken once, and is complete when it is taken. The deque has room enough here.
 * BUG_TAKE_FENCE, BUG_STEAL_FENCE: without the full fence of one side: owner and thief take the same item.
 * BUG_PUSH_FENCE: without the release fence of push: data race on the item.
 * BUG_LAST: the owner takes the last item without a compare-and-swap of the top.
 * The owner pushes ITEMS items and takes as many; THIEVES thieves try to steal once each.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#ifndef ITEMS
#define ITEMS 2
#endif
#ifndef THIEVES
#define THIEVES 1
#endif

struct item {
	int value;
};

static struct item items[ITEMS];
static _Atomic(struct item *) slots[ITEMS];
static atomic_long top, bottom;
static atomic_int taken[ITEMS];

static void push(struct item *x)
{
	long b = atomic_load_explicit(&bottom, memory_order_relaxed);

	atomic_store_explicit(&slots[b], x, memory_order_relaxed);
#ifndef BUG_PUSH_FENCE
	atomic_thread_fence(memory_order_release);
#endif
	atomic_store_explicit(&bottom, b + 1, memory_order_relaxed);
}

static struct item *take(void)
{
	long b = atomic_load_explicit(&bottom, memory_order_relaxed) - 1, t;
	struct item *x = NULL;

	atomic_store_explicit(&bottom, b, memory_order_relaxed);
#ifndef BUG_TAKE_FENCE
	atomic_thread_fence(memory_order_seq_cst);
#endif
	t = atomic_load_explicit(&top, memory_order_relaxed);
	if (t <= b) {
		x = atomic_load_explicit(&slots[b], memory_order_relaxed);
		if (t < b)
			return x;
#ifndef BUG_LAST
		if (!atomic_compare_exchange_strong_explicit(&top, &t, t + 1, memory_order_seq_cst,
							     memory_order_relaxed))
			x = NULL;
#endif
	}
	atomic_store_explicit(&bottom, b + 1, memory_order_relaxed);
	return x;
}

static struct item *steal(void)
{
	long t = atomic_load_explicit(&top, memory_order_acquire), b;
	struct item *x;

#ifndef BUG_STEAL_FENCE
	atomic_thread_fence(memory_order_seq_cst);
#endif
	b = atomic_load_explicit(&bottom, memory_order_acquire);
	if (t >= b)
		return NULL;
	x = atomic_load_explicit(&slots[t], memory_order_relaxed);
	if (!atomic_compare_exchange_strong_explicit(&top, &t, t + 1, memory_order_seq_cst,
						     memory_order_relaxed))
		return NULL;
	return x;
}

static void use(struct item *x)
{
	if (x)
		assert(!atomic_fetch_add_explicit(&taken[x->value], 1, memory_order_relaxed));
}

static void *owner(void *arg)
{
	for (int i = 0; i < ITEMS; i++) {
		items[i].value = i;
		push(&items[i]);
	}
	for (int i = 0; i < ITEMS; i++)
		use(take());
	return arg;
}

static void *thief(void *arg)
{
	use(steal());
	return arg;
}

int main(void)
{
	pthread_t o, t[THIEVES];

	pthread_create(&o, NULL, owner, NULL);
	for (int i = 0; i < THIEVES; i++)
		pthread_create(&t[i], NULL, thief, NULL);
	pthread_join(o, NULL);
	for (int i = 0; i < THIEVES; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < ITEMS; i++)
		assert(atomic_load_explicit(&taken[i], memory_order_relaxed) == 1);
	return 0;
}
