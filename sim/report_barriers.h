/* SPDX-License-Identifier: MIT */
/* report_barriers.h - what 'faultline barriers' found, as text and as JSON. */
#ifndef FL_SIM_REPORT_BARRIERS_H
#define FL_SIM_REPORT_BARRIERS_H

#include "barriers.h"

struct report_barriers {
	const struct barriers *found;
	const char *title;		       /* of the scenario or the file */
	const char *scenario, *file, *variant; /* for JSON; those that do not apply are NULL */
	const char *set;
	bool pictures; /* of each witness */
	bool interrupted;
	const char *limit; /* why something is inconclusive, if it was not interrupted */
};

void report_barriers_text(const struct report_barriers *r);
void report_barriers_json(const struct report_barriers *r);
/* The code as it is written is not verified, so nothing was weakened. */
void report_barriers_baseline(const struct report_barriers *r, bool json);

#endif
