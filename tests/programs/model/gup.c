/* SPDX-License-Identifier: MIT */
/*
 * gup.c - a page is pinned without a lock while another thread makes it shareable: count and entry are
 * each written by one and read by the other.
 *
 * The protocol of GUP-fast and of sharing an anonymous page: pin, fence, look at the entry again; clear the
 * entry, fence, look at the pins.
 *
 * Holds: not both go on: a page that was pinned is not shared. BUG_SC: without the full fences.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

static atomic_int pins, entry = 1;
static bool pinned, shared;

static void fence(void)
{
#ifndef BUG_SC
	atomic_thread_fence(memory_order_seq_cst);
#endif
}

static void *pin(void *arg)
{
	int seen = atomic_load_explicit(&entry, memory_order_relaxed);

	if (!seen)
		return arg;
	atomic_fetch_add_explicit(&pins, 1, memory_order_relaxed);
	fence();
	if (atomic_load_explicit(&entry, memory_order_relaxed) == seen)
		pinned = true;
	else
		atomic_fetch_sub_explicit(&pins, 1, memory_order_relaxed);
	return arg;
}

static void *share(void *arg)
{
	atomic_store_explicit(&entry, 0, memory_order_relaxed);
	fence();
	shared = !atomic_load_explicit(&pins, memory_order_relaxed);
	return arg;
}

int main(void)
{
	pthread_t t[2];

	pthread_create(&t[0], NULL, pin, NULL);
	pthread_create(&t[1], NULL, share, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	assert(!(pinned && shared));
	return 0;
}
