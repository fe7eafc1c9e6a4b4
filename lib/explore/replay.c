/* SPDX-License-Identifier: MIT */
/*
 * replay.c - runs one recorded execution again.
 *
 * The record's order extends program order and reads-from, so its events can be added one by one: each
 * thread in turn runs up to the recorded event, which gets its store to read and its place in co
 * from the record. Operations that the record does not know (the code was edited elsewhere) read the
 * newest store and go on; an event of the record that the thread no longer does ends the replay.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commute.h"
#include "learn.h"
#include "memory.h"
#include "record.h"
#include "search.h"

struct replay {
	const struct flx_record *want;
	int *event; /* record index -> event of G (of a RMW: its store part), or EV_NONE */
	int *rank;  /* of a store in co */
	int *next;  /* the next recorded event of the same thread, or -1 */
	char *err;
	size_t err_size;
};

static const char *want_name(const struct flx_event *w)
{
	return w->site ? w->site->text : w->kind == FLX_WRITE ? "a plain store" : "a plain load";
}

static bool same(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

static bool same_site(const struct fl_site *a, const struct fl_site *b)
{
	if (!a || !b)
		return !a && !b;
	return same(a->text, b->text) && same(a->func, b->func);
}

static bool matches(const struct label *l, const struct flx_event *w)
{
	switch (l->kind) {
	case EV_READ:
		return (w->kind == FLX_READ || (w->kind == FLX_RMW && (l->flags & EVF_COND))) &&
		       same_site(l->site, w->site);
	case EV_WRITE:
		return w->kind == FLX_WRITE && same_site(l->site, w->site);
	case EV_FENCE:
		return w->kind == FLX_FENCE && w->fence == l->fence && same_site(l->site, w->site);
	default:
		return w->kind == FLX_OTHER;
	}
}

static int fails(struct replay *r, const struct flx_event *w, const char *what)
{
	snprintf(r->err, r->err_size, "CPU%d: %s (event %d, in %s) %s", w->thread, want_name(w),
		 w->index, w->site && w->site->func ? w->site->func : "instrumented code", what);
	return -ESTALE;
}

/* The store after which a store of @rank belongs. */
static int place(const struct replay *r, int loc, int rank)
{
	int after = EV_INIT;

	for (int w = graph_co_next(&G, loc, EV_INIT); w != EV_NONE; w = G.ev[w].co_next) {
		int k = -1;

		for (int i = 0; i < r->want->n; i++)
			if (r->event[i] == w)
				k = r->rank[i];
		if (k < 0 || k < rank)
			after = w;
	}
	return after;
}

static int add_store_part(int load)
{
	struct ev op = G.ev[load];

	search_rmw_store(&op);
	int w = graph_add(&G, &op);

	search_settle(w);
	graph_co_insert(&G, w, G.ev[load].rf);
	return w;
}

/* In an execution that is a violation for another reason, who waits need not wait on the newest store. */
static void choose_to_wait(int r)
{
	while (!(G.ev[r].flags & EVF_BLOCKED) && G.ev[r].rf != EV_INIT)
		search_choose_rf(r, G.ev[G.ev[r].rf].co_prev);
}

/* Adds @t's operation as the recorded event @k, or (k < 0) as an unknown one. */
static int add(struct replay *r, int t, struct label *l, int k)
{
	const struct flx_event *w = k < 0 ? NULL : &r->want->ev[k];
	struct ev e;
	int id;

	if (!exec_event(l, t, &e))
		return -EINVAL;
	if (e.kind == EV_BEGIN)
		e.rf = G.spawn[t];
	if (e.kind == EV_JOIN) {
		if (!G.tn[e.target] || G.ev[G.tev[e.target][G.tn[e.target] - 1]].kind != EV_END)
			return fails(r, w ? w : &r->want->ev[0], "waits for a thread that goes on");
		e.rf = G.tev[e.target][G.tn[e.target] - 1];
	}
	id = graph_add(&G, &e);
	search_settle(id);
	if (e.kind == EV_CHOICE)
		G.ev[id].rval = w ? w->rval : 0;
	if (e.kind == EV_FENCE && w && w->blocked)
		G.ev[id].flags |= EVF_BLOCKED; /* a grace period that a reader never let end */
	if (e.kind == EV_WRITE) {
		graph_co_insert(&G, id, w ? place(r, e.loc, r->rank[k]) : graph_co_max(&G, e.loc));
	} else if (e.kind == EV_READ) {
		int rf = graph_co_max(&G, e.loc);

		if (w && !w->blocked) {
			rf = w->rf >= 0 ? r->event[w->rf] : EV_INIT;
			if (rf == EV_NONE || (rf >= 0 && G.ev[rf].loc != e.loc))
				return fails(r, w, "reads a store that is no longer there");
		}
		search_choose_rf(id, rf);
		if (w && w->blocked)
			choose_to_wait(id);
		if (w && w->blocked != !!(G.ev[id].flags & EVF_BLOCKED))
			return fails(r, w, w->blocked ? "no longer waits" : "now waits for ever");
		if (G.ev[id].flags & EVF_RMW) {
			if (graph_consumed(&G, e.loc, rf) && w)
				return fails(r, w, "finds its value taken by another access");
			id = add_store_part(id);
		}
	}
	if (k >= 0)
		r->event[k] = id;
	return 0;
}

static int follow(struct replay *r)
{
	for (int k = 0; k < r->want->n; k++) {
		const struct flx_event *w = &r->want->ev[k];
		int t = w->thread, extra = 0, ret;
		struct label *l;

		if (t >= G.nthreads)
			return fails(r, w, "belongs to a thread that no longer exists");
		for (;;) {
			bool later = false;

			l = exec_label(t);
			if (exec_error[0])
				return -EINVAL;
			if (!l || l->stop)
				return fails(r, w, "is no longer reached");
			if (matches(l, w))
				break;
			for (int j = r->next[k]; j >= 0 && !later; j = r->next[j])
				later = matches(l, &r->want->ev[j]) && l->site;
			if (later || ++extra > 10000 || l->kind == EV_END)
				return fails(r, w, "is no longer there");
			ret = add(r, t, l, -1);
			if (ret)
				return ret;
		}
		ret = add(r, t, l, k);
		if (ret)
			return ret;
	}
	return 0;
}

static int prepare(struct replay *r, const struct flx_record *want)
{
	int last[FLX_MAX_THREADS];

	r->want = want;
	r->event = malloc(sizeof(int) * (want->n + 1));
	r->rank = malloc(sizeof(int) * (want->n + 1));
	r->next = malloc(sizeof(int) * (want->n + 1));
	if (!r->event || !r->rank || !r->next)
		return -ENOMEM;
	for (int t = 0; t < FLX_MAX_THREADS; t++)
		last[t] = -1;
	for (int k = want->n - 1; k >= 0; k--) {
		int t = want->ev[k].thread;

		if (t < 0 || t >= FLX_MAX_THREADS || want->ev[k].rf >= want->n ||
		    want->ev[k].co_after >= want->n)
			return -EINVAL;
		r->event[k] = EV_NONE;
		r->next[k] = last[t];
		last[t] = k;
		r->rank[k] = 0;
		for (int p = want->ev[k].co_after; p >= 0; p = want->ev[p].co_after)
			if (++r->rank[k] > want->n)
				return -EINVAL;
	}
	return 0;
}

static int follow_all(const struct flx_record *want, char *err, size_t err_size)
{
	struct replay r = { .err = err, .err_size = err_size };
	int ret = prepare(&r, want), t;
	struct label *l;

	graph_clear(&G, program->nthreads);
	if (ret == -EINVAL)
		snprintf(err, err_size, "the recorded execution is inconsistent");
	if (!ret)
		ret = follow(&r);
	/* What is left when the record ends: threads that were edited at their end. */
	while (!ret && (t = search_next_thread(&l)) >= 0 && G.n < EV_CAP - 4)
		ret = add(&r, t, l, -1);
	free(r.event);
	free(r.rank);
	free(r.next);
	return ret;
}

int flx_replay(const struct flx_program *p, const struct flx_options *o,
	       const struct flx_record *want, struct flx_result *res, char *err, size_t err_size)
{
	int ret = search_set_up(p, o, res);

	if (ret) {
		snprintf(err, err_size, "set-up failed: %s", strerror(-ret));
		search_tear_down(NULL);
		return ret;
	}
	/* A record has all stores. */
	commute_begin(false);
	if (p->ordinary)
		search_learn();
	if (p->learnt)
		p->learnt(p->common);
	do {
		search_begin_again();
		ret = follow_all(want, err, err_size);
	} while (learn_again);
	if (!ret && exec_error[0])
		ret = -EINVAL;
	if (ret == -EINVAL && exec_error[0])
		snprintf(err, err_size, "%s", exec_error);
	if (!ret && !model_consistent(&G, o->model, o->mutant, true)) {
		snprintf(err, err_size, "the model no longer allows this execution");
		ret = -ESTALE;
	}
	if (!ret) {
		search_leaf();
		search_result(false);
	}
	if (!ret && !res->record) {
		static const int none[2] = { EV_NONE, EV_NONE };

		res->record = record_create(&G, o, none);
	}
	search_tear_down(res->record);
	return ret;
}
