// SPDX-License-Identifier: MIT
/*
 * rwlock.c - pthread_rwlock_t: its first word is WRITER, DESTROYED, and the readers in steps of READER.
 *
 * Readers come in whenever no writer has the lock, even if one waits (what glibc prefers, too). A thread
 * that has it for reading gets it again without an event. A timed lock that finds it taken times out.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>

#include "call.h"

enum { WRITER = 1, DESTROYED = 2, READER = 4 };

enum kind { READING, WRITING };

#define WORD sizeof(uint64_t)

/* A destroyed lock is no reason to wait: the caller finds out. */
static bool read_word(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)a, (void)b;
	*n = old & DESTROYED ? old : old + READER;
	return !(old & WRITER);
}

static bool write_word(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)b;
	*n = old & DESTROYED ? old : a;
	return !old || old & DESTROYED;
}

static int took(void *lock, enum kind kind, uint64_t word, const struct fl_site *site)
{
	if (word & DESTROYED)
		call_violation("use-after-destroy", "%s calls %s for a lock that was destroyed",
			       thread_name(current_thread), site->text);
	held_add(lock, kind, 0);
	return 0;
}

static int read_lock(void *lock, const struct fl_site *site, uintptr_t pc)
{
	struct held *h = held_find(lock);

	if (h && h->kind == WRITING)
		return EDEADLK;
	if (h) {
		held_deepen(h, 1);
		return 0;
	}
	return took(lock, READING, call_wait_rmw(lock, WORD, read_word, 0, 0, FL_ACQUIRE, site, pc),
		    site);
}

static int write_lock(void *lock, const struct fl_site *site, uintptr_t pc)
{
	struct held *h = held_find(lock);

	if (h && h->kind == WRITING)
		return EDEADLK;
	if (h)
		call_violation("deadlock", "%s calls %s for a lock that it has for reading",
			       thread_name(current_thread), site->text);
	return took(lock, WRITING,
		    call_wait_rmw(lock, WORD, write_word, WRITER, 0, FL_ACQUIRE, site, pc), site);
}

static int try_lock(void *lock, enum kind kind, const struct fl_site *site, uintptr_t pc)
{
	struct held *h = held_find(lock);
	uint64_t old;

	if (h && kind == READING && h->kind == READING) {
		held_deepen(h, 1);
		return 0;
	}
	if (h)
		return EBUSY;
	if (!call_rmw(lock, WORD, kind == READING ? read_word : write_word, WRITER, 0, FL_ACQUIRE,
		      site, pc, &old)) {
		call_tried_in_vain(lock);
		return EBUSY;
	}
	return took(lock, kind, old, site);
}

static int timed_lock(void *lock, enum kind kind, const struct fl_site *site, uintptr_t pc)
{
	struct held *h = held_find(lock);

	if (h && h->kind == WRITING)
		return EDEADLK;
	if (!try_lock(lock, kind, site, pc))
		return 0;
	call_timed_out(NULL, lock, pc);
	return ETIMEDOUT;
}

CALL(int, pthread_rwlock_init, pthread_rwlock_t *l, const pthread_rwlockattr_t *attr)
{
	call_store(l, WORD, 0, FL_PLAIN, WHAT("pthread_rwlock_init()"), PC);
	return 0;
}

CALL(int, pthread_rwlock_destroy, pthread_rwlock_t *l)
{
	if (!call_rmw(l, WORD, write_word, DESTROYED, 0, FL_ONCE, WHAT("pthread_rwlock_destroy()"),
		      PC, NULL))
		call_violation("bad-destroy", "%s destroys a lock that is taken",
			       thread_name(current_thread));
	return 0;
}

CALL(int, pthread_rwlock_rdlock, pthread_rwlock_t *l)
{
	return read_lock(l, WHAT("pthread_rwlock_rdlock()"), PC);
}

CALL(int, pthread_rwlock_tryrdlock, pthread_rwlock_t *l)
{
	return try_lock(l, READING, WHAT("pthread_rwlock_tryrdlock()"), PC);
}

CALL(int, pthread_rwlock_timedrdlock, pthread_rwlock_t *l, const struct timespec *until)
{
	return timed_lock(l, READING, WHAT("pthread_rwlock_timedrdlock()"), PC);
}

CALL(int, pthread_rwlock_wrlock, pthread_rwlock_t *l)
{
	return write_lock(l, WHAT("pthread_rwlock_wrlock()"), PC);
}

CALL(int, pthread_rwlock_trywrlock, pthread_rwlock_t *l)
{
	return try_lock(l, WRITING, WHAT("pthread_rwlock_trywrlock()"), PC);
}

CALL(int, pthread_rwlock_timedwrlock, pthread_rwlock_t *l, const struct timespec *until)
{
	return timed_lock(l, WRITING, WHAT("pthread_rwlock_timedwrlock()"), PC);
}

CALL(int, pthread_rwlock_unlock, pthread_rwlock_t *l)
{
	const struct fl_site *site = WHAT("pthread_rwlock_unlock()");
	struct held *h = held_find(l);

	if (!h)
		call_violation("bad-unlock", "%s unlocks a lock that it does not have",
			       thread_name(current_thread));
	if (h->depth) {
		held_deepen(h, -1);
		return 0;
	}
	if (h->kind == WRITING)
		call_store(l, WORD, 0, FL_RELEASE, site, PC);
	else
		call_rmw(l, WORD, fl_rmw_add, -(uint64_t)READER, 0, FL_RELEASE, site, PC, NULL);
	held_drop(h);
	return 0;
}
