/* SPDX-License-Identifier: MIT */
/* build.h - from C source to the shared object that load.h takes. */
#ifndef FL_PROGRAM_BUILD_H
#define FL_PROGRAM_BUILD_H

#include <stdbool.h>
#include <stddef.h>

/* The shared object: an open file that has no name any more, so that nothing is left behind, come what may. */
struct build {
	int fd;
	char object[64]; /* its path, for as long as it is open */
	bool clang;
	char assembly[112]; /* where it does things unannounced (assembly.h), or "" */
};

/*
 * Compiles and links @file, with @cc_args (NULL at its end, or NULL) after our own flags, by $CC, or
 * cc, gcc or clang. 0, or a negative errno with a reason in @err; the compiler's own words go to stderr.
 */
int build_program(struct build *b, const char *file, const char *const *cc_args, char *err,
		  size_t err_size);
void build_close(const struct build *b);

#endif
