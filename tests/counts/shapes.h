/* SPDX-License-Identifier: MIT */
/* shapes.h - litmus shapes with their verdict under each model; the reference and the engine run them. */
#ifndef FL_TEST_SHAPES_H
#define FL_TEST_SHAPES_H

#include <stdbool.h>
#include <stddef.h>

struct shape {
	const char *name;
	const char *prog, *cond; /* in refmodel.h's language */
	/* Of the condition under sc, tso, lkmm: N never, S sometimes, A always. */
	const char *verdict;
	/* lkmm allows it, but only with a cycle in program order and reads-from: not covered. */
	bool needs_lb;
};

extern const struct shape shapes[];
extern const size_t nr_shapes;

struct race_shape {
	const char *name;
	const char *prog;
	const char *racing; /* two operations "T.N T.N" that race, or NULL */
};

extern const struct race_shape race_shapes[];
extern const size_t nr_race_shapes;

#endif
