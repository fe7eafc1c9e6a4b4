// SPDX-License-Identifier: MIT
/*
 * cond.c - pthread_cond_t and cnd_t.
 *
 * A wait puts the thread among the waiters while it has the mutex, unlocks, waits for a permit, and
 * locks. A signal gives a permit which any thread can take that was waiting when it came, and does
 * nothing if each waiter has one coming: so a signal that comes too early is lost, and which waiter
 * it wakes is not said. There are no spurious wake-ups.
 *
 * All of that is the object's first word: the number of permits in the lowest four bits, then SLOTS
 * slots of four bits. A slot is 0, or belongs to a waiter and is one more than the number of permits, of
 * those still there, that came before it and are not for it. Permits are ordered by age, and the
 * waiters that may take one may take any newer one too. Therefore a waiter takes the oldest that is
 * for it: that leaves enough for the others exactly if there was enough.
 *
 * A timed wait does not wait: it takes a permit if there is one by then, which may be any time, else times
 * out.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <threads.h>

#include "call.h"

#define WORD sizeof(uint64_t)
#define SLOTS 15
#define DESTROYED UINT64_MAX /* no number of permits and waiters gives this */

_Static_assert(sizeof(cnd_t) >= WORD && sizeof(pthread_cond_t) >= WORD, "the word has room");

static unsigned int permits_of(uint64_t word)
{
	return word & 15;
}

static unsigned int get(uint64_t word, unsigned int slot)
{
	return word >> (4 + 4 * slot) & 15;
}

static uint64_t put(uint64_t word, unsigned int slot, unsigned int value)
{
	unsigned int shift = 4 + 4 * slot;

	return (word & ~(15ull << shift)) | (uint64_t)value << shift;
}

static unsigned int waiters_of(uint64_t word)
{
	unsigned int n = 0;

	for (unsigned int s = 0; s < SLOTS; s++)
		n += !!get(word, s);
	return n;
}

static unsigned int free_slot(uint64_t word)
{
	unsigned int s = 0;

	while (s < SLOTS - 1 && get(word, s))
		s++;
	return s;
}

static bool enter(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)a, (void)b;
	*n = old == DESTROYED ? old : put(old, free_slot(old), permits_of(old) + 1);
	return old == DESTROYED || waiters_of(old) < SLOTS;
}

/* The waiter of slot @a takes a permit. */
static bool wake(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	unsigned int mine = get(old, a) - 1;

	(void)b;
	if (permits_of(old) <= mine)
		return false;
	*n = put(old, a, 0) - 1;
	for (unsigned int s = 0; s < SLOTS; s++)
		if (get(*n, s) > mine + 1)
			*n = put(*n, s, get(*n, s) - 1);
	return true;
}

/* The waiter of slot @a takes a permit if there is one for it, and goes. */
static bool leave(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	if (!wake(old, a, b, n))
		*n = put(old, a, 0);
	return true;
}

static bool signal_one(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)a, (void)b;
	*n = old + 1;
	return old != DESTROYED && permits_of(old) < waiters_of(old);
}

static bool signal_all(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	unsigned int waiters = waiters_of(old);

	(void)a, (void)b;
	*n = waiters;
	for (unsigned int s = 0; s < SLOTS; s++)
		*n = put(*n, s, !!get(old, s));
	return old != DESTROYED && permits_of(old) < waiters;
}

static bool destroy_word(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)a, (void)b;
	*n = DESTROYED;
	return !old;
}

static void check_alive(uint64_t word, const struct fl_site *site)
{
	if (word == DESTROYED)
		call_violation("use-after-destroy",
			       "%s calls %s for a condition variable that was destroyed",
			       thread_name(current_thread), site->text);
}

static unsigned int begin_wait(void *cond, void *mutex, const struct fl_site *site, uintptr_t pc)
{
	uint64_t old;

	if (!held_find(mutex))
		call_violation("bad-wait", "%s calls %s with a mutex that it has not locked",
			       thread_name(current_thread), site->text);
	if (!call_rmw(cond, WORD, enter, 0, 0, FL_ONCE, site, pc, &old))
		call_refuse(
			"more than %d threads wait for one condition variable: make the program "
			"smaller",
			SLOTS);
	check_alive(old, site);
	mutex_release(mutex, pc, site);
	return free_slot(old);
}

static int wait(void *cond, void *mutex, const struct fl_site *site, uintptr_t pc)
{
	unsigned int slot = begin_wait(cond, mutex, site, pc);

	call_wait_rmw(cond, WORD, wake, slot, 0, FL_ACQUIRE, site, pc);
	mutex_relock(mutex, pc, site);
	return 0;
}

static int timed_wait(void *cond, void *mutex, const struct fl_site *site, uintptr_t pc)
{
	unsigned int slot = begin_wait(cond, mutex, site, pc);
	uint64_t old, new;
	bool woken;

	call_rmw(cond, WORD, leave, slot, 0, FL_ACQUIRE, site, pc, &old);
	woken = wake(old, slot, 0, &new);
	if (woken)
		call_woken();
	else
		call_timed_out(cond, mutex, pc);
	mutex_relock(mutex, pc, site);
	return woken ? 0 : ETIMEDOUT;
}

static void signal_waiters(void *cond, fl_rmw_fn how, const struct fl_site *site, uintptr_t pc)
{
	uint64_t old;

	call_rmw(cond, WORD, how, 0, 0, FL_RELEASE, site, pc, &old);
	check_alive(old, site);
}

static void destroy(void *cond, const struct fl_site *site, uintptr_t pc)
{
	uint64_t old;

	if (call_rmw(cond, WORD, destroy_word, 0, 0, FL_ONCE, site, pc, &old))
		return;
	check_alive(old, site);
	/* Those that have been woken may still be on their way out. */
	if (permits_of(old) < waiters_of(old))
		call_violation("bad-destroy",
			       "%s destroys a condition variable for which threads wait",
			       thread_name(current_thread));
}

CALL(int, pthread_cond_init, pthread_cond_t *c, const pthread_condattr_t *attr)
{
	call_store(c, WORD, 0, FL_PLAIN, WHAT("pthread_cond_init()"), PC);
	return 0;
}

CALL(int, pthread_cond_destroy, pthread_cond_t *c)
{
	destroy(c, WHAT("pthread_cond_destroy()"), PC);
	return 0;
}

CALL(int, pthread_cond_wait, pthread_cond_t *c, pthread_mutex_t *m)
{
	return wait(c, m, WHAT("pthread_cond_wait()"), PC);
}

CALL(int, pthread_cond_timedwait, pthread_cond_t *c, pthread_mutex_t *m,
     const struct timespec *until)
{
	return timed_wait(c, m, WHAT("pthread_cond_timedwait()"), PC);
}

CALL(int, pthread_cond_clockwait, pthread_cond_t *c, pthread_mutex_t *m, clockid_t clock,
     const struct timespec *until)
{
	return timed_wait(c, m, WHAT("pthread_cond_clockwait()"), PC);
}

CALL(int, pthread_cond_signal, pthread_cond_t *c)
{
	signal_waiters(c, signal_one, WHAT("pthread_cond_signal()"), PC);
	return 0;
}

CALL(int, pthread_cond_broadcast, pthread_cond_t *c)
{
	signal_waiters(c, signal_all, WHAT("pthread_cond_broadcast()"), PC);
	return 0;
}

/* ---- C11 ---- */

CALL(int, cnd_init, cnd_t *c)
{
	call_store(c, WORD, 0, FL_PLAIN, WHAT("cnd_init()"), PC);
	return thrd_success;
}

CALL(void, cnd_destroy, cnd_t *c)
{
	destroy(c, WHAT("cnd_destroy()"), PC);
}

CALL(int, cnd_wait, cnd_t *c, mtx_t *m)
{
	wait(c, m, WHAT("cnd_wait()"), PC);
	return thrd_success;
}

CALL(int, cnd_timedwait, cnd_t *c, mtx_t *m, const struct timespec *until)
{
	return timed_wait(c, m, WHAT("cnd_timedwait()"), PC) ? thrd_timedout : thrd_success;
}

CALL(int, cnd_signal, cnd_t *c)
{
	signal_waiters(c, signal_one, WHAT("cnd_signal()"), PC);
	return thrd_success;
}

CALL(int, cnd_broadcast, cnd_t *c)
{
	signal_waiters(c, signal_all, WHAT("cnd_broadcast()"), PC);
	return thrd_success;
}
