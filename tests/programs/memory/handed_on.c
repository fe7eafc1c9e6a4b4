/* SPDX-License-Identifier: MIT */
/*
 * handed_on.c - an object of one thread's, handed on to another by a pointer.
 *
 * ISO C11 7.22.3, 6.2.4p2, 5.1.2.4.
 *
 * Holds: the object is filled before the pointer is published (release), and freed when nobody uses it any more.
 * BUG_FREE: its maker frees it at once. BUG_ORDER: nothing orders its allocation before its use.
 * BUG_FIELD: the maker forgets one field, which the user reads. BUG_SIZE: it may be smaller than the user takes it for.
 * USER_FIRST: the user is created first.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct item {
	long key, rest, mark;
};

#ifdef BUG_ORDER
#define PUBLISH memory_order_relaxed
#else
#define PUBLISH memory_order_release
#endif

static struct item *_Atomic published;
#ifdef BUG_SIZE
static atomic_int small;
#endif

static void *maker(void *arg)
{
	size_t size = sizeof(struct item);
	struct item *item;

#ifdef BUG_SIZE
	if (atomic_load_explicit(&small, memory_order_relaxed))
		size -= sizeof(long);
#endif
	item = malloc(size);
#if !defined(BUG_ORDER) && !defined(BUG_FREE)
	item->key = 1;
#ifndef BUG_FIELD
	item->rest = 2;
#endif
#endif
	atomic_store_explicit(&published, item, PUBLISH);
#ifdef BUG_FREE
	free(item);
#endif
	return arg;
}

static void *user(void *arg)
{
	struct item *item = atomic_load_explicit(&published, memory_order_acquire);

	if (!item)
		return arg;
#if !defined(BUG_ORDER) && !defined(BUG_FREE)
	assert(item->key == 1);
	item->key = item->rest;
#endif
	item->mark = 3;
	return arg;
}

int main(void)
{
	pthread_t t, u;

#ifdef USER_FIRST
	pthread_create(&u, NULL, user, NULL);
	pthread_create(&t, NULL, maker, NULL);
#else
	pthread_create(&t, NULL, maker, NULL);
	pthread_create(&u, NULL, user, NULL);
#endif
#ifdef BUG_SIZE
	atomic_store_explicit(&small, 1, memory_order_relaxed);
#endif
	pthread_join(t, NULL);
	pthread_join(u, NULL);
#ifndef BUG_FREE
	free(atomic_load(&published));
#endif
	return 0;
}
