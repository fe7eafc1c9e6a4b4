/* SPDX-License-Identifier: MIT */
/*
 * check/rcu.h - RCU under the check engine: events of the memory model's RCU axioms. Grace periods
 * are not a mechanism here but an order: no reader section spans one.
 */
#ifndef FAULTLINE_RT_CHECK_RCU_H
#define FAULTLINE_RT_CHECK_RCU_H

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

#define rcu_read_lock() FL_FENCE(FL_FENCE_RCU_LOCK, "rcu_read_lock()")
#define rcu_read_unlock() FL_FENCE(FL_FENCE_RCU_UNLOCK, "rcu_read_unlock()")
#define synchronize_rcu() FL_FENCE(FL_FENCE_SYNC_RCU, "synchronize_rcu()")

/* Runs @fn(@head) in a thread of its own, after a grace period that starts after this call. */
void fl_ev_call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *),
		    const struct fl_site *site);
#define call_rcu(head, fn) fl_ev_call_rcu((head), (fn), FL_SITE("call_rcu(" #head ", " #fn ")"))

#endif
