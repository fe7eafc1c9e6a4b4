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

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commute.h"
#include "forward.h"
#include "jobs.h"
#include "learn.h"
#include "lifetime.h"
#include "memory.h"
#include "record.h"
#include "retry.h"
#include "symmetry.h"
#include "watch.h"
#include "weaken.h"

#define LARGE 512 /* events */

struct search S;

double now_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

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

void search_put_off(const struct flx_path *it)
{
	if (S.depth == S.cap) {
		S.cap = S.cap ? S.cap * 2 : 256;
		S.stack = realloc(S.stack, S.cap * sizeof(*S.stack));
		if (!S.stack)
			abort();
	}
	S.stack[S.depth++] = *it;
}

static uint32_t *copy_of_path(void)
{
	uint32_t *copy = malloc((S.path_len + S.follow_len + 1) * sizeof(*copy));

	if (!copy)
		abort();
	if (S.path_len)
		memcpy(copy, S.path, S.path_len * sizeof(*copy));
	if (S.follow_len)
		memcpy(copy + S.path_len, S.follow, S.follow_len * sizeof(*copy));
	return copy;
}

/* Leaves the graph in hand, and what can become of it, for later. */
static void push(void)
{
	struct flx_path it = {
		.n = S.path_len + S.follow_len,
		.weight = S.weight,
		.choice = copy_of_path(),
	};

	search_put_off(&it);
}

int search_choice(int n)
{
	int i;

	if (n < 2)
		return SEARCH_ALL;
	if (!S.follow_len) {
		S.stop |= S.only_follow;
		return SEARCH_ALL;
	}
	i = (int)*S.follow;
	if (i < 0 || i >= n) {
		snprintf(exec_error, sizeof(exec_error),
			 "what is to be resumed is of another program, or was made with other "
			 "options");
		S.stop = true;
		return SEARCH_ALL;
	}
	S.follow++;
	S.follow_len--;
	return i;
}

static void add_known(uint32_t *choice, int n)
{
	S.known = realloc(S.known, (S.nr_known + 1) * sizeof(*S.known));
	if (!S.known)
		abort();
	S.known[S.nr_known++] = (struct flx_path){ .n = n, .choice = choice };
}

void search_new_thread(void)
{
	if (jobs_is_worker())
		learn_again = true;
	else if (S.begun && !S.forward)
		add_known(copy_of_path(), S.path_len + S.follow_len);
}

int search_take(int n, int i)
{
	if (n < 2)
		return 0;
	if (S.path_len == S.path_cap) {
		S.path_cap = S.path_cap ? 2 * S.path_cap : 256;
		S.path = realloc(S.path, S.path_cap * sizeof(*S.path));
		if (!S.path)
			abort();
	}
	S.path[S.path_len++] = (uint32_t)i;
	return 1;
}

void search_untake(int taken)
{
	S.path_len -= taken;
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
	if (S.forward || G.n <= LARGE ||
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
		if (G.n > LARGE && search_limit_reached()) {
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
		push();
		return;
	}
	while (!exec_error[0] && !learn_again && step(&leaf)) {
		/* A long way without a choice. */
		if (!(G.n & 127) && search_limit_reached())
			S.stop = true;
		if (S.stop) {
			push();
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
		S.lesson = copy_of_path();
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

/*
 * How long to look on for a better violation after the first one. By executions, so that the same is found
 * on a busy machine; the time is only for programs whose executions are very long.
 */
static bool looked_long_enough(void)
{
	uint64_t more = S.res->executions - S.executions_at_find;

	if (S.opt->stop_at_first)
		return true;
	return more >= search_more(S.best.rank) || now_seconds() - S.found_at > 20;
}

bool search_time_is_up(double timeout, uint64_t executions, double done)
{
	double spent = now_seconds() - S.started;

	if (timeout > 0 && spent > timeout)
		return true;
	if (S.opt->progress && S.opt->progress(S.opt->progress_arg, executions, spent, done))
		return S.res->stopped = true;
	return false;
}

/* Most bugs show in the first executions, and many programs have no more: nothing beats the search there. */
#define PAUSE_AFTER 30

bool search_save_is_due(void)
{
	double now;

	if (!S.opt->save || !S.opt->save_every || S.best.found)
		return false;
	now = now_seconds();
	return S.save_due = S.save_due || now - S.saved_at > S.opt->save_every;
}

bool search_limit_reached(void)
{
	if (jobs_want_break())
		return true;
	if (S.best.found && S.best.rank < RANK_UNSURE)
		return looked_long_enough();
	if (S.opt->max_executions && S.res->executions >= S.opt->max_executions)
		return true;
	if (S.pause_at && S.res->executions + S.res->blocked >= S.pause_at)
		return S.paused = true;
	if (S.res->endless || forward_lucky_enough())
		return true;
	if (!(S.every & 63) && search_save_is_due())
		return true;
	/* A race, if there is one, is seldom far. */
	if (S.mixed[0] && S.res->executions + S.res->blocked > search_more(1))
		return true;
	/* Each step of a large graph takes its time. */
	return (!(S.every++ & 63) || G.n > LARGE) &&
	       search_time_is_up(S.opt->timeout, S.res->executions, S.done);
}

int search_set_up(const struct flx_program *p, const struct flx_options *o, struct flx_result *r)
{
	int err;

	memset(r, 0, sizeof(*r));
	memset(&S, 0, sizeof(S));
	S.opt = o;
	S.res = r;
	S.started = S.saved_at = now_seconds();
	weaken_begin(o);
	exec_loop_bound = o->loop_bound ? o->loop_bound : 1000;
	S.clocks = o->model == FLX_RC11 || (o->races && o->model != FLX_LKMM);
	S.observed = p->finish || (p->reset && !p->ordinary) || o->on_execution;
	commute_begin(p->ordinary && !o->no_commute && o->model == FLX_RC11 &&
		      o->search == FLX_EXHAUSTIVE);
	symmetry_begin(p->ordinary && !o->no_symmetry && o->search == FLX_EXHAUSTIVE);
	err = memory_init(p->ordinary);
	if (!err)
		err = exec_init(p);
	exec_catch_faults();
	if (!err && p->set_up)
		err = p->set_up(p->common);
	return err;
}

void search_tear_down(const struct flx_record *record)
{
	exec_release_faults();
	if (program && program->tear_down && !exec_error[0])
		program->tear_down(program->common, record);
	while (S.depth)
		free(S.stack[--S.depth].choice);
	free(S.stack);
	free(S.path);
	free(S.lesson);
	while (S.nr_known)
		free(S.known[--S.nr_known].choice);
	free(S.known);
	free(S.best.ev);
	free(S.best.path);
	free(S.lucky.ev);
	free(S.lucky.path);
	free(S.complete.hash);
	search_free_graphs();
	lifetime_forget();
	exec_exit();
	memory_exit();
}

void search_result(bool complete)
{
	struct flx_result *r = S.res;

	r->seconds = now_seconds() - S.started + S.spent_before;
	r->verdict = complete && !S.partial && !r->loop_pc && !r->endless ? FLX_VERIFIED
									  : FLX_INCONCLUSIVE;
	forward_compare_lucky();
	if (r->too_long)
		snprintf(r->message, sizeof(r->message),
			 "an execution has more than %d events: the threads do not end, or do too "
			 "much",
			 EV_CAP);
	if (!S.best.found)
		return;
	memcpy(r->oracle, S.best.oracle, sizeof(r->oracle));
	if (S.best.rank < RANK_UNSURE) {
		r->verdict = FLX_VIOLATION;
		memcpy(r->message, S.best.message, sizeof(r->message));
	} else {
		/* Not known to be allowed, so not a violation; not known to be forbidden either. */
		r->verdict = FLX_INCONCLUSIVE;
		snprintf(r->message, sizeof(r->message),
			 "%.180s, but only if a store depends on no load before it",
			 S.best.message);
	}
	graph_clear(&G, program->nthreads);
	graph_load(&G, S.best.ev, S.best.n);
	if (G.nr[HAS_ADDITION]) {
		hb_clocks(&G, S.opt->mutant);
		commute_expand(S.best.racing);
	}
	r->record = record_create(&G, S.opt, S.best.racing);
}

void search_forget_results(void)
{
	S.done = 0;
	S.best.found = false;
	S.complete.n = 0;
	if (S.complete.hash)
		memset(S.complete.hash, 0, S.complete.cap * sizeof(*S.complete.hash));
	S.res->executions = S.res->blocked = S.res->duplicates = S.executions_at_find = 0;
	S.res->events = 0;
	S.res->runs = S.res->loop_pc = 0;
	search_unwind(0);
}

void search_begin_again(void)
{
	while (S.depth)
		free(S.stack[--S.depth].choice);
	free(S.lesson);
	S.lesson = NULL;
	S.stop = false;
	search_forget_results();
	S.lucky.found = S.paused = false;
	S.mixed[0] = 0;
	exec_forget();
	exec_error[0] = 0;
	memory_forget_locations();
	learn_again = false;
}

void search_item(const struct flx_path *it)
{
	graph_clear(&G, program->nthreads);
	exec_moved();
	S.path_len = 0;
	S.follow = it->choice;
	S.follow_len = it->n;
	search_branch(1);
	search_unwind(0);
	S.follow_len = 0;
}

void search_rest(void)
{
	while (S.depth && !S.stop) {
		struct flx_path it = S.stack[--S.depth];

		search_item(&it);
		free(it.choice);
	}
}

static void search_from_start(void)
{
	S.path_len = 0;
	S.weight = 1;
	push();
	search_rest();
}

/* As if nothing had come between: what was put off last had been begun first. */
static void search_on(void)
{
	for (int i = 0, k = S.depth - 1; i < k; i++, k--) {
		struct flx_path it = S.stack[i];

		S.stack[i] = S.stack[k];
		S.stack[k] = it;
	}
	S.stop = S.paused = false;
	search_rest();
}

/* Less than this is not worth a process. */
#define ALONE_UNTIL 1000

static bool is_for_many(void)
{
	return S.opt->jobs > 1 && !search_remembers();
}

static void save(void)
{
	const struct flx_result *r = S.res;
	const struct flx_left left = {
		.executions = r->executions,
		.blocked = r->blocked,
		.duplicates = r->duplicates,
		.events = r->events,
		.done = S.done,
		.partial = S.partial || r->loop_pc || r->endless || S.mixed[0],
		.seconds = now_seconds() - S.started + S.spent_before,
		.nr_known = S.nr_known,
		.nr_left = S.depth,
		.known = S.known,
		.left = S.stack,
	};

	S.opt->save(S.opt->save_arg, &left);
	S.saved_at = now_seconds();
	S.save_due = false;
}

/* Explores what is on the stack, by many if it is worth it. */
static void search_to_end(bool many)
{
	for (;;) {
		S.stop = S.paused = false;
		if (!many || S.best.found || S.lucky.found || !jobs_search(S.opt->jobs))
			search_on();
		if (!S.save_due || !S.depth || learn_again || exec_error[0])
			return;
		save();
	}
}

static void search_by_many(void)
{
	S.pause_at = 0;
	search_to_end(true);
}

/* The first executions, some random ones, and again whenever something is learnt: all as it was the last time. */
static void search_begin(void)
{
	/* Who looks at each execution is not to see those of the random pass, too. */
	bool random_first = S.opt->random_first && !S.opt->on_execution;

	do {
		search_begin_again();
		S.pause_at = random_first ? PAUSE_AFTER : 0;
		S.begun = !random_first;
		search_from_start();
		if (S.paused && random_first && !learn_again) {
			forward_first_pass();
			random_first = learn_again;
		}
	} while (learn_again && random_first);
	S.begun = true;
}

/* What was left by a search that had learnt more than this one so far. */
static void take_up(const struct flx_left *left)
{
	for (int i = 0; i < left->nr_known && !exec_error[0]; i++) {
		search_begin_again();
		S.only_follow = true;
		search_item(&left->known[i]);
		S.only_follow = false;
	}
	if (exec_error[0])
		return;
	search_begin_again();
	for (int i = 0; i < left->nr_left; i++) {
		struct flx_path it = left->left[i];

		it.choice = malloc((it.n + 1) * sizeof(*it.choice));
		if (!it.choice)
			abort();
		memcpy(it.choice, left->left[i].choice, it.n * sizeof(*it.choice));
		search_put_off(&it);
	}
	S.res->executions = left->executions;
	S.res->blocked = left->blocked;
	S.res->duplicates = left->duplicates;
	S.res->events = left->events;
	S.done = left->done;
	S.partial = left->partial;
	S.spent_before = left->seconds;
	S.pause_at = 0;
}

static void search_all(void)
{
	search_begin();
	if (S.opt->resume && !exec_error[0]) {
		take_up(S.opt->resume);
		search_to_end(is_for_many());
	} else if (S.paused && !learn_again) {
		S.pause_at = is_for_many() ? ALONE_UNTIL : 0;
		search_to_end(false);
		if (S.paused && !learn_again)
			search_by_many();
	}
	while (learn_again) {
		if (S.lesson)
			add_known(S.lesson, S.lesson_len);
		S.lesson = NULL;
		search_begin_again();
		S.pause_at = is_for_many() ? ALONE_UNTIL : 0;
		search_from_start();
		if (S.save_due && S.depth && !learn_again)
			save();
		if (S.depth && !S.paused && !learn_again && !S.best.found)
			search_to_end(false);
		if (S.paused && !learn_again)
			search_by_many();
	}
	if (S.opt->save && S.depth && !S.best.found && !exec_error[0])
		save();
}

#define SEARCH_STACK ((size_t)1 << 30) /* of address space; what is not used costs nothing */

static struct fibre searcher;
static void *caller_sp;

static void searcher_main(void *arg)
{
	void (*fn)(void) = *(void (**)(void))arg;

	fn();
	fibre_switch(&searcher.sp, caller_sp);
}

/* The recursion is as deep as an execution has choices. */
static void search_on_own_stack(void (*fn)(void))
{
	if (fibre_create(&searcher, SEARCH_STACK)) {
		fn();
		return;
	}
	fibre_start(&searcher, searcher_main, &fn);
	fibre_will_start(&searcher);
	fibre_switch(&caller_sp, searcher.sp);
	fibre_destroy(&searcher);
}

#define LEARNING_EXECUTIONS 1000
#define LEARNING_SECONDS 2

void search_learn(void)
{
	const struct flx_options *whole = S.opt;
	struct flx_options brief = *whole;

	brief.random_first = true;
	brief.stop_at_first = true;
	brief.max_executions = LEARNING_EXECUTIONS;
	brief.timeout = LEARNING_SECONDS;
	S.opt = &brief;
	search_on_own_stack(search_all);
	S.opt = whole;
}

int flx_explore(const struct flx_program *p, const struct flx_options *o, struct flx_result *r,
		char *err, size_t err_size)
{
	int ret = search_set_up(p, o, r);

	if (ret) {
		snprintf(err, err_size, "set-up failed: %s", strerror(-ret));
		search_tear_down(NULL);
		return ret;
	}
	if (p->ordinary)
		watch_begin();
	search_on_own_stack(o->search == FLX_EXHAUSTIVE ? search_all : forward_search);
	if (p->ordinary)
		watch_end();
	if (!exec_error[0] && S.mixed[0] && !(S.best.found && S.best.rank < RANK_UNSURE))
		memcpy(exec_error, S.mixed, sizeof(exec_error));
	if (exec_error[0]) {
		snprintf(err, err_size, "%s", exec_error);
		ret = -EINVAL;
	}
	if (!ret) {
		search_result(!S.depth);
		forward_note(r, o);
	}
	search_tear_down(r->record);
	return ret;
}

void flx_fail(const char *oracle, const char *message)
{
	search_fail(oracle, message);
}
