/* SPDX-License-Identifier: MIT */
/*
 * rcu.c - RCU on liburcu (flavour memb), and where liburcu's names end: this file includes liburcu
 * instead of rt.h.
 */
#include <urcu/urcu-memb.h>
#include <urcu/static/urcu-memb.h>

#include <stddef.h>
#include <time.h>

/* Ours has the same name as theirs. */
#define rcu_head fl_rcu_head
#include <faultline/rt/native/rcu.h>
#undef rcu_head

#include "rt/native/thread_internal.h"
#include "rt/thread.h"

_Static_assert(sizeof(struct rcu_head) == offsetof(struct fl_rcu_head, func),
	       "fl_rcu_head.urcu has room for liburcu's struct");
_Static_assert(_Alignof(struct rcu_head) <= _Alignof(struct fl_rcu_head), "and its alignment");

/*
 * Normally the reader side is inlined from liburcu's static header, which it allows to programs under
 * any licence. In a ThreadSanitizer build all of liburcu stays outside, where it is not instrumented, and
 * ThreadSanitizer hears from here of the order that a grace period makes: what a reader did comes
 * before the end of a grace period that waited for it, and what came before a grace period comes
 * before the readers that follow.
 */
#if defined(__SANITIZE_THREAD__)
#define TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TSAN 1
#endif
#endif
#ifdef TSAN
#include <sanitizer/tsan_interface.h>
static char readers_left, period_began;
#define before(p) __tsan_release(p)
#define after(p) __tsan_acquire(p)
#define read_lock() urcu_memb_read_lock()
#define read_unlock() urcu_memb_read_unlock()
#else
#define before(p) ((void)0)
#define after(p) ((void)0)
#define read_lock() _urcu_memb_read_lock()
#define read_unlock() _urcu_memb_read_unlock()
#endif

/* Callbacks given to liburcu, which runs them in that order, and those that have returned. */
static unsigned long given, returned;

void fl_native_rcu_read_lock(void)
{
	read_lock();
	after(&period_began);
}

void fl_native_rcu_read_unlock(void)
{
	before(&readers_left);
	read_unlock();
}

void fl_native_synchronize_rcu(void)
{
	int cpu = fl_native_cpu_sleep();

	before(&period_began);
	urcu_memb_synchronize_rcu();
	after(&readers_left);
	fl_native_cpu_wake(cpu);
}

static void run_callback(struct rcu_head *head)
{
	struct fl_rcu_head *ours = (struct fl_rcu_head *)head;

	after(head);
	after(&readers_left);
	ours->func(ours);
	/* Pairs with the acquire in fl_rt_rcu_barrier(): what the callback did is done. */
	__atomic_fetch_add(&returned, 1, __ATOMIC_RELEASE);
}

void fl_native_call_rcu(struct fl_rcu_head *head, void (*fn)(struct fl_rcu_head *head))
{
	head->func = fn;
	/* Ahead of the queue, so that nothing in the queue before ours is left out of the count. */
	__atomic_fetch_add(&given, 1, __ATOMIC_RELAXED);
	before(&period_began);
	before(head);
	urcu_memb_call_rcu((struct rcu_head *)&head->urcu, run_callback);
}

void fl_rt_rcu_barrier(void)
{
	/* urcu_memb_barrier() would do, but for ThreadSanitizer, which sees malloc() and free() in it. */
	static const struct timespec nap = { .tv_nsec = 50000 };
	unsigned long all = __atomic_load_n(&given, __ATOMIC_RELAXED);
	int cpu = fl_native_cpu_sleep();

	while ((long)(__atomic_load_n(&returned, __ATOMIC_ACQUIRE) - all) < 0)
		nanosleep(&nap, NULL);
	fl_native_cpu_wake(cpu);
}

bool fl_native_rcu_register(void)
{
	/* A user's own thread may be registered with liburcu already. */
	if (URCU_TLS(urcu_memb_reader).registered)
		return false;
	urcu_memb_register_thread();
	return true;
}

void fl_native_rcu_unregister(void)
{
	urcu_memb_unregister_thread();
}
