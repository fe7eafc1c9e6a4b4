/* SPDX-License-Identifier: MIT */
/*
 * refcount.h - reference counts with the orderings of lib/refcount.c (Linux 6.12).
 *
 * Increments are unordered, also refcount_inc_not_zero(): whoever finds the object has ordering of
 * their own. A decrement is a release; the one that reaches zero is an acquire as well, so that
 * the destructor comes after all other users.
 */
#ifndef FAULTLINE_RT_REFCOUNT_H
#define FAULTLINE_RT_REFCOUNT_H

#define REFCOUNT_INIT(n)                                                                           \
	{                                                                                          \
		ATOMIC_INIT(n)                                                                     \
	}
#define refcount_set(r, n) atomic_set(&(r)->refs, n)
#define refcount_set_release(r, n)                                                                 \
	FL_STORE(&(r)->refs.counter, n, FL_RELEASE, "refcount_set_release(" #r ", " #n ")")
#define refcount_read(r) ((unsigned int)atomic_read(&(r)->refs))
#define refcount_add(i, r) atomic_add(i, &(r)->refs)
#define refcount_inc(r) atomic_inc(&(r)->refs)
#define refcount_dec(r) ((void)atomic_fetch_sub_release(1, &(r)->refs))
#define refcount_inc_not_zero(r)                                                                   \
	(FL_FETCH_ADD_UNLESS(&(r)->refs.counter, 1, 0, FL_ONCE,                                    \
			     "refcount_inc_not_zero(" #r ")") != 0)
#define refcount_inc_not_zero_acquire(r)                                                           \
	(FL_FETCH_ADD_UNLESS(&(r)->refs.counter, 1, 0, FL_ACQUIRE,                                 \
			     "refcount_inc_not_zero_acquire(" #r ")") != 0)
/* The value found: unless that is 0, or @limit or more, there is one count more now. */
#define refcount_inc_limited(r, limit)                                                             \
	((unsigned int)FL_FETCH_INC_LIMITED(&(r)->refs.counter, limit, FL_ONCE,                    \
					    "refcount_inc_limited(" #r ")"))
#define refcount_inc_limited_acquire(r, limit)                                                     \
	((unsigned int)FL_FETCH_INC_LIMITED(&(r)->refs.counter, limit, FL_ACQUIRE,                 \
					    "refcount_inc_limited_acquire(" #r ")"))
#define refcount_add_not_zero(i, r)                                                                \
	(FL_FETCH_ADD_UNLESS(&(r)->refs.counter, i, 0, FL_ONCE,                                    \
			     "refcount_add_not_zero(" #r ")") != 0)
#define FL_REFCOUNT_SUB_AND_TEST__(i, r, text)                                                     \
	({                                                                                         \
		int fl_n__ = (i);                                                                  \
		bool fl_last__ = FL_FETCH(add, &(r)->refs.counter, -fl_n__, FL_RELEASE, text) ==   \
				 fl_n__;                                                           \
		if (fl_last__)                                                                     \
			smp_acquire__after_ctrl_dep();                                             \
		fl_last__;                                                                         \
	})
#define refcount_sub_and_test(i, r)                                                                \
	FL_REFCOUNT_SUB_AND_TEST__(i, r, "refcount_sub_and_test(" #i ", " #r ")")
#define refcount_dec_and_test(r) FL_REFCOUNT_SUB_AND_TEST__(1, r, "refcount_dec_and_test(" #r ")")

/* The value left; a release. */
#define refcount_dec_return(r)                                                                     \
	((unsigned int)FL_FETCH(add, &(r)->refs.counter, -1, FL_RELEASE,                           \
				"refcount_dec_return(" #r ")") -                                   \
	 1)

/* A load decided a branch; make it an acquire for what is under the branch. */
#define smp_acquire__after_ctrl_dep()                                                              \
	FL_FENCE(FL_FENCE_ACQUIRE_CTRL, "smp_acquire__after_ctrl_dep()")

#endif
