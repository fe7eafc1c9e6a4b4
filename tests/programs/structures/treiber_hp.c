/* SPDX-License-Identifier: MIT */
/*
 * treiber_hp.c - the stack of treiber.c, with nodes that are freed once no hazard pointer has them.
 *
 * M. M. Michael, "Hazard pointers: safe memory reclamation for lock-free objects", TPDS 15(6), 2004, figure 10.
 *
 * Holds: what was pushed is popped once, and no freed node is read.
 * BUG_RECHECK: a popper does not look whether its node is still the top after it has published it.
 * BUG_FENCE: no full fences around the hazard pointers.
 * BUG_SET: a hazard pointer is set by a relaxed store: the accesses to the node it had before may be late.
 * The stack has NODES nodes; two threads pop POPS each. A popper waits until its node is no other's hazard.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#ifndef POPS
#define POPS 1
#endif

#define NODES (2 * POPS)

#ifdef BUG_SET
#define SET_ORDER memory_order_relaxed
#else
#define SET_ORDER memory_order_release
#endif

#ifdef BUG_FENCE
#define FENCE()
#else
#define FENCE() atomic_thread_fence(memory_order_seq_cst)
#endif

struct node {
	int value;
	struct node *next;
};

static _Atomic(struct node *) top;
static _Atomic(struct node *) hazard[2];
static atomic_int popped[NODES];

static struct node *protect(int me)
{
	struct node *n, *again = atomic_load_explicit(&top, memory_order_acquire);

	do {
		n = again;
		atomic_store_explicit(&hazard[me], n, SET_ORDER);
#ifndef BUG_RECHECK
		FENCE();
		again = atomic_load_explicit(&top, memory_order_acquire);
#endif
	} while (n != again);
	return n;
}

static struct node *pop(int me)
{
	struct node *n, *expected;

	do {
		n = protect(me);
		if (!n)
			return NULL;
		expected = n;
	} while (!atomic_compare_exchange_strong_explicit(
		&top, &expected, n->next, memory_order_acq_rel, memory_order_relaxed));
	atomic_store_explicit(&hazard[me], NULL, memory_order_release);
	return n;
}

static void *thread(void *arg)
{
	int me = (int)(intptr_t)arg;

	for (int i = 0; i < POPS; i++) {
		struct node *n = pop(me);

		assert(n);
		assert(!atomic_fetch_add_explicit(&popped[n->value], 1, memory_order_relaxed));
		FENCE();
		while (atomic_load_explicit(&hazard[1 - me], memory_order_acquire) == n)
			;
		free(n);
	}
	return NULL;
}

int main(void)
{
	struct node *list = NULL;
	pthread_t t[2];

	for (int i = 0; i < NODES; i++) {
		struct node *n = malloc(sizeof(*n));

		n->value = i;
		n->next = list;
		list = n;
	}
	atomic_init(&top, list);
	for (intptr_t i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, thread, (void *)i);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert(!atomic_load(&top));
	return 0;
}
