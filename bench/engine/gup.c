/* SPDX-License-Identifier: MIT */
/*
 * gup.c - GUP-fast pins a page and trusts its PageAnonExclusive; another thread takes it from the page.
 *
 * The protocol of Linux 6.1 as C11. BUG_FULL: without the two full fences. BUG_PAIR: without the release and the acquire
 * fence around the flag.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef BUG_FULL
#define FULL_FENCE() ((void)0)
#else
#define FULL_FENCE() atomic_thread_fence(memory_order_seq_cst)
#endif
#ifdef BUG_PAIR
#define PAIR_FENCE(order) ((void)0)
#else
#define PAIR_FENCE(order) atomic_thread_fence(order)
#endif

static atomic_int entry = 1, exclusive = 1, pins;
static bool shared, trusted;

static void *share(void *arg)
{
	atomic_store_explicit(&entry, 0, memory_order_relaxed);
	FULL_FENCE();
	if (atomic_load_explicit(&pins, memory_order_relaxed))
		return arg;
	atomic_store_explicit(&exclusive, 0, memory_order_relaxed);
	PAIR_FENCE(memory_order_release);
	atomic_store_explicit(&entry, 1, memory_order_relaxed);
	shared = true;
	return arg;
}

static void *pin(void *arg)
{
	int before = atomic_load_explicit(&entry, memory_order_relaxed);

	if (!before)
		return arg;
	atomic_fetch_add_explicit(&pins, 1, memory_order_relaxed);
	FULL_FENCE();
	if (atomic_load_explicit(&entry, memory_order_relaxed) != before) {
		atomic_fetch_sub_explicit(&pins, 1, memory_order_relaxed);
		return arg;
	}
	PAIR_FENCE(memory_order_acquire);
	trusted = atomic_load_explicit(&exclusive, memory_order_relaxed);
	return arg;
}

int main(void)
{
	pthread_t s, p;

	pthread_create(&s, NULL, share, NULL);
	pthread_create(&p, NULL, pin, NULL);
	pthread_join(s, NULL);
	pthread_join(p, NULL);
	assert(!(shared && trusted));
	return 0;
}
