/* SPDX-License-Identifier: MIT */
/* nearest.h - "did you mean": the known names that a mistyped one is close to. */
#ifndef FL_NEAREST_H
#define FL_NEAREST_H

#include <stddef.h>

/*
 * Writes "; did you mean "a", "b" or "c"?" with up to three names of @known that resemble @name, best
 * first; the empty string if none does.
 */
void fl_nearest(char *buf, size_t size, const char *name, const char *const *known, size_t n);

#endif
