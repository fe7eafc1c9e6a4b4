/* SPDX-License-Identifier: MIT */
/*
 * atomic.h - atomic_t, atomic_long_t, xchg() and cmpxchg() in all their orderings.
 *
 * Documentation/atomic_t.txt: value-returning operations are fully ordered unless the name says
 * _relaxed, _acquire or _release; void ones have no order; a conditional one that fails has none.
 * The operands of a conditional operation are evaluated once.
 */
#ifndef FAULTLINE_RT_ATOMIC_H
#define FAULTLINE_RT_ATOMIC_H

#define xchg(p, v) FL_XCHG(p, v, FL_MB, "xchg(" #p ", " #v ")")
#define xchg_acquire(p, v) FL_XCHG(p, v, FL_ACQUIRE, "xchg_acquire(" #p ", " #v ")")
#define xchg_release(p, v) FL_XCHG(p, v, FL_RELEASE, "xchg_release(" #p ", " #v ")")
#define xchg_relaxed(p, v) FL_XCHG(p, v, FL_ONCE, "xchg_relaxed(" #p ", " #v ")")
#define cmpxchg(p, o, n) FL_CMPXCHG(p, o, n, FL_MB, "cmpxchg(" #p ", " #o ", " #n ")")
#define cmpxchg_acquire(p, o, n)                                                                   \
	FL_CMPXCHG(p, o, n, FL_ACQUIRE, "cmpxchg_acquire(" #p ", " #o ", " #n ")")
#define cmpxchg_release(p, o, n)                                                                   \
	FL_CMPXCHG(p, o, n, FL_RELEASE, "cmpxchg_release(" #p ", " #o ", " #n ")")
#define cmpxchg_relaxed(p, o, n)                                                                   \
	FL_CMPXCHG(p, o, n, FL_ONCE, "cmpxchg_relaxed(" #p ", " #o ", " #n ")")

/* True on success; on failure *op receives the value found. */
#define try_cmpxchg(p, op, n)                                                                      \
	FL_TRY_CMPXCHG__(p, op, n, FL_MB, "try_cmpxchg(" #p ", " #op ", " #n ")")
#define try_cmpxchg_acquire(p, op, n)                                                              \
	FL_TRY_CMPXCHG__(p, op, n, FL_ACQUIRE, "try_cmpxchg_acquire(" #p ", " #op ", " #n ")")
#define try_cmpxchg_release(p, op, n)                                                              \
	FL_TRY_CMPXCHG__(p, op, n, FL_RELEASE, "try_cmpxchg_release(" #p ", " #op ", " #n ")")
#define try_cmpxchg_relaxed(p, op, n)                                                              \
	FL_TRY_CMPXCHG__(p, op, n, FL_ONCE, "try_cmpxchg_relaxed(" #p ", " #op ", " #n ")")
#define FL_TRY_CMPXCHG__(p, op, n, order, text)                                                    \
	({                                                                                         \
		__typeof__(op) fl_op__ = (op);                                                     \
		__typeof__(*fl_op__) fl_want__ = *fl_op__;                                         \
		__typeof__(*fl_op__) fl_got__ = FL_CMPXCHG(p, fl_want__, n, order, text);          \
		if (fl_got__ != fl_want__)                                                         \
			*fl_op__ = fl_got__;                                                       \
		fl_got__ == fl_want__;                                                             \
	})

/* atomic_t */
#define atomic_read(v) FL_LOAD(&(v)->counter, FL_ONCE, "atomic_read(" #v ")")
#define atomic_read_acquire(v) FL_LOAD(&(v)->counter, FL_ACQUIRE, "atomic_read_acquire(" #v ")")
#define atomic_set(v, i) FL_STORE(&(v)->counter, i, FL_ONCE, "atomic_set(" #v ", " #i ")")
#define atomic_set_release(v, i)                                                                   \
	FL_STORE(&(v)->counter, i, FL_RELEASE, "atomic_set_release(" #v ", " #i ")")
#define atomic_add(i, v) FL_VOID_RMW(add, &(v)->counter, (i), "atomic_add(" #i ", " #v ")")
#define atomic_sub(i, v) FL_VOID_RMW(add, &(v)->counter, -(i), "atomic_sub(" #i ", " #v ")")
#define atomic_and(i, v) FL_VOID_RMW(and, &(v)->counter, (i), "atomic_and(" #i ", " #v ")")
#define atomic_or(i, v) FL_VOID_RMW(or, &(v)->counter, (i), "atomic_or(" #i ", " #v ")")
#define atomic_xor(i, v) FL_VOID_RMW(xor, &(v)->counter, (i), "atomic_xor(" #i ", " #v ")")
#define atomic_andnot(i, v) FL_VOID_RMW(and, &(v)->counter, ~(i), "atomic_andnot(" #i ", " #v ")")
#define atomic_inc(v) FL_VOID_RMW(add, &(v)->counter, 1, "atomic_inc(" #v ")")
#define atomic_dec(v) FL_VOID_RMW(add, &(v)->counter, -1, "atomic_dec(" #v ")")
#define atomic_add_return(i, v)                                                                    \
	({                                                                                         \
		int fl_i__ = (i);                                                                  \
		FL_FETCH(add, &(v)->counter, fl_i__, FL_MB, "atomic_add_return(" #i ", " #v ")") + \
			fl_i__;                                                                    \
	})
#define atomic_add_return_acquire(i, v)                                                            \
	({                                                                                         \
		int fl_i__ = (i);                                                                  \
		FL_FETCH(add, &(v)->counter, fl_i__, FL_ACQUIRE,                                   \
			 "atomic_add_return_acquire(" #i ", " #v ")") +                            \
			fl_i__;                                                                    \
	})
#define atomic_add_return_release(i, v)                                                            \
	({                                                                                         \
		int fl_i__ = (i);                                                                  \
		FL_FETCH(add, &(v)->counter, fl_i__, FL_RELEASE,                                   \
			 "atomic_add_return_release(" #i ", " #v ")") +                            \
			fl_i__;                                                                    \
	})
#define atomic_add_return_relaxed(i, v)                                                            \
	({                                                                                         \
		int fl_i__ = (i);                                                                  \
		FL_FETCH(add, &(v)->counter, fl_i__, FL_ONCE,                                      \
			 "atomic_add_return_relaxed(" #i ", " #v ")") +                            \
			fl_i__;                                                                    \
	})
#define atomic_sub_return(i, v)                                                                    \
	({                                                                                         \
		int fl_i__ = -(i);                                                                 \
		FL_FETCH(add, &(v)->counter, fl_i__, FL_MB, "atomic_sub_return(" #i ", " #v ")") + \
			fl_i__;                                                                    \
	})
#define atomic_sub_return_acquire(i, v)                                                            \
	({                                                                                         \
		int fl_i__ = -(i);                                                                 \
		FL_FETCH(add, &(v)->counter, fl_i__, FL_ACQUIRE,                                   \
			 "atomic_sub_return_acquire(" #i ", " #v ")") +                            \
			fl_i__;                                                                    \
	})
#define atomic_sub_return_release(i, v)                                                            \
	({                                                                                         \
		int fl_i__ = -(i);                                                                 \
		FL_FETCH(add, &(v)->counter, fl_i__, FL_RELEASE,                                   \
			 "atomic_sub_return_release(" #i ", " #v ")") +                            \
			fl_i__;                                                                    \
	})
#define atomic_sub_return_relaxed(i, v)                                                            \
	({                                                                                         \
		int fl_i__ = -(i);                                                                 \
		FL_FETCH(add, &(v)->counter, fl_i__, FL_ONCE,                                      \
			 "atomic_sub_return_relaxed(" #i ", " #v ")") +                            \
			fl_i__;                                                                    \
	})
#define atomic_inc_return(v)                                                                       \
	(FL_FETCH(add, &(v)->counter, 1, FL_MB, "atomic_inc_return(" #v ")") + (1))
#define atomic_inc_return_acquire(v)                                                               \
	(FL_FETCH(add, &(v)->counter, 1, FL_ACQUIRE, "atomic_inc_return_acquire(" #v ")") + (1))
#define atomic_inc_return_release(v)                                                               \
	(FL_FETCH(add, &(v)->counter, 1, FL_RELEASE, "atomic_inc_return_release(" #v ")") + (1))
#define atomic_inc_return_relaxed(v)                                                               \
	(FL_FETCH(add, &(v)->counter, 1, FL_ONCE, "atomic_inc_return_relaxed(" #v ")") + (1))
#define atomic_dec_return(v)                                                                       \
	(FL_FETCH(add, &(v)->counter, -1, FL_MB, "atomic_dec_return(" #v ")") + (-1))
#define atomic_dec_return_acquire(v)                                                               \
	(FL_FETCH(add, &(v)->counter, -1, FL_ACQUIRE, "atomic_dec_return_acquire(" #v ")") + (-1))
#define atomic_dec_return_release(v)                                                               \
	(FL_FETCH(add, &(v)->counter, -1, FL_RELEASE, "atomic_dec_return_release(" #v ")") + (-1))
#define atomic_dec_return_relaxed(v)                                                               \
	(FL_FETCH(add, &(v)->counter, -1, FL_ONCE, "atomic_dec_return_relaxed(" #v ")") + (-1))
#define atomic_fetch_add(i, v)                                                                     \
	FL_FETCH(add, &(v)->counter, (i), FL_MB, "atomic_fetch_add(" #i ", " #v ")")
#define atomic_fetch_add_acquire(i, v)                                                             \
	FL_FETCH(add, &(v)->counter, (i), FL_ACQUIRE, "atomic_fetch_add_acquire(" #i ", " #v ")")
#define atomic_fetch_add_release(i, v)                                                             \
	FL_FETCH(add, &(v)->counter, (i), FL_RELEASE, "atomic_fetch_add_release(" #i ", " #v ")")
#define atomic_fetch_add_relaxed(i, v)                                                             \
	FL_FETCH(add, &(v)->counter, (i), FL_ONCE, "atomic_fetch_add_relaxed(" #i ", " #v ")")
#define atomic_fetch_sub(i, v)                                                                     \
	FL_FETCH(add, &(v)->counter, -(i), FL_MB, "atomic_fetch_sub(" #i ", " #v ")")
#define atomic_fetch_sub_acquire(i, v)                                                             \
	FL_FETCH(add, &(v)->counter, -(i), FL_ACQUIRE, "atomic_fetch_sub_acquire(" #i ", " #v ")")
#define atomic_fetch_sub_release(i, v)                                                             \
	FL_FETCH(add, &(v)->counter, -(i), FL_RELEASE, "atomic_fetch_sub_release(" #i ", " #v ")")
#define atomic_fetch_sub_relaxed(i, v)                                                             \
	FL_FETCH(add, &(v)->counter, -(i), FL_ONCE, "atomic_fetch_sub_relaxed(" #i ", " #v ")")
#define atomic_fetch_inc(v) FL_FETCH(add, &(v)->counter, 1, FL_MB, "atomic_fetch_inc(" #v ")")
#define atomic_fetch_inc_acquire(v)                                                                \
	FL_FETCH(add, &(v)->counter, 1, FL_ACQUIRE, "atomic_fetch_inc_acquire(" #v ")")
#define atomic_fetch_inc_release(v)                                                                \
	FL_FETCH(add, &(v)->counter, 1, FL_RELEASE, "atomic_fetch_inc_release(" #v ")")
#define atomic_fetch_inc_relaxed(v)                                                                \
	FL_FETCH(add, &(v)->counter, 1, FL_ONCE, "atomic_fetch_inc_relaxed(" #v ")")
#define atomic_fetch_dec(v) FL_FETCH(add, &(v)->counter, -1, FL_MB, "atomic_fetch_dec(" #v ")")
#define atomic_fetch_dec_acquire(v)                                                                \
	FL_FETCH(add, &(v)->counter, -1, FL_ACQUIRE, "atomic_fetch_dec_acquire(" #v ")")
#define atomic_fetch_dec_release(v)                                                                \
	FL_FETCH(add, &(v)->counter, -1, FL_RELEASE, "atomic_fetch_dec_release(" #v ")")
#define atomic_fetch_dec_relaxed(v)                                                                \
	FL_FETCH(add, &(v)->counter, -1, FL_ONCE, "atomic_fetch_dec_relaxed(" #v ")")
#define atomic_fetch_and(i, v)                                                                     \
	FL_FETCH(and, &(v)->counter, (i), FL_MB, "atomic_fetch_and(" #i ", " #v ")")
#define atomic_fetch_and_acquire(i, v)                                                             \
	FL_FETCH(and, &(v)->counter, (i), FL_ACQUIRE, "atomic_fetch_and_acquire(" #i ", " #v ")")
#define atomic_fetch_and_release(i, v)                                                             \
	FL_FETCH(and, &(v)->counter, (i), FL_RELEASE, "atomic_fetch_and_release(" #i ", " #v ")")
#define atomic_fetch_and_relaxed(i, v)                                                             \
	FL_FETCH(and, &(v)->counter, (i), FL_ONCE, "atomic_fetch_and_relaxed(" #i ", " #v ")")
#define atomic_fetch_or(i, v)                                                                      \
	FL_FETCH(or, &(v)->counter, (i), FL_MB, "atomic_fetch_or(" #i ", " #v ")")
#define atomic_fetch_or_acquire(i, v)                                                              \
	FL_FETCH(or, &(v)->counter, (i), FL_ACQUIRE, "atomic_fetch_or_acquire(" #i ", " #v ")")
#define atomic_fetch_or_release(i, v)                                                              \
	FL_FETCH(or, &(v)->counter, (i), FL_RELEASE, "atomic_fetch_or_release(" #i ", " #v ")")
#define atomic_fetch_or_relaxed(i, v)                                                              \
	FL_FETCH(or, &(v)->counter, (i), FL_ONCE, "atomic_fetch_or_relaxed(" #i ", " #v ")")
#define atomic_fetch_xor(i, v)                                                                     \
	FL_FETCH(xor, &(v)->counter, (i), FL_MB, "atomic_fetch_xor(" #i ", " #v ")")
#define atomic_fetch_xor_acquire(i, v)                                                             \
	FL_FETCH(xor, &(v)->counter, (i), FL_ACQUIRE, "atomic_fetch_xor_acquire(" #i ", " #v ")")
#define atomic_fetch_xor_release(i, v)                                                             \
	FL_FETCH(xor, &(v)->counter, (i), FL_RELEASE, "atomic_fetch_xor_release(" #i ", " #v ")")
#define atomic_fetch_xor_relaxed(i, v)                                                             \
	FL_FETCH(xor, &(v)->counter, (i), FL_ONCE, "atomic_fetch_xor_relaxed(" #i ", " #v ")")
#define atomic_fetch_andnot(i, v)                                                                  \
	FL_FETCH(and, &(v)->counter, ~(i), FL_MB, "atomic_fetch_andnot(" #i ", " #v ")")
#define atomic_fetch_andnot_acquire(i, v)                                                          \
	FL_FETCH(and, &(v)->counter, ~(i), FL_ACQUIRE,                                             \
		 "atomic_fetch_andnot_acquire(" #i ", " #v ")")
#define atomic_fetch_andnot_release(i, v)                                                          \
	FL_FETCH(and, &(v)->counter, ~(i), FL_RELEASE,                                             \
		 "atomic_fetch_andnot_release(" #i ", " #v ")")
#define atomic_fetch_andnot_relaxed(i, v)                                                          \
	FL_FETCH(and, &(v)->counter, ~(i), FL_ONCE, "atomic_fetch_andnot_relaxed(" #i ", " #v ")")
#define atomic_xchg(v, n) FL_XCHG(&(v)->counter, n, FL_MB, "atomic_xchg(" #v ", " #n ")")
#define atomic_cmpxchg(v, o, n)                                                                    \
	FL_CMPXCHG(&(v)->counter, o, n, FL_MB, "atomic_cmpxchg(" #v ", " #o ", " #n ")")
#define atomic_try_cmpxchg(v, op, n)                                                               \
	FL_TRY_CMPXCHG__(&(v)->counter, op, n, FL_MB, "atomic_try_cmpxchg(" #v ", " #op ", " #n ")")
#define atomic_xchg_acquire(v, n)                                                                  \
	FL_XCHG(&(v)->counter, n, FL_ACQUIRE, "atomic_xchg_acquire(" #v ", " #n ")")
#define atomic_cmpxchg_acquire(v, o, n)                                                            \
	FL_CMPXCHG(&(v)->counter, o, n, FL_ACQUIRE,                                                \
		   "atomic_cmpxchg_acquire(" #v ", " #o ", " #n ")")
#define atomic_try_cmpxchg_acquire(v, op, n)                                                       \
	FL_TRY_CMPXCHG__(&(v)->counter, op, n, FL_ACQUIRE,                                         \
			 "atomic_try_cmpxchg_acquire(" #v ", " #op ", " #n ")")
#define atomic_xchg_release(v, n)                                                                  \
	FL_XCHG(&(v)->counter, n, FL_RELEASE, "atomic_xchg_release(" #v ", " #n ")")
#define atomic_cmpxchg_release(v, o, n)                                                            \
	FL_CMPXCHG(&(v)->counter, o, n, FL_RELEASE,                                                \
		   "atomic_cmpxchg_release(" #v ", " #o ", " #n ")")
#define atomic_try_cmpxchg_release(v, op, n)                                                       \
	FL_TRY_CMPXCHG__(&(v)->counter, op, n, FL_RELEASE,                                         \
			 "atomic_try_cmpxchg_release(" #v ", " #op ", " #n ")")
#define atomic_xchg_relaxed(v, n)                                                                  \
	FL_XCHG(&(v)->counter, n, FL_ONCE, "atomic_xchg_relaxed(" #v ", " #n ")")
#define atomic_cmpxchg_relaxed(v, o, n)                                                            \
	FL_CMPXCHG(&(v)->counter, o, n, FL_ONCE, "atomic_cmpxchg_relaxed(" #v ", " #o ", " #n ")")
#define atomic_try_cmpxchg_relaxed(v, op, n)                                                       \
	FL_TRY_CMPXCHG__(&(v)->counter, op, n, FL_ONCE,                                            \
			 "atomic_try_cmpxchg_relaxed(" #v ", " #op ", " #n ")")
#define atomic_fetch_add_unless(v, i, u)                                                           \
	FL_FETCH_ADD_UNLESS(&(v)->counter, i, u, FL_MB,                                            \
			    "atomic_fetch_add_unless(" #v ", " #i ", " #u ")")
#define atomic_add_unless(v, i, u)                                                                 \
	({                                                                                         \
		int fl_u__ = (u);                                                                  \
		FL_FETCH_ADD_UNLESS(&(v)->counter, i, fl_u__, FL_MB,                               \
				    "atomic_add_unless(" #v ", " #i ", " #u ")") != fl_u__;        \
	})
#define atomic_inc_not_zero(v)                                                                     \
	(FL_FETCH_ADD_UNLESS(&(v)->counter, 1, 0, FL_MB, "atomic_inc_not_zero(" #v ")") != 0)
#define atomic_dec_and_test(v)                                                                     \
	(FL_FETCH(add, &(v)->counter, -1, FL_MB, "atomic_dec_and_test(" #v ")") == 1)
#define atomic_inc_and_test(v)                                                                     \
	(FL_FETCH(add, &(v)->counter, 1, FL_MB, "atomic_inc_and_test(" #v ")") == -1)
#define atomic_sub_and_test(i, v)                                                                  \
	({                                                                                         \
		int fl_i__ = (i);                                                                  \
		FL_FETCH(add, &(v)->counter, -fl_i__, FL_MB,                                       \
			 "atomic_sub_and_test(" #i ", " #v ")") == fl_i__;                         \
	})
#define atomic_add_negative(i, v)                                                                  \
	({                                                                                         \
		int fl_i__ = (i);                                                                  \
		FL_FETCH(add, &(v)->counter, fl_i__, FL_MB,                                        \
			 "atomic_add_negative(" #i ", " #v                                         \
			 ")") + fl_i__ <                                                           \
			0;                                                                         \
	})

/* atomic_long_t */
#define atomic_long_read(v) FL_LOAD(&(v)->counter, FL_ONCE, "atomic_long_read(" #v ")")
#define atomic_long_read_acquire(v)                                                                \
	FL_LOAD(&(v)->counter, FL_ACQUIRE, "atomic_long_read_acquire(" #v ")")
#define atomic_long_set(v, i) FL_STORE(&(v)->counter, i, FL_ONCE, "atomic_long_set(" #v ", " #i ")")
#define atomic_long_set_release(v, i)                                                              \
	FL_STORE(&(v)->counter, i, FL_RELEASE, "atomic_long_set_release(" #v ", " #i ")")
#define atomic_long_add(i, v)                                                                      \
	FL_VOID_RMW(add, &(v)->counter, (i), "atomic_long_add(" #i ", " #v ")")
#define atomic_long_sub(i, v)                                                                      \
	FL_VOID_RMW(add, &(v)->counter, -(i), "atomic_long_sub(" #i ", " #v ")")
#define atomic_long_and(i, v)                                                                      \
	FL_VOID_RMW(and, &(v)->counter, (i), "atomic_long_and(" #i ", " #v ")")
#define atomic_long_or(i, v) FL_VOID_RMW(or, &(v)->counter, (i), "atomic_long_or(" #i ", " #v ")")
#define atomic_long_xor(i, v)                                                                      \
	FL_VOID_RMW(xor, &(v)->counter, (i), "atomic_long_xor(" #i ", " #v ")")
#define atomic_long_andnot(i, v)                                                                   \
	FL_VOID_RMW(and, &(v)->counter, ~(i), "atomic_long_andnot(" #i ", " #v ")")
#define atomic_long_inc(v) FL_VOID_RMW(add, &(v)->counter, 1, "atomic_long_inc(" #v ")")
#define atomic_long_dec(v) FL_VOID_RMW(add, &(v)->counter, -1, "atomic_long_dec(" #v ")")
#define atomic_long_add_return(i, v)                                                               \
	({                                                                                         \
		long fl_i__ = (i);                                                                 \
		FL_FETCH(add, &(v)->counter, fl_i__, FL_MB,                                        \
			 "atomic_long_add_return(" #i ", " #v ")") +                               \
			fl_i__;                                                                    \
	})
#define atomic_long_add_return_acquire(i, v)                                                       \
	({                                                                                         \
		long fl_i__ = (i);                                                                 \
		FL_FETCH(add, &(v)->counter, fl_i__, FL_ACQUIRE,                                   \
			 "atomic_long_add_return_acquire(" #i ", " #v ")") +                       \
			fl_i__;                                                                    \
	})
#define atomic_long_add_return_release(i, v)                                                       \
	({                                                                                         \
		long fl_i__ = (i);                                                                 \
		FL_FETCH(add, &(v)->counter, fl_i__, FL_RELEASE,                                   \
			 "atomic_long_add_return_release(" #i ", " #v ")") +                       \
			fl_i__;                                                                    \
	})
#define atomic_long_add_return_relaxed(i, v)                                                       \
	({                                                                                         \
		long fl_i__ = (i);                                                                 \
		FL_FETCH(add, &(v)->counter, fl_i__, FL_ONCE,                                      \
			 "atomic_long_add_return_relaxed(" #i ", " #v ")") +                       \
			fl_i__;                                                                    \
	})
#define atomic_long_sub_return(i, v)                                                               \
	({                                                                                         \
		long fl_i__ = -(i);                                                                \
		FL_FETCH(add, &(v)->counter, fl_i__, FL_MB,                                        \
			 "atomic_long_sub_return(" #i ", " #v ")") +                               \
			fl_i__;                                                                    \
	})
#define atomic_long_sub_return_acquire(i, v)                                                       \
	({                                                                                         \
		long fl_i__ = -(i);                                                                \
		FL_FETCH(add, &(v)->counter, fl_i__, FL_ACQUIRE,                                   \
			 "atomic_long_sub_return_acquire(" #i ", " #v ")") +                       \
			fl_i__;                                                                    \
	})
#define atomic_long_sub_return_release(i, v)                                                       \
	({                                                                                         \
		long fl_i__ = -(i);                                                                \
		FL_FETCH(add, &(v)->counter, fl_i__, FL_RELEASE,                                   \
			 "atomic_long_sub_return_release(" #i ", " #v ")") +                       \
			fl_i__;                                                                    \
	})
#define atomic_long_sub_return_relaxed(i, v)                                                       \
	({                                                                                         \
		long fl_i__ = -(i);                                                                \
		FL_FETCH(add, &(v)->counter, fl_i__, FL_ONCE,                                      \
			 "atomic_long_sub_return_relaxed(" #i ", " #v ")") +                       \
			fl_i__;                                                                    \
	})
#define atomic_long_inc_return(v)                                                                  \
	(FL_FETCH(add, &(v)->counter, 1, FL_MB, "atomic_long_inc_return(" #v ")") + (1))
#define atomic_long_inc_return_acquire(v)                                                          \
	(FL_FETCH(add, &(v)->counter, 1, FL_ACQUIRE, "atomic_long_inc_return_acquire(" #v ")") +   \
	 (1))
#define atomic_long_inc_return_release(v)                                                          \
	(FL_FETCH(add, &(v)->counter, 1, FL_RELEASE, "atomic_long_inc_return_release(" #v ")") +   \
	 (1))
#define atomic_long_inc_return_relaxed(v)                                                          \
	(FL_FETCH(add, &(v)->counter, 1, FL_ONCE, "atomic_long_inc_return_relaxed(" #v ")") + (1))
#define atomic_long_dec_return(v)                                                                  \
	(FL_FETCH(add, &(v)->counter, -1, FL_MB, "atomic_long_dec_return(" #v ")") + (-1))
#define atomic_long_dec_return_acquire(v)                                                          \
	(FL_FETCH(add, &(v)->counter, -1, FL_ACQUIRE, "atomic_long_dec_return_acquire(" #v ")") +  \
	 (-1))
#define atomic_long_dec_return_release(v)                                                          \
	(FL_FETCH(add, &(v)->counter, -1, FL_RELEASE, "atomic_long_dec_return_release(" #v ")") +  \
	 (-1))
#define atomic_long_dec_return_relaxed(v)                                                          \
	(FL_FETCH(add, &(v)->counter, -1, FL_ONCE, "atomic_long_dec_return_relaxed(" #v ")") + (-1))
#define atomic_long_fetch_add(i, v)                                                                \
	FL_FETCH(add, &(v)->counter, (i), FL_MB, "atomic_long_fetch_add(" #i ", " #v ")")
#define atomic_long_fetch_add_acquire(i, v)                                                        \
	FL_FETCH(add, &(v)->counter, (i), FL_ACQUIRE,                                              \
		 "atomic_long_fetch_add_acquire(" #i ", " #v ")")
#define atomic_long_fetch_add_release(i, v)                                                        \
	FL_FETCH(add, &(v)->counter, (i), FL_RELEASE,                                              \
		 "atomic_long_fetch_add_release(" #i ", " #v ")")
#define atomic_long_fetch_add_relaxed(i, v)                                                        \
	FL_FETCH(add, &(v)->counter, (i), FL_ONCE, "atomic_long_fetch_add_relaxed(" #i ", " #v ")")
#define atomic_long_fetch_sub(i, v)                                                                \
	FL_FETCH(add, &(v)->counter, -(i), FL_MB, "atomic_long_fetch_sub(" #i ", " #v ")")
#define atomic_long_fetch_sub_acquire(i, v)                                                        \
	FL_FETCH(add, &(v)->counter, -(i), FL_ACQUIRE,                                             \
		 "atomic_long_fetch_sub_acquire(" #i ", " #v ")")
#define atomic_long_fetch_sub_release(i, v)                                                        \
	FL_FETCH(add, &(v)->counter, -(i), FL_RELEASE,                                             \
		 "atomic_long_fetch_sub_release(" #i ", " #v ")")
#define atomic_long_fetch_sub_relaxed(i, v)                                                        \
	FL_FETCH(add, &(v)->counter, -(i), FL_ONCE, "atomic_long_fetch_sub_relaxed(" #i ", " #v ")")
#define atomic_long_fetch_inc(v)                                                                   \
	FL_FETCH(add, &(v)->counter, 1, FL_MB, "atomic_long_fetch_inc(" #v ")")
#define atomic_long_fetch_inc_acquire(v)                                                           \
	FL_FETCH(add, &(v)->counter, 1, FL_ACQUIRE, "atomic_long_fetch_inc_acquire(" #v ")")
#define atomic_long_fetch_inc_release(v)                                                           \
	FL_FETCH(add, &(v)->counter, 1, FL_RELEASE, "atomic_long_fetch_inc_release(" #v ")")
#define atomic_long_fetch_inc_relaxed(v)                                                           \
	FL_FETCH(add, &(v)->counter, 1, FL_ONCE, "atomic_long_fetch_inc_relaxed(" #v ")")
#define atomic_long_fetch_dec(v)                                                                   \
	FL_FETCH(add, &(v)->counter, -1, FL_MB, "atomic_long_fetch_dec(" #v ")")
#define atomic_long_fetch_dec_acquire(v)                                                           \
	FL_FETCH(add, &(v)->counter, -1, FL_ACQUIRE, "atomic_long_fetch_dec_acquire(" #v ")")
#define atomic_long_fetch_dec_release(v)                                                           \
	FL_FETCH(add, &(v)->counter, -1, FL_RELEASE, "atomic_long_fetch_dec_release(" #v ")")
#define atomic_long_fetch_dec_relaxed(v)                                                           \
	FL_FETCH(add, &(v)->counter, -1, FL_ONCE, "atomic_long_fetch_dec_relaxed(" #v ")")
#define atomic_long_fetch_and(i, v)                                                                \
	FL_FETCH(and, &(v)->counter, (i), FL_MB, "atomic_long_fetch_and(" #i ", " #v ")")
#define atomic_long_fetch_and_acquire(i, v)                                                        \
	FL_FETCH(and, &(v)->counter, (i), FL_ACQUIRE,                                              \
		 "atomic_long_fetch_and_acquire(" #i ", " #v ")")
#define atomic_long_fetch_and_release(i, v)                                                        \
	FL_FETCH(and, &(v)->counter, (i), FL_RELEASE,                                              \
		 "atomic_long_fetch_and_release(" #i ", " #v ")")
#define atomic_long_fetch_and_relaxed(i, v)                                                        \
	FL_FETCH(and, &(v)->counter, (i), FL_ONCE, "atomic_long_fetch_and_relaxed(" #i ", " #v ")")
#define atomic_long_fetch_or(i, v)                                                                 \
	FL_FETCH(or, &(v)->counter, (i), FL_MB, "atomic_long_fetch_or(" #i ", " #v ")")
#define atomic_long_fetch_or_acquire(i, v)                                                         \
	FL_FETCH(or, &(v)->counter, (i), FL_ACQUIRE, "atomic_long_fetch_or_acquire(" #i ", " #v ")")
#define atomic_long_fetch_or_release(i, v)                                                         \
	FL_FETCH(or, &(v)->counter, (i), FL_RELEASE, "atomic_long_fetch_or_release(" #i ", " #v ")")
#define atomic_long_fetch_or_relaxed(i, v)                                                         \
	FL_FETCH(or, &(v)->counter, (i), FL_ONCE, "atomic_long_fetch_or_relaxed(" #i ", " #v ")")
#define atomic_long_fetch_xor(i, v)                                                                \
	FL_FETCH(xor, &(v)->counter, (i), FL_MB, "atomic_long_fetch_xor(" #i ", " #v ")")
#define atomic_long_fetch_xor_acquire(i, v)                                                        \
	FL_FETCH(xor, &(v)->counter, (i), FL_ACQUIRE,                                              \
		 "atomic_long_fetch_xor_acquire(" #i ", " #v ")")
#define atomic_long_fetch_xor_release(i, v)                                                        \
	FL_FETCH(xor, &(v)->counter, (i), FL_RELEASE,                                              \
		 "atomic_long_fetch_xor_release(" #i ", " #v ")")
#define atomic_long_fetch_xor_relaxed(i, v)                                                        \
	FL_FETCH(xor, &(v)->counter, (i), FL_ONCE, "atomic_long_fetch_xor_relaxed(" #i ", " #v ")")
#define atomic_long_fetch_andnot(i, v)                                                             \
	FL_FETCH(and, &(v)->counter, ~(i), FL_MB, "atomic_long_fetch_andnot(" #i ", " #v ")")
#define atomic_long_fetch_andnot_acquire(i, v)                                                     \
	FL_FETCH(and, &(v)->counter, ~(i), FL_ACQUIRE,                                             \
		 "atomic_long_fetch_andnot_acquire(" #i ", " #v ")")
#define atomic_long_fetch_andnot_release(i, v)                                                     \
	FL_FETCH(and, &(v)->counter, ~(i), FL_RELEASE,                                             \
		 "atomic_long_fetch_andnot_release(" #i ", " #v ")")
#define atomic_long_fetch_andnot_relaxed(i, v)                                                     \
	FL_FETCH(and, &(v)->counter, ~(i), FL_ONCE,                                                \
		 "atomic_long_fetch_andnot_relaxed(" #i ", " #v ")")
#define atomic_long_xchg(v, n) FL_XCHG(&(v)->counter, n, FL_MB, "atomic_long_xchg(" #v ", " #n ")")
#define atomic_long_cmpxchg(v, o, n)                                                               \
	FL_CMPXCHG(&(v)->counter, o, n, FL_MB, "atomic_long_cmpxchg(" #v ", " #o ", " #n ")")
#define atomic_long_try_cmpxchg(v, op, n)                                                          \
	FL_TRY_CMPXCHG__(&(v)->counter, op, n, FL_MB,                                              \
			 "atomic_long_try_cmpxchg(" #v ", " #op ", " #n ")")
#define atomic_long_xchg_acquire(v, n)                                                             \
	FL_XCHG(&(v)->counter, n, FL_ACQUIRE, "atomic_long_xchg_acquire(" #v ", " #n ")")
#define atomic_long_cmpxchg_acquire(v, o, n)                                                       \
	FL_CMPXCHG(&(v)->counter, o, n, FL_ACQUIRE,                                                \
		   "atomic_long_cmpxchg_acquire(" #v ", " #o ", " #n ")")
#define atomic_long_try_cmpxchg_acquire(v, op, n)                                                  \
	FL_TRY_CMPXCHG__(&(v)->counter, op, n, FL_ACQUIRE,                                         \
			 "atomic_long_try_cmpxchg_acquire(" #v ", " #op ", " #n ")")
#define atomic_long_xchg_release(v, n)                                                             \
	FL_XCHG(&(v)->counter, n, FL_RELEASE, "atomic_long_xchg_release(" #v ", " #n ")")
#define atomic_long_cmpxchg_release(v, o, n)                                                       \
	FL_CMPXCHG(&(v)->counter, o, n, FL_RELEASE,                                                \
		   "atomic_long_cmpxchg_release(" #v ", " #o ", " #n ")")
#define atomic_long_try_cmpxchg_release(v, op, n)                                                  \
	FL_TRY_CMPXCHG__(&(v)->counter, op, n, FL_RELEASE,                                         \
			 "atomic_long_try_cmpxchg_release(" #v ", " #op ", " #n ")")
#define atomic_long_xchg_relaxed(v, n)                                                             \
	FL_XCHG(&(v)->counter, n, FL_ONCE, "atomic_long_xchg_relaxed(" #v ", " #n ")")
#define atomic_long_cmpxchg_relaxed(v, o, n)                                                       \
	FL_CMPXCHG(&(v)->counter, o, n, FL_ONCE,                                                   \
		   "atomic_long_cmpxchg_relaxed(" #v ", " #o ", " #n ")")
#define atomic_long_try_cmpxchg_relaxed(v, op, n)                                                  \
	FL_TRY_CMPXCHG__(&(v)->counter, op, n, FL_ONCE,                                            \
			 "atomic_long_try_cmpxchg_relaxed(" #v ", " #op ", " #n ")")
#define atomic_long_fetch_add_unless(v, i, u)                                                      \
	FL_FETCH_ADD_UNLESS(&(v)->counter, i, u, FL_MB,                                            \
			    "atomic_long_fetch_add_unless(" #v ", " #i ", " #u ")")
#define atomic_long_add_unless(v, i, u)                                                            \
	({                                                                                         \
		long fl_u__ = (u);                                                                 \
		FL_FETCH_ADD_UNLESS(&(v)->counter, i, fl_u__, FL_MB,                               \
				    "atomic_long_add_unless(" #v ", " #i ", " #u ")") != fl_u__;   \
	})
#define atomic_long_inc_not_zero(v)                                                                \
	(FL_FETCH_ADD_UNLESS(&(v)->counter, 1, 0, FL_MB, "atomic_long_inc_not_zero(" #v ")") != 0)
#define atomic_long_dec_and_test(v)                                                                \
	(FL_FETCH(add, &(v)->counter, -1, FL_MB, "atomic_long_dec_and_test(" #v ")") == 1)
#define atomic_long_inc_and_test(v)                                                                \
	(FL_FETCH(add, &(v)->counter, 1, FL_MB, "atomic_long_inc_and_test(" #v ")") == -1)
#define atomic_long_sub_and_test(i, v)                                                             \
	({                                                                                         \
		long fl_i__ = (i);                                                                 \
		FL_FETCH(add, &(v)->counter, -fl_i__, FL_MB,                                       \
			 "atomic_long_sub_and_test(" #i ", " #v ")") == fl_i__;                    \
	})
#define atomic_long_add_negative(i, v)                                                             \
	({                                                                                         \
		long fl_i__ = (i);                                                                 \
		FL_FETCH(add, &(v)->counter, fl_i__, FL_MB,                                        \
			 "atomic_long_add_negative(" #i ", " #v                                    \
			 ")") + fl_i__ <                                                           \
			0;                                                                         \
	})

#endif
