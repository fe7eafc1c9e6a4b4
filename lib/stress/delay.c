// SPDX-License-Identifier: MIT
/* delay.c - see delay.h. */
#include "stress/delay.h"

#include <sched.h>
#include <string.h>
#include <time.h>

#include "rt/thread.h"

#define SPINS 100	 /* before a thread that stalls lets another one have its core */
#define LOOKS 2		 /* of a waiter, in vain: its condition did not hold when the stall began */
#define STEP_NS 2000	 /* that nobody can go on before a stall ends */
#define BRIEFER 1000000	 /* more than a run has stalls */
#define STALL_NS 1000000 /* the longest stall */
#define TURN_NS 500000000 /* of those that take turns */

_Static_assert(offsetof(struct fl_delay_thread, delay) == 0, "fl_delay_here is the whole");

__thread struct fl_delay *fl_delay_here;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static struct fl_delay_thread *this_thread(void)
{
	return (struct fl_delay_thread *)fl_delay_here;
}

/* ---- who can go on ---- */

/* What a stalling thread remembers of another one. */
struct seen {
	uint64_t passed, looked;
};

static void see(struct seen *seen, const struct fl_delay_thread *t)
{
	seen->passed = __atomic_load_n(&t->delay.passed, __ATOMIC_RELAXED);
	seen->looked = __atomic_load_n(&t->looked, __ATOMIC_RELAXED);
}

/* Between the steps of a wait. */
static void looks(void)
{
	struct fl_delay_thread *me = this_thread();

	if (!me)
		return;
	__atomic_store_n(&me->waited, me->delay.passed + 1, __ATOMIC_RELAXED);
	__atomic_store_n(&me->looked, me->looked + 1, __ATOMIC_RELAXED);
}

/* Can @t go on while @me does not? Updates @seen. */
static bool can_go_on(const struct fl_delay_thread *me, const struct fl_delay_thread *t,
		      struct seen *seen)
{
	uint64_t stalls = __atomic_load_n(&t->stalls, __ATOMIC_RELAXED);
	struct seen now;

	if (__atomic_load_n(&t->over, __ATOMIC_ACQUIRE))
		return false;
	if (stalls > me->stalls)
		return false;
	see(&now, t);
	if (now.passed != seen->passed ||
	    __atomic_load_n(&t->waited, __ATOMIC_RELAXED) != now.passed + 1) {
		*seen = now;
		return true;
	}
	return now.looked - seen->looked < LOOKS;
}

static bool anyone_can(const struct fl_delay_thread *me, struct seen *seen, bool *over)
{
	const struct fl_delay_threads *all = me->all;
	bool can = false;

	*over = true;
	for (int i = 0; i < all->n; i++) {
		const struct fl_delay_thread *t = &all->thread[i];

		if (t == me)
			continue;
		can |= can_go_on(me, t, &seen[i]);
		*over &= __atomic_load_n(&t->over, __ATOMIC_RELAXED) != 0;
	}
	return can;
}

static void stall(struct fl_delay_thread *me, const struct fl_late *late)
{
	uint64_t begin = now_ns(), could = begin, now = begin, number;
	struct seen seen[FL_MAX_CPUS];
	uint64_t limit = late->turn ? TURN_NS : STALL_NS;
	bool over = false;

	for (int i = 0; i < me->all->n; i++)
		see(&seen[i], &me->all->thread[i]);
	number = __atomic_add_fetch(&me->all->nr_stalls, 1, __ATOMIC_RELAXED);
	if (late->turn)
		number = (uint64_t)late->turn;
	else if (!late->briefly)
		number += BRIEFER;
	__atomic_store_n(&me->stalls, number, __ATOMIC_RELAXED);
	for (int i = 0; !over && now - could < STEP_NS && now - begin < limit; i++) {
		if (i < SPINS)
			__atomic_signal_fence(__ATOMIC_SEQ_CST);
		else
			sched_yield();
		now = now_ns();
		if (anyone_can(me, seen, &over))
			could = now;
	}
	__atomic_store_n(&me->stalls, 0, __ATOMIC_RELAXED);
}

/* ---- the plan ---- */

static void be_late(struct fl_delay_thread *me, const struct fl_late *late)
{
	for (volatile unsigned int i = 0; i < late->turns;)
		i = i + 1;
	if (late->stalls)
		stall(me, late);
}

static void plan_next(struct fl_delay_thread *me)
{
	me->delay.next = fl_plan_next(me->plan, me->delay.all_passed, &me->late);
}

void fl_delay_now(struct fl_delay *delay)
{
	struct fl_delay_thread *me = (struct fl_delay_thread *)delay;

	be_late(me, &me->late);
	plan_next(me);
}

void fl_delay_init(void)
{
	fl_rt_wait_hook = looks;
}

void fl_delay_ready(struct fl_delay_threads *all)
{
	all->nr_stalls = 0;
	for (int i = 0; i < all->n; i++) {
		struct fl_delay_thread *t = &all->thread[i];

		t->all = all;
		t->number = i;
		t->plan = &all->plan[i];
		t->over = 0;
		t->waited = 0;
		t->delay = (struct fl_delay){ 0 };
		plan_next(t);
	}
}

void fl_delay_begin(struct fl_delay_threads *all, int number)
{
	struct fl_delay_thread *me = &all->thread[number];

	fl_delay_here = &me->delay;
	be_late(me, &me->plan->start);
}

/* ---- callbacks of call_rcu() ---- */

static struct rcu_head *set_up_callbacks;

void fl_delay_call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
	struct rcu_head **list = fl_delay_here ? &this_thread()->callbacks : &set_up_callbacks;

	head->func = fn;
	head->urcu.next = *list;
	*list = head;
}

void fl_delay_synchronize_rcu(void)
{
	struct fl_delay_thread *me = this_thread();

	/* It sleeps: nobody sees it look. */
	if (me) {
		__atomic_store_n(&me->looked, me->looked + LOOKS, __ATOMIC_RELAXED);
		__atomic_store_n(&me->waited, me->delay.passed + 1, __ATOMIC_RELAXED);
	}
	fl_native_synchronize_rcu();
}

static void run_callbacks(struct rcu_head **list)
{
	struct rcu_head *head = *list;

	*list = NULL;
	while (head) {
		struct rcu_head *next = head->urcu.next;

		head->func(head);
		head = next;
	}
}

void fl_delay_end(struct fl_delay_threads *all, int number)
{
	struct fl_delay_thread *me = &all->thread[number];

	while (me->callbacks) {
		fl_delay_synchronize_rcu();
		run_callbacks(&me->callbacks);
	}
	fl_delay_here = NULL;
	/* Release: pairs with the acquire in progress(). */
	__atomic_store_n(&me->over, 1, __ATOMIC_RELEASE);
}

void fl_delay_set_up_callbacks(void)
{
	while (set_up_callbacks)
		run_callbacks(&set_up_callbacks);
}

void fl_delay_forget_callbacks(struct fl_delay_threads *all)
{
	set_up_callbacks = NULL;
	for (int i = 0; i < all->n; i++)
		all->thread[i].callbacks = NULL;
}
