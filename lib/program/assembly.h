/* SPDX-License-Identifier: MIT */
/* assembly.h - what the compiler announces nothing of: inline assembly, and instructions that threads meet by. */
#ifndef FL_PROGRAM_ASSEMBLY_H
#define FL_PROGRAM_ASSEMBLY_H

#include <stddef.h>

/*
 * Looks through @path, the compiler's output in assembler's language. What accesses memory, orders accesses or can't be told
 * is appended to @buf, unless it is there already: "inline assembly at f.c:9".
 */
void find_assembly(const char *path, char *buf, size_t size);

#endif
