// SPDX-License-Identifier: MIT
/* cells.c - see cells.h. */
#include "cells.h"

#include <gsl/gsl_statistics_double.h>

static struct cell *least_done(struct cell *cells, size_t n)
{
	struct cell *next = &cells[0];

	for (size_t i = 1; i < n; i++)
		if (cells[i].nr < next->nr)
			next = &cells[i];
	return next;
}

static struct figures *most_disturbed(struct cell *c)
{
	struct figures *worst = NULL;

	for (unsigned int i = 0; i < c->nr; i++)
		if (figures_disturbed(&c->run[i]) &&
		    (!worst || c->run[i].lost + c->run[i].stolen > worst->lost + worst->stolen))
			worst = &c->run[i];
	return worst;
}

/* These take turns as well. */
static struct cell *to_be_repeated(struct cell *cells, size_t n, unsigned int runs)
{
	struct cell *next = NULL;

	for (size_t i = 0; i < n; i++)
		if (cells[i].again < (runs + 1) / 2 && most_disturbed(&cells[i]) &&
		    (!next || cells[i].again < next->again))
			next = &cells[i];
	return next;
}

struct cell *cells_next(struct cell *cells, size_t n, unsigned int runs)
{
	struct cell *next = n ? least_done(cells, n) : NULL;

	if (next && next->nr < runs)
		return next;
	return to_be_repeated(cells, n, runs);
}

void cell_add(struct cell *c, unsigned int runs, const struct figures *f)
{
	struct figures *worst;

	if (c->nr < runs) {
		c->run[c->nr++] = *f;
		return;
	}
	c->again++;
	worst = most_disturbed(c);
	if (worst && f->lost + f->stolen < worst->lost + worst->stolen)
		*worst = *f;
}

/* ---- medians ---- */

static double median(const struct cell *c, size_t offset)
{
	double values[BENCH_MAX_RUNS];

	for (unsigned int i = 0; i < c->nr; i++)
		values[i] = *(const double *)(const void *)((const char *)&c->run[i] + offset);
	return gsl_stats_median(values, 1, c->nr);
}

#define MEDIAN(c, field) median(c, offsetof(struct figures, field))

static void spread(struct result *out, const struct cell *c)
{
	out->least = out->most = c->run[0].ops_per_second;
	for (unsigned int i = 1; i < c->nr; i++) {
		double v = c->run[i].ops_per_second;

		out->least = v < out->least ? v : out->least;
		out->most = v > out->most ? v : out->most;
	}
	if (out->ops_per_second > 0)
		out->spread = (out->most - out->least) / out->ops_per_second;
}

static void add_up(struct result *out, const struct figures *f)
{
	out->seconds += f->seconds;
	out->ops += f->ops;
	out->writer_ops += f->writer_ops;
	out->samples += f->samples;
	out->writer_samples += f->writer_samples;
	out->faults += f->faults;
	out->retries += f->retries;
	out->fallbacks += f->fallbacks;
	out->shootdowns += f->shootdowns;
	out->disturbed += figures_disturbed(f);
	out->pinned &= f->pinned;
}

void cell_result(struct result *out, const struct cell *c)
{
	*out = (struct result){
		.runs = c->nr,
		.again = c->again,
		.ops_per_second = MEDIAN(c, ops_per_second),
		.writer_ops_per_second = MEDIAN(c, writer_ops_per_second),
		.op = { MEDIAN(c, op.p50), MEDIAN(c, op.p99), MEDIAN(c, op.p999) },
		.writer = { MEDIAN(c, writer.p50), MEDIAN(c, writer.p99), MEDIAN(c, writer.p999) },
		.pinned = true,
	};
	for (unsigned int i = 0; i < c->nr; i++)
		add_up(out, &c->run[i]);
	spread(out, c);
}
