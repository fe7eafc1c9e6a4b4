/* SPDX-License-Identifier: MIT */
/*
 * litmus.h - litmus tests in the kernel's C format: read, explored, and shown as herd7 shows them.
 *
 * lt_read() gives a test, lt_run() explores its executions with lib/explore. Not thread-safe, as the
 * engine is not. docs/internals/litmus.md says what is understood and how dependencies are computed.
 */
#ifndef FL_LITMUS_H
#define FL_LITMUS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../explore/explore.h"

struct lt_test;

/* Messages of both: "file:line: what", or "file: what". NULL after an error. */
struct lt_test *lt_read(const char *file, char *err, size_t err_size);
struct lt_test *lt_parse(const char *file, const char *text, size_t len, char *err,
			 size_t err_size);
void lt_free(struct lt_test *t);

struct lt_options {
	enum flx_model model;
	double timeout; /* seconds; 0: none */
};

/* Final states, each once; values in the order of the shown variables. */
struct lt_states {
	int nvars;
	size_t n, cap, nslots;
	int64_t *value;
	uint32_t *slot; /* hash table: index + 1 */
};

struct lt_result {
	struct lt_states states;
	uint64_t positive, negative; /* executions that satisfy the condition or do not */
	uint64_t executions;	     /* explored, before the filter */
	bool race;
	bool covered;  /* no execution with a cycle in program order and reads-from can matter */
	bool cut;      /* a loop ran longer than executions are followed */
	bool complete; /* false: the time was over */
	double seconds;
};

/* 0; -EINVAL with @err for a test that can't be run. Release the result in any case. */
int lt_run(struct lt_test *t, const struct lt_options *o, struct lt_result *r, char *err,
	   size_t err_size);
void lt_release(struct lt_result *r);

/* "Never", "Sometimes", "Always" */
const char *lt_observation(const struct lt_result *r);

void lt_print(FILE *f, const struct lt_test *t, const struct lt_result *r);
/* One line. */
void lt_print_json(FILE *f, const struct lt_test *t, const struct lt_result *r, const char *model);

#endif
