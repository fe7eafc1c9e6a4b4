/* SPDX-License-Identifier: MIT */
/* forward.c - see forward.h. */
#include "forward.h"

#include <stdlib.h>

#include "learn.h"

/* The ways of all steps that are being looked at: a stack. */
static int16_t *way;
static size_t nr_ways, cap;

static void offer(int w)
{
	if (nr_ways == cap) {
		cap = cap ? 2 * cap : 256;
		way = realloc(way, cap * sizeof(*way));
		if (!way)
			abort();
	}
	way[nr_ways++] = (int16_t)w;
}

void forward_give_back(const struct options *o)
{
	nr_ways = o->first;
}

void forward_free(void)
{
	free(way);
	way = NULL;
	nr_ways = cap = 0;
}

bool forward_failed(void)
{
	return exec_error[0] || learn_again;
}

void forward_start(void)
{
	graph_clear(&G, program->nthreads);
	exec_moved();
}

bool forward_in_vain(void)
{
	for (int t = 0; t < G.nthreads; t++) {
		const struct ev *e = G.tn[t] ? &G.ev[G.tev[t][G.tn[t] - 1]] : NULL;

		if (e && e->kind == EV_READ && (e->flags & EVF_BLOCKED) &&
		    e->rf != graph_co_max(&G, e->loc))
			return true;
	}
	return false;
}

static bool is_sync(const struct label *l)
{
	return l->kind == EV_FENCE &&
	       (l->fence == FL_FENCE_SYNC_RCU || l->fence == FL_FENCE_SYNC_SRCU);
}

int forward_steps(struct step *step, bool *stuck)
{
	int n = 0;

	*stuck = true;
	for (int t = 0; t < G.nthreads; t++) {
		struct label *l = exec_label(t);
		enum pace pace;

		if (forward_failed())
			return 0;
		if (!l || l->stop || (l->kind == EV_JOIN && !search_ended(l->target)))
			continue;
		pace = is_sync(l)		 ? PACE_GRACE
		       : search_would_wait(t, l) ? PACE_WAITS
						 : PACE_GOES_ON;
		if (pace == PACE_GOES_ON)
			*stuck = false;
		step[n++] = (struct step){ t, pace, l };
	}
	return n;
}

/* The store of the read-modify-write whose load is @r, in G but not yet in co; EV_NONE: it has no place. */
static int add_store_part(int r)
{
	struct ev op = G.ev[r];
	int16_t after;
	int w;

	if (graph_consumed(&G, op.loc, op.rf) && S.opt->mutant != FLX_MUT_NO_ATOMICITY)
		return EV_NONE;
	search_rmw_store(&op);
	w = search_add(&op);
	return search_rmw_placement(w, EV_NONE, &after) ? w : EV_NONE;
}

static bool load_fits(int r, bool newest)
{
	if (!newest && !search_consistent())
		return false;
	return !(G.ev[r].flags & EVF_RMW) || add_store_part(r) != EV_NONE;
}

static void offer_stores_to_read(const struct ev *e, bool stuck)
{
	int r = search_add(e);
	int16_t stores[search_nr_stores(e->loc)];
	int n = search_readable(r, stores);

	for (int i = 0; i < n && !forward_failed(); i++) {
		search_choose_rf(r, stores[i]);
		/* Waiting is reading the newest store, as in the exhaustive search. */
		if (G.ev[r].flags & EVF_BLOCKED ? stuck && !i : load_fits(r, !i))
			offer(stores[i]);
		search_unwind(r + 1);
	}
}

static void offer_places(const struct ev *e)
{
	int w = search_add(e);
	int16_t after[search_nr_stores(e->loc)];
	int n = search_placements(w, EV_NONE, after);

	for (int i = 0; i < n; i++)
		offer(after[i]);
}

/* Always allowed, so the model is not asked. */
static void offer_newest(const struct step *s, bool stuck)
{
	int loc = s->label->loc;

	if (s->pace == PACE_GOES_ON || stuck)
		offer(loc < G.loc_cap ? graph_co_max(&G, loc) : EV_INIT);
}

struct options forward_options(const struct step *s, bool stuck, bool newest)
{
	struct options o = { .first = nr_ways };
	int n = G.n;
	struct ev e;

	if (!exec_event(s->label, s->thread, &e))
		return o;
	if (e.kind <= EV_WRITE && newest) {
		offer_newest(s, stuck);
		o.n = nr_ways - o.first;
		return o;
	}
	switch (e.kind) {
	case EV_CHOICE:
		o.values = true;
		o.n = s->label->a;
		return o;
	case EV_READ:
		offer_stores_to_read(&e, stuck);
		break;
	case EV_WRITE:
		offer_places(&e);
		break;
	default:
		offer(false);
		if (s->pace == PACE_GRACE && stuck)
			offer(true);
	}
	search_unwind(n);
	o.n = nr_ways - o.first;
	return o;
}

static void take_load(int r, int store)
{
	int w;

	search_choose_rf(r, store);
	if (!(G.ev[r].flags & EVF_RMW))
		return;
	w = add_store_part(r);
	graph_co_insert(&G, w, store);
}

void forward_take(const struct step *s, const struct options *o, uint64_t i)
{
	struct ev e;
	int id, w;

	if (!exec_event(s->label, s->thread, &e))
		return;
	if (e.kind == EV_BEGIN)
		e.rf = G.spawn[e.thread];
	else if (e.kind == EV_JOIN)
		e.rf = G.tev[e.target][G.tn[e.target] - 1];
	id = search_add(&e);
	if (e.kind == EV_CHOICE) {
		G.ev[id].rval = i;
		return;
	}
	w = way[o->first + i];
	if (e.kind == EV_READ)
		take_load(id, w);
	else if (e.kind == EV_WRITE)
		graph_co_insert(&G, id, w);
	else if (w)
		G.ev[id].flags |= EVF_BLOCKED;
}

/* ---- chance: splitmix64 ---- */

static uint64_t next(struct chance *c)
{
	uint64_t z = c->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

struct chance chance_of_run(uint64_t seed, uint64_t run)
{
	struct chance c = { .state = seed };

	c.state = next(&c) + run;
	c.state = next(&c);
	return c;
}

uint64_t chance_below(struct chance *c, uint64_t n)
{
	/* The bias is n / 2^64. */
	return (uint64_t)((unsigned __int128)next(c) * n >> 64);
}
