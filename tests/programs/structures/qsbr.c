/* SPDX-License-Identifier: MIT */
/*
 * qsbr.c - read-copy-update with quiescent states: an updater frees what it replaced after each reader
 * has said that it uses nothing.
 *
 * T. E. Hart, P. E. McKenney, A. D. Brown, J. Walpole, "Performance of memory reclamation for lockless
 * synchronization", JPDC 67(12), 2007; M. Desnoyers and others, "User-level implementations of read-copy update",
 * TPDS 23(2), 2012.
 *
 * Holds: no reader accesses a freed object, each sees it initialised.
 * BUG_WAIT: the updater does not wait for the readers. BUG_PUBLISH: the new pointer is stored relaxed.
 * BUG_QUIESCENT: the reader's quiescent state is a relaxed store: its loads may be late.
 * BUG_PERIOD: the period is loaded relaxed: a reader may say that it has seen an update that it has not.
 * READERS readers, which read twice, with a quiescent state after each; one update.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#ifndef READERS
#define READERS 1
#endif

#ifdef BUG_PUBLISH
#define PUBLISH_ORDER memory_order_relaxed
#else
#define PUBLISH_ORDER memory_order_release
#endif

#ifdef BUG_QUIESCENT
#define QUIESCENT_ORDER memory_order_relaxed
#else
#define QUIESCENT_ORDER memory_order_release
#endif

#ifdef BUG_PERIOD
#define PERIOD_ORDER memory_order_relaxed
#else
#define PERIOD_ORDER memory_order_acquire
#endif

#define DONE 1000 /* for seen: the reader does not read again */

static _Atomic(int *) current;
static atomic_int period = 1;
static atomic_int
	seen[READERS]; /* the period that the reader saw in its last quiescent state; 0: not yet */

static int *new_object(int value)
{
	int *p = malloc(sizeof(*p));

	*p = value;
	return p;
}

static void quiescent(int me)
{
	int p = atomic_load_explicit(&period, PERIOD_ORDER);

	atomic_store_explicit(&seen[me], p, QUIESCENT_ORDER);
}

static void *reader(void *arg)
{
	int me = (int)(intptr_t)arg;

	for (int i = 0; i < 2; i++) {
		int *p = atomic_load_explicit(&current, memory_order_acquire);

		assert(*p == 1 || *p == 2);
		quiescent(me);
	}
	atomic_store_explicit(&seen[me], DONE, memory_order_release);
	return NULL;
}

static void synchronize(void)
{
	int p = atomic_fetch_add_explicit(&period, 1, memory_order_release) + 1;

	for (int i = 0; i < READERS; i++)
		while (atomic_load_explicit(&seen[i], memory_order_acquire) < p)
			;
}

static void *updater(void *arg)
{
	int *old = atomic_load_explicit(&current, memory_order_relaxed);

	atomic_store_explicit(&current, new_object(2), PUBLISH_ORDER);
#ifndef BUG_WAIT
	synchronize();
#endif
	free(old);
	return arg;
}

int main(void)
{
	pthread_t u, r[READERS];

	atomic_init(&current, new_object(1));
	pthread_create(&u, NULL, updater, NULL);
	for (intptr_t i = 0; i < READERS; i++)
		pthread_create(&r[i], NULL, reader, (void *)i);
	pthread_join(u, NULL);
	for (int i = 0; i < READERS; i++)
		pthread_join(r[i], NULL);
	free(atomic_load(&current));
	return 0;
}
