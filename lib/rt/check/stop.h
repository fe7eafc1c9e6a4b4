/* SPDX-License-Identifier: MIT */
/*
 * stop.h - where a thread of the check engine is, and where a replay stops for a debugger.
 *
 * A debugger can't know the event that it should stop at: the same line runs many times, in all threads.
 * So the replayed program is told (fl_stop_at()) and calls fl_replay_here(), on the stack of the thread
 * that is about to do the event. There the debugger has its breakpoint.
 */
#ifndef FL_RT_STOP_H
#define FL_RT_STOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <faultline/rt/site.h>

#include "../../explore/exec.h"

#define FL_STOP_NOWHERE (-2)
#define FL_STOP_AT_ORACLE (-3) /* where an oracle fails in a thread */

extern int fl_stop_thread;

/* @thread stops before its next event once it has passed @passed ones (a read-modify-write is two). */
void fl_stop_at(int thread, int passed);

/* Is the calling thread the one that stops somewhere? */
static inline bool fl_stop_is_near(void)
{
	return __builtin_expect(fl_stop_thread == current_thread, 0);
}

/* Calls fl_replay_here() if it is here. @site of the coming event, NULL: a plain access. */
void fl_stop_before(const struct fl_site *site);
/* exec_do(), stopping before it if it is here. */
static inline void fl_do(struct op *op)
{
	if (fl_stop_is_near())
		fl_stop_before(op->site);
	exec_do(op);
}
/* The same, with an oracle's verdict in place of an event. */
void fl_stop_at_oracle(const char *oracle, const char *message);

/* False: no thread runs. */
bool fl_stop_position(int *thread, int *passed);

/* Where the running thread's own code goes on, below the engine's: of a program; else 0. */
uintptr_t fl_program_pc(void);

/* For a breakpoint: @what is about to happen. Does nothing. */
void fl_replay_here(const char *what);
/* For a debugger, which selects the frame with this pc: fl_program_pc() there. */
extern uintptr_t fl_replay_caller;

#endif
