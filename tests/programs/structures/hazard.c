/* SPDX-License-Identifier: MIT */
/*
 * hazard.c - a hazard pointer: a reader says which object it uses, who replaced the object frees it afterwards.
 *
 * M. M. Michael, "Hazard pointers: safe memory reclamation for lock-free objects", TPDS 15(6), 2004.
 *
 * Holds: no reader accesses a freed object.
 * BUG_RECHECK: the reader does not look whether its object is still the current one after it has published it.
 * BUG_READER_FENCE, BUG_WRITER_FENCE: no full fence between the publication and that look, or between the
 * replacement of the object and the look at the hazard pointers.
 * BUG_CLEAR: the hazard pointer is cleared by a relaxed store. BUG_SCAN: it is read by a relaxed load.
 * READERS readers with a hazard pointer each, one writer; a writer waits until the object is not in use.
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

#ifdef BUG_CLEAR
#define CLEAR_ORDER memory_order_relaxed
#else
#define CLEAR_ORDER memory_order_release
#endif

#ifdef BUG_SCAN
#define SCAN_ORDER memory_order_relaxed
#else
#define SCAN_ORDER memory_order_acquire
#endif

static _Atomic(int *) current;
static _Atomic(int *) hazard[READERS];

static int *protect(int me)
{
	int *p = atomic_load_explicit(&current, memory_order_acquire), *seen;

	for (;;) {
		seen = p;
		atomic_store_explicit(&hazard[me], p, memory_order_relaxed);
#ifdef BUG_RECHECK
		return p;
#endif
#ifndef BUG_READER_FENCE
		atomic_thread_fence(memory_order_seq_cst);
#endif
		p = atomic_load_explicit(&current, memory_order_acquire);
		if (p == seen)
			return p;
	}
}

static void *reader(void *arg)
{
	int me = (int)(intptr_t)arg;
	int *p = protect(me);

	assert(*p == 1 || *p == 2);
	atomic_store_explicit(&hazard[me], NULL, CLEAR_ORDER);
	return NULL;
}

static int *new_object(int value)
{
	int *p = malloc(sizeof(*p));

	*p = value;
	return p;
}

static void *writer(void *arg)
{
	int *old = atomic_exchange_explicit(&current, new_object(2), memory_order_acq_rel);

#ifndef BUG_WRITER_FENCE
	atomic_thread_fence(memory_order_seq_cst);
#endif
	for (int i = 0; i < READERS; i++)
		while (atomic_load_explicit(&hazard[i], SCAN_ORDER) == old)
			;
	free(old);
	return arg;
}

int main(void)
{
	pthread_t w, r[READERS];

	atomic_init(&current, new_object(1));
	pthread_create(&w, NULL, writer, NULL);
	for (intptr_t i = 0; i < READERS; i++)
		pthread_create(&r[i], NULL, reader, (void *)i);
	pthread_join(w, NULL);
	for (int i = 0; i < READERS; i++)
		pthread_join(r[i], NULL);
	free(atomic_load(&current));
	return 0;
}
