/* SPDX-License-Identifier: MIT */
/* weaken.h - what an exploration of weakened code (lib/explore/weaken.h) takes, and what it finds out. */
#ifndef FL_RUN_WEAKEN_H
#define FL_RUN_WEAKEN_H

#include "explore/weaken.h"

struct fl_trace;

/*
 * A return address in a place is counted from where the program is loaded, which may be elsewhere the next
 * time.
 */
struct fl_weaken {
	const struct flx_weakening *weaken;
	int nr_weaken;
	bool look; /* find the places that the exploration comes by: */
	struct flx_places places;
	struct fl_trace
		*source; /* an event for each of them, with its line and its variable's name */
};

/* Makes .source of .places. @describe may be NULL. 0 or -ENOMEM. */
struct fl_trace_info;
int fl_weaken_find_source(struct fl_weaken *w, const struct fl_trace_info *info);
/* Frees what was found. */
void fl_weaken_forget(struct fl_weaken *w);

#endif
