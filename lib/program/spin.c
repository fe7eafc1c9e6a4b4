// SPDX-License-Identifier: MIT
/* spin.c - pthread_spinlock_t: 0 or 1; waiting is waiting, not spinning. */
#include <errno.h>
#include <pthread.h>

#include "call.h"

#define WORD sizeof(pthread_spinlock_t)

static bool take(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)a, (void)b;
	*n = 1;
	return !old;
}

CALL(int, pthread_spin_init, pthread_spinlock_t *l, int shared)
{
	call_store(l, WORD, 0, FL_PLAIN, WHAT("pthread_spin_init()"), PC);
	return 0;
}

CALL(int, pthread_spin_destroy, pthread_spinlock_t *l)
{
	return 0;
}

CALL(int, pthread_spin_lock, pthread_spinlock_t *l)
{
	if (held_find((const void *)l))
		call_violation("deadlock",
			       "%s calls pthread_spin_lock() for a lock that it has already",
			       thread_name(current_thread));
	call_wait_rmw(l, WORD, take, 0, 0, FL_ACQUIRE, WHAT("pthread_spin_lock()"), PC);
	held_add((const void *)l, 0, 0);
	return 0;
}

CALL(int, pthread_spin_trylock, pthread_spinlock_t *l)
{
	if (held_find((const void *)l) ||
	    !call_rmw(l, WORD, take, 0, 0, FL_ACQUIRE, WHAT("pthread_spin_trylock()"), PC, NULL))
		return EBUSY;
	held_add((const void *)l, 0, 0);
	return 0;
}

CALL(int, pthread_spin_unlock, pthread_spinlock_t *l)
{
	struct held *h = held_find((const void *)l);

	if (!h)
		call_violation("bad-unlock", "%s unlocks a spin lock that it has not locked",
			       thread_name(current_thread));
	held_drop(h);
	call_store(l, WORD, 0, FL_RELEASE, WHAT("pthread_spin_unlock()"), PC);
	return 0;
}
