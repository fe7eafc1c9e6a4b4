/* SPDX-License-Identifier: MIT */
/*
 * native/rcu.h - RCU of the native engine: liburcu, flavour memb (lib/rt/native/rcu.c).
 *
 * liburcu's headers stay out of here: they define rcu_dereference(), min(), struct rcu_head and more.
 * A reader is a thread that is bound to a CPU (lib/rt/thread.h), which registers it with liburcu.
 *
 * synchronize_rcu() sleeps, with the CPU's interrupts on. While it does, the CPU counts as idle for
 * IPIs: a sender runs the function in its place. Otherwise a reader that waits for this CPU to
 * answer, and this CPU, which waits for the reader, would wait for each other.
 *
 * Callbacks of call_rcu() run one after the other in a thread of liburcu that is bound to no CPU.
 */
#ifndef FAULTLINE_RT_NATIVE_RCU_H
#define FAULTLINE_RT_NATIVE_RCU_H

struct rcu_head {
	/* liburcu's: links, and its own callback, which calls ours. */
	struct {
		void *next;
		void (*func)(void);
	} urcu;
	void (*func)(struct rcu_head *head);
};

void fl_native_rcu_read_lock(void);
void fl_native_rcu_read_unlock(void);
void fl_native_synchronize_rcu(void);
void fl_native_call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head));

#define rcu_read_lock() fl_native_rcu_read_lock()
#define rcu_read_unlock() fl_native_rcu_read_unlock()
/* The caller is in no reader section and has interrupts on. */
#define synchronize_rcu() fl_native_synchronize_rcu()
/* Runs @fn(@head) after a grace period that starts after this call. */
#define call_rcu(head, fn) fl_native_call_rcu((head), (fn))
#ifdef FL_STRESS
/* Runs are too short for liburcu's thread: lib/stress/delay.h. */
void fl_delay_call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head));
void fl_delay_synchronize_rcu(void);
#undef call_rcu
#undef synchronize_rcu
#define synchronize_rcu() fl_delay_synchronize_rcu()
#define call_rcu(head, fn) fl_delay_call_rcu((head), (fn))
#endif

#endif
