// SPDX-License-Identifier: MIT
/*
 * cleanup.c - the early end of a thread: pthread_exit(), and the handlers of pthread_cleanup_push().
 *
 * glibc's macro keeps a jump buffer per handler, which it makes known by __pthread_register_cancel(). A jump
 * there runs the handler and comes back by __pthread_unwind_next(). Cancellation is not modelled.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <threads.h>

#include "call.h"

/* The same memory as glibc's __pthread_unwind_buf_t, whose padding is for the implementation. */
static void **link_of(struct cleanup *c)
{
	return &((__pthread_unwind_buf_t *)c)->__pad[0];
}

_Noreturn static void leave(void *result)
{
	struct self *me = self();
	struct cleanup *top = outside() ? NULL : me->cleanup;

	if (!top)
		thread_exit(result);
	me->result = result;
	me->cleanup = *link_of(top);
	siglongjmp((struct __jmp_buf_tag *)top, 1);
}

CALL(void, __pthread_register_cancel, __pthread_unwind_buf_t *buf)
{
	struct self *me = self();

	*link_of((struct cleanup *)buf) = me->cleanup;
	me->cleanup = (struct cleanup *)buf;
}

CALL(void, __pthread_unregister_cancel, __pthread_unwind_buf_t *buf)
{
	self()->cleanup = *link_of((struct cleanup *)buf);
}

CALL(void, __pthread_unwind_next, __pthread_unwind_buf_t *buf)
{
	(void)buf;
	leave(self()->result);
}

CALL(void, pthread_exit, void *result)
{
	leave(result);
}

CALL(void, thrd_exit, int result)
{
	leave((void *)(intptr_t)result);
}

CALL(int, pthread_cancel, pthread_t thread)
{
	call_refuse("pthread_cancel() is not modelled: let threads end by themselves");
}

/* Of a thread that nobody can cancel. */
CALL(int, pthread_setcancelstate, int state, int *old)
{
	CALL_RETURN(old, PTHREAD_CANCEL_ENABLE, PC);
	return 0;
}

CALL(int, pthread_setcanceltype, int type, int *old)
{
	CALL_RETURN(old, PTHREAD_CANCEL_DEFERRED, PC);
	return 0;
}

CALL(void, pthread_testcancel, void)
{
}
