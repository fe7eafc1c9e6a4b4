/* SPDX-License-Identifier: MIT */
/*
 * search.c - every execution graph, each once.
 *
 * The graph in hand grows by one event at a time: the next operation of the first thread that can
 * go on. A load branches over the stores that the model lets it read, a store over its places in co;
 * one choice is followed, the others are put on a stack as copies of the graph. A new store is also
 * offered to earlier loads (revisit.c). A graph from the stack is continued by running the threads'
 * code along it from the start (exec.c).
 *
 * Adding what is canonical (read the newest store, go last in co) never breaks consistency, so only
 * the other choices are checked; where a grace period is about, all are.
 *
 * Which thread goes on depends on the graph alone, never on how it was reached: the search relies on it.
 */
#include "search.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "memory.h"
#include "record.h"

struct search S;

double now_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

bool search_remembers(void)
{
	return S.by_set || S.opt->hash || S.opt->on_execution;
}

bool search_consistent(void)
{
	return model_consistent(&G, S.opt->model, S.opt->mutant);
}

void search_push(void)
{
	struct item *it;

	if (S.by_set && search_seen(&S.partial, search_graph_hash(false)))
		return;

	if (S.depth == S.cap) {
		int cap = S.cap ? S.cap * 2 : 256;
		struct item *s = realloc(S.stack, cap * sizeof(*s));

		if (!s)
			abort();
		S.stack = s;
		S.cap = cap;
	}
	it = &S.stack[S.depth++];
	it->n = G.n;
	it->ev = malloc(sizeof(*it->ev) * G.n);
	if (!it->ev)
		abort();
	memcpy(it->ev, G.ev, sizeof(*it->ev) * G.n);
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

void search_choose_rf(int r, int w)
{
	struct ev *e = &G.ev[r];

	e->rval = graph_value(&G, e->loc, w);
	e->flags &= ~(EVF_BLOCKED | EVF_FAILED | EVF_RMW);
	if (e->flags & EVF_COND) {
		if (!ev_accepts(e, e->rval, NULL))
			e->flags |= e->flags & EVF_AWAIT ? EVF_BLOCKED : EVF_FAILED;
		else if (!(e->flags & EVF_AWAIT) || (e->flags & EVF_HAS_STORE))
			e->flags |= EVF_RMW;
	}
	graph_set_rf(&G, r, w);
}

void search_rmw_store(struct ev *e)
{
	ev_accepts(e, e->rval, &e->wval);
	if (G.loc[e->loc].size < 8)
		e->wval &= (1ull << 8 * G.loc[e->loc].size) - 1;
	e->kind = EV_WRITE;
	e->rf = EV_NONE;
	e->flags &= EVF_RMW | EVF_LOCK;
	e->order = e->order == FL_RELEASE ? FL_RELEASE : FL_ONCE;
}

static bool add_load(const struct ev *op)
{
	int r = graph_add(&G, op);
	int loc = op->loc, newest = graph_co_max(&G, loc), oldest = search_oldest_visible(r);
	int chosen = EV_NONE;

	for (int w = newest;; w = G.ev[w].co_prev) {
		search_choose_rf(r, w);
		/* Waiting is reading the newest store; waiting on an older one leads nowhere else. */
		if ((!(G.ev[r].flags & EVF_BLOCKED) || w == newest) &&
		    ((w == newest && !S.has_sync) || search_consistent())) {
			if (chosen == EV_NONE)
				chosen = w;
			else
				search_push();
		}
		if (w == oldest || w == EV_INIT || S.opt->mutant == FLX_MUT_NO_STALE)
			break;
	}
	if (chosen == EV_NONE)
		return false;
	search_choose_rf(r, chosen);
	return true;
}

static bool add_store(const struct ev *op)
{
	int w = graph_add(&G, op);
	int loc = op->loc, newest = graph_co_max(&G, loc), oldest = search_oldest_visible(w);
	int chosen = EV_NONE;

	search_revisit(w);
	for (int p = newest;; p = G.ev[p].co_prev) {
		if (!graph_consumed(&G, loc, p)) {
			graph_co_insert(&G, w, p);
			if ((p == newest && !S.has_sync) || search_consistent()) {
				if (chosen == EV_NONE)
					chosen = p;
				else
					search_push();
			}
			graph_co_remove(&G, w);
		}
		if (p == oldest || p == EV_INIT || S.opt->mutant == FLX_MUT_NO_CO)
			break;
	}
	if (chosen == EV_NONE)
		return false;
	graph_co_insert(&G, w, chosen);
	return true;
}

/* The store part of the read-modify-write whose load is @r: its place in co is just after what r read. */
static bool add_rmw_store(int r)
{
	struct ev op = G.ev[r];
	int newest = graph_co_max(&G, op.loc), w;

	search_rmw_store(&op);
	w = graph_add(&G, &op);
	search_revisit(w);
	if (graph_consumed(&G, op.loc, G.ev[r].rf) && S.opt->mutant != FLX_MUT_NO_ATOMICITY)
		return false;
	graph_co_insert(&G, w, G.ev[r].rf);
	return (G.ev[r].rf == newest && !S.has_sync) || search_consistent();
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

static bool srcu_section_open(int t, uintptr_t addr)
{
	int depth = 0;

	for (int i = 0; i < G.tn[t]; i++) {
		const struct ev *e = &G.ev[G.tev[t][i]];

		if ((e->flags & EVF_SRCU) && G.loc[e->loc].addr == addr)
			depth += e->kind == EV_READ ? 1 : -1;
	}
	return depth > 0;
}

/*
 * A grace period is added when no reader section is open, which is one of its possible times. One inside
 * a section of its own thread waits for ever.
 */
static bool must_wait_for_readers(const struct op *op)
{
	if (op->kind == OP_JOIN) {
		int last = G.tn[op->target] ? G.tev[op->target][G.tn[op->target] - 1] : EV_NONE;

		return last == EV_NONE || G.ev[last].kind != EV_END;
	}
	if (op->kind != OP_FENCE ||
	    (op->fence != FL_FENCE_SYNC_RCU && op->fence != FL_FENCE_SYNC_SRCU))
		return false;
	for (int u = 0; u < G.nthreads; u++) {
		if (op->fence == FL_FENCE_SYNC_RCU ? search_reader_section_open(u)
						   : srcu_section_open(u, op->addr))
			return true;
	}
	return false;
}

int search_next_thread(void)
{
	int waits_for_srcu = -1;

	for (int t = 0; t < G.nthreads; t++) {
		int last = G.tn[t] ? G.tev[t][G.tn[t] - 1] : EV_NONE;

		if (last != EV_NONE &&
		    (G.ev[last].kind == EV_END || (G.ev[last].flags & EVF_BLOCKED)))
			continue;
		exec_to_frontier(t);
		if (exec_error[0])
			return -1;
		if (!T[t].op || T[t].crashed)
			continue;
		if (must_wait_for_readers(T[t].op)) {
			if (waits_for_srcu < 0 && T[t].op->fence == FL_FENCE_SYNC_SRCU)
				waits_for_srcu = t;
			continue;
		}
		return t;
	}
	/* An SRCU section may be ended by another thread, which perhaps has yet to see its beginning. */
	return waits_for_srcu;
}

static bool add_other(struct ev *e)
{
	if (e->kind == EV_BEGIN)
		for (int i = 0; i < G.n; i++)
			if (G.ev[i].kind == EV_SPAWN && G.ev[i].target == e->thread)
				e->rf = i;
	if (e->kind == EV_JOIN)
		e->rf = G.tev[e->target][G.tn[e->target] - 1];
	graph_add(&G, e);
	if (e->kind == EV_CHOICE)
		for (G.ev[G.n - 1].rval = e->a; --G.ev[G.n - 1].rval > 0;)
			search_push();
	if (ev_is_sync(e)) {
		S.has_sync = true;
		S.start_again = !S.by_set;
		if (S.start_again)
			return false;
		/* It may also last for ever, if a reader section never ends: a deadlock to be found. */
		G.ev[G.n - 1].flags |= EVF_BLOCKED;
		search_push();
		G.ev[G.n - 1].flags &= ~EVF_BLOCKED;
		return search_consistent();
	}
	if (e->kind == EV_SPAWN && e->target >= G.nthreads)
		G.nthreads = e->target + 1;
	return true;
}

/* Continues the graph in hand to its end. */
static void continue_execution(void)
{
	for (;;) {
		int r = store_part_missing(), t;
		struct ev e;
		bool alive;

		if (G.n > EV_CAP - 4) {
			snprintf(exec_error, sizeof(exec_error),
				 "an execution has more than %d events: the threads do not end, or "
				 "do too much",
				 EV_CAP);
			return;
		}
		if (r != EV_NONE) {
			if (!add_rmw_store(r))
				return;
			continue;
		}
		t = search_next_thread();
		if (exec_error[0])
			return;
		if (t < 0)
			break;
		if (!exec_op_event(t, &e))
			return;
		alive = e.kind == EV_READ    ? add_load(&e)
			: e.kind == EV_WRITE ? add_store(&e)
					     : add_other(&e);
		if (!alive)
			return;
	}
	search_leaf();
}

static void take(struct item *it)
{
	graph_clear(&G, program->nthreads);
	graph_load(&G, it->ev, it->n);
	free(it->ev);
	S.has_sync = false;
	for (int i = 0; i < G.n; i++) {
		if (ev_is_sync(&G.ev[i]))
			S.has_sync = true;
		if (G.ev[i].kind == EV_SPAWN && G.ev[i].target >= G.nthreads)
			G.nthreads = G.ev[i].target + 1;
	}
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
	/* A domain oracle's word says more than "data race", which the same bug often is as well. */
	return more >= (S.best.rank == 0 ? 200 : 5000) || now_seconds() - S.found_at > 20;
}

static bool limit_reached(void)
{
	static int every;
	double spent;

	if (S.best.found && S.best.rank < RANK_UNSURE)
		return looked_long_enough();
	if (S.opt->max_executions && S.res->executions >= S.opt->max_executions)
		return true;
	if (++every & 63)
		return false;
	spent = now_seconds() - S.started;
	if (S.opt->timeout > 0 && spent > S.opt->timeout)
		return true;
	if (S.opt->progress && S.opt->progress(S.opt->progress_arg, S.res->executions, spent))
		return S.res->stopped = true;
	return false;
}

int search_set_up(const struct flx_program *p, const struct flx_options *o, struct flx_result *r)
{
	int err;

	memset(r, 0, sizeof(*r));
	memset(&S, 0, sizeof(S));
	S.opt = o;
	S.res = r;
	S.started = now_seconds();
	err = memory_init();
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
		free(S.stack[--S.depth].ev);
	free(S.stack);
	free(S.best.ev);
	free(S.partial.hash);
	free(S.complete.hash);
	exec_exit();
	memory_exit();
}

void search_result(bool complete)
{
	struct flx_result *r = S.res;

	r->seconds = now_seconds() - S.started;
	r->verdict = complete ? FLX_VERIFIED : FLX_INCONCLUSIVE;
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
	r->record = record_create(&G, S.opt, S.best.racing);
}

/* The program has grace periods: from the beginning, with a set of visited graphs (revisit.c). */
static void start_again(void)
{
	while (S.depth)
		free(S.stack[--S.depth].ev);
	S.start_again = false;
	S.by_set = true;
	/* Executions that a callback has seen are not shown to it again. */
	if (!S.opt->hash && !S.opt->on_execution)
		S.res->executions = S.executions_at_find = 0;
	S.res->blocked = 0;
	graph_clear(&G, program->nthreads);
	search_push();
}

int flx_explore(const struct flx_program *p, const struct flx_options *o, struct flx_result *r,
		char *err, size_t err_size)
{
	int ret = search_set_up(p, o, r);
	bool complete = true;

	if (ret) {
		snprintf(err, err_size, "set-up failed: %s", strerror(-ret));
		search_tear_down(NULL);
		return ret;
	}
	graph_clear(&G, p->nthreads);
	search_push();
	while (S.depth) {
		if (limit_reached()) {
			complete = false;
			break;
		}
		take(&S.stack[--S.depth]);
		exec_restart();
		S.failed = false;
		continue_execution();
		if (exec_error[0]) {
			snprintf(err, err_size, "%s", exec_error);
			ret = -EINVAL;
			break;
		}
		/* Nothing may be left on the stack: the first execution can be the only one. */
		if (S.start_again)
			start_again();
	}
	if (!ret)
		search_result(complete);
	search_tear_down(r->record);
	return ret;
}

void flx_fail(const char *oracle, const char *message)
{
	search_fail(oracle, message);
}
