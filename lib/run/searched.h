/* SPDX-License-Identifier: MIT */
/* searched.h - what the engine says of its search, as a run's result. */
#ifndef FL_RUN_SEARCHED_H
#define FL_RUN_SEARCHED_H

#include <stdio.h>

#include <faultline/run.h>

#include "explore/explore.h"

static inline void fl_copy_searched(struct fl_run_result *result, const char *search,
				    const struct flx_result *r)
{
	result->search = search ? search : "exhaustive";
	result->executions = r->executions;
	result->blocked = r->blocked;
	result->duplicates = r->duplicates;
	result->events = r->events;
	result->seconds = r->seconds;
	result->runs = r->runs;
	result->found_in = r->found_in;
	snprintf(result->note, sizeof(result->note), "%s", r->note);
	result->pct = (struct fl_pct){
		.threads = (unsigned int)r->pct.threads,
		.steps = r->pct.steps,
		.choices = r->pct.choices,
		.runs = r->pct.runs,
		.per_run = r->pct.per_run,
		.all_runs = r->pct.all_runs,
	};
}

#endif
