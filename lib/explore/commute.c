/* SPDX-License-Identifier: MIT */
/* commute.c - see commute.h. */
#include "commute.h"

#include <stdlib.h>
#include <string.h>

#include "flow.h"
#include "learn.h"
#include "search.h"

static bool enabled, used; /* used: some thread has such an event */

void commute_begin(bool on)
{
	enabled = on;
	used = false;
}

static bool without(enum flx_mutant rule)
{
	return S.opt->mutant == rule;
}

/* The value that it leaves behind does not depend on which of two of them came first. */
static bool is_of_a_kind(fl_rmw_fn fn)
{
	return fn == fl_rmw_add || fn == fl_rmw_and || fn == fl_rmw_or || fn == fl_rmw_xor;
}

static bool changes_nothing(const struct op *op)
{
	return op->fn == fl_rmw_and ? op->a == (op->size < 8 ? (1ull << 8 * op->size) - 1 : ~0ull)
				    : !op->a;
}

bool commute_takes(const struct op *op)
{
	if (!enabled || op->kind != OP_RMW || op->given || !is_of_a_kind(op->fn) ||
	    learn_if_order_matters(op->addr) || changes_nothing(op))
		return false;
	if (op->order != FL_ONCE && op->order != FL_RELEASE && !without(FLX_MUT_ADD_ANY_ORDER))
		return false;
	if (!flow_ignores_result(op->pc) && !without(FLX_MUT_ADD_USED))
		return false;
	used = true;
	return true;
}

/* The second "or" of a thread may find its bits set: a round of a loop with that changes nothing (round.c). */
static bool may_be_silent(const struct ev *e)
{
	if (e->op->fn != fl_rmw_and && e->op->fn != fl_rmw_or)
		return false;
	for (int a = G.loc[e->loc].add_head; a != EV_NONE; a = G.ev[a].rd_next)
		if (G.ev[a].thread == e->thread && G.ev[a].idx < e->idx)
			return true;
	return false;
}

static void look_at_addition(int i)
{
	const struct ev *e = &G.ev[i];
	const struct loc *l = &G.loc[e->loc];
	const uint16_t *clock = graph_hb(&G, i);
	bool unordered = locs[e->loc].overlaps || may_be_silent(e);

	for (int a = l->add_head; a != EV_NONE; a = G.ev[a].rd_next)
		unordered |= G.ev[a].op->fn != e->op->fn && !without(FLX_MUT_ADD_ANY_KIND);
	for (int w = l->co_head; w != EV_NONE && !without(FLX_MUT_ADD_PAST_STORES);
	     w = G.ev[w].co_next)
		unordered |= !graph_knows(&G, clock, w);
	for (int r = l->rd_head; r != EV_NONE && !without(FLX_MUT_ADD_PAST_LOADS);
	     r = G.ev[r].rd_next)
		unordered |= !graph_knows(&G, clock, r);
	if (unordered)
		learn_order_matters(locs[e->loc].addr);
}

/* Additions come before it: what comes behind it looks at this event in its turn. */
static void look_at_access(int i)
{
	const struct ev *e = &G.ev[i];

	if (without(e->kind == EV_READ ? FLX_MUT_LOAD_PAST_ADDS : FLX_MUT_STORE_PAST_ADDS))
		return;
	for (int a = G.loc[e->loc].add_head; a != EV_NONE; a = G.ev[a].rd_next)
		if (!graph_knows(&G, graph_hb(&G, i), a)) {
			learn_order_matters(locs[e->loc].addr);
			return;
		}
}

static void look_at_fence(const struct ev *e)
{
	if ((e->fence == FL_FENCE_C11_SEQ_CST || e->fence == FL_FENCE_MB) &&
	    !without(FLX_MUT_ADD_SC_FENCES)) {
		enabled = false;
		learn_again |= used;
		return;
	}
	if ((e->fence != FL_FENCE_C11_ACQUIRE && e->fence != FL_FENCE_C11_ACQ_REL) ||
	    without(FLX_MUT_ADD_ACQUIRE_FENCES))
		return;
	for (int i = 0; i < e->idx; i++)
		if (G.ev[G.tev[e->thread][i]].kind == EV_ADD)
			learn_order_matters(locs[G.ev[G.tev[e->thread][i]].loc].addr);
}

void commute_look(int i)
{
	const struct ev *e = &G.ev[i];

	if (!enabled)
		return;
	if (e->kind <= EV_WRITE)
		look_at_access(i);
	else if (e->kind == EV_ADD)
		look_at_addition(i);
	else if (e->kind == EV_FENCE)
		look_at_fence(e);
}

static uint64_t add(const struct ev *a, uint64_t value)
{
	uint64_t sum;

	a->op->fn(value, a->op->a, a->op->b, &sum);
	return locs[a->loc].size < 8 ? sum & ((1ull << 8 * locs[a->loc].size) - 1) : sum;
}

uint64_t commute_value(const struct graph *g, int loc, int w, int after)
{
	uint64_t value = graph_value(g, loc, w);

	if (loc >= g->loc_cap)
		return value;
	for (int a = g->loc[loc].add_head; a != EV_NONE; a = g->ev[a].rd_next) {
		bool before = w >= 0 && graph_knows(g, graph_hb(g, w), a),
		     later = after != EV_NONE && !graph_knows(g, graph_hb(g, after), a);

		if ((!before || without(FLX_MUT_ADD_AGAIN)) && !later)
			value = add(&g->ev[a], value);
	}
	return value;
}

/* ---- additions as read-modify-writes ---- */

static int nr_stores_before(int loc, int e)
{
	int n = 0;

	for (int w = G.loc[loc].co_head; w != EV_NONE; w = G.ev[w].co_next)
		n += graph_knows(&G, graph_hb(&G, e), w);
	return n;
}

/* Of two events one of which is in the other's (po | rf)-prefix, that one has less. */
static unsigned int size_of_prefix(int e)
{
	unsigned int n = 0;

	for (int t = 0; t < G.nthreads; t++)
		n += graph_vc(&G, e)[t];
	return n;
}

static bool comes_first(int a, int b)
{
	int x = nr_stores_before(G.ev[a].loc, a), y = nr_stores_before(G.ev[b].loc, b);
	unsigned int m = size_of_prefix(a), n = size_of_prefix(b);

	if (x != y)
		return x < y;
	return m != n ? m < n : a < b;
}

/* The additions of @loc, in an order in which they may come: @sorted has room for all events. */
static int sort_additions(int loc, int16_t *sorted)
{
	int n = 0;

	for (int a = G.loc[loc].add_head; a != EV_NONE; a = G.ev[a].rd_next) {
		int i = n++;

		for (; i && comes_first(a, sorted[i - 1]); i--)
			sorted[i] = sorted[i - 1];
		sorted[i] = (int16_t)a;
	}
	return n;
}

/*
 * The events of G with two in the place of each EV_ADD. While they are made, rf, co_prev and addr_dep are numbers of G's own
 * events; that of an addition stands for its store.
 */
struct expansion {
	struct ev *ev;
	int16_t *at; /* by G's numbers: of an addition, its load's place */
	int n;
};

static void split(struct expansion *x, int a)
{
	struct ev *load = &x->ev[x->at[a]];

	*load = G.ev[a];
	load->kind = EV_READ;
	load->flags |= EVF_RMW | EVF_COND;
	load[1] = *load;
}

static void fill(struct expansion *x)
{
	for (int i = 0; i < G.n; i++) {
		x->at[i] = (int16_t)x->n;
		x->n += 1 + (G.ev[i].kind == EV_ADD);
		if (G.ev[i].kind == EV_ADD)
			split(x, i);
		else
			x->ev[x->at[i]] = G.ev[i];
	}
}

/* The addition @a reads @w, which has left @value. */
static uint64_t read_by(struct expansion *x, int a, int w, uint64_t value)
{
	struct ev *load = &x->ev[x->at[a]], *store = load + 1;

	load->rf = (int16_t)w;
	load->rval = value;
	*store = *load;
	search_rmw_store(store);
	store->co_prev = (int16_t)w;
	return store->wval;
}

/* Who reads @w finds the last of the additions behind it of which it knows. */
static int last_addition_known(const int16_t *add, int n, int w, int reader)
{
	int last = w;

	for (int i = 0; i < n; i++)
		if (!(w >= 0 && graph_knows(&G, graph_hb(&G, w), add[i])) &&
		    graph_knows(&G, graph_hb(&G, reader), add[i]))
			last = add[i];
	return last;
}

static void expand_location(struct expansion *x, int loc, int16_t *sorted)
{
	int n = sort_additions(loc, sorted), i = 0, nr = 0;

	for (int w = EV_INIT;; w = graph_co_next(&G, loc, w), nr++) {
		int last = w;
		uint64_t value;

		if (w == EV_NONE)
			break;
		value = graph_value(&G, loc, w);
		for (; i < n && nr_stores_before(loc, sorted[i]) == nr; i++) {
			value = read_by(x, sorted[i], last, value);
			last = sorted[i];
		}
		if (graph_co_next(&G, loc, w) != EV_NONE)
			x->ev[x->at[graph_co_next(&G, loc, w)]].co_prev = (int16_t)last;
	}
	for (int r = G.loc[loc].rd_head; r != EV_NONE; r = G.ev[r].rd_next)
		if (G.ev[r].rf != EV_NONE)
			x->ev[x->at[r]].rf = (int16_t)last_addition_known(sorted, n, G.ev[r].rf, r);
}

static int16_t new_number(const struct expansion *x, int e)
{
	return e < 0 ? (int16_t)e : (int16_t)(x->at[e] + (G.ev[e].kind == EV_ADD));
}

static void renumber(struct expansion *x)
{
	for (int i = 0; i < x->n; i++) {
		struct ev *e = &x->ev[i];

		e->rf = new_number(x, e->rf);
		e->addr_dep = new_number(x, e->addr_dep);
		e->co_next = EV_NONE;
		if (e->kind == EV_WRITE)
			e->co_prev = new_number(x, e->co_prev);
	}
	for (int i = 0; i < x->n; i++)
		if (x->ev[i].kind == EV_WRITE && x->ev[i].co_prev >= 0)
			x->ev[x->ev[i].co_prev].co_next = (int16_t)i;
}

void commute_expand(int event[2])
{
	struct expansion x = { .n = 0 };
	int16_t *sorted;

	x.ev = malloc(2 * G.n * sizeof(*x.ev));
	x.at = malloc(2 * G.n * sizeof(*x.at));
	if (!x.ev || !x.at)
		abort();
	sorted = x.at + G.n;
	fill(&x);
	for (int loc = 1; loc < G.loc_cap; loc++)
		if (G.loc[loc].add_head != EV_NONE)
			expand_location(&x, loc, sorted);
	renumber(&x);
	for (int k = 0; k < 2; k++)
		event[k] = new_number(&x, event[k]);
	graph_load(&G, x.ev, x.n);
	free(x.ev);
	free(x.at);
}
