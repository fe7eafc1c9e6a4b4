/* SPDX-License-Identifier: MIT */
/* failure.h - where in the execution in hand an oracle failed first (check engine, internal). */
#ifndef FL_RUN_FAILURE_H
#define FL_RUN_FAILURE_H

#include <stdbool.h>

/* Before each execution. */
void fl_failure_forget(void);
/* False: none did, or only when all threads were done. @passed: events of @thread until then. */
bool fl_failure_position(int *thread, int *passed);

#endif
