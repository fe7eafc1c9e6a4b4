/* SPDX-License-Identifier: MIT */
/*
 * cover_walk.c - goes through a thread's code once, without running it, and notes its accesses.
 *
 * Of each local it knows what holds on every way through the code: its value, and loads that it depends
 * on for certain. Where two ways meet, what differs is forgotten.
 */
#include <string.h>

#include "cover.h"

struct known {
	struct cover_value v;
	uint64_t loads;
};

struct walk {
	struct lt_test *t;
	const struct lt_thread *th;
	const struct cover_value *wanted;
	struct cover_thread *out;
	struct known local[LT_MAX_SLOTS];
	const struct cover_block *block;
	uint64_t ctrl;
	int loops, depth, sections; /* depth: of RCU sections */
};

static struct known nothing(void)
{
	return (struct known){ { false, { -1, 0 } }, 0 };
}

static struct known constant(int64_t v)
{
	return (struct known){ { true, { -1, v } }, 0 };
}

static bool same_const(const struct lt_const *a, const struct lt_const *b)
{
	return a->global == b->global && (a->global >= 0 || a->value == b->value);
}

static struct known meet(const struct known *a, const struct known *b)
{
	struct known r = *a;

	r.loads &= b->loads;
	if (!b->v.known || !a->v.known || !same_const(&a->v.c, &b->v.c))
		r.v.known = false;
	return r;
}

static struct cover_access *note(struct walk *w)
{
	static struct cover_access scratch;
	struct cover_access *a = &scratch;

	if (w->out->n == COVER_MAX)
		w->out->overflow = true;
	else
		a = &w->out->a[w->out->n++];
	memset(a, 0, sizeof(*a));
	a->block = w->block;
	a->section = w->depth ? w->sections : 0;
	a->ctrl = w->ctrl;
	return a;
}

/* The set of the access noted last. */
static uint64_t last(const struct walk *w)
{
	return w->out->overflow || !w->out->n ? 0 : 1ull << (w->out->n - 1);
}

static struct known walk_expr(struct walk *w, const struct lt_expr *e,
			      const struct cover_value *wanted);

static void set_where(struct cover_access *a, const struct known *x)
{
	a->where = x->v;
	a->addr = x->loads;
	a->marked = true;
}

static struct known walk_call(struct walk *w, const struct lt_expr *e,
			      const struct cover_value *wanted)
{
	enum lt_prim_kind kind = e->prim.kind;
	struct known x = nothing(), v = nothing(), r = nothing();
	struct cover_access *a;

	if (e->x)
		x = walk_expr(w, e->x, NULL);
	if (e->v)
		v = walk_expr(w, e->v, NULL);
	if (e->w)
		r = walk_expr(w, e->w, NULL);
	a = note(w);
	if (kind == LP_FENCE || kind == LP_SYNC_SRCU) {
		a->kind = CA_FENCE;
		a->fence = kind == LP_FENCE ? e->prim.fence : FL_FENCE_SYNC_SRCU;
		if (a->fence == FL_FENCE_RCU_LOCK && !w->depth++)
			w->sections++;
		w->depth -= a->fence == FL_FENCE_RCU_UNLOCK && w->depth;
		return nothing();
	}
	set_where(a, &x);
	a->order = e->prim.order;
	a->reads = kind != LP_STORE && kind != LP_STORE_MB && kind != LP_UNLOCK &&
		   kind != LP_SRCU_UNLOCK;
	a->writes = kind != LP_LOAD && kind != LP_IS_LOCKED && kind != LP_SRCU_LOCK;
	a->conditional = kind == LP_CMPXCHG || kind == LP_ADD_UNLESS || kind == LP_TRYLOCK;
	a->data = v.loads;
	switch (kind) {
	case LP_LOAD:
		a->marked = e->prim.order != FL_PLAIN;
		if (wanted)
			a->wanted = *wanted;
		r = nothing();
		r.v = a->wanted;
		r.loads = last(w);
		return r;
	case LP_STORE:
	case LP_SRCU_UNLOCK:
	case LP_STORE_MB:
		a->stored = v.v;
		if (kind == LP_SRCU_UNLOCK)
			a->order = FL_ONCE;
		if (kind == LP_STORE_MB) {
			a = note(w);
			a->kind = CA_FENCE;
			a->fence = FL_FENCE_MB;
		}
		return nothing();
	case LP_XCHG:
		a->stored = v.v;
		break;
	case LP_CMPXCHG:
		a->stored = r.v;
		a->data = r.loads;
		break;
	case LP_LOCK:
	case LP_TRYLOCK:
		a->lock = true;
		a->order = FL_ACQUIRE;
		return nothing();
	case LP_UNLOCK:
		a->unlock = true;
		a->order = FL_RELEASE;
		return nothing();
	case LP_IS_LOCKED:
		a->order = FL_ONCE;
		return nothing();
	case LP_SRCU_LOCK:
		a->order = FL_ONCE;
		break;
	default:
		break;
	}
	r = nothing();
	r.loads = last(w);
	return r;
}

static struct known walk_binary(struct walk *w, const struct lt_expr *e)
{
	struct known a = walk_expr(w, e->x, NULL), b = walk_expr(w, e->v, NULL);
	struct known r = { { a.v.known && b.v.known, { -1, 0 } }, a.loads | b.loads };
	bool same;
	int64_t x = a.v.c.value, y = b.v.c.value;

	if (!r.v.known)
		return r;
	same = same_const(&a.v.c, &b.v.c);
	if (e->op == LB_EQ || e->op == LB_NE) {
		r.v.c.value = same == (e->op == LB_EQ);
		return r;
	}
	/* Addresses are known to differ, nothing else. */
	if (a.v.c.global >= 0 || b.v.c.global >= 0) {
		r.v.known = false;
		return r;
	}
	switch (e->op) {
	case LB_ADD:
		r.v.c.value = (int64_t)((uint64_t)x + (uint64_t)y);
		break;
	case LB_SUB:
		r.v.c.value = (int64_t)((uint64_t)x - (uint64_t)y);
		break;
	case LB_AND:
		r.v.c.value = x & y;
		break;
	case LB_OR:
		r.v.c.value = x | y;
		break;
	case LB_XOR:
		r.v.c.value = x ^ y;
		break;
	case LB_LT:
		r.v.c.value = x < y;
		break;
	case LB_GT:
		r.v.c.value = x > y;
		break;
	case LB_LE:
		r.v.c.value = x <= y;
		break;
	case LB_GE:
		r.v.c.value = x >= y;
		break;
	default:
		r.v.known = false;
	}
	return r;
}

static struct known walk_expr(struct walk *w, const struct lt_expr *e,
			      const struct cover_value *wanted)
{
	struct known r;

	switch (e->kind) {
	case LE_CONST:
		return constant(e->c.value);
	case LE_LOCAL:
		return w->local[e->slot];
	case LE_UNARY:
		r = walk_expr(w, e->x, NULL);
		if (e->op == '!' && r.v.known)
			r.v.c = (struct lt_const){ -1, r.v.c.global < 0 && !r.v.c.value };
		else if (e->op == '-' && r.v.known && r.v.c.global < 0)
			r.v.c.value = (int64_t)(0 - (uint64_t)r.v.c.value);
		else
			r.v.known = false;
		return r;
	case LE_BINARY:
		return walk_binary(w, e);
	default:
		return walk_call(w, e, wanted);
	}
}

static void walk_stmts(struct walk *w, const struct lt_stmt *s);

static void forget_assigned(struct walk *w, const struct lt_stmt *s)
{
	for (; s; s = s->next) {
		if (s->kind == LS_ASSIGN)
			w->local[s->slot] = nothing();
		forget_assigned(w, s->body);
		forget_assigned(w, s->otherwise);
		forget_assigned(w, s->step);
	}
}

static const struct cover_block *new_block(struct walk *w, const struct lt_stmt *s, bool arm)
{
	struct cover_block *b = lt_alloc(w->t, sizeof(*b));

	b->up = (struct cover_block *)w->block;
	b->depth = w->block ? w->block->depth + 1 : 0;
	b->loop = w->block ? w->block->loop : 0;
	b->choice = s;
	b->arm = arm;
	if (s && s->kind != LS_IF)
		b->loop = ++w->loops;
	return b;
}

static void walk_arm(struct walk *w, const struct lt_stmt *s, bool arm, uint64_t ctrl)
{
	const struct cover_block *outside = w->block;
	uint64_t before = w->ctrl;

	w->block = new_block(w, s, arm);
	w->ctrl |= ctrl;
	walk_stmts(w, arm ? s->body : s->otherwise);
	w->ctrl = before;
	w->block = outside;
}

static void walk_if(struct walk *w, const struct lt_stmt *s)
{
	struct known c = walk_expr(w, s->e, NULL), before[LT_MAX_SLOTS], after[LT_MAX_SLOTS];
	int depth = w->depth;

	if (c.v.known) {
		walk_arm(w, s, c.v.c.global >= 0 || c.v.c.value, c.loads);
		return;
	}
	memcpy(before, w->local, sizeof(before));
	walk_arm(w, s, true, c.loads);
	memcpy(after, w->local, sizeof(after));
	memcpy(w->local, before, sizeof(before));
	w->depth = depth;
	walk_arm(w, s, false, c.loads);
	for (int i = 0; i < w->th->nslots; i++)
		w->local[i] = meet(&w->local[i], &after[i]);
}

/* In a loop a load stands for many: nothing is said of what depends on it. */
static void walk_loop(struct walk *w, const struct lt_stmt *s)
{
	const struct cover_block *outside = w->block;

	forget_assigned(w, s->body);
	forget_assigned(w, s->step);
	w->block = new_block(w, s, true);
	if (s->kind == LS_WHILE)
		walk_expr(w, s->e, NULL);
	walk_stmts(w, s->body);
	walk_stmts(w, s->step);
	if (s->kind == LS_DO)
		walk_expr(w, s->e, NULL);
	w->block = outside;
	forget_assigned(w, s->body);
	forget_assigned(w, s->step);
}

static void walk_stmts(struct walk *w, const struct lt_stmt *s)
{
	for (; s; s = s->next) {
		struct known x, v;
		struct cover_access *a;

		switch (s->kind) {
		case LS_EXPR:
			walk_expr(w, s->e, NULL);
			break;
		case LS_ASSIGN:
			w->local[s->slot] = walk_expr(w, s->e, &w->wanted[s->slot]);
			break;
		case LS_STORE:
			x = walk_expr(w, s->x, NULL);
			v = walk_expr(w, s->e, NULL);
			a = note(w);
			set_where(a, &x);
			a->marked = false;
			a->writes = true;
			a->data = v.loads;
			a->stored = v.v;
			break;
		case LS_IF:
			walk_if(w, s);
			break;
		case LS_WHILE:
		case LS_DO:
			walk_loop(w, s);
			break;
		case LS_BLOCK:
			walk_stmts(w, s->body);
			break;
		}
	}
}

void cover_walk(struct lt_test *t, const struct lt_thread *th, const struct cover_value *wanted,
		struct cover_thread *out)
{
	struct walk w = { .t = t, .th = th, .wanted = wanted, .out = out };

	memset(out, 0, sizeof(*out));
	for (int i = 0; i < th->nslots; i++)
		w.local[i] = (struct known){ { true, th->slot[i].init }, 0 };
	w.block = new_block(&w, NULL, true);
	walk_stmts(&w, th->body);
	for (int i = 0; i < out->n; i++)
		if (out->a[i].block->loop)
			for (int j = 0; j < out->n; j++) {
				out->a[j].addr &= ~(1ull << i);
				out->a[j].data &= ~(1ull << i);
				out->a[j].ctrl &= ~(1ull << i);
			}
}
