/* SPDX-License-Identifier: MIT */
/*
 * programs.h - programs whose number of executions is known.
 *
 * Builders write a program of tests/unit/explore/refmodel.h's language for parameters n and k.
 */
#ifndef FL_TEST_PROGRAMS_H
#define FL_TEST_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void (*build_fn)(char *buf, size_t size, int n, int k);

/* Executions of one program; per model, in the order sc, tso, lkmm. 0: not run under this model. */
struct count {
	const char *name;
	build_fn build;
	int n, k;
	uint64_t executions[3];
	uint64_t stuck;	    /* of these, how many have a thread that waits for ever */
	bool too_large;	    /* for the reference; the number is from a formula or another checker */
	const char *source; /* where the numbers come from */
};

extern const struct count counts[];
extern const size_t nr_counts;

#endif
