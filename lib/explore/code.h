/* SPDX-License-Identifier: MIT */
/*
 * code.h - questions about machine code that the compiler's announcements leave open.
 *
 * Places are return addresses of calls. Answers are remembered as long as the code is there; "unknown" is answered as
 * what asks for less trust.
 */
#ifndef FL_CODE_H
#define FL_CODE_H

#include <stdbool.h>
#include <stdint.h>

/* May the code after the call that returns to @from store to memory before the call that returns to @to? */
bool code_stores_between(uintptr_t from, uintptr_t to);
/* Does the code after the call that returns to @from load, unannounced, what it then stores to: around a bit-field? */
bool code_loads_before_store(uintptr_t from);

/* Other code may come to be at the same addresses. */
void code_forget(void);

#endif
