/* SPDX-License-Identifier: MIT */
/* progress.h - a line on the terminal while a long run goes on, and Ctrl-C that ends it in order. */
#ifndef FL_SIM_PROGRESS_H
#define FL_SIM_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/* The first SIGINT or SIGTERM from now on stops the run in hand; the next one the process. */
void progress_catch_signals(void);
bool progress_interrupted(void);

struct progress {
	const char *scenario, *variant; /* variant may be NULL */
	double shown;			/* when the line was last written; 0: never */
};

/* For struct fl_run_options; @arg is a struct progress. */
bool progress_report(void *arg, uint64_t executions, double seconds, double done);
/* Of runs that a process counts; @done: the part of the time that is over. */
void progress_report_runs(struct progress *p, uint64_t runs, double seconds, double done);
/* Of anything else; @what: "...: run 2 of 5". */
void progress_report_text(struct progress *p, const char *what, double seconds, double done);
/* Takes the line off the terminal. */
void progress_end(struct progress *p);

#endif
