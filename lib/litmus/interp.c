/* SPDX-License-Identifier: MIT */
/*
 * interp.c - runs a thread of a litmus test: each access is an event of the engine, with the dependencies
 * that its syntax gives it.
 *
 * The loads of a thread are numbered as they happen; a set of them is a word. They are collected as herd7
 * does it for C:
 *
 *  - A local has the loads of the value last assigned to it, through any number of locals.
 *  - Data and address of an access depend on the loads in, and behind the locals in, that expression. A load
 *    passes on itself alone, not what its address came from.
 *  - A branch controls the events of its arms, not what follows the if. A local assigned in an arm carries
 *    the locals of the condition, but to other conditions only.
 *  - The expected value of a cmpxchg gives no dependency, nor does a failed cmpxchg's new value. The store
 *    of an atomic operation depends on its own load; that of an exchange does not.
 */
#include "interp.h"

#include <stdio.h>
#include <string.h>

#include "../explore/exec.h"

bool lt_run_cut;

static struct lt_test *test;

struct value {
	int64_t v;
	uint64_t loads;	 /* in the expression */
	uint64_t locals; /* behind the locals in it */
	uint64_t ctrl;	 /* that its locals carry to conditions */
	uint64_t addr;	 /* that the addresses of its loads came from */
	uint64_t lock;	 /* looks at locks: reach conditions through a local only */
};

struct frame {
	struct lt_run_thread *rt;
	uint64_t ctrl;	  /* of the branches around */
	uint64_t carried; /* the part of it that assignments hand on */
};

static struct value eval(struct frame *f, const struct lt_expr *e);

static uint64_t deps_of(const struct value *v)
{
	return v->loads | v->locals;
}

/* Stops the thread for good: such an execution is none. */
static bool never(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)a, (void)b;
	*n = old;
	return false;
}

static void give_up(void)
{
	static const struct fl_site site = { .file = __FILE__,
					     .func = "litmus",
					     .text = "give up" };
	static int64_t nowhere;

	for (;;)
		fl_ev_await(test->nglobals ? test->global[0].addr : &nowhere, 8, never, 0, 0,
			    FL_ONCE, FL_RMW_MAY_WAIT, &site);
}

/* Ends the exploration: the test can't be run. */
static void refuse(const struct fl_site *site, const char *what)
{
	if (!exec_error[0])
		snprintf(exec_error, sizeof(exec_error), "%.100s:%d: %.80s: %s", site->file,
			 site->line, site->text, what);
	give_up();
}

static void *address(const struct value *a, const struct fl_site *site)
{
	for (int i = 0; i < test->nglobals; i++)
		if ((int64_t)(intptr_t)test->global[i].addr == a->v)
			return test->global[i].addr;
	refuse(site, a->v ? "the pointer is not the address of a location"
			  : "the pointer is NULL in some execution");
	return NULL;
}

/* The number of the thread's next load, after announcing what the access depends on. */
static int announce(struct frame *f, const struct value *addr, uint64_t data, bool own_load,
		    const struct fl_site *site)
{
	int k = fl_ev_loads();
	struct fl_deps d = { .addr = deps_of(addr), .data = data, .ctrl = f->ctrl, .exact = true };

	if (k >= LT_MAX_LOADS)
		refuse(site, "more than 64 loads in a thread");
	if (own_load)
		d.data |= 1ull << k;
	fl_ev_deps(&d);
	return k;
}

static struct value loaded(int64_t v, int k, const struct value *addr)
{
	return (struct value){ .v = v, .loads = 1ull << k, .addr = deps_of(addr) };
}

static bool rmw_andnot(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)b;
	*n = old & ~a;
	return true;
}

static bool rmw_sub(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)b;
	*n = old - a;
	return true;
}

static bool rmw_lock(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)a, (void)b;
	*n = 1;
	return !old;
}

static const fl_rmw_fn operation[] = {
	[LO_ADD] = fl_rmw_add, [LO_SUB] = rmw_sub,    [LO_AND] = fl_rmw_and,
	[LO_OR] = fl_rmw_or,   [LO_XOR] = fl_rmw_xor, [LO_ANDNOT] = rmw_andnot,
};

static struct value atomic_op(struct frame *f, const struct lt_expr *e, const struct value *x,
			      const struct value *v, void *p)
{
	uint64_t a = e->prim.by_one ? 1 : (uint64_t)v->v, old, new;
	unsigned int flags = e->prim.kind == LP_OP ? FL_RMW_NORETURN : 0;
	int k = announce(f, x, deps_of(v), true, e->site);
	struct value r;

	fl_ev_rmw(p, 8, operation[e->prim.op], a, 0, e->prim.order, flags, e->site, &old);
	operation[e->prim.op](old, a, 0, &new);
	r = loaded((int64_t) new, k, x);
	/* The result hangs on the operand as well. */
	r.loads |= v->loads;
	r.locals = v->locals;
	r.ctrl = v->ctrl;
	if (e->prim.kind == LP_OP_FETCH)
		r.v = (int64_t)old;
	else if (e->prim.kind == LP_OP_TEST)
		r.v = !new;
	else if (e->prim.kind == LP_OP_NEGATIVE)
		r.v = (int64_t) new < 0;
	return r;
}

static struct value exchange(struct frame *f, const struct lt_expr *e, const struct value *x,
			     const struct value *v, const struct value *w, void *p)
{
	struct value r;
	uint64_t old;
	bool ok;
	int k;

	switch (e->prim.kind) {
	case LP_XCHG:
		k = announce(f, x, deps_of(v), false, e->site);
		fl_ev_rmw(p, 8, fl_rmw_xchg, (uint64_t)v->v, 0, e->prim.order, 0, e->site, &old);
		return loaded((int64_t)old, k, x);
	case LP_CMPXCHG:
		k = announce(f, x, deps_of(w), false, e->site);
		fl_ev_rmw(p, 8, fl_rmw_cmpxchg, (uint64_t)v->v, (uint64_t)w->v, e->prim.order, 0,
			  e->site, &old);
		return loaded((int64_t)old, k, x);
	default: /* LP_ADD_UNLESS */
		k = announce(f, x, deps_of(v), true, e->site);
		ok = fl_ev_rmw(p, 8, fl_rmw_add_unless, (uint64_t)v->v, (uint64_t)w->v,
			       e->prim.order, 0, e->site, &old);
		r = loaded(ok, k, x);
		r.loads |= w->loads;
		r.locals = w->locals;
		r.ctrl = w->ctrl;
		return r;
	}
}

static struct value lock_op(struct frame *f, const struct lt_expr *e, const struct value *x,
			    void *p)
{
	uint64_t old;
	struct value r = { 0 };
	int k = announce(f, x, 0, false, e->site);

	switch (e->prim.kind) {
	case LP_LOCK:
		fl_ev_rmw(p, 8, rmw_lock, 1, 0, FL_ACQUIRE,
			  FL_RMW_AWAIT | FL_RMW_LOCK | FL_RMW_MAY_WAIT, e->site, &old);
		break;
	case LP_UNLOCK:
		fl_ev_unlock(p, 8, e->site);
		break;
	case LP_TRYLOCK:
		r.v = fl_ev_rmw(p, 8, rmw_lock, 1, 0, FL_ACQUIRE, FL_RMW_LOCK, e->site, &old);
		/* A success is an acquire; as a source of dependencies herd7 knows the failure alone. */
		r.lock = r.v ? 0 : 1ull << k;
		break;
	default: /* LP_IS_LOCKED */
		r.v = fl_ev_load(p, 8, FL_ONCE, e->site) != 0;
		r.lock = 1ull << k;
	}
	return r;
}

static struct value call(struct frame *f, const struct lt_expr *e)
{
	struct value zero = { 0 }, x = zero, v = zero, w = zero;
	void *p = NULL;
	int k;

	if (e->x) {
		x = eval(f, e->x);
		if (e->v)
			v = eval(f, e->v);
		if (e->w)
			w = eval(f, e->w);
		p = address(&x, e->site);
	}
	switch (e->prim.kind) {
	case LP_FENCE:
		fl_ev_fence(e->prim.fence, e->site);
		return zero;
	case LP_LOAD:
		k = announce(f, &x, 0, false, e->site);
		return loaded((int64_t)fl_ev_load(p, 8, e->prim.order, e->site), k, &x);
	case LP_STORE:
	case LP_STORE_MB:
		announce(f, &x, deps_of(&v), false, e->site);
		fl_ev_store(p, 8, (uint64_t)v.v, e->prim.order, e->site);
		if (e->prim.kind == LP_STORE_MB)
			fl_ev_fence(FL_FENCE_MB, e->site);
		return zero;
	case LP_XCHG:
	case LP_CMPXCHG:
	case LP_ADD_UNLESS:
		return exchange(f, e, &x, &v, &w, p);
	case LP_OP:
	case LP_OP_RETURN:
	case LP_OP_FETCH:
	case LP_OP_TEST:
	case LP_OP_NEGATIVE:
		return atomic_op(f, e, &x, &v, p);
	case LP_LOCK:
	case LP_UNLOCK:
	case LP_TRYLOCK:
	case LP_IS_LOCKED:
		return lock_op(f, e, &x, p);
	case LP_SRCU_LOCK:
		k = announce(f, &x, 0, false, e->site);
		return loaded((int64_t)fl_ev_srcu_lock(p, 8, e->site), k, &x);
	case LP_SRCU_UNLOCK:
		announce(f, &x, deps_of(&v), false, e->site);
		fl_ev_srcu_unlock(p, 8, (uint64_t)v.v, e->site);
		return zero;
	case LP_SYNC_SRCU:
		fl_ev_sync_srcu(p, 8, e->site);
		return zero;
	}
	return zero;
}

static struct value binary(struct frame *f, const struct lt_expr *e)
{
	struct value a = eval(f, e->x), b = eval(f, e->v);
	uint64_t x = (uint64_t)a.v, y = (uint64_t)b.v, r = 0;

	switch ((enum lt_binop)e->op) {
	case LB_MUL:
		r = x * y;
		break;
	case LB_DIV:
		if (!b.v)
			refuse(e->site, "division by zero in some execution");
		if (b.v == -1 && a.v == INT64_MIN)
			refuse(e->site, "the quotient is too large in some execution");
		r = (uint64_t)(a.v / b.v);
		break;
	case LB_ADD:
		r = x + y;
		break;
	case LB_SUB:
		r = x - y;
		break;
	case LB_LT:
		r = a.v < b.v;
		break;
	case LB_GT:
		r = a.v > b.v;
		break;
	case LB_LE:
		r = a.v <= b.v;
		break;
	case LB_GE:
		r = a.v >= b.v;
		break;
	case LB_EQ:
		r = x == y;
		break;
	case LB_NE:
		r = x != y;
		break;
	case LB_AND:
		r = x & y;
		break;
	case LB_XOR:
		r = x ^ y;
		break;
	case LB_OR:
		r = x | y;
		break;
	case LB_LAND:
		r = x && y;
		break;
	case LB_LOR:
		r = x || y;
		break;
	}
	return (struct value){
		.v = (int64_t)r,
		.loads = a.loads | b.loads,
		.locals = a.locals | b.locals,
		.ctrl = a.ctrl | b.ctrl,
		.addr = a.addr | b.addr,
		.lock = a.lock | b.lock,
	};
}

int64_t lt_const_value(const struct lt_const *c)
{
	return c->global < 0 ? c->value : (int64_t)(intptr_t)test->global[c->global].addr;
}

static struct value eval(struct frame *f, const struct lt_expr *e)
{
	struct value r = { 0 };
	const struct lt_local *l;

	switch (e->kind) {
	case LE_CONST:
		r.v = e->c.value;
		return r;
	case LE_LOCAL:
		l = &f->rt->local[e->slot];
		return (struct value){ .v = l->value, .locals = l->loads, .ctrl = l->ctrl };
	case LE_UNARY:
		r = eval(f, e->x);
		r.v = e->op == '-' ? (int64_t)(0 - (uint64_t)r.v) : e->op == '!' ? !r.v : ~r.v;
		return r;
	case LE_BINARY:
		return binary(f, e);
	case LE_LOAD:
	case LE_PRIM:
		return call(f, e);
	}
	return r;
}

/* What a condition makes of the events that it controls. */
static bool branch(struct frame *inner, struct frame *outer, const struct lt_expr *cond)
{
	struct value c = eval(outer, cond);

	*inner = *outer;
	inner->ctrl |= c.loads | c.locals | c.ctrl | c.addr;
	inner->carried |= c.locals | c.ctrl;
	return c.v != 0;
}

static void run(struct frame *f, const struct lt_stmt *s);

/* What follows the first condition that holds is controlled by it, up to the end of the loop. */
static void loop(struct frame *f, const struct lt_stmt *s)
{
	struct frame inner = *f;

	if (s->kind == LS_DO)
		run(&inner, s->body);
	for (int i = 0; branch(&inner, &inner, s->e); i++) {
		if (i == LT_UNROLL) {
			lt_run_cut = true;
			give_up();
		}
		run(&inner, s->body);
		if (s->step)
			run(&inner, s->step);
	}
}

static void run_one(struct frame *f, const struct lt_stmt *s)
{
	struct frame inner;
	struct lt_local *l;
	struct value v, x;
	void *p;

	switch (s->kind) {
	case LS_EXPR:
		eval(f, s->e);
		break;
	case LS_ASSIGN:
		v = eval(f, s->e);
		l = &f->rt->local[s->slot];
		l->value = v.v;
		l->loads = v.loads | v.locals | v.lock;
		l->ctrl = v.ctrl | f->carried;
		break;
	case LS_STORE:
		x = eval(f, s->x);
		v = eval(f, s->e);
		p = address(&x, s->site);
		announce(f, &x, deps_of(&v), false, s->site);
		fl_ev_store(p, 8, (uint64_t)v.v, FL_PLAIN, s->site);
		break;
	case LS_IF:
		if (branch(&inner, f, s->e))
			run(&inner, s->body);
		else if (s->otherwise)
			run(&inner, s->otherwise);
		break;
	case LS_WHILE:
	case LS_DO:
		loop(f, s);
		break;
	case LS_BLOCK:
		run(f, s->body);
		break;
	}
}

static void run(struct frame *f, const struct lt_stmt *s)
{
	for (; s; s = s->next)
		run_one(f, s);
}

void lt_interp_start(struct lt_test *t)
{
	test = t;
	lt_run_cut = false;
}

void lt_interp_thread(void *run_thread)
{
	struct lt_run_thread *rt = run_thread;
	struct frame f = { .rt = rt };

	rt->done = false;
	memset(rt->local, 0, sizeof(rt->local[0]) * (size_t)rt->th->nslots);
	for (int i = 0; i < rt->th->nslots; i++)
		rt->local[i].value = lt_const_value(&rt->th->slot[i].init);
	run(&f, rt->th->body);
	rt->done = true;
}
