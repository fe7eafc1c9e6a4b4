/* SPDX-License-Identifier: MIT */
/*
 * ms_queue.c - a queue as a linked list with a dummy node. Nodes are never freed.
 *
 * M. M. Michael, M. L. Scott, "Simple, fast, and practical non-blocking and blocking concurrent queue algorithms",
 * PODC 1996, figure 1.
 *
 * Holds: values come out once, those of one thread in the order in which they went in.
 * BUG_LINK: the compare-and-swap that links a node is relaxed: its contents are not seen: data race.
 * BUG_HEAD: a dequeuer goes on with the value of a node that it did not get: a value comes out twice.
 * BUG_SWING: nobody moves a tail on that was left behind: the others wait for ever.
 * WRITERS threads enqueue ITEMS values each, READERS threads try to dequeue one.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#ifndef WRITERS
#define WRITERS 1
#endif
#ifndef READERS
#define READERS 1
#endif
#ifndef ITEMS
#define ITEMS 2
#endif

#ifdef BUG_LINK
#define LINK_ORDER memory_order_relaxed
#else
#define LINK_ORDER memory_order_release
#endif

struct node {
	int value;
	_Atomic(struct node *) next;
};

static _Atomic(struct node *) head, tail;
static int got[READERS];

static struct node *new_node(int value)
{
	struct node *n = malloc(sizeof(*n));

	n->value = value;
	atomic_init(&n->next, NULL);
	return n;
}

static int cas(_Atomic(struct node *) *p, struct node *expected, struct node *n)
{
	return atomic_compare_exchange_strong_explicit(p, &expected, n, memory_order_release,
						       memory_order_relaxed);
}

static void enqueue(int value)
{
	struct node *n = new_node(value), *t, *next;

	for (;;) {
		t = atomic_load_explicit(&tail, memory_order_acquire);
		next = atomic_load_explicit(&t->next, memory_order_acquire);
		if (next) {
#ifndef BUG_SWING
			cas(&tail, t, next);
#endif
			continue;
		}
		if (atomic_compare_exchange_strong_explicit(&t->next, &next, n, LINK_ORDER,
							    memory_order_relaxed))
			break;
	}
#ifndef BUG_SWING
	cas(&tail, t, n);
#endif
}

/* 0: empty */
static int dequeue(void)
{
	struct node *h, *t, *next;

	for (;;) {
		h = atomic_load_explicit(&head, memory_order_acquire);
		t = atomic_load_explicit(&tail, memory_order_acquire);
		next = atomic_load_explicit(&h->next, memory_order_acquire);
		if (h != atomic_load_explicit(&head, memory_order_acquire))
			continue;
		if (!next)
			return 0;
		if (h == t) {
			cas(&tail, t, next);
			continue;
		}
#ifdef BUG_HEAD
		cas(&head, h, next);
		return next->value;
#else
		if (cas(&head, h, next))
			return next->value;
#endif
	}
}

static void *writer(void *arg)
{
	for (int i = 1; i <= ITEMS; i++)
		enqueue((int)(intptr_t)arg * ITEMS + i);
	return NULL;
}

static void *reader(void *arg)
{
	got[(intptr_t)arg] = dequeue();
	return NULL;
}

int main(void)
{
	pthread_t w[WRITERS], r[READERS];
	int next[WRITERS] = { 0 }, left = WRITERS * ITEMS;

	atomic_init(&head, new_node(0));
	atomic_init(&tail, atomic_load(&head));
	for (intptr_t i = 0; i < WRITERS; i++)
		pthread_create(&w[i], NULL, writer, (void *)i);
	for (intptr_t i = 0; i < READERS; i++)
		pthread_create(&r[i], NULL, reader, (void *)i);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(w[i], NULL);
	for (int i = 0; i < READERS; i++) {
		pthread_join(r[i], NULL);
		left -= got[i] != 0;
		for (int j = 0; j < i; j++)
			assert(!got[i] || got[i] != got[j]);
	}
	while (left--) {
		int v = dequeue() - 1;

		assert(v >= 0);
		assert(v % ITEMS >= next[v / ITEMS]);
		next[v / ITEMS] = v % ITEMS + 1;
	}
	assert(!dequeue());
	return 0;
}
