/* SPDX-License-Identifier: MIT */
/*
 * stress.h - the parts of `faultline stress`: what a variant can show on this host (stress_host.c), running it in
 * processes of faultline-stress (stress_start.c), and saying what came out (stress_report.c).
 */
#ifndef FL_SIM_STRESS_H
#define FL_SIM_STRESS_H

#include <stdbool.h>
#include <stdint.h>

#include <faultline/run.h>
#include <faultline/scenario.h>

#define STRESS_ORACLES 20
#define STRESS_PROCESSES 64

/* What the host's processor can make of a variant, by the memory model that it keeps. */
enum stress_host {
	STRESS_SHOWS,	/* an execution that the host allows breaks an oracle */
	STRESS_HOLDS,	/* none does */
	STRESS_UNKNOWN, /* nobody could tell in the time */
};

struct stress_oracle {
	char name[32];
	char message[256];  /* the first one's */
	uint64_t hits;	    /* runs in which it failed */
	uint64_t first_run; /* the number of the first of them */
	char stalls[192]; /* of that run, as for --stalls; "": the seed and its number give them */
	double first_second; /* since the start */
};

/* One variant, or one kernel that was chosen. */
struct stress_run {
	const struct fl_scenario *scenario;
	const struct fl_variant *variant; /* NULL: none */
	const char *kernel, *set;	  /* the user's own; NULL: none */
	uint64_t seed;
	uint64_t only_run; /* with only: this run's delays, over and over */
	bool only;
	const char *stalls; /* with only: instead of that run's own; NULL: none */
	double limit;	    /* seconds */
	bool until_hit;
	unsigned int threads; /* in all processes */

	enum stress_host host;
	bool compare;	 /* as declared, so that its expectation is for this run */
	bool skipped;	 /* nothing was run */
	bool luck;	 /* a store buffer shows it, and nothing that delays can do */
	char needs[400]; /* why the host can't show it, or "" */

	/* The result. */
	char used_kernel[32];
	unsigned int processes;
	uint64_t runs, hits;
	double seconds;
	struct stress_oracle oracle[STRESS_ORACLES]; /* by their first hit */
	int nr_oracles;
	bool cut_short; /* a run crashed or did not end, and there was no time for another process */
};

/* ---- stress_host.c ---- */

/* "x86", "this machine". */
extern const char stress_host_name[];
/*
 * Fills in .host by what is declared. @may_explore, for some seconds: else by what the check engine says; and .needs
 * if a weaker memory model would show it.
 */
void stress_ask_host(struct stress_run *run, bool may_explore);

/* Of one that was not hit, after the above: fills in .luck, and then .needs. */
void stress_ask_luck(struct stress_run *run);

/* ---- stress_start.c ---- */

/* The program that runs scenarios natively, in @path; false after an error message. */
bool stress_find_program(char *path, size_t size);
/* Runs it and fills in the result; false after an error message. Stops early if the user interrupts. */
bool stress_start(struct stress_run *run, const char *program);

/* ---- stress_report.c ---- */

/* Is what was found what the variant declares? @known: can that be said? */
bool stress_as_expected(const struct stress_run *run, bool *known);
/* Hits in a million runs. */
double stress_rate(uint64_t hits, uint64_t runs);
void stress_report_json(const struct stress_run *run);

struct stress_table {
	int scenario, variant, kernel, oracle; /* column widths */
	bool begun;
};
void stress_table_plan(struct stress_table *t, const struct stress_run *run);
void stress_table_row(struct stress_table *t, const struct stress_run *run);

#endif
