/* SPDX-License-Identifier: MIT */
/* native_program.h - where the programs are that have the native engine, which this one can't have. */
#ifndef FL_SIM_NATIVE_PROGRAM_H
#define FL_SIM_NATIVE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

/* The path of program @name; false after an error message. */
bool native_find_program(char *path, size_t size, const char *name);

#endif
