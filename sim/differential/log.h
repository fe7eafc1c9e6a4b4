/* SPDX-License-Identifier: MIT */
/*
 * log.h - what a host did with a script, as a file: the comparison without that host.
 *
 * Lines: "H release see", then for each step that was made "S step", "R result", and of the view what is not as after the step
 * before: "A processes", "V process mappings", "P process page ...".
 */
#ifndef FL_DIFFERENTIAL_LOG_H
#define FL_DIFFERENTIAL_LOG_H

#include "view.h"

struct log_writer {
	FILE *f;
	struct view before;
};

void log_begin(struct log_writer *w, FILE *f, const char *release, unsigned int see);
/* After view_rename(). */
void log_step(struct log_writer *w, const struct step *step, const struct result *result,
	      const struct view *view);

struct log_reader {
	FILE *f;
	const char *name;
	unsigned int line;
	char release[80];
	unsigned int see;
	bool cut;	 /* a line is not whole, which was said */
	char next[8192]; /* the line that begins the next step */
};

/* False after a message. */
bool log_open(struct log_reader *r, FILE *f, const char *name);
enum log_end { LOG_STEP, LOG_OVER, LOG_BAD /* after a message */ };
/* @view: as the step before left it. */
enum log_end log_next(struct log_reader *r, struct step *step, struct result *result,
		      struct view *view);

#endif
