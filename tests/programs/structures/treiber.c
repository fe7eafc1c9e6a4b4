/* SPDX-License-Identifier: MIT */
/*
 * treiber.c - a stack as a linked list, whose top is changed by compare-and-swap. Nodes are never freed.
 *
 * R. K. Treiber, "Systems programming: coping with parallelism", IBM RJ 5118, 1986.
 *
 * Holds: what was pushed is popped at most once, and complete.
 * BUG_PUSH: the compare-and-swap of a push is relaxed. BUG_POP: that of a pop, and the load before it, are.
 * BUG_STORE: the new top is stored without a look whether the old one still holds: nodes are lost or popped twice.
 * BUG_FREE: popped nodes are freed at once: others may still read them.
 * BUG_REUSE: the popped node is pushed again by its popper: a stale compare-and-swap succeeds (ABA).
 * N threads push one node each and then pop one.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#ifndef N
#define N 2
#endif

#ifdef BUG_PUSH
#define PUSH_ORDER memory_order_relaxed
#else
#define PUSH_ORDER memory_order_release
#endif

#ifdef BUG_POP
#define POP_ORDER memory_order_relaxed
#else
#define POP_ORDER memory_order_acquire
#endif

struct node {
	int value;
	_Atomic(struct node *) next;
};

static _Atomic(struct node *) top;
static atomic_int popped[N];

static void push(struct node *n)
{
	struct node *old = atomic_load_explicit(&top, memory_order_relaxed);

#ifdef BUG_STORE
	atomic_store_explicit(&n->next, old, memory_order_relaxed);
	atomic_store_explicit(&top, n, memory_order_release);
#else
	do {
		atomic_store_explicit(&n->next, old, memory_order_relaxed);
	} while (!atomic_compare_exchange_strong_explicit(&top, &old, n, PUSH_ORDER,
							  memory_order_relaxed));
#endif
}

static struct node *pop(void)
{
	struct node *old = atomic_load_explicit(&top, POP_ORDER), *next;

	do {
		if (!old)
			return NULL;
		next = atomic_load_explicit(&old->next, memory_order_relaxed);
	} while (!atomic_compare_exchange_strong_explicit(&top, &old, next, POP_ORDER, POP_ORDER));
	return old;
}

static void *thread(void *arg)
{
	struct node *n = malloc(sizeof(*n));

	n->value = (int)(intptr_t)arg;
	push(n);
	n = pop();
	assert(n);
	assert(!atomic_fetch_add_explicit(&popped[n->value], 1, memory_order_relaxed));
#ifdef BUG_FREE
	free(n);
#endif
#ifdef BUG_REUSE
	push(n);
	n = pop();
	assert(n);
#endif
	return NULL;
}

int main(void)
{
	pthread_t t[N];

	for (intptr_t i = 0; i < N; i++)
		pthread_create(&t[i], NULL, thread, (void *)i);
	for (int i = 0; i < N; i++)
		pthread_join(t[i], NULL);
	assert(!atomic_load_explicit(&top, memory_order_relaxed));
	return 0;
}
