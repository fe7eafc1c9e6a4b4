/* SPDX-License-Identifier: MIT */
/*
 * cover.h - can executions that the engine never builds change a test's answer?
 *
 * The engine leaves out executions with a cycle in program order and reads-from. cover_walk.c lists the
 * accesses of each thread with what orders them whatever the execution; cover.c looks for a cycle that
 * nothing forbids. Both err on one side: "covered" is said only when it is certain.
 */
#ifndef FL_LITMUS_COVER_H
#define FL_LITMUS_COVER_H

#include "ast.h"
#include "litmus.h"

bool lt_covered(struct lt_test *t, enum flx_model model, const struct lt_result *r);

/* The accesses and fences of a thread by place in the text; a set of accesses of one thread is a word. */
#define COVER_MAX 64

/* A value that is known whatever the execution. */
struct cover_value {
	bool known;
	struct lt_const c;
};

struct cover_block { /* statements that run together, or not at all */
	struct cover_block *up;
	int depth, loop;    /* loop: number of the innermost loop around, 0: none */
	const void *choice; /* the if whose arm it is */
	bool arm;
};

struct cover_access {
	enum { CA_ACCESS, CA_FENCE } kind;
	const struct cover_block *block;
	bool reads, writes, marked;
	bool conditional; /* an RMW that may fail */
	bool lock, unlock;
	int section; /* number of the outermost RCU section around, 0: none */
	enum fl_order order;
	enum fl_fence fence;
	struct cover_value where, stored; /* address, value */
	struct cover_value wanted;	  /* what the question lets a load return */
	uint64_t addr, data, ctrl;	  /* loads that it depends on in any case */
};

struct cover_thread {
	int n;
	bool overflow; /* more than COVER_MAX: nothing is known of the order */
	struct cover_access a[COVER_MAX];
};

/*
 * @wanted: per slot, the value that the question asks of a local which is loaded once; may all be unknown.
 */
void cover_walk(struct lt_test *t, const struct lt_thread *th, const struct cover_value *wanted,
		struct cover_thread *out);

#endif
