/* SPDX-License-Identifier: MIT */
/*
 * check/base.h - the check engine's side of rt.h: every access is an event of the execution graph.
 *
 * The functions are lib/rt/check's; they hand the event to lib/explore and return the value that
 * the explored execution gives it. Outside of an exploration (set-up and oracles) they act on memory
 * directly. Accesses are at most 8 bytes wide.
 */
#ifndef FAULTLINE_RT_CHECK_BASE_H
#define FAULTLINE_RT_CHECK_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <faultline/compiler.h>
#include <faultline/rt/site.h>
#include <faultline/rt/types.h>

/*
 * What a read-modify-write does, as a pure function of the value it reads: false means that the
 * condition does not hold (cmpxchg fails, lock is taken) and nothing is stored.
 */
typedef bool (*fl_rmw_fn)(uint64_t old, uint64_t a, uint64_t b, uint64_t *new_value);

enum fl_rmw_flags {
	FL_RMW_AWAIT = 1,    /* wait until the condition holds */
	FL_RMW_NORETURN = 2, /* void RMW: no value, smp_rmb() does not order its load */
	FL_RMW_LOCK = 4,     /* spin_lock(): LKR/LKW of the memory model */
	FL_RMW_MAY_WAIT = 8, /* waiting for ever is not a deadlock */
	FL_RMW_GIVEN = 16,   /* a lock's: the caller does not choose the order */
};

uint64_t fl_ev_load(const volatile void *addr, unsigned int size, enum fl_order order,
		    const struct fl_site *site);
void fl_ev_store(volatile void *addr, unsigned int size, uint64_t val, enum fl_order order,
		 const struct fl_site *site);
void fl_ev_unlock(volatile void *addr, unsigned int size, const struct fl_site *site);
/* Returns whether the condition held; *old is what was read. */
bool fl_ev_rmw(volatile void *addr, unsigned int size, fl_rmw_fn fn, uint64_t a, uint64_t b,
	       enum fl_order order, unsigned int flags, const struct fl_site *site, uint64_t *old);
/* Waits until fn(value, a, b) holds, returns the value. A load, not a RMW. */
uint64_t fl_ev_await(const volatile void *addr, unsigned int size, fl_rmw_fn fn, uint64_t a,
		     uint64_t b, enum fl_order order, unsigned int flags,
		     const struct fl_site *site);
void fl_ev_fence(enum fl_fence kind, const struct fl_site *site);

/*
 * SRCU as the memory model has it: the lock is a load of the srcu_struct's word, the unlock a store of what a
 * lock returned; a data dependency, told by fl_ev_deps(), says which lock an unlock belongs to.
 */
uint64_t fl_ev_srcu_lock(const volatile void *addr, unsigned int size, const struct fl_site *site);
void fl_ev_srcu_unlock(volatile void *addr, unsigned int size, uint64_t idx,
		       const struct fl_site *site);
void fl_ev_sync_srcu(volatile void *addr, unsigned int size, const struct fl_site *site);

/*
 * Dependencies of the calling thread's next access, for code that knows its own (an interpreter of
 * litmus tests): bit k is the thread's k-th load, counted from 0 by fl_ev_loads(). Native code has none
 * but address dependencies, which the engine finds.
 */
struct fl_deps {
	uint64_t addr, data, ctrl;
	bool exact; /* these and no others: the engine shall not look for any */
};
void fl_ev_deps(const struct fl_deps *deps);
/* How many loads the calling thread has done; a successful RMW counts once. */
int fl_ev_loads(void);

/* memcpy(), memmove() and memset() of modelled memory, as plain accesses. */
void *fl_ev_memmove(void *dst, const void *src, size_t n);
void *fl_ev_memset(void *dst, int c, size_t n);

/* One of 0 to @n - 1: each is explored. In set-up code always 0. */
uint64_t fl_ev_choose(uint64_t n, const struct fl_site *site);
#define FL_CHOOSE(n, text) fl_ev_choose((n), FL_SITE(text))

bool fl_rmw_xchg(uint64_t old, uint64_t a, uint64_t b, uint64_t *n);
bool fl_rmw_cmpxchg(uint64_t old, uint64_t a, uint64_t b, uint64_t *n);
bool fl_rmw_add(uint64_t old, uint64_t a, uint64_t b, uint64_t *n);
bool fl_rmw_and(uint64_t old, uint64_t a, uint64_t b, uint64_t *n);
bool fl_rmw_or(uint64_t old, uint64_t a, uint64_t b, uint64_t *n);
bool fl_rmw_xor(uint64_t old, uint64_t a, uint64_t b, uint64_t *n);
bool fl_rmw_add_unless(uint64_t old, uint64_t a, uint64_t b, uint64_t *n);
bool fl_rmw_inc_limited(uint64_t old, uint64_t a, uint64_t b, uint64_t *n);

#define FL_TO_U64__(T, v)                                                                          \
	({                                                                                         \
		union {                                                                            \
			uint64_t u;                                                                \
			__typeof__(T) t;                                                           \
		} fl_u__ = { .u = 0 };                                                             \
		fl_u__.t = (v);                                                                    \
		fl_u__.u;                                                                          \
	})
#define FL_FROM_U64__(T, v)                                                                        \
	({                                                                                         \
		union {                                                                            \
			uint64_t u;                                                                \
			__typeof__(T) t;                                                           \
		} fl_f__ = { .u = (v) };                                                           \
		fl_f__.t;                                                                          \
	})
/* The type of *p without qualifiers: what an assignment from it would have. */
#define FL_LOAD(p, order, text)                                                                    \
	({                                                                                         \
		_Static_assert(sizeof(*(p)) <= 8, "marked accesses are at most 8 bytes wide");     \
		uint64_t fl_l__ = fl_ev_load((p), sizeof(*(p)), (order), FL_SITE(text));           \
		FL_FROM_U64__(*(p), fl_l__);                                                       \
	})
#define FL_STORE(p, v, order, text)                                                                \
	do {                                                                                       \
		_Static_assert(sizeof(*(p)) <= 8, "marked accesses are at most 8 bytes wide");     \
		uint64_t fl_v__ = FL_TO_U64__(*(p), v);                                            \
		fl_ev_store((p), sizeof(*(p)), fl_v__, (order), FL_SITE(text));                    \
	} while (0)
#define FL_RMW__(p, fn, a, b, order, flags, text)                                                  \
	({                                                                                         \
		uint64_t fl_old__, fl_a__ = FL_TO_U64__(*(p), a), fl_b__ = FL_TO_U64__(*(p), b);   \
		fl_ev_rmw((p), sizeof(*(p)), (fn), fl_a__, fl_b__, (order), (flags),               \
			  FL_SITE(text), &fl_old__);                                               \
		FL_FROM_U64__(*(p), fl_old__);                                                     \
	})
/* With one operand, evaluated once. */
#define FL_RMW1__(p, fn, a, order, flags, text)                                                    \
	({                                                                                         \
		uint64_t fl_old__, fl_a__ = FL_TO_U64__(*(p), a);                                  \
		fl_ev_rmw((p), sizeof(*(p)), (fn), fl_a__, 0, (order), (flags), FL_SITE(text),     \
			  &fl_old__);                                                              \
		FL_FROM_U64__(*(p), fl_old__);                                                     \
	})
/* The value that was there before. */
#define FL_XCHG(p, v, order, text) FL_RMW1__(p, fl_rmw_xchg, v, order, 0, text)
#define FL_CMPXCHG(p, old, new, order, text) FL_RMW__(p, fl_rmw_cmpxchg, old, new, order, 0, text)
#define FL_FETCH(op, p, v, order, text) FL_RMW1__(p, fl_rmw_##op, v, order, 0, text)
#define FL_FETCH_ADD_UNLESS(p, v, u, order, text)                                                  \
	FL_RMW__(p, fl_rmw_add_unless, v, u, order, 0, text)
#define FL_FETCH_INC_LIMITED(p, limit, order, text)                                                \
	FL_RMW1__(p, fl_rmw_inc_limited, limit, order, 0, text)
#define FL_VOID_RMW(op, p, v, text)                                                                \
	((void)FL_RMW1__(p, fl_rmw_##op, v, FL_ONCE, FL_RMW_NORETURN, text))
#define FL_FENCE(kind, text) fl_ev_fence((kind), FL_SITE(text))

#endif
