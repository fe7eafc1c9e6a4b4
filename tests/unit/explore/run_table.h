/* SPDX-License-Identifier: MIT */
/*
 * run_table.h - programs of refmodel.h on the check engine.
 *
 * Threads are C functions that interpret the table through the engine's primitives, with a site per
 * operation. Outcomes have the reference's form, so that the two can be compared.
 */
#ifndef FL_TEST_RUN_TABLE_H
#define FL_TEST_RUN_TABLE_H

#include "../../../lib/explore/explore.h"
#include "refmodel.h"

struct rt_options {
	enum flx_model model;
	enum flx_mutant mutant;
	bool races;
	bool may_wait;	   /* waiting for ever is a legal end of every lock and await */
	unsigned int size; /* bytes of a location, 4 or 8; 0: 4 */
	uint64_t max_executions;
	enum flx_search search;
	unsigned int bound; /* of search */
	uint64_t seed;
};

struct rt_outcomes {
	size_t n, cap;
	int **out; /* as rm_exec.out */
};

struct rt_result {
	int err;
	char why[256];
	struct flx_result r; /* without the record */
	/*
	 * Of a data race: the operations (bits of indices into rm_prog.op) that each of the two events
	 * can be. Plain accesses have no site, so one stands for all of its thread, location and kind.
	 */
	uint64_t racing[2];
	struct rt_outcomes complete, stuck;
};

/* Sums over all runs so far that took waiting for ever for a legal end. */
extern uint64_t rt_executions, rt_blocked;

/* What the engine says of @p. @p stays untouched and must live until the call returns. */
void rt_run(const struct rm_prog *p, const struct rt_options *o, struct rt_result *res);
void rt_result_free(struct rt_result *res);

/*
 * Explores until the complete execution number @pick is reached and makes that one a violation, with its
 * record in @found (to be freed with flx_record_free()) and its outcome in @out (rm_nout() values).
 * 0, -ENOENT if there are fewer or if it hangs on a dependency (then there is no record), or what
 * flx_explore() returned.
 */
int rt_pick(const struct rm_prog *p, const struct rt_options *o, int pick, struct flx_result *found,
	    int *out);
/* Replays @want: flx_replay()'s return value; @again and @out as above. */
int rt_replay(const struct rm_prog *p, const struct rt_options *o, const struct flx_record *want,
	      struct flx_result *again, int *out, char *err, size_t err_size);

/*
 * Equal? If not, @why (a few lines) says what differs: executions that only one side has, with how
 * often each side has them. Assumes options.may_wait.
 */
bool rt_matches(const struct rm_prog *p, const struct rm_result *want, struct rt_result *got,
		char *why, size_t why_size);

/*
 * Runs the reference and the engine on @p and compares: outcomes, counts, duplicates, races, and
 * whether a deadlock is reported. True if all agree, or if the program is too large for the
 * reference or the model has no meaning for it (then *@skipped, which may be NULL).
 */
bool rt_agrees(const struct rm_prog *p, enum flx_model model, enum flx_mutant mutant,
	       unsigned int size, char *why, size_t why_size, bool *skipped);

#endif
