/* SPDX-License-Identifier: MIT */
/* build.h - from C source to the shared object that load.h takes. */
#ifndef FL_PROGRAM_BUILD_H
#define FL_PROGRAM_BUILD_H

#include <stddef.h>

/* A folder of ours, and the shared object in it. */
struct build {
	char folder[64], object[96];
};

/*
 * Compiles and links @file, with @cc_args (NULL at its end, or NULL) after our own flags, by $CC, or
 * cc, gcc or clang. 0, or a negative errno with a reason in @err; the compiler's own words go to stderr.
 */
int build_program(struct build *b, const char *file, const char *const *cc_args, char *err,
		  size_t err_size);
/* Takes the folder away. */
void build_remove(const struct build *b);

#endif
