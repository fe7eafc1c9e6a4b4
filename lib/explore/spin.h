/* SPDX-License-Identifier: MIT */
/*
 * spin.h - loops that only wait, recognised by what a thread's state is.
 *
 * A thread that comes back to a load with the same registers and the same stack, having stored nothing
 * since, will do the same again for as long as it reads the same: the round that it has done may as well not have
 * been. So the load that closed the round is taken for an await that goes on only with other values.
 *
 * The state is what the function that loads can still see: callee-saved registers and the stack above the call.
 * Whatever else differs (a counter, a flag that a first round sets) makes it another state, and the loop
 * is run through as it stands.
 */
#ifndef FL_SPIN_H
#define FL_SPIN_H

#include <stdint.h>

/* Called on a fibre, below the frame that returns to @pc: a hash of what lies above, and of @what. */
void spin_capture(uintptr_t pc, uintptr_t what, uintptr_t stack_end, uint64_t state[2]);

#endif
