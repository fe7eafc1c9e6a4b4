/* SPDX-License-Identifier: MIT */
/*
 * delay.h - threads that are late where their plan says so.
 *
 * Modelled code is compiled with FL_STRESS for this: at each place (rt/native/base.h) it counts, and calls
 * fl_delay_now() at the one that is next in the thread's plan. A thread that stalls goes on when no other one
 * can: when each of them is over, stalls too, but not for longer, or waits and has looked in vain since. A thread
 * that could go on but does not get a core is waited for, so that a busy machine makes runs slower, not other
 * ones; only not for ever, since some loops of modelled code wait without saying so.
 *
 * Callbacks of call_rcu() run where their thread's part ends, after a grace period: while others stall.
 *
 * A stall is no wait of the model's: the thread answers no interrupts meanwhile, as a CPU does that is slow
 * to. Whoever waits for its answer can't go on, so the stall ends soon.
 */
#ifndef FL_STRESS_DELAY_H
#define FL_STRESS_DELAY_H

#include <stdbool.h>

#include <faultline/rt.h>

#include "stress/meet.h"
#include "stress/plan.h"

/* What modelled code sees of a thread; the same as in rt/native/, which only its build has. */
#ifndef FL_STRESS
struct fl_delay {
	uint64_t passed, all_passed, next;
	bool marked;
};
extern __thread struct fl_delay *fl_delay_here __attribute__((tls_model("initial-exec")));
void fl_delay_now(struct fl_delay *delay);
void fl_delay_call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head));
void fl_delay_synchronize_rcu(void);
#endif

/*
 * While places are counted: where each thread was at which place. Modelled memory is an arena; a place is noted as
 * the distance of its word from the start, with FL_DELAY_STORES if it may store there. A marked one that is no
 * access to it has none.
 */
#define FL_DELAY_MAX_PLACES 4096
#define FL_DELAY_STORES 1U
#define FL_DELAY_PLAIN 2U

struct fl_delay_notes {
	uint32_t at[FL_DELAY_MAX_PLACES + 1];
};

struct fl_delay_threads;

struct fl_delay_thread {
	struct fl_delay delay;	    /* first */
	struct rcu_head *callbacks; /* its own */
	struct fl_late late;	    /* at delay.next */
	struct fl_plan *plan;
	struct fl_delay_threads *all;
	struct fl_delay_notes *notes; /* NULL: nobody wants them */
	int number;
	bool meets;		 /* somebody wants to know of new orders */
	uint32_t last_order;	 /* that it has come to */
	unsigned int new_orders; /* of them */
	/* Of interest to threads that stall. */
	uint64_t waited; /* delay.passed + 1 if it waits since its last place */
	uint64_t looked; /* how often a wait went on */
	uint64_t stalls; /* since when: stalls are numbered. 0: it does not */
	int over;	 /* in this run */
} __attribute__((aligned(128)));

/* The threads of a scenario. */
struct fl_delay_threads {
	int n;
	uint64_t nr_stalls; /* of all threads */
	struct fl_plan plan[FL_MAX_CPUS];
	struct fl_delay_thread thread[FL_MAX_CPUS];
};

/* The compiler announces each access to modelled memory. Plain ones are places in some runs. */
static inline void fl_delay_access(size_t at, bool stores, uintptr_t code)
{
	struct fl_delay *delay = fl_delay_here;
	struct fl_delay_thread *me = (struct fl_delay_thread *)delay;
	bool marked;

	if (!delay)
		return;
	marked = delay->marked;
	delay->marked = false;
	if (!marked)
		delay->all_passed++;
	if (__builtin_expect(me->notes && delay->all_passed <= FL_DELAY_MAX_PLACES, 0))
		me->notes->at[delay->all_passed] = (uint32_t)(at & ~(size_t)7) |
						   (stores ? FL_DELAY_STORES : 0) |
						   (marked ? 0 : FL_DELAY_PLAIN);
	if (!marked && delay->all_passed == delay->next)
		fl_delay_now(delay);
	if (me->meets)
		me->new_orders += fl_meet(me->number, at, stores, code, &me->last_order);
}

/* Waits tell of themselves from now on. */
void fl_delay_init(void);
/* Before the threads begin, with their plans made; nobody else is there. */
void fl_delay_ready(struct fl_delay_threads *all);
/* The calling thread is thread @number: what it does from here on is in its plan; it may be late at once. */
void fl_delay_begin(struct fl_delay_threads *all, int number);
/*
 * The thread's part in the run is over, but for callbacks: these run here, with nobody asking the thread for
 * anything. It is bound to no CPU.
 */
void fl_delay_end(struct fl_delay_threads *all, int number);

/* Those of set-up code. Nobody else is there. */
void fl_delay_set_up_callbacks(void);
/* All that are left are forgotten. */
void fl_delay_forget_callbacks(struct fl_delay_threads *all);

#endif
