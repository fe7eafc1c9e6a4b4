/* SPDX-License-Identifier: MIT */
/* report.h - what faultline-bench prints and writes: a table, JSON lines, CSV, a plot. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>

#include "cells.h"

/* Widths are those of the names that will come. */
struct table {
	int workload, strategy, rwlock;
	bool begun, writers;	       /* writers: somebody has some */
	bool disturbed, crowded, tail; /* notes that are due at its end */
};
void table_widen(struct table *t, const char *workload, const char *strategy, const char *rwlock);
/* The cells of a group that have a run. */
void table_group(struct table *t, const struct cell *cells, size_t n);
void table_end(const struct table *t);

/* One object per cell that is not the host's, which is part of each. */
void json_group(const struct cell *cells, size_t n);
/* The same fields. */
void csv_group(FILE *f, const struct cell *cells, size_t n);
void csv_head(FILE *f);

/* The fields of a cell, by name, for both. @host may be NULL. */
enum field_type { FIELD_TEXT, FIELD_WHOLE, FIELD_REAL, FIELD_BOOL, FIELD_NONE };
struct field {
	const char *name;
	enum field_type type; /* NONE: there is no value here */
	const char *text;
	uint64_t whole; /* or bool */
	double real;
};
#define MAX_FIELDS 48
size_t fields_of(struct field *out, const struct cell *c, const struct cell *host);

/* ".svg" or ".png". */
bool plot_can(const char *file, char *err, size_t size);
/* All cells there were; 0 or a negative errno, with a line in @err. */
int plot_write(const char *file, const struct cell *cells, size_t n, char *err, size_t size);

#endif
