/* SPDX-License-Identifier: MIT */
/* lock_watch_internal.h - between event.c and lock_watch.c: operations that were made. */
#ifndef FL_RT_CHECK_LOCK_WATCH_INTERNAL_H
#define FL_RT_CHECK_LOCK_WATCH_INTERNAL_H

#include <faultline/rt.h>

/* A read-modify-write that succeeded, maybe of a lock. */
void lock_watch_rmw(const void *addr, fl_rmw_fn fn, enum fl_order order, uint64_t a,
		    unsigned int flags);
/* spin_unlock(). */
void lock_watch_unlock(const void *addr);

#endif
