/* SPDX-License-Identifier: MIT */
/* interp.h - running a test's threads on the engine's fibres. */
#ifndef FL_LITMUS_INTERP_H
#define FL_LITMUS_INTERP_H

#include "ast.h"

/* A thread of the test that runs, as flx_program.thread's argument. */
struct lt_run_thread {
	struct lt_thread *th;
	bool done; /* ran to its end in the execution in hand */
	struct lt_local {
		int64_t value;
		uint64_t loads; /* that it was computed from */
		uint64_t ctrl;	/* that decided whether it was assigned */
	} local[LT_MAX_SLOTS];
};

/* How often a loop's condition may hold; an execution in which it holds once more is dropped. */
#define LT_UNROLL 2

/* A loop ran longer than LT_UNROLL in some execution. */
extern bool lt_run_cut;

void lt_interp_start(struct lt_test *t);
void lt_interp_thread(void *run_thread);
int64_t lt_const_value(const struct lt_const *c);

#endif
