/* SPDX-License-Identifier: MIT */
/*
 * flow.h - which registers the code behind a call still needs.
 *
 * All ways from there to the end of the function are followed, and behind a call that does not return whatever comes
 * there. What can't be followed (a jump through a register) needs every register. Places are return addresses; answers
 * are remembered as long as the code is there.
 */
#ifndef FL_FLOW_H
#define FL_FLOW_H

#include <stdbool.h>
#include <stdint.h>

/* Is what the call returns, an integer, never looked at? */
bool flow_ignores_result(uintptr_t from);

/*
 * Of the registers that a call preserves, which may be looked at: bit 0 rbx, bit 1 rbp, bits 2 to 5 r12 to r15. One that the
 * function has saved is what it was for the caller again when the function returns; one that it has not is the caller's.
 */
unsigned int flow_saved_in_use(uintptr_t from);

/* Other code may come to be at the same addresses. */
void flow_forget(void);

#endif
