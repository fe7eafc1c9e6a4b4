/* SPDX-License-Identifier: MIT */
/* explore_c.h - a C program under the engine with all of the engine's options, those that no command has among them. */
#ifndef EXPLORE_C_H
#define EXPLORE_C_H

#include "explore/explore.h"
#include "program/build.h"

/*
 * Explores the program that was built as @b, which begins with @chosen in its variable "int chosen", if it has one.
 * __VERIFIER_nondet_int() returns 0 or 1. As flx_explore(); the result has no record.
 */
int explore_c(const struct build *b, int chosen, const struct flx_options *o, struct flx_result *r,
	      char *err, size_t err_size);

#endif
