/* SPDX-License-Identifier: MIT */
/*
 * barriers.h - which orderings of some code are needed: it is explored again and again, each time with one of
 * them weaker than it was written, then with two.
 *
 * "Needed" has a witness, a violation that the weaker ordering lets happen. "Enough" is a verdict as any other:
 * all executions were explored, within the bounds of the run, and none is a violation.
 */
#ifndef FL_SIM_BARRIERS_H
#define FL_SIM_BARRIERS_H

#include <faultline/run.h>

#include "../lib/run/weaken.h"

/* One exploration. 0, or an exit status after an error message. */
typedef int (*barriers_explore_fn)(void *arg, struct fl_weaken *w, struct fl_run_result *result);

/* What was found with other orderings than the written ones. */
struct barriers_try {
	int to; /* of a row: in place of what was written */
	struct fl_run_result result;
	char trace[1024]; /* the file, or "" */
};

/* An ordering in the source; compiled code may have it in several places. */
struct barriers_row {
	struct flx_place *place;
	int nr_places;
	const struct fl_site *where; /* its line */
	const char *name;	     /* of the variable, or NULL */
	const char *operation;	     /* if the line does not say it alone, or NULL */
	struct barriers_try try[FLX_MAX_WEAKER];
	int nr_tries;
	int enough[FLX_MAX_WEAKER]; /* orderings than which no verified one is weaker */
	int nr_enough;
	bool undecided; /* something weaker was not explored to its end */
};

/* Rows that can be weaker each, but not all at once; all but any one of them can, unless it is a pair. */
struct barriers_group {
	int *row; /* numbers of rows, from 0 */
	int n;
	struct barriers_try try;
};

struct barriers {
	barriers_explore_fn explore;
	/* Called before each exploration: which one of how many. May be NULL. */
	void (*begin)(void *arg, const char *what, int i, int n);
	/* Called after each that was a violation, to keep its trace; false after an error message. */
	bool (*keep)(void *arg, struct barriers_try *t, const char *name);
	/* Is it to end? */
	bool (*interrupted)(void);
	void *arg;

	struct fl_run_result baseline;
	struct barriers_row *row;
	int nr_rows, rows_done;
	struct barriers_group *group;
	int nr_groups;
	/* In the end: as many as it was easy to find, which are weaker at once and verified. n 0: not looked for. */
	struct barriers_group together;
	int undecided; /* rows, groups */
	int explorations;
	double seconds; /* of these */

	struct fl_weaken found; /* memory of the rows */
};

/* The code as it is written, and the rows. 0, or an exit status after an error message. */
int barriers_look(struct barriers *b);
/* Each row by itself. */
int barriers_try_rows(struct barriers *b);
/*
 * The rows that can be weaker, at once: which two can't be, then which further ones can't, until the rest is
 * verified.
 */
int barriers_try_groups(struct barriers *b);
void barriers_free(struct barriers *b);

#endif
