/* SPDX-License-Identifier: MIT */
/*
 * local.c - variables of a thread's functions that another thread uses.
 *
 * ISO C11 6.2.4p2 and p6; 5.1.2.2.3, footnote: those of main() are gone when it has returned, too.
 *
 * Holds: the function returns when the other thread is done.
 * BUG_RETURN: it returns before, and the thread ends. BUG_FUNCTION: it returns before, and the thread goes on.
 * BUG_EXIT: the thread ends by pthread_exit(). BUG_RELAXED: nothing orders its call before the use.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#ifdef BUG_RELAXED
#define PUBLISH memory_order_relaxed
#else
#define PUBLISH memory_order_release
#endif

static atomic_int *_Atomic published;
static atomic_bool done, over;

__attribute__((noinline)) static void lend(void)
{
	atomic_int local;

	atomic_init(&local, 42);
	atomic_store_explicit(&published, &local, PUBLISH);
#ifdef BUG_EXIT
	pthread_exit(NULL);
#elif !defined(BUG_RETURN) && !defined(BUG_FUNCTION)
	while (!atomic_load_explicit(&done, memory_order_acquire))
		;
#endif
}

static void *owner(void *arg)
{
	lend();
#ifdef BUG_FUNCTION
	while (!atomic_load_explicit(&done, memory_order_acquire))
		;
#endif
	atomic_store_explicit(&over, 1, memory_order_relaxed);
	return arg;
}

static void *user(void *arg)
{
	atomic_int *p = atomic_load_explicit(&published, memory_order_acquire);

	if (p)
		atomic_fetch_add_explicit(p, 1, memory_order_relaxed);
	atomic_store_explicit(&done, 1, memory_order_release);
	return arg;
}

int main(void)
{
	pthread_t t, u;

	pthread_create(&t, NULL, owner, NULL);
	pthread_create(&u, NULL, user, NULL);
	pthread_join(u, NULL);
	pthread_join(t, NULL);
	return 0;
}
