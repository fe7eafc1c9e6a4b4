/* SPDX-License-Identifier: MIT */
/*
 * mutant_shapes.h - programs of one line in refmodel.h's language that show what a mutant changes, and how. Those
 * that take more are in mutant_programs.h.
 */
#ifndef FL_TEST_MUTANT_SHAPES_H
#define FL_TEST_MUTANT_SHAPES_H

#include <stddef.h>

#include "mutant_programs.h"

struct mutant_shape {
	enum flx_mutant mutant;
	enum flx_model model; /* enum rm_model has the same numbers */
	enum damage damage;
	const char *prog;
};

struct mutant_shapes {
	const struct mutant_shape *shape;
	size_t n;
};

extern const struct mutant_shapes mutant_shapes_lkmm, mutant_shapes_rc11, mutant_shapes_search;

#endif
