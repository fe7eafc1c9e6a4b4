/* SPDX-License-Identifier: MIT */
/*
 * exec_internal.h - between exec.c (threads and what they do), exec_sync.c (what has run, and whether it still
 * counts) and exec_label.c (what is known of each operation for ever).
 */
#ifndef FL_EXEC_INTERNAL_H
#define FL_EXEC_INTERNAL_H

#include "exec.h"
#include "label.h"

extern int exec_nr_known; /* threads, of all executions so far */

/* exec.c. Gives thread @t the processor until it stops. */
void exec_resume(int t);
void exec_restart_thread(int i);
void exec_did_not_repeat(int t, const char *what);
/* Place in program order of the load that the address @addr came from, or EV_NONE. */
int exec_find_dep(const struct thread *t, uintptr_t addr);
/* Where @t has stopped, it stops again, and says its state: all of it, or only where its stack ends. */
void exec_ask_for_state(int t, bool all);

/* exec_sync.c. */
void exec_get_in_sync(void);
extern bool exec_probing; /* a read-modify-write may be passed without its store part */
void exec_probe(bool on);
void exec_sync_forget(void);

static inline enum ev_kind kind_of_op(enum op_kind kind)
{
	static const uint8_t table[] = {
		[OP_LOAD] = EV_READ,	 [OP_STORE] = EV_WRITE, [OP_RMW] = EV_READ,
		[OP_AWAIT] = EV_READ,	 [OP_FENCE] = EV_FENCE, [OP_SPAWN] = EV_SPAWN,
		[OP_BEGIN] = EV_BEGIN,	 [OP_END] = EV_END,	[OP_JOIN] = EV_JOIN,
		[OP_CHOICE] = EV_CHOICE,
	};

	return table[kind];
}

static inline uint64_t exec_result_of(const struct ev *join)
{
	return join->op->a ? G.ev[join->rf].op->val : 0;
}

/* What @e tells its thread. What a thread is created with and what it ends with go from label to label. */
static inline uint64_t value_of(const struct ev *e)
{
	switch (e->kind) {
	case EV_READ:
	case EV_CHOICE:
		return e->rval;
	case EV_BEGIN:
		return G.ev[e->rf].op->val;
	case EV_JOIN:
		return exec_result_of(e);
	default:
		return 0;
	}
}

#endif
