/* SPDX-License-Identifier: MIT */
/*
 * search.c - every execution graph, each once.
 *
 * The graph in hand grows by one event at a time: the next operation of the first thread that can
 * go on. A load branches over the stores that the model lets it read, a store over its places in co,
 * depth first, in place: after each choice the graph is cut back to where it was made. A new store is also
 * offered to earlier loads (revisit.c), each time in a smaller graph of its own.
 *
 * Adding what is canonical (read the newest store, go last in co) never breaks consistency, so only
 * the other choices are checked.
 *
 * Which thread goes on depends on the graph alone, never on how it was reached: the search relies on it.
 */
#include "search.h"

#include "commute.h"
#include "learn.h"
#include "retry.h"
#include "symmetry.h"

struct search S;

bool search_remembers(void)
{
	return S.opt->hash || S.opt->on_execution || S.forward;
}

bool search_consistent(void)
{
	if (S.opt->model == FLX_RC11)
		return rc11_psc_acyclic(&G, S.opt->mutant);
	return model_consistent(&G, S.opt->model, S.opt->mutant, false);
}

void search_settle(int e)
{
	if (S.clocks)
		hb_clock(&G, e, S.opt->mutant);
}

void search_unwind(int n)
{
	if (G.n == n)
		return;
	while (G.n > n)
		graph_pop(&G);
	exec_moved();
}

int search_oldest_visible(int e)
{
	int t = G.ev[e].thread;

	for (int i = G.ev[e].idx - 1; i >= 0; i--) {
		const struct ev *p = &G.ev[G.tev[t][i]];

		if (p->kind > EV_WRITE || p->loc != G.ev[e].loc)
			continue;
		return p->kind == EV_WRITE ? G.tev[t][i] : p->rf;
	}
	return EV_INIT;
}

/* Does what the load @r, the last event of its thread, now reads lead it round a loop back to where it was? */
static bool spins(int r)
{
	const struct ev *e = &G.ev[r];
	const struct label *l;

	if (!e->op->state[0])
		return false;
	if (!(e->flags & EVF_RMW))
		l = exec_label(e->thread);
	else if (ev_is_silent(e))
		l = exec_label_after_rmw(e->thread);
	else
		return false;
	return l && (l->stop == LABEL_SPINS || l->stop == LABEL_AGAIN);
}

/* What is taken for granted of the order of accesses. */
static void look_at_order(int e)
{
	if (!program->ordinary)
		return;
	commute_look(e);
	retry_look(e);
}

/* What a load behind event @after finds in @loc if it reads @w. */
static uint64_t value_at(int loc, int w, int after)
{
	return G.nr[HAS_ADDITION] ? commute_value(&G, loc, w, after) : graph_value(&G, loc, w);
}

void search_choose_rf(int r, int w)
{
	struct ev *e = &G.ev[r];

	/* The thread may have gone on with another value. */
	if (T[e->thread].pos > e->idx)
		exec_moved();

	e->rval = value_at(e->loc, w, graph_po_prev(&G, r));
	e->flags &= ~(EVF_BLOCKED | EVF_FAILED | EVF_RMW);
	if (e->flags & EVF_COND) {
		if (!ev_accepts(e, e->rval, NULL))
			e->flags |= e->flags & EVF_AWAIT ? EVF_BLOCKED : EVF_FAILED;
		else if (!(e->flags & EVF_AWAIT) || (e->flags & EVF_HAS_STORE))
			e->flags |= EVF_RMW;
	}
	e->order = (e->flags & EVF_FAILED) && S.opt->mutant != FLX_MUT_FAIL_AS_SUCCESS
			   ? e->op->fail_order
			   : e->op->order;
	graph_set_rf(&G, r, w);
	search_settle(r);
	look_at_order(r);
	if (program->ordinary && spins(r)) {
		G.ev[r].flags |= EVF_BLOCKED;
		G.ev[r].flags &= ~(EVF_RMW | EVF_FAILED);
	}
}

void search_rmw_store(struct ev *e)
{
	uint64_t stored;

	ev_accepts(e, e->rval, &stored);
	if (locs[e->loc].size < 8)
		stored &= (1ull << 8 * locs[e->loc].size) - 1;
	e->wval = stored;
	e->kind = EV_WRITE;
	e->rf = EV_NONE;
	e->flags &= EVF_RMW | EVF_LOCK | EVF_MIXED;
	/* C11 orders say themselves what they mean for a store; of the kernel's, release alone does. */
	if (e->order != FL_RELEASE && e->order < FL_ACQ_REL)
		e->order = FL_ONCE;
}

int search_add(const struct ev *e)
{
	int i = graph_add(&G, e);

	search_settle(i);
	if (e->kind != EV_READ)
		look_at_order(i);
	return i;
}

/* Has something that @clock knows of read @w? */
static bool reader_known(const uint16_t *clock, int w)
{
	for (int q = G.loc[G.ev[w].loc].rd_head; q != EV_NONE; q = G.ev[q].rd_next)
		if (G.ev[q].rf == w && graph_knows(&G, clock, q) && !(G.ev[q].flags & EVF_BLOCKED))
			return true;
	return false;
}

/* Room for the stores of @loc and EV_INIT. */
int search_nr_stores(int loc)
{
	int n = 2;

	for (int w = graph_co_max(&G, loc); w != EV_INIT; w = G.ev[w].co_prev)
		n++;
	return n;
}

int search_readable(int r, int16_t *stores)
{
	int loc = G.ev[r].loc, oldest = EV_INIT, n = 0, prev = graph_po_prev(&G, r);
	const uint16_t *clock = S.clocks && prev != EV_NONE ? graph_hb(&G, prev) : NULL;
	bool by_clock = S.opt->model == FLX_RC11 && S.opt->mutant != FLX_MUT_NO_HB_COHERENCE;

	if (!by_clock)
		oldest = search_oldest_visible(r);
	for (int w = graph_co_max(&G, loc);; w = G.ev[w].co_prev) {
		stores[n++] = w;
		if (w == oldest || w == EV_INIT || S.opt->mutant == FLX_MUT_NO_STALE)
			return n;
		if (by_clock && clock &&
		    (graph_knows(&G, clock, w) ||
		     (reader_known(clock, w) && S.opt->mutant != FLX_MUT_NO_READER_KNOWN)))
			return n;
	}
}

/* Would the load @r, were it to read what comes just before it in co, miss a store that it knows of? */
static bool reader_misses(int r, int w)
{
	int prev = graph_po_prev(&G, r);

	if (S.opt->model != FLX_RC11 || prev == EV_NONE ||
	    S.opt->mutant == FLX_MUT_NO_READER_MISSES)
		return false;
	for (int p = graph_co_max(&G, G.ev[w].loc); p != w && p != EV_INIT; p = G.ev[p].co_prev)
		if (graph_knows(&G, graph_hb(&G, prev), p) || reader_known(graph_hb(&G, prev), p))
			return true;
	return false;
}

static bool placed_well(int w, int reader, bool canonical)
{
	if (reader != EV_NONE && reader_misses(reader, w))
		return false;
	return (canonical && reader == EV_NONE) || S.opt->mutant == FLX_MUT_PLACE_ALL ||
	       search_consistent();
}

bool search_gives_up(void)
{
	if (S.forward || G.n <= SEARCH_LARGE ||
	    !search_time_is_up(S.opt->timeout, S.res->executions, S.done))
		return false;
	return S.stop = S.partial = true;
}

int search_placements(int w, int reader, int16_t *after)
{
	int16_t stores[search_nr_stores(G.ev[w].loc)];
	int loc = G.ev[w].loc, newest = graph_co_max(&G, loc), n = 0,
	    k = search_readable(w, stores);

	for (int i = 0; i < k && !search_gives_up(); i++) {
		int p = stores[i];

		if (!graph_consumed(&G, loc, p) || S.opt->mutant == FLX_MUT_SPLIT_RMW) {
			graph_co_insert(&G, w, p);
			if (placed_well(w, reader, p == newest))
				after[n++] = p;
			graph_co_remove(&G, w);
		}
		/* A load that goes on waiting is taken to read the newest store. */
		if (S.opt->mutant == FLX_MUT_NO_CO ||
		    (reader != EV_NONE && (G.ev[reader].flags & EVF_BLOCKED) &&
		     S.opt->mutant != FLX_MUT_PLACE_BLOCKED))
			break;
	}
	return n;
}

int search_rmw_placement(int w, int reader, int16_t *after)
{
	int rf = G.ev[graph_po_prev(&G, w)].rf;
	bool well;

	graph_co_insert(&G, w, rf);
	well = placed_well(w, reader, graph_co_next(&G, G.ev[w].loc, w) == EV_NONE);
	graph_co_remove(&G, w);
	after[0] = rf;
	return well;
}

/* Has the load @r, as chosen, a place in the search? */
static bool worth_reading(int r, int w, int newest)
{
	/* Waiting is reading the newest store; waiting on an older one leads nowhere else. */
	if ((G.ev[r].flags & EVF_BLOCKED) && w != newest && S.opt->mutant != FLX_MUT_WAIT_ON_OLDER)
		return false;
	return w == newest || S.opt->mutant == FLX_MUT_READ_ALL || search_consistent();
}

static bool add_load(const struct ev *op)
{
	int r = search_add(op);
	int16_t stores[search_nr_stores(op->loc)];
	int newest = graph_co_max(&G, op->loc), k = search_readable(r, stores), n = 0, only;
	double weight = S.weight;

	for (int i = 0; i < k; i++) {
		/* In a large graph these questions take long; the load is then for later. */
		if (G.n > SEARCH_LARGE && search_limit_reached()) {
			S.stop = true;
			search_unwind(r);
			return true;
		}
		search_choose_rf(r, stores[i]);
		if (symmetry_forbids(r))
			continue;
		if (worth_reading(r, stores[i], newest))
			stores[n++] = stores[i];
	}
	only = search_choice(n);
	for (int i = 0; i < n - 1; i++) {
		int taken;

		if (!search_wants(only, i))
			continue;
		taken = search_take(n, i);
		search_choose_rf(r, stores[i]);
		search_branch(weight / n);
		search_unwind(r + 1);
		search_untake(taken);
	}
	if (!n || !search_wants(only, n - 1)) {
		S.weight = 0;
		return false;
	}
	S.weight = weight / n;
	search_take(n, n - 1);
	search_choose_rf(r, stores[n - 1]);
	if (n > 1)
		exec_moved();
	return true;
}

/*
 * The places of @w in co, one after the other, then the loads that it revisits. False: all is explored; else the
 * last place is left to the caller.
 */
static bool place_store(int w, const int16_t *after, int n)
{
	int16_t loads[w + 1];
	int k = S.opt->mutant == FLX_MUT_NO_REVISIT ? 0 : search_revisitable(w, loads);
	int total = n + k, only = search_choice(total);
	double weight = S.weight / (total ? total : 1);

	for (int i = 0; i < (k ? n : n - 1); i++) {
		int taken;

		if (!search_wants(only, i))
			continue;
		taken = search_take(total, i);
		graph_co_insert(&G, w, after[i]);
		search_branch(weight);
		search_unwind(w + 1);
		graph_co_remove(&G, w);
		search_untake(taken);
	}
	if (k)
		search_revisit(w, loads, k, weight, total, only);
	if (k || !n || !search_wants(only, n - 1)) {
		S.weight = 0;
		return false;
	}
	S.weight = weight;
	search_take(total, n - 1);
	graph_co_insert(&G, w, after[n - 1]);
	return true;
}

static bool add_store(const struct ev *op)
{
	int w = search_add(op);
	int16_t after[search_nr_stores(op->loc)];

	return place_store(w, after, search_placements(w, EV_NONE, after));
}

/* The store part of the read-modify-write whose load is @r: its place in co is just after what r read. */
static bool add_rmw_store(int r)
{
	struct ev op = G.ev[r];
	int16_t after = op.rf;
	bool fits;
	int w;

	search_rmw_store(&op);
	w = search_add(&op);
	fits = !graph_consumed(&G, op.loc, after) || S.opt->mutant == FLX_MUT_NO_ATOMICITY;
	return place_store(w, &after, fits && search_rmw_placement(w, EV_NONE, &after));
}

static int store_part_missing(void)
{
	for (int t = 0; t < G.nthreads; t++) {
		int last = G.tn[t] ? G.tev[t][G.tn[t] - 1] : EV_NONE;

		if (last != EV_NONE && G.ev[last].kind == EV_READ && (G.ev[last].flags & EVF_RMW))
			return last;
	}
	return EV_NONE;
}

bool search_reader_section_open(int t)
{
	int depth = 0;

	for (int i = 0; i < G.tn[t]; i++) {
		const struct ev *e = &G.ev[G.tev[t][i]];

		if (e->kind == EV_FENCE)
			depth +=
				(e->fence == FL_FENCE_RCU_LOCK) - (e->fence == FL_FENCE_RCU_UNLOCK);
	}
	return depth > 0;
}

bool search_ended(int t)
{
	return G.tn[t] && G.ev[G.tev[t][G.tn[t] - 1]].kind == EV_END;
}

bool search_would_wait(int t, struct label *l)
{
	int newest = l->loc < G.loc_cap ? graph_co_max(&G, l->loc) : EV_INIT, r;
	uint64_t value = value_at(l->loc, newest, G.tn[t] ? G.tev[t][G.tn[t] - 1] : EV_NONE);
	struct ev e = { .op = l };
	bool waits;

	if (l->flags & EVF_AWAIT)
		return !ev_accepts(&e, value, NULL);
	if (l->kind != EV_READ || !l->state[0])
		return false;
	for (const struct label *next = l->child; next; next = next->sibling)
		if (next->via == value)
			return next->stop == LABEL_SPINS || next->stop == LABEL_AGAIN;
	/* Not known yet: see. */
	if (!exec_event(l, t, &e))
		return false;
	r = search_add(&e);
	search_choose_rf(r, newest);
	waits = G.ev[r].flags & EVF_BLOCKED;
	search_unwind(r);
	return waits;
}

/*
 * A thread that waits is left alone while the newest store does not end its waiting: until then it is as if it
 * had not looked yet, so no execution is spent on it. When nobody else can go on, it does: it reads an
 * older store, or waits on the newest, for a later store to revisit it or for ever.
 */
int search_next_thread(struct label **label)
{
	struct label *first = NULL;
	int waits = -1;

	for (int t = 0; t < G.nthreads; t++) {
		struct label *l = exec_label(t);

		if (exec_error[0])
			return -1;
		if (!l || l->stop || (l->kind == EV_JOIN && !search_ended(l->target)))
			continue;
		*label = l;
		if (S.opt->mutant == FLX_MUT_NO_PATIENCE || !search_would_wait(t, l))
			return t;
		if (waits < 0) {
			waits = t;
			first = l;
		}
	}
	*label = first;
	return waits;
}

static bool add_choice(int c, uint64_t n)
{
	double weight = S.weight / n;
	int only = search_choice((int)n);

	for (uint64_t v = S.opt->mutant == FLX_MUT_NO_CHOICE ? n - 1 : 0; v + 1 < n; v++) {
		int taken;

		if (!search_wants(only, (int)v))
			continue;
		taken = search_take((int)n, (int)v);
		G.ev[c].rval = v;
		exec_moved();
		search_branch(weight);
		search_unwind(c + 1);
		search_untake(taken);
	}
	if (!n || !search_wants(only, (int)n - 1)) {
		S.weight = 0;
		return false;
	}
	S.weight = weight;
	search_take((int)n, (int)n - 1);
	G.ev[c].rval = n - 1;
	exec_moved();
	return true;
}

/* It may also last for ever, if a reader section never ends: a deadlock to be found. */
static bool add_grace_period(int i)
{
	double weight = S.weight / 2;
	int only = search_choice(2), taken;

	if (search_wants(only, 0)) {
		taken = search_take(2, 0);
		G.ev[i].flags |= EVF_BLOCKED;
		search_branch(weight);
		search_unwind(i + 1);
		G.ev[i].flags &= ~EVF_BLOCKED;
		search_untake(taken);
	}
	S.weight = search_wants(only, 1) ? weight : 0;
	if (!search_wants(only, 1))
		return false;
	search_take(2, 1);
	return true;
}

static bool add_other(struct ev *e)
{
	int i;

	if (e->kind == EV_BEGIN)
		e->rf = G.spawn[e->thread];
	else if (e->kind == EV_JOIN)
		e->rf = G.tev[e->target][G.tn[e->target] - 1];
	i = search_add(e);
	if (e->kind == EV_CHOICE)
		return add_choice(i, e->op->a);
	return !ev_is_sync(e) || S.opt->mutant == FLX_MUT_NO_LASTING_GP || add_grace_period(i);
}

bool search_too_long(void)
{
	if (G.n + G.nr[HAS_ADDITION] <= EV_CAP - 4)
		return false;
	S.res->too_long = true;
	return S.stop = S.partial = true;
}

/* One more event for G. False: G leads no further. */
static bool step(bool *leaf)
{
	int r = store_part_missing(), t;
	struct label *l;
	struct ev e;

	if (r != EV_NONE)
		return add_rmw_store(r);
	t = search_next_thread(&l);
	if (exec_error[0])
		return false;
	if (t < 0) {
		*leaf = true;
		return false;
	}
	if (search_too_long() || !exec_event(l, t, &e))
		return false;
	return e.kind == EV_READ    ? add_load(&e)
	       : e.kind == EV_WRITE ? add_store(&e)
				    : add_other(&e);
}

/* search_branch(), with the choices on the way left on the path. */
static void go_on(void)
{
	bool leaf = false;

	if (!S.stop && search_limit_reached())
		S.stop = true;
	if (S.stop) {
		search_leave();
		return;
	}
	while (!exec_error[0] && !learn_again && step(&leaf)) {
		/* A long way without a choice. */
		if (!(G.n & 127) && search_limit_reached())
			S.stop = true;
		if (S.stop) {
			search_leave();
			return;
		}
	}
	if (leaf && !learn_again) {
		search_leaf();
		if (S.opt->max_executions && S.res->executions >= S.opt->max_executions)
			S.stop = true;
	}
	S.done += S.weight;
	if (!exec_error[0] && !learn_again)
		return;
	S.stop = true;
	if (!S.lesson) {
		S.lesson = search_copy_path();
		S.lesson_len = S.path_len + S.follow_len;
	}
}

void search_branch(double weight)
{
	int len = S.path_len;

	S.weight = weight;
	go_on();
	S.path_len = len;
}
