/* SPDX-License-Identifier: MIT */
/*
 * spin.h - a thread's state, to see whether it has been there before.
 *
 * It is what the function that has called can still see: the registers that a call preserves, if they are ever looked at
 * again (flow.h), and the stack above the call.
 * Whatever else differs (a counter, a flag that a first round sets) makes it another state.
 */
#ifndef FL_SPIN_H
#define FL_SPIN_H

#include <stdint.h>

/*
 * Called on a fibre, below the frame that returns to @pc: the stack pointer there, or 0. @state, if it is not NULL: a hash of what
 * lies above, and of @what; 0 if that is not known.
 */
uintptr_t spin_capture(uintptr_t pc, uintptr_t what, uintptr_t stack_end, uint64_t state[2]);

#endif
