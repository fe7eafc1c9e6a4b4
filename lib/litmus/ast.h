/* SPDX-License-Identifier: MIT */
/*
 * ast.h - a litmus test after parsing: initial state, threads, and what is asked of the final state.
 *
 * Names are resolved: a local of a thread is a slot, a shared location is a number in lt_test.global.
 * Everything belongs to the test's arena (lt_alloc()) and goes with it.
 */
#ifndef FL_LITMUS_AST_H
#define FL_LITMUS_AST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <faultline/rt/check/base.h>

#include "../explore/explore.h"

#define LT_MAX_GLOBALS 64
#define LT_MAX_SLOTS 64
#define LT_MAX_VARS 96
#define LT_MAX_DEPTH 64 /* of nested expressions, statements, conditions */
#define LT_MAX_LOADS 64 /* of one thread, one execution: the bits of a dependency set */

/* An integer, or the address of a shared location. */
struct lt_const {
	int global; /* -1: an integer */
	int64_t value;
};

struct lt_global {
	const char *name;
	struct lt_const init;
	void *addr; /* while the test runs */
};

/* What a call in a test does. */
enum lt_prim_kind {
	LP_LOAD,
	LP_STORE,
	LP_STORE_MB,
	LP_FENCE,
	LP_XCHG,
	LP_CMPXCHG,
	LP_ADD_UNLESS,
	LP_OP,		/* no value */
	LP_OP_RETURN,	/* the new value */
	LP_OP_FETCH,	/* the old value */
	LP_OP_TEST,	/* new value == 0 */
	LP_OP_NEGATIVE, /* new value < 0 */
	LP_LOCK,
	LP_UNLOCK,
	LP_TRYLOCK,
	LP_IS_LOCKED,
	LP_SRCU_LOCK,
	LP_SRCU_UNLOCK,
	LP_SYNC_SRCU,
};

enum lt_rmw_op { LO_ADD, LO_SUB, LO_AND, LO_OR, LO_XOR, LO_ANDNOT };

struct lt_prim {
	enum lt_prim_kind kind;
	/* One letter per argument: X a pointer, L an lvalue, V and W values in the order used. */
	const char *args;
	enum fl_order order;
	enum fl_fence fence;
	enum lt_rmw_op op;
	bool by_one; /* inc, dec: no operand */
	bool has_value;
};

enum lt_expr_kind {
	LE_CONST,
	LE_LOCAL,
	LE_UNARY,  /* op: '-' '!' '~' */
	LE_BINARY, /* op: enum lt_binop */
	LE_LOAD,   /* plain or by READ_ONCE() and the like: x, prim.order */
	LE_PRIM,   /* x, v, w by prim */
};

enum lt_binop {
	LB_MUL,
	LB_DIV,
	LB_ADD,
	LB_SUB,
	LB_LT,
	LB_GT,
	LB_LE,
	LB_GE,
	LB_EQ,
	LB_NE,
	LB_AND,
	LB_XOR,
	LB_OR,
	LB_LAND,
	LB_LOR,
};

struct lt_expr {
	enum lt_expr_kind kind;
	int op, slot;
	struct lt_const c;
	struct lt_prim prim;
	struct lt_expr *x, *v, *w; /* address and operands */
	struct fl_site *site;
};

enum lt_stmt_kind { LS_EXPR, LS_ASSIGN, LS_STORE, LS_IF, LS_WHILE, LS_DO, LS_BLOCK };

struct lt_stmt {
	enum lt_stmt_kind kind;
	int slot;	       /* LS_ASSIGN */
	struct lt_expr *x, *e; /* LS_STORE: address; value or condition */
	struct lt_stmt *body, *otherwise, *step, *next;
	int line;
	struct fl_site *site;
};

struct lt_slot {
	const char *name;
	struct lt_const init;
	bool param, known; /* known: declared, or assigned somewhere */
	int used_line;
};

struct lt_thread {
	int number, nslots;
	const char *name;
	struct lt_slot slot[LT_MAX_SLOTS];
	struct lt_stmt *body;
};

/* A register or location that the test asks about. */
struct lt_var {
	const char *text; /* "1:r0" or "x" */
	int thread, slot; /* slot -1: no such local, it stays 0 */
	int global;	  /* -1: a register */
	bool shown;	  /* in states: not of the filter only */
};

enum lt_cond_kind { LC_TRUE, LC_FALSE, LC_EQ, LC_EQ_VAR, LC_NOT, LC_AND, LC_OR, LC_IMPLIES };

struct lt_cond {
	enum lt_cond_kind kind;
	int var, other;
	struct lt_const c;
	struct lt_cond *a, *b;
};

enum lt_quantifier { LQ_EXISTS, LQ_NOT_EXISTS, LQ_FORALL };

struct lt_test {
	const char *file, *name;
	int nglobals, nthreads, nvars;
	struct lt_global global[LT_MAX_GLOBALS];
	struct lt_thread *thread[FLX_MAX_THREADS];
	struct lt_var var[LT_MAX_VARS];
	int order[LT_MAX_VARS]; /* shown variables, as states list them */
	int nshown;
	enum lt_quantifier quantifier;
	struct lt_cond *cond, *filter; /* filter may be NULL */
	bool has_loop;
	bool unmatched_lock, unmatched_unlock; /* rcu_read_lock() without partner */
	struct lt_chunk *chunks;
};

/* Zeroed; never NULL (aborts). */
void *lt_alloc(struct lt_test *t, size_t size);
const char *lt_copy(struct lt_test *t, const char *text, size_t len);

/* The primitive of this name; false: none of linux-kernel.def. */
bool lt_find_prim(const char *name, size_t len, struct lt_prim *out);

#endif
