// SPDX-License-Identifier: MIT
/* sem.c - sem_t: its first word is the value. A timed wait that finds 0 times out. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <semaphore.h>
#include <time.h>

#include "call.h"

#define WORD sizeof(uint64_t)

static bool take(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)a, (void)b;
	*n = old - 1;
	return old;
}

static int fail(int err)
{
	errno = err;
	return -1;
}

static int timed_wait(sem_t *s, const struct fl_site *site, uintptr_t pc)
{
	if (call_rmw(s, WORD, take, 0, 0, FL_ACQUIRE, site, pc, NULL))
		return 0;
	call_timed_out(NULL, NULL, pc);
	return fail(ETIMEDOUT);
}

CALL(int, sem_init, sem_t *s, int shared, unsigned int value)
{
	if (value > INT_MAX)
		return fail(EINVAL);
	call_store(s, WORD, value, FL_PLAIN, WHAT("sem_init()"), PC);
	return 0;
}

CALL(int, sem_destroy, sem_t *s)
{
	return 0;
}

CALL(int, sem_wait, sem_t *s)
{
	call_wait_rmw(s, WORD, take, 0, 0, FL_ACQUIRE, WHAT("sem_wait()"), PC);
	return 0;
}

CALL(int, sem_trywait, sem_t *s)
{
	return call_rmw(s, WORD, take, 0, 0, FL_ACQUIRE, WHAT("sem_trywait()"), PC, NULL)
		       ? 0
		       : fail(EAGAIN);
}

CALL(int, sem_timedwait, sem_t *s, const struct timespec *until)
{
	return timed_wait(s, WHAT("sem_timedwait()"), PC);
}

CALL(int, sem_clockwait, sem_t *s, clockid_t clock, const struct timespec *until)
{
	return timed_wait(s, WHAT("sem_clockwait()"), PC);
}

CALL(int, sem_post, sem_t *s)
{
	call_rmw(s, WORD, fl_rmw_add, 1, 0, FL_RELEASE, WHAT("sem_post()"), PC, NULL);
	return 0;
}

CALL(int, sem_getvalue, sem_t *s, int *value)
{
	uint64_t v = call_load(s, WORD, FL_ONCE, WHAT("sem_getvalue()"), PC);

	CALL_RETURN(value, (int)v, PC);
	return 0;
}

CALL(sem_t *, sem_open, const char *name, int flags, ...)
{
	call_refuse("sem_open() is not modelled: use sem_init()");
}
