/* SPDX-License-Identifier: MIT */
/* rc11_shapes.h - litmus shapes of C11 with their verdict under rc11; the reference and the engine run them. */
#ifndef FL_TEST_RC11_SHAPES_H
#define FL_TEST_RC11_SHAPES_H

#include <stdbool.h>
#include <stddef.h>

struct rc11_shape {
	const char *name;
	const char *prog, *cond; /* in refmodel.h's language */
	char verdict;		 /* of the condition: N never, S sometimes, A always */
	bool race;
};

extern const struct rc11_shape rc11_shapes[];
extern const size_t nr_rc11_shapes;

#endif
