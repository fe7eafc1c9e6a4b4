/* SPDX-License-Identifier: MIT */
/* refmodel_internal.h - what the two enumerators of refmodel.h share. */
#ifndef FL_TEST_REFMODEL_INTERNAL_H
#define FL_TEST_REFMODEL_INTERNAL_H

#include "refmodel.h"

#define RM_FROM_INIT (-1)
#define RM_FROM_NONE (-2)

enum rm_state { RM_NOT_RUN, RM_SKIPPED, RM_RAN };

/* One execution in the making. Stores are named by the operation that makes them. */
struct rm_cand {
	int pc[RM_MAX_THREADS];	      /* index into rm_prog.op */
	bool pending[RM_MAX_THREADS]; /* decided to wait for ever before pc */
	bool asleep[RM_MAX_THREADS];  /* to be started by a RM_SPAWN that has not run */
	uint8_t state[RM_MAX_OPS];
	bool wrote[RM_MAX_OPS];
	int8_t rf[RM_MAX_OPS];
	int rval[RM_MAX_OPS], wval[RM_MAX_OPS];
	int out[RM_MAX_OPS];
	int8_t dep[RM_MAX_OPS]; /* the load that the address depends on, or RM_FROM_NONE */
	int nco[RM_MAX_LOCS];
	int8_t co[RM_MAX_LOCS][RM_MAX_OPS];
};

void rm_cand_init(struct rm_cand *c, const struct rm_prog *p);
int rm_arg_value(const struct rm_cand *c, const struct rm_arg *a);
/* Reads memory; may write memory; has a condition without which its thread waits. */
bool rm_reads(const struct rm_op *op);
bool rm_writes(const struct rm_op *op);
bool rm_waits(const struct rm_op *op);
/* Is the thread created, and the operation at its pc no join of a thread that has not ended? */
bool rm_may_run(const struct rm_cand *c, const struct rm_prog *p, int t);
/* Executes a non-reading operation at the thread's pc. */
void rm_do_simple(struct rm_cand *c, const struct rm_prog *p, int t);
/* Executes a reading one with source @src; false if it would have to wait. */
bool rm_do_read(struct rm_cand *c, const struct rm_prog *p, int t, int src);
int rm_co_last_value(const struct rm_cand *c, const struct rm_prog *p, int loc);
/* Could the operation at @t's pc go on if it read @val? */
bool rm_satisfies(const struct rm_cand *c, const struct rm_prog *p, int i, int val);

void rm_set_add(struct rm_set *s, const struct rm_prog *p, const struct rm_cand *c);
void rm_set_finish(struct rm_set *s);
void rm_set_drop_duplicates(struct rm_set *s); /* of a finished set */

/* States that a machine has been in. */
struct rm_visited {
	uint8_t **key;
	size_t *len;
	size_t n, cap;
};

bool rm_first_visit(struct rm_visited *v, const uint8_t *key, size_t n);
void rm_visited_free(struct rm_visited *v);

/* rm_operational() for rc11. */
int rm_views(const struct rm_prog *p, uint64_t limit, struct rm_result *res);

#endif
