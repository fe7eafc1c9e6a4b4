/* SPDX-License-Identifier: MIT */
/*
 * refmodel.h - what a memory model allows for a small program, found the slow and obvious way.
 *
 * The reference that the check engine's tests compare with. It shares nothing with lib/explore: a
 * program is a table of straight-line operations, its executions are found by trying every
 * combination of reads-from and store order and by judging each whole graph with the model's axioms
 * written as operations on boolean matrices. For sc, tso and most of rc11 there is a second, operational
 * enumerator (interleavings; store buffers; views), so that the reference can be tested against itself.
 *
 * Left out, as the engine leaves them out: executions with a cycle in program order and reads-from.
 * Not modelled: data and control dependencies (native code has none that anyone tracks), but for that of a
 * read-modify-write that computes what it stores.
 *
 * Programs are written as text, one line each:
 *
 *	x=1 : W x 2; mb; R y | Ra y; R x
 *
 * Initial values (default 0), ':', threads separated by '|', operations by ';'. Locations are names.
 * Operations that yield a value define r0, r1, ... of their thread in this order, also when skipped.
 *
 *	R x   Ra x   Rp x          READ_ONCE, smp_load_acquire, plain load
 *	W x v  Wr x v  Wp x v      WRITE_ONCE, smp_store_release, plain store
 *	xchg x v   add x v   cas x old new   addu x v unless
 *	                           value-returning RMWs, r = value before; suffix .acq .rel .rlx;
 *	                           fully ordered (if they succeed) without a suffix
 *	vadd x v                   a void RMW: no order, its load is Noreturn
 *	await x v  await.acq x v   waits until x == v; also .sc
 *	lock l   unlock l   trylock l (r = success)
 *	mb rmb wmb before after aspin aul    smp_mb() .. smp_mb__after_unlock_lock()
 *	rl ru sync                 rcu_read_lock, rcu_read_unlock, synchronize_rcu
 *	dep x                      later accesses to x by this thread have their address from the load
 *	                           (or value-returning RMW) just before this
 *	ifeq r0 v n   ifne r0 v n  skip the next n operations if r0 == v (r0 != v)
 *
 * For rc11, where R, W, .acq, .rel and .rlx are the C11 orders of these names:
 *
 *	Rs x   Ws x v              seq_cst load and store
 *	.ar .sc                    suffixes of xchg, add, cas: acq_rel, seq_cst
 *	cas.S.F x old new          order F (acq, sc) if it fails; without: relaxed
 *	f.acq f.rel f.ar f.sc      atomic_thread_fence()
 *	spawn n   join n           starts thread n (0: the leftmost), waits for its end. A thread that
 *	                           somebody starts does not run before; at most one spawn for each
 *
 * v is a constant, rN or rN+c.
 */
#ifndef FL_TEST_REFMODEL_H
#define FL_TEST_REFMODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <faultline/rt/types.h>

#define RM_MAX_THREADS 16
#define RM_MAX_OPS 64 /* in all threads together */
#define RM_MAX_LOCS 16
#define RM_MAX_OUT (RM_MAX_OPS + RM_MAX_LOCS)

enum rm_model {
	RM_SC,
	RM_TSO,
	RM_LKMM,
	RM_RC11,
	RM_NR_MODELS,
	/* lkmm with every store taken to depend on all marked loads before it in its thread. */
	RM_LKMM_CTRL = RM_NR_MODELS,
	/*
	 * rc11 whose seq_cst events take effect in an order that extends program order and reads-from:
	 * less than rc11, what a machine can do that runs without guessing.
	 */
	RM_RC11_STEPS,
};

enum rm_kind {
	RM_LOAD,
	RM_STORE,
	RM_XCHG,
	RM_ADD,
	RM_CAS,
	RM_ADD_UNLESS,
	RM_AWAIT,
	RM_LOCK,
	RM_TRYLOCK,
	RM_UNLOCK,
	RM_FENCE,
	RM_DEP,
	RM_SKIP_EQ,
	RM_SKIP_NE,
	RM_SPAWN,
	RM_JOIN,
};

/* c, or the value of operation @op (an index into rm_prog.op) plus c. */
struct rm_arg {
	int op; /* -1: constant */
	int c;
};

struct rm_op {
	enum rm_kind kind;
	enum fl_order order;
	enum fl_order fail; /* of a RMW whose condition does not hold; 0: relaxed */
	enum fl_fence fence;
	bool noreturn;
	int thread;
	int loc;
	int skip; /* RM_SKIP_*: how many operations */
	struct rm_arg
		a; /* stored value, operand, awaited or compared value; RM_SPAWN, RM_JOIN: whom */
	struct rm_arg b; /* RM_CAS: new value; RM_ADD_UNLESS: the exception; RM_SKIP_*: left side */
};

struct rm_prog {
	int nthreads, nlocs, nops;
	int first[RM_MAX_THREADS + 1]; /* thread t is op[first[t]] .. op[first[t + 1] - 1] */
	struct rm_op op[RM_MAX_OPS];
	int init[RM_MAX_LOCS];
	char loc_name[RM_MAX_LOCS][12];
};

/* In an outcome: the operation was skipped, or its thread waits for ever before it. */
#define RM_UNSET (-777777)

/* One execution. @out: per operation its value (or RM_UNSET), then the final values of memory. */
struct rm_exec {
	uint8_t *key; /* canonical graph: what ran, reads-from, store orders */
	size_t key_len;
	int *out;
};

struct rm_set {
	size_t n, cap;
	struct rm_exec *e; /* sorted by key once the enumeration is done */
};

struct rm_result {
	struct rm_set complete;
	struct rm_set stuck; /* some thread waits for ever */
	bool race;	     /* lkmm, rc11: some execution, complete or stuck, has a data race */
	uint64_t racing[RM_MAX_OPS]; /* racing[i] bit j: operations i and j race somewhere */
	uint64_t candidates;
};

/* 0, or -EINVAL with a reason in @err. */
int rm_parse(struct rm_prog *p, const char *text, char *err, size_t err_size);
/* The inverse, as one line. */
void rm_format(const struct rm_prog *p, char *buf, size_t size);
/* A small table for people, a column per thread. */
void rm_table(const struct rm_prog *p, char *buf, size_t size);
/* One operation as text. */
void rm_format_op(const struct rm_prog *p, int i, char *buf, size_t size);
/* Removes one operation; uses of its value become 0. */
void rm_drop_op(struct rm_prog *p, int i);
void rm_drop_thread(struct rm_prog *p, int t);
bool rm_has_value(const struct rm_op *op);
static inline int rm_nout(const struct rm_prog *p)
{
	return p->nops + p->nlocs;
}
/* What the operation does to the value it reads: false if its condition does not hold. */
bool rm_apply(const struct rm_op *op, int old, int a, int b, int *new_value);

/*
 * All executions of @p under @m. @limit bounds the number of candidate graphs. 0, -E2BIG if the
 * program is too large, -EINVAL if @m has no meaning for it (rm_judges()).
 */
int rm_enumerate(const struct rm_prog *p, enum rm_model m, uint64_t limit, struct rm_result *r);
/* Has @m a meaning for each operation of @p? Under sc all have; kernel and C11 words don't mix otherwise. */
bool rm_judges(enum rm_model m, const struct rm_prog *p);
/* The same by running an abstract machine; -EINVAL for lkmm. rc11: RM_RC11_STEPS; -EINVAL with seq_cst accesses; no races. */
int rm_operational(const struct rm_prog *p, enum rm_model m, uint64_t limit, struct rm_result *r);
void rm_result_free(struct rm_result *r);
/* Sets of graphs: -1 if equal or (@subset) @a is part of @b, else the index in @a or @b of a witness. */
bool rm_set_subset(const struct rm_set *a, const struct rm_set *b, size_t *witness);

/* A conjunction such as "0:r0=1 1:r1=0 x=2". */
struct rm_cond {
	int n;
	int idx[RM_MAX_OUT], val[RM_MAX_OUT]; /* into rm_exec.out */
};
int rm_parse_cond(struct rm_cond *c, const struct rm_prog *p, const char *text, char *err,
		  size_t err_size);
bool rm_cond_holds(const struct rm_cond *c, const int *out);
void rm_format_out(const struct rm_prog *p, const int *out, char *buf, size_t size);

extern const char *const rm_model_name[RM_NR_MODELS];

#endif
