/* SPDX-License-Identifier: MIT */
/* report_program.h - what faultline program found, for people and as JSON. */
#ifndef FL_SIM_REPORT_PROGRAM_H
#define FL_SIM_REPORT_PROGRAM_H

#include <stdbool.h>

#include "../lib/program/program.h"

struct report_program {
	const char *file;
	const struct program_options *options;
	const struct fl_run_result *result;
	const char *trace, *html; /* written to; NULL: nowhere */
	bool all_events, interrupted;
};

void report_program_text(const struct report_program *p);
void report_program_json(const struct report_program *p);

#endif
