/* SPDX-License-Identifier: MIT */
/* name.h - addresses of the program in words, for traces and messages. */
#ifndef FL_PROGRAM_NAME_H
#define FL_PROGRAM_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "x", "x[2]", "x+8", "malloc#1+16"; false: it has no name. @width: of the access, for indices; 0: none. */
bool name_address(char *buf, size_t size, uintptr_t addr, unsigned int width);
/* Heap objects are numbered anew. */
void name_reset(void);

#endif
