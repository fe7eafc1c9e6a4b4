/* SPDX-License-Identifier: MIT */
/* symmetry.c - see symmetry.h. */
#include "symmetry.h"

#include "exec.h"
#include "learn.h"
#include "memory.h"
#include "search.h"

static bool enabled;
static bool distinct[FLX_MAX_THREADS]; /* known to differ from any other */

void symmetry_begin(bool on)
{
	enabled = on;
	for (int t = 0; t < FLX_MAX_THREADS; t++)
		distinct[t] = false;
}

static bool without(enum flx_mutant rule)
{
	return S.opt->mutant == rule;
}

static void make_distinct(int t)
{
	if (!enabled || distinct[t])
		return;
	distinct[t] = true;
	learn_again = true;
}

void symmetry_known(int t)
{
	if (!without(FLX_MUT_SYM_SELF))
		make_distinct(t);
}

/* Is @t equal to the thread that was created just before it? Then that is returned, else -1. */
static int equal_before(int t)
{
	int spawn = G.spawn[t], before;

	if (!enabled || t < program->nthreads || spawn == EV_NONE || distinct[t])
		return -1;
	before = graph_po_prev(&G, spawn);
	while (without(FLX_MUT_SYM_BETWEEN) && before != EV_NONE && G.ev[before].kind != EV_SPAWN)
		before = graph_po_prev(&G, before);
	if (before == EV_NONE || G.ev[before].kind != EV_SPAWN)
		return -1;
	before = G.ev[before].target;
	if (distinct[before])
		return -1;
	return exec_same_code(before, t) || without(FLX_MUT_SYM_ANY_CODE) ? before : -1;
}

static bool are_equal(int t, int u)
{
	for (int v = t; v >= 0; v = equal_before(v))
		if (v == u)
			return true;
	for (int v = u; v >= 0; v = equal_before(v))
		if (v == t)
			return true;
	return false;
}

static uint64_t place_of(int id, const uint16_t *rank)
{
	const struct ev *e = &G.ev[id];

	if (e->kind == EV_CHOICE)
		return without(FLX_MUT_SYM_NO_CHOICE) ? 0 : e->rval;
	if (e->kind == EV_READ)
		return e->rf == EV_INIT ? 0 : rank[e->rf];
	return e->kind == EV_WRITE ? rank[id] : 0;
}

/* Do the keys of the equal threads @t and @u, in this order, decrease? */
static bool decreases(int t, int u, const uint16_t *rank)
{
	int n = G.tn[t] < G.tn[u] ? G.tn[t] : G.tn[u];

	for (int i = 0; i < n; i++) {
		uint64_t x = place_of(G.tev[t][i], rank), y = place_of(G.tev[u][i], rank);

		if (x != y)
			return x > y;
	}
	return G.tn[t] > G.tn[u];
}

bool symmetry_elsewhere(void)
{
	static uint16_t rank[EV_CAP];
	bool ranked = false;

	for (int t = program->nthreads; enabled && t < G.nthreads; t++) {
		int before = equal_before(t);

		if (before < 0)
			continue;
		for (int l = 1; !ranked && l < G.loc_cap; l++) {
			int k = 1;

			for (int w = G.loc[l].co_head; w != EV_NONE; w = G.ev[w].co_next)
				rank[w] = (uint16_t)k++;
		}
		ranked = true;
		if (decreases(before, t, rank))
			return true;
	}
	return false;
}

/* Does @t do nothing before its event @r that an equal thread could do with a smaller key? */
static bool has_least_key_until(int t, int r)
{
	for (int i = 0; i < G.ev[r].idx; i++) {
		const struct ev *e = &G.ev[G.tev[t][i]];

		if (e->kind == EV_WRITE || (e->kind == EV_READ && e->rf != EV_INIT) ||
		    (e->kind == EV_CHOICE && e->rval && !without(FLX_MUT_SYM_NO_CHOICE)))
			return false;
	}
	return true;
}

/* Is thread @u's event at the place of @r in its thread a read-modify-write in the unbroken row of them up to @w? */
static bool is_in_row(int u, int r, int w)
{
	while (w != EV_INIT && (G.ev[w].flags & EVF_RMW)) {
		int load = graph_po_prev(&G, w);

		if (G.ev[load].thread == u && G.ev[load].idx == G.ev[r].idx)
			return true;
		w = G.ev[load].rf;
	}
	return false;
}

static bool is_row(int w)
{
	while (w != EV_INIT && (G.ev[w].flags & EVF_RMW))
		w = G.ev[graph_po_prev(&G, w)].rf;
	return w == EV_INIT;
}

/* A read-modify-write without a condition, or one that waits for it. */
static bool stores_in_any_case(const struct label *op)
{
	return (op->flags & EVF_AWAIT) || op->fn == fl_rmw_xchg || op->fn == fl_rmw_add ||
	       op->fn == fl_rmw_and || op->fn == fl_rmw_or || op->fn == fl_rmw_xor;
}

/*
 * The load @r of thread t reads w, which another read-modify-write has taken, so that one (or all that came after an earlier
 * load) has to give way: whatever comes of this, there is always a load that reads t's store, or depends on it, and
 * was added before r. So r stays, reading w, and so does all that r depends on: w and the row of
 * read-modify-writes, each reading from the one before it, that leads from the initial value to it. Nothing gets
 * between these any more. An equal thread u before t must not have a greater key, and until here t has the least
 * one, so u does the same as t until there; then it has to read in the row before w (w itself t has). A
 * condition may let it read there without storing; if there is none, u's store is in the row, or never will be.
 */
bool symmetry_forbids(int r)
{
	const struct ev *e = &G.ev[r];
	int t = e->thread, w = e->rf;

	if (!enabled || !(e->flags & EVF_RMW) || equal_before(t) < 0)
		return false;
	if (!graph_consumed(&G, e->loc, w))
		return false;
	if ((!stores_in_any_case(e->op) && !without(FLX_MUT_SYM_MAY_FAIL)) ||
	    (!is_row(w) && !without(FLX_MUT_SYM_ANY_ROW)) ||
	    (!has_least_key_until(t, r) && !without(FLX_MUT_SYM_ANY_KEY)))
		return false;
	for (int u = equal_before(t); u >= 0; u = equal_before(u))
		if (!is_in_row(u, r, w))
			return true;
	return false;
}

static bool is_own_address(uint64_t value, int t)
{
	return memory_zone(value) == t || value - (uintptr_t)T[t].fibre.stack < T[t].fibre.size;
}

static bool hands_on_own_address(const struct label *l, int t)
{
	if (l->kind == EV_WRITE)
		return is_own_address(l->val, t);
	return (l->kind == EV_READ || l->kind == EV_ADD) && (l->flags & EVF_COND) &&
	       (is_own_address(l->a, t) || is_own_address(l->b, t));
}

/* Does who has joined these two learn the same from both? */
static bool same_result(const struct ev *join, const struct ev *other)
{
	if (without(FLX_MUT_SYM_RESULT))
		return true;
	return join->op->a == other->op->a && exec_result(join) == exec_result(other);
}

/*
 * Threads that @t has joined one after the other, up to its last event: are they all equal ones, or none equal to them, and
 * is there nothing to tell them apart?
 */
static void look_at_joins(const struct label *l, int t)
{
	const struct ev *e = G.tn[t] ? &G.ev[G.tev[t][G.tn[t] - 1]] : NULL;
	int joined;

	if (!e || e->kind != EV_JOIN)
		return;
	joined = e->target;
	if (l->kind == EV_JOIN && !l->stop && are_equal(joined, l->target))
		return;
	/* The row of joins ends here: is somebody equal left out? */
	for (int u = program->nthreads; u < G.nthreads; u++) {
		bool in_row = false;

		if (u == joined || !are_equal(u, joined))
			continue;
		for (int i = G.tn[t] - 1; i >= 0; i--) {
			const struct ev *j = &G.ev[G.tev[t][i]];

			if (j->kind != EV_JOIN || !are_equal(j->target, joined))
				break;
			in_row |= j->target == u && same_result(j, e);
		}
		if (!in_row)
			make_distinct(u);
	}
}

/* Waits for a thread equal to itself, or for what one of its own ended with, which its key does not have. */
static bool looks_at_others(const struct label *join, int t)
{
	return are_equal(t, join->target) || (join->a && t >= program->nthreads);
}

static bool same_operation(const struct label *a, const struct label *b)
{
	if (a->stop || b->stop || a->kind != b->kind || a->kind == EV_SPAWN || a->kind == EV_JOIN)
		return a->stop || b->stop || a->kind == b->kind;
	return a->loc == b->loc && a->order == b->order && a->fence == b->fence && a->fn == b->fn &&
	       a->a == b->a && a->b == b->b && a->val == b->val;
}

/* An equal thread that has read the same does something else: what is equal is the code, but they know their addresses. */
static bool goes_another_way(const struct label *l, int t)
{
	for (int u = program->nthreads; u < G.nthreads; u++) {
		const struct label *other;

		if (u == t || distinct[u] || !are_equal(t, u))
			continue;
		other = exec_label_like(t, u);
		if (other && !same_operation(l, other))
			return true;
	}
	return false;
}

void symmetry_look(const struct label *l, int t)
{
	if (!enabled)
		return;
	if (!without(FLX_MUT_SYM_JOINS))
		look_at_joins(l, t);
	if (l->stop)
		return;
	if (t >= program->nthreads && !distinct[t] && !without(FLX_MUT_SYM_OTHER_WAY) &&
	    goes_another_way(l, t))
		make_distinct(t);
	if (l->kind == EV_JOIN && looks_at_others(l, t) && !without(FLX_MUT_SYM_OTHERS))
		make_distinct(t);
	if (l->kind <= EV_ADD && !without(FLX_MUT_SYM_OWN_ADDRESS) &&
	    (hands_on_own_address(l, t) || is_own_address(locs[l->loc].addr, t)))
		make_distinct(t);
}
