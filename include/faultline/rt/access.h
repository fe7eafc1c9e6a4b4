/* SPDX-License-Identifier: MIT */
/* access.h - marked loads and stores, and the barriers between them. Sources: rt.h. */
#ifndef FAULTLINE_RT_ACCESS_H
#define FAULTLINE_RT_ACCESS_H

#define READ_ONCE(x) FL_LOAD(&(x), FL_ONCE, "READ_ONCE(" #x ")")
#define WRITE_ONCE(x, v) FL_STORE(&(x), v, FL_ONCE, "WRITE_ONCE(" #x ", " #v ")")
#define smp_load_acquire(p) FL_LOAD(p, FL_ACQUIRE, "smp_load_acquire(" #p ")")
#define smp_store_release(p, v) FL_STORE(p, v, FL_RELEASE, "smp_store_release(" #p ", " #v ")")
#define smp_store_mb(x, v)                                                                         \
	do {                                                                                       \
		FL_STORE(&(x), v, FL_ONCE, "smp_store_mb(" #x ", " #v ")");                        \
		smp_mb();                                                                          \
	} while (0)

/* What is reached through the pointer is read after the pointer: an address dependency. */
#define rcu_dereference(p) FL_LOAD(&(p), FL_ONCE, "rcu_dereference(" #p ")")
#define rcu_assign_pointer(p, v) FL_STORE(&(p), v, FL_RELEASE, "rcu_assign_pointer(" #p ", " #v ")")

#define smp_mb() FL_FENCE(FL_FENCE_MB, "smp_mb()")
#define smp_rmb() FL_FENCE(FL_FENCE_RMB, "smp_rmb()")
#define smp_wmb() FL_FENCE(FL_FENCE_WMB, "smp_wmb()")
#define smp_mb__before_atomic() FL_FENCE(FL_FENCE_BEFORE_ATOMIC, "smp_mb__before_atomic()")
#define smp_mb__after_atomic() FL_FENCE(FL_FENCE_AFTER_ATOMIC, "smp_mb__after_atomic()")
#define smp_mb__after_spinlock() FL_FENCE(FL_FENCE_AFTER_SPINLOCK, "smp_mb__after_spinlock()")
#define smp_mb__after_unlock_lock()                                                                \
	FL_FENCE(FL_FENCE_AFTER_UNLOCK_LOCK, "smp_mb__after_unlock_lock()")
#define barrier() FL_FENCE(FL_FENCE_BARRIER, "barrier()")

#endif
