/* SPDX-License-Identifier: MIT */
/* searched.h - how far a search went, in words and as JSON: for the commands that explore. */
#ifndef FL_SIM_SEARCHED_H
#define FL_SIM_SEARCHED_H

#include <stdbool.h>
#include <stddef.h>

#include <faultline/run.h>
#include <jansson.h>

/* A line on what is known although no violation was found; @limit: what ended the search. */
void searched_print_open(const struct fl_run_result *r, const char *limit);
/* "executions 7", or "executions 7 in 10 runs"; returns the length as snprintf() does. */
int searched_counts(char *buf, size_t size, const struct fl_run_result *r);
/* The probability with which a search "pct:D" finds what it is for; nothing for other searches. */
void searched_print_odds(const struct fl_run_result *r);

/* What has become of the checkpoint @file, unless @quiet. False after an error message: it can't be written. */
bool searched_print_checkpoint(const struct fl_run_result *r, const char *file, bool quiet);

void searched_json(json_t *o, const struct fl_run_result *r);

#endif
