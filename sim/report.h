/* SPDX-License-Identifier: MIT */
/*
 * report.h - how `faultline check` shows verdicts: one run in full, many as a table, or JSON lines.
 */
#ifndef FL_SIM_REPORT_H
#define FL_SIM_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <faultline/run.h>

/* One run and what it found. */
struct report_run {
	const struct fl_scenario *scenario;
	const struct fl_variant *variant; /* NULL: none, a kernel was chosen instead */
	const char *set;		  /* the user's own changes; NULL: none */
	bool compare;			  /* the variant's expectation is for this run */
	bool interrupted;
	bool all_events; /* in the picture */
	const struct fl_run_options *options;
	struct fl_run_result result;
	const char *trace, *html; /* the files it was written to; NULL: none */
};

/* Is the verdict the declared one? Only for runs with .compare. */
bool report_as_expected(const struct report_run *run);

/* Header lines, and for a violation the picture. */
void report_single(const struct report_run *run, bool verbose);

/* One object on one line. */
void report_json(const struct report_run *run);

struct report_table {
	int scenario, variant, kernel, oracle; /* column widths */
	unsigned int runs, violations, verified, inconclusive;
	unsigned int as_expected, uncompared; /* uncompared: no expectation, or no verdict */
	uint64_t executions;
	double seconds;
};

/* Makes room for a run in the table, before the first row. */
void report_table_plan(struct report_table *t, const struct report_run *run);
void report_table_row(struct report_table *t, const struct report_run *run, bool verbose);
void report_table_end(const struct report_table *t);

#endif
