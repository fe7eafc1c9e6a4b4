// SPDX-License-Identifier: MIT
/*
 * threads.c - creating, joining and ending threads.
 *
 * A pthread_t is the thread's number plus one. Threads that are not joined run to their end. A start routine and
 * its argument are one object of ours, always the same for the same two, so that the engine can tell
 * equal threads. pthread_exit() and thrd_exit() jump back into the thread's first function.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

#include "call.h"
#include "explore/symmetry.h"
#include "load.h"

struct start {
	struct start *next;
	void *(*posix)(void *);
	int (*c11)(void *); /* or this */
	void *arg;
};

static struct start *starts;
static struct self selves[FLX_MAX_THREADS + 1]; /* the last: constructors */

struct self *self(void)
{
	return &selves[outside() ? FLX_MAX_THREADS : current_thread];
}

static struct self *begin(void)
{
	struct self *me = self();

	me->result = NULL;
	me->nheld = me->nspecific = me->nkeys = 0;
	me->gone = 0;
	me->random = 1;
	me->clock = 0;
	me->timeouts = me->woken = 0;
	me->cleanup = NULL;
	return me;
}

/* The two ways to be called; what lies between them and the thread's code is the same. */
static void run_start_routine(const struct start *s, struct self *me)
{
	if (s->posix)
		me->result = s->posix(s->arg);
	else
		me->result = (void *)(intptr_t)s->c11(s->arg);
}

static void run_thread(void *arg)
{
	char tls[tls_block_size()];
	struct self *me = begin();

	tls_begin_thread(tls);
	if (!setjmp(me->end))
		run_start_routine(arg, me);
	keys_thread_ends();
	T[current_thread].result = (uintptr_t)me->result;
}

void thread_run_main(void *arg)
{
	static char name[] = "program";
	char *argv[] = { name, NULL };
	char tls[tls_block_size()];
	struct self *me = begin();
	bool returned = false;

	(void)arg;
	tls_begin_thread(tls);
	if (!setjmp(me->end)) {
		loaded_main()(1, argv, argv + 1);
		returned = true;
	}
	keys_thread_ends();
	if (returned)
		run_exit_handlers();
}

void thread_exit(void *result)
{
	struct self *me = self();

	if (outside())
		call_refuse("a thread can't end before main() begins");
	me->result = result;
	longjmp(me->end, 1);
}

static struct start *find_start(void *(*posix)(void *), int (*c11)(void *), void *arg)
{
	struct start *s;

	for (s = starts; s; s = s->next)
		if (s->posix == posix && s->c11 == c11 && s->arg == arg)
			return s;
	s = malloc(sizeof(*s));
	if (!s)
		call_refuse("out of memory");
	*s = (struct start){ .next = starts, .posix = posix, .c11 = c11, .arg = arg };
	starts = s;
	return s;
}

void threads_forget(void)
{
	while (starts) {
		struct start *s = starts;

		starts = s->next;
		free(s);
	}
}

uintptr_t thread_start_routine(int thread)
{
	const struct start *s = T[thread].arg;

	if (T[thread].fn != run_thread)
		return 0;
	return s->posix ? (uintptr_t)s->posix : (uintptr_t)s->c11;
}

const char *thread_name(int thread)
{
	static char text[2][96];
	static unsigned int turn;
	char *buf = text[turn++ % 2];
	const char *fn;

	/* Constructors are run by the thread that main() will be. */
	thread = thread < 0 ? 0 : thread;
	fn = thread ? symbol_name(thread_start_routine(thread)) : "main";
	snprintf(buf, sizeof(text[0]), "thread %d%s%.64s%s", thread, fn ? " (" : "", fn ? fn : "",
		 fn ? ")" : "");
	return buf;
}

/* The new thread's number. */
static int create(void *(*posix)(void *), int (*c11)(void *), void *arg, uintptr_t pc)
{
	int n;

	if (outside())
		call_refuse("a thread is created before main() begins");
	n = exec_spawn(run_thread, find_start(posix, c11, arg), pc);
	if (n < 0)
		call_refuse("more than %d threads, main() among them: make the program smaller",
			    FLX_MAX_THREADS);
	return n;
}

static int number_of(unsigned long id)
{
	return id - 1 < FLX_MAX_THREADS && (id == 1 || thread_start_routine(id - 1)) ? (int)id - 1
										     : -1;
}

/* Of a thread that can be joined or detached; the reasons why not are the program's bugs. */
static int take(unsigned long id, const char *what)
{
	struct self *me = self();
	int n = number_of(id);

	if (n < 0)
		call_violation("bad-join", "%s calls %s for something that is no thread",
			       thread_name(current_thread), what);
	if (me->gone >> n & 1)
		call_violation("bad-join", "%s calls %s for %s, which it joined or detached before",
			       thread_name(current_thread), what, thread_name(n));
	changing_self()->gone |= 1u << n;
	return n;
}

CALL(int, pthread_create, pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
     void *arg)
{
	int detached = PTHREAD_CREATE_JOINABLE;
	int n = create(fn, NULL, arg, PC);

	if (attr)
		pthread_attr_getdetachstate(attr, &detached);
	self()->gone &= ~(1u << n);
	if (detached == PTHREAD_CREATE_DETACHED)
		self()->gone |= 1u << n;
	CALL_RETURN(thread, (pthread_t)n + 1, PC);
	return 0;
}

static int join(unsigned long id, const char *what, bool wanted, void **result, uintptr_t pc)
{
	int n;

	if (number_of(id) == current_thread) {
		symmetry_known(current_thread);
		return EDEADLK;
	}
	n = take(id, what);
	exec_join(n, wanted, pc);
	*result = (void *)(uintptr_t)T[n].result;
	return 0;
}

CALL(int, pthread_join, pthread_t id, void **result)
{
	void *value;
	int err = join(id, "pthread_join()", result, &value, PC);

	if (!err)
		CALL_RETURN(result, value, PC);
	return err;
}

CALL(int, pthread_tryjoin_np, pthread_t id, void **result)
{
	call_refuse("pthread_tryjoin_np() is not modelled: use pthread_join()");
}

CALL(int, pthread_timedjoin_np, pthread_t id, void **result, const struct timespec *t)
{
	call_refuse("pthread_timedjoin_np() is not modelled: use pthread_join()");
}

CALL(int, pthread_detach, pthread_t id)
{
	take(id, "pthread_detach()");
	return 0;
}

static unsigned long own_id(void)
{
	if (!outside())
		symmetry_known(current_thread);
	return (unsigned long)current_thread + 1;
}

CALL(pthread_t, pthread_self, void)
{
	return own_id();
}

CALL(int, pthread_setname_np, pthread_t id, const char *name)
{
	return 0;
}

/* ---- C11 ---- */

CALL(int, thrd_create, thrd_t *thread, thrd_start_t fn, void *arg)
{
	int n = create(NULL, fn, arg, PC);

	self()->gone &= ~(1u << n);
	CALL_RETURN(thread, (thrd_t)n + 1, PC);
	return thrd_success;
}

CALL(int, thrd_join, thrd_t id, int *result)
{
	void *value;

	if (join(id, "thrd_join()", result, &value, PC))
		return thrd_error;
	CALL_RETURN(result, (int)(intptr_t)value, PC);
	return thrd_success;
}

CALL(int, thrd_detach, thrd_t id)
{
	take(id, "thrd_detach()");
	return thrd_success;
}

CALL(thrd_t, thrd_current, void)
{
	return own_id();
}
