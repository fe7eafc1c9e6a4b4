// SPDX-License-Identifier: MIT
/* once.c - pthread_once() and call_once(): 0 not yet, RUNNING, DONE. */
#include <pthread.h>
#include <threads.h>

#include "call.h"

enum { RUNNING = 1, DONE = 2 };

#define WORD sizeof(int)

_Static_assert(sizeof(pthread_once_t) == WORD && sizeof(once_flag) == WORD, "one word");

static bool not_running(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)a, (void)b;
	*n = old;
	return old != RUNNING;
}

/* Two sites of the same text: waiting and taking are not the same place. */
static void once(void *word, void (*fn)(void), const struct fl_site *wait,
		 const struct fl_site *take, uintptr_t pc)
{
	while (call_wait(word, WORD, not_running, 0, 0, FL_ACQUIRE, wait, pc) != DONE) {
		if (!call_rmw(word, WORD, fl_rmw_cmpxchg, 0, RUNNING, FL_ACQUIRE, take, pc, NULL))
			continue; /* somebody else was quicker */
		fn();
		call_store(word, WORD, DONE, FL_RELEASE, take, pc);
		return;
	}
}

CALL(int, pthread_once, pthread_once_t *o, void (*fn)(void))
{
	once(o, fn, WHAT("pthread_once()"), WHAT("pthread_once()"), PC);
	return 0;
}

CALL(void, call_once, once_flag *o, void (*fn)(void))
{
	once(o, fn, WHAT("call_once()"), WHAT("call_once()"), PC);
}
