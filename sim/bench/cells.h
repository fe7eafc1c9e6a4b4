/* SPDX-License-Identifier: MIT */
/*
 * cells.h - cells of the table: a workload with a strategy, a lock and a number of threads, run several times.
 *
 * The cells of a group (a workload and a number of threads) are compared with each other, so their runs take turns:
 * A, B, C, A, B, C. What disturbs the machine for a while disturbs all. After that runs that were disturbed are made
 * again, up to half as many as the cell has runs, and the better one of two counts.
 */
#ifndef BENCH_CELLS_H
#define BENCH_CELLS_H

#include "bench.h"

struct cell {
	const struct workload *workload;
	struct kernel kernel; /* of the host's: "host" and "host" */
	bool host;
	unsigned int threads;

	struct figures run[BENCH_MAX_RUNS];
	unsigned int nr;    /* runs that count */
	unsigned int again; /* that were made again */
};

/* Whose turn it is of the @n cells, each with @runs runs; NULL: all are done. */
struct cell *cells_next(struct cell *cells, size_t n, unsigned int runs);
/* Takes a run in: as one more, or in place of a worse one. */
void cell_add(struct cell *c, unsigned int runs, const struct figures *f);

/* Medians over a cell's runs, and sums of what is counted. */
struct result {
	unsigned int runs, again, disturbed;	    /* disturbed: of the runs that count */
	double seconds;				    /* of all runs that count */
	double ops_per_second, least, most, spread; /* (most - least) / median */
	double writer_ops_per_second;
	struct quantiles op, writer;
	uint64_t ops, writer_ops, samples, writer_samples, faults, retries, fallbacks, shootdowns;
	bool pinned;
};
/* Of a cell with one run at least. */
void cell_result(struct result *out, const struct cell *c);

#endif
