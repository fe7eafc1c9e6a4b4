/* SPDX-License-Identifier: MIT */
/*
 * refcount.c - a counted object, freed by who gives up the last reference.
 *
 * Linux's lib/refcount.c; Boost.Atomic, "Usage examples: reference counting".
 *
 * Holds: the object is freed once, after all uses.
 * BUG_RELEASE: a drop is relaxed (with the acquire fence of the last): a use may come after the free.
 * BUG_ACQUIRE: the last drop does not acquire.
 * BUG_TWO_STEPS: whether a drop was the last one is found out by a load after it: two free the object.
 * BUG_REVIVE: main() takes another reference after it has given its own away.
 * USERS users with a reference each.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#ifndef USERS
#define USERS 2
#endif

#ifdef BUG_RELEASE
#define DROP_ORDER memory_order_relaxed
#else
#define DROP_ORDER memory_order_release
#endif

struct object {
	atomic_int refs;
	int data;
};

static struct object *object;

static void put(struct object *o)
{
#ifdef BUG_TWO_STEPS
	int n;

	atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel);
	n = atomic_load_explicit(&o->refs, memory_order_acquire);
#else
	int n = atomic_fetch_sub_explicit(&o->refs, 1, DROP_ORDER) - 1;
#endif
	if (n)
		return;
#ifndef BUG_ACQUIRE
	atomic_thread_fence(memory_order_acquire);
#endif
	o->data = -1;
	free(o);
}

static void *user(void *arg)
{
	assert(object->data == 1);
	put(object);
	return arg;
}

int main(void)
{
	pthread_t t[USERS];

	object = malloc(sizeof(*object));
	object->data = 1;
	atomic_init(&object->refs, USERS);
	for (int i = 0; i < USERS; i++)
		pthread_create(&t[i], NULL, user, NULL);
#ifdef BUG_REVIVE
	atomic_fetch_add_explicit(&object->refs, 1, memory_order_relaxed);
	put(object);
#endif
	for (int i = 0; i < USERS; i++)
		pthread_join(t[i], NULL);
	return 0;
}
