/* SPDX-License-Identifier: MIT */
/* gdb.h - a replay in gdb, stopped at the violation. */
#ifndef FL_SIM_GDB_H
#define FL_SIM_GDB_H

#include <stdbool.h>

struct fl_trace;

/*
 * Becomes gdb on this very program, replaying @file. @trace is the execution as it is now: its violating
 * event is where the program stops. Returns only if that fails, with CLI_BAD_INPUT after a message.
 */
int gdb_replay(const char *file, struct fl_trace *trace);

/*
 * The program's side: the value of --stop-at that gdb_replay() passes, "CPU:PASSED" or "oracle". False if it
 * is something else.
 */
bool gdb_stop_at(const char *text);

#endif
