/* SPDX-License-Identifier: MIT */
/*
 * liveness.h - which registers the code behind a call still needs.
 *
 * All ways from there to the end of the function are followed. What can't be followed (a jump through a register) needs
 * everything. Places are return addresses; answers are remembered for the life of the process.
 */
#ifndef FL_LIVENESS_H
#define FL_LIVENESS_H

#include <stdbool.h>
#include <stdint.h>

/* Is what the call returns, an integer, never looked at? */
bool liveness_ignores_result(uintptr_t from);

/*
 * Of the registers that a call preserves, which may be looked at: bit 0 rbx, bit 1 rbp, bits 2 to 5 r12 to r15. One that the
 * function has saved is what it was for the caller again when the function returns; one that it has not is the caller's.
 */
unsigned int liveness_of_saved(uintptr_t from);

#endif
