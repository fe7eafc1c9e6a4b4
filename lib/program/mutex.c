// SPDX-License-Identifier: MIT
/*
 * mutex.c - pthread_mutex_t and mtx_t.
 *
 * The first word of the object is the lock: LOCKED, DESTROYED, and the kind if an init function gave it;
 * the rest stays as a static initialiser has it. Locking waits for LOCKED to go and sets it (acquire),
 * unlocking clears it (release). Who owns it and how often is known to the owner alone, so the word
 * does not depend on which thread has it.
 *
 * Robustness, priorities and sharing between processes are not modelled; such a mutex is one
 * without. A timed lock that finds the mutex taken times out.
 */
#include <errno.h>
#include <pthread.h>
#include <threads.h>

#include "call.h"

enum { LOCKED = 1, DESTROYED = 2, KIND_SHIFT = 2, KIND_MASK = 3, GIVEN_MASK = 7 };

enum kind { NORMAL, RECURSIVE, ERRORCHECK };

#define WORD sizeof(uint64_t)

_Static_assert(sizeof(mtx_t) >= WORD && sizeof(pthread_mutex_t) >= WORD, "the word has room");

static bool lock_word(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)a, (void)b;
	*n = old & DESTROYED ? old : old | LOCKED;
	return !(old & LOCKED);
}

static bool destroy_word(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)a, (void)b;
	*n = DESTROYED;
	return !(old & (LOCKED | DESTROYED));
}

/* The kinds' numbers are glibc's. */
static enum kind kind_of(const void *mutex, uint64_t word)
{
	const pthread_mutex_t *m = mutex;
	unsigned int given = word >> KIND_SHIFT & GIVEN_MASK;
	unsigned int kind = given ? given - 1 : (unsigned int)m->__data.__kind & KIND_MASK;

	return kind == PTHREAD_MUTEX_RECURSIVE	  ? RECURSIVE
	       : kind == PTHREAD_MUTEX_ERRORCHECK ? ERRORCHECK
						  : NORMAL;
}

static void check_alive(uint64_t word, const char *what)
{
	if (word & DESTROYED)
		call_violation("use-after-destroy", "%s calls %s for a mutex that was destroyed",
			       thread_name(current_thread), what);
}

static void init(void *mutex, unsigned int kind, const struct fl_site *site, uintptr_t pc)
{
	call_store(mutex, WORD, (uint64_t)(kind + 1) << KIND_SHIFT, FL_PLAIN, site, pc);
}

static int destroy(void *mutex, const struct fl_site *site, uintptr_t pc)
{
	uint64_t old;

	if (call_rmw(mutex, WORD, destroy_word, 0, 0, FL_ONCE, site, pc, &old))
		return 0;
	check_alive(old, site->text);
	call_violation("bad-destroy", "%s destroys a mutex that is locked",
		       thread_name(current_thread));
}

/* Of a mutex that the caller has. */
static int lock_again(struct held *h, const struct fl_site *site)
{
	if (h->kind == RECURSIVE) {
		held_deepen(h, 1);
		return 0;
	}
	if (h->kind == ERRORCHECK)
		return EDEADLK;
	call_violation("deadlock", "%s calls %s for a mutex that it has locked already",
		       thread_name(current_thread), site->text);
}

static void took(void *mutex, uint64_t word, const struct fl_site *site)
{
	check_alive(word, site->text);
	held_add(mutex, kind_of(mutex, word), word);
}

static int lock(void *mutex, const struct fl_site *site, uintptr_t pc)
{
	struct held *h = held_find(mutex);

	if (h)
		return lock_again(h, site);
	took(mutex, call_wait_rmw(mutex, WORD, lock_word, 0, 0, FL_ACQUIRE, site, pc), site);
	return 0;
}

static int trylock(void *mutex, const struct fl_site *site, uintptr_t pc)
{
	struct held *h = held_find(mutex);
	uint64_t old;

	if (h && h->kind != RECURSIVE)
		return EBUSY;
	if (h)
		return lock_again(h, site);
	if (!call_rmw(mutex, WORD, lock_word, 0, 0, FL_ACQUIRE, site, pc, &old)) {
		call_tried_in_vain(mutex);
		return EBUSY;
	}
	took(mutex, old, site);
	return 0;
}

static int timedlock(void *mutex, const struct fl_site *site, uintptr_t pc)
{
	struct held *h = held_find(mutex);

	if (h && h->kind != NORMAL)
		return lock_again(h, site);
	if (!trylock(mutex, site, pc))
		return 0;
	call_timed_out(NULL, mutex, pc);
	return ETIMEDOUT;
}

static int unlock(void *mutex, const struct fl_site *site, uintptr_t pc)
{
	struct held *h = held_find(mutex);
	uint64_t word;

	if (h && h->depth) {
		held_deepen(h, -1);
		return 0;
	}
	if (h) {
		word = h->word;
		held_drop(h);
		call_store(mutex, WORD, word, FL_RELEASE, site, pc);
		return 0;
	}
	word = call_load(mutex, WORD, FL_ONCE, site, pc);
	check_alive(word, site->text);
	if (kind_of(mutex, word) != NORMAL)
		return EPERM;
	call_violation("bad-unlock", "%s unlocks a mutex that it has not locked",
		       thread_name(current_thread));
}

void mutex_release(void *mutex, uintptr_t pc, const struct fl_site *site)
{
	struct held *h = held_find(mutex);
	uint64_t word;

	if (!h)
		call_violation("bad-wait", "%s calls %s with a mutex that it has not locked",
			       thread_name(current_thread), site->text);
	if (h->depth)
		call_violation("bad-wait", "%s calls %s with a mutex that it has locked twice",
			       thread_name(current_thread), site->text);
	word = h->word;
	held_drop(h);
	call_store(mutex, WORD, word, FL_RELEASE, site, pc);
}

void mutex_relock(void *mutex, uintptr_t pc, const struct fl_site *site)
{
	lock(mutex, site, pc);
}

CALL(int, pthread_mutex_init, pthread_mutex_t *m, const pthread_mutexattr_t *attr)
{
	int kind = PTHREAD_MUTEX_NORMAL;

	if (attr)
		pthread_mutexattr_gettype(attr, &kind);
	init(m, kind & KIND_MASK, WHAT("pthread_mutex_init()"), PC);
	return 0;
}

CALL(int, pthread_mutex_destroy, pthread_mutex_t *m)
{
	return destroy(m, WHAT("pthread_mutex_destroy()"), PC);
}

CALL(int, pthread_mutex_lock, pthread_mutex_t *m)
{
	return lock(m, WHAT("pthread_mutex_lock()"), PC);
}

CALL(int, pthread_mutex_trylock, pthread_mutex_t *m)
{
	return trylock(m, WHAT("pthread_mutex_trylock()"), PC);
}

CALL(int, pthread_mutex_timedlock, pthread_mutex_t *m, const struct timespec *until)
{
	return timedlock(m, WHAT("pthread_mutex_timedlock()"), PC);
}

CALL(int, pthread_mutex_clocklock, pthread_mutex_t *m, clockid_t clock,
     const struct timespec *until)
{
	return timedlock(m, WHAT("pthread_mutex_clocklock()"), PC);
}

CALL(int, pthread_mutex_unlock, pthread_mutex_t *m)
{
	return unlock(m, WHAT("pthread_mutex_unlock()"), PC);
}

CALL(int, pthread_mutex_consistent, pthread_mutex_t *m)
{
	return EINVAL;
}

/* ---- C11 ---- */

static int c11_result(int err)
{
	return !err		  ? thrd_success
	       : err == EBUSY	  ? thrd_busy
	       : err == ETIMEDOUT ? thrd_timedout
				  : thrd_error;
}

CALL(int, mtx_init, mtx_t *m, int type)
{
	init(m, type & mtx_recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL,
	     WHAT("mtx_init()"), PC);
	return thrd_success;
}

CALL(void, mtx_destroy, mtx_t *m)
{
	destroy(m, WHAT("mtx_destroy()"), PC);
}

CALL(int, mtx_lock, mtx_t *m)
{
	return c11_result(lock(m, WHAT("mtx_lock()"), PC));
}

CALL(int, mtx_trylock, mtx_t *m)
{
	return c11_result(trylock(m, WHAT("mtx_trylock()"), PC));
}

CALL(int, mtx_timedlock, mtx_t *m, const struct timespec *until)
{
	return c11_result(timedlock(m, WHAT("mtx_timedlock()"), PC));
}

CALL(int, mtx_unlock, mtx_t *m)
{
	return c11_result(unlock(m, WHAT("mtx_unlock()"), PC));
}
