/* SPDX-License-Identifier: MIT */
/* lock_watch.c - the names of locks, and telling who takes and drops them. Memory of the host: no events. */
#include "../lock_watch.h"

#include <stdint.h>
#include <string.h>

#include <faultline/rt.h>

#include "../../explore/exec.h"
#include "lock_watch_internal.h"

/* Open addressing; a lock whose place is taken by others goes without a name. */
#define NR_NAMES 4096
#define NR_TRIES 16

static struct {
	const void *lock;
	const char *name;
} names[NR_NAMES];

static const struct fl_lock_watch *watch;

void fl_lock_watch(const struct fl_lock_watch *w)
{
	watch = w;
	memset(names, 0, sizeof(names));
}

static size_t slot_of(const void *lock, size_t i)
{
	return (size_t)(((uintptr_t)lock >> 3) * 0x9e3779b97f4a7c15ULL >> 40) + i;
}

void fl_lock_named(const void *lock, const char *name)
{
	for (size_t i = 0; watch && i < NR_TRIES; i++) {
		size_t at = slot_of(lock, i) % NR_NAMES;

		if (names[at].lock && names[at].lock != lock)
			continue;
		names[at].lock = lock;
		names[at].name = name;
		return;
	}
}

static const char *name_of(const void *lock)
{
	for (size_t i = 0; i < NR_TRIES; i++) {
		size_t at = slot_of(lock, i) % NR_NAMES;

		if (names[at].lock == lock)
			return names[at].name;
	}
	return NULL;
}

void lock_watch_rmw(const void *addr, fl_rmw_fn fn, enum fl_order order, uint64_t a,
		    unsigned int flags)
{
	const char *name = watch && current_thread >= 0 ? name_of(addr) : NULL;

	if (!name)
		return;
	if (fn == fl_rmw_set_from_zero || fn == fl_rmw_rwsem_read)
		watch->taken(current_thread, addr, name, fn == fl_rmw_rwsem_read,
			     flags & FL_RMW_AWAIT);
	else if (fn == fl_rmw_add && order == FL_RELEASE &&
		 a != (uint64_t)(FL_RWSEM_READER - FL_RWSEM_WRITER))
		watch->dropped(current_thread, addr);
}

void lock_watch_unlock(const void *addr)
{
	if (watch && current_thread >= 0)
		watch->dropped(current_thread, addr);
}
