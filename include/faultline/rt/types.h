/* SPDX-License-Identifier: MIT */
/* types.h - the kernel's types for shared words. The same layout under both engines. */
#ifndef FAULTLINE_RT_TYPES_H
#define FAULTLINE_RT_TYPES_H

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	long counter;
} atomic_long_t;

typedef struct {
	atomic_t refs;
} refcount_t;

/* 0 unlocked, 1 locked. */
typedef struct {
	int val;
} spinlock_t;

/* Bit 0: a writer holds it; the rest, in steps of FL_RWSEM_READER, counts readers. */
struct rw_semaphore {
	long count;
};

#define FL_RWSEM_WRITER 1L
#define FL_RWSEM_READER 2L

typedef struct {
	unsigned int sequence;
} seqcount_t;

#define ATOMIC_INIT(i)                                                                             \
	{                                                                                          \
		(i)                                                                                \
	}
#define ATOMIC_LONG_INIT(i)                                                                        \
	{                                                                                          \
		(i)                                                                                \
	}

/* Order of one access, in the memory model's words. */
enum fl_order {
	FL_PLAIN,   /* an ordinary C access */
	FL_ONCE,    /* marked, unordered: READ_ONCE, WRITE_ONCE, _relaxed */
	FL_ACQUIRE, /* its load before all that follows */
	FL_RELEASE, /* all that came before, before its store */
	FL_MB,	    /* RMW only: a full barrier on both sides, if it succeeds */
	FL_ACQ_REL, /* C11 */
	FL_SEQ_CST, /* C11 */
};

enum fl_fence {
	FL_FENCE_MB,
	FL_FENCE_RMB,
	FL_FENCE_WMB,
	FL_FENCE_BEFORE_ATOMIC,
	FL_FENCE_AFTER_ATOMIC,
	FL_FENCE_AFTER_SPINLOCK,
	FL_FENCE_AFTER_UNLOCK_LOCK,
	FL_FENCE_BARRIER, /* barrier(): the compiler only */
	FL_FENCE_RCU_LOCK,
	FL_FENCE_RCU_UNLOCK,
	FL_FENCE_SYNC_RCU,
	FL_FENCE_AFTER_SRCU_READ_UNLOCK,
	FL_FENCE_SYNC_SRCU,    /* of one srcu_struct: fl_ev_sync_srcu() */
	FL_FENCE_ACQUIRE_CTRL, /* smp_acquire__after_ctrl_dep(): loads before, everything after */
	FL_FENCE_C11_ACQUIRE,
	FL_FENCE_C11_RELEASE,
	FL_FENCE_C11_ACQ_REL,
	FL_FENCE_C11_SEQ_CST,
	FL_FENCE_NR,
};

#endif
