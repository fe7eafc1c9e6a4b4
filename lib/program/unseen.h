/* SPDX-License-Identifier: MIT */
/* unseen.h - calls of libraries that run natively, so that what they do to the program's memory is not seen. */
#ifndef FL_PROGRAM_UNSEEN_H
#define FL_PROGRAM_UNSEEN_H

#include <stddef.h>

/* "strftime(), getrandom()" for the program that is loaded, or "". Behind @assembly (assembly.h). */
void find_unseen(char *buf, size_t size, const char *assembly);

#endif
