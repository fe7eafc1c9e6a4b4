/* SPDX-License-Identifier: MIT */
/*
 * lock_watch.h - who has which lock, told by the check engine's primitives as threads run.
 *
 * Locks have the name that spin_lock_init() or init_rwsem() was given, as lockdep has a class per place of
 * initialisation: "&mm->mmap_lock". Those that were never initialised have none and are not told. The native
 * engine tells nothing.
 */
#ifndef FL_RT_LOCK_WATCH_H
#define FL_RT_LOCK_WATCH_H

#include <stdbool.h>

struct fl_lock_watch {
	/* @thread now has @lock. @waited: it would have waited for it; else a try that succeeded. */
	void (*taken)(int thread, const void *lock, const char *name, bool read, bool waited);
	/* And no longer has it. */
	void (*dropped)(int thread, const void *lock);
};

/* NULL: nobody watches. Not while threads run. */
void fl_lock_watch(const struct fl_lock_watch *watch);

#endif
