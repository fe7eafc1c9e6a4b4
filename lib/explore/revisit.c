/* SPDX-License-Identifier: MIT */
/*
 * revisit.c - a store that is added late is offered to the loads that were added before it.
 *
 * After TruSt: M. Kokologiannakis, I. Marmanis, V. Gladstein, V. Vafeiadis, "Truly stateless, optimal
 * dynamic partial order reduction", POPL 2022. When store w is to be read by an earlier load r, all
 * events added after r that w does not depend on are deleted. The same smaller graph can be reached
 * from many larger ones; the revisit is done only from the one in which each deleted event, and r
 * itself, had been added in the canonical way: a load reading the co-newest store there was, a
 * store going co-last. That makes a set of visited graphs unnecessary.
 */
#include <stdlib.h>
#include <string.h>

#include "search.h"

static bool kept_event(int e, int r, int w)
{
	return e <= r || e == w || graph_in_prefix(&G, e, w);
}

/* The co-newest store of @loc among those that were there when @e was added, or that @w needs. */
static int newest_before(int loc, int e, int w)
{
	int x = graph_co_max(&G, loc);

	while (x != EV_INIT && !(x <= e || graph_in_prefix(&G, x, w)))
		x = G.ev[x].co_prev;
	return x;
}

static bool maximally_added(int e, int w)
{
	const struct ev *ev = &G.ev[e];

	if (S.opt->mutant == FLX_MUT_NO_MAXIMALITY)
		return true;
	if (ev->kind == EV_READ)
		return ev->rf == newest_before(ev->loc, e, w);
	if (ev->kind != EV_WRITE)
		return true;
	return newest_before(ev->loc, e, w) == e;
}

/* A load that stays must not read from a store that goes. */
static bool store_is_free(int e, int r, int w)
{
	for (int q = G.loc[G.ev[e].loc].rd_head; q != EV_NONE; q = G.ev[q].rd_next)
		if (G.ev[q].rf == e && kept_event(q, r, w))
			return false;
	return true;
}

static bool may_revisit(int r, int w)
{
	if (!maximally_added(r, w))
		return false;
	for (int e = r + 1; e < w; e++) {
		if (graph_in_prefix(&G, e, w))
			continue;
		if (!maximally_added(e, w))
			return false;
		if (G.ev[e].kind == EV_WRITE && !store_is_free(e, r, w))
			return false;
	}
	return true;
}

static int16_t renumber(const int16_t *map, int e)
{
	return e >= 0 ? map[e] : e;
}

/* G without what the revisit deletes; returns the new number of @r. w is the last event. */
static int restrict_graph(int r, int w)
{
	static struct ev buf[EV_CAP];
	static int16_t map[EV_CAP];
	int n = 0;

	for (int e = 0; e <= w; e++)
		map[e] = kept_event(e, r, w) ? n++ : EV_NONE;
	for (int e = 0; e <= w; e++)
		if (map[e] >= 0) {
			struct ev *d = &buf[map[e]];

			*d = G.ev[e];
			d->rf = renumber(map, d->rf);
			d->addr_dep = renumber(map, d->addr_dep);
			d->co_next = EV_NONE;
		}
	for (int e = 0; e < w; e++)
		if (map[e] >= 0 && G.ev[e].kind == EV_WRITE) {
			int p = G.ev[e].co_prev;

			while (p >= 0 && map[p] < 0)
				p = G.ev[p].co_prev;
			buf[map[e]].co_prev = renumber(map, p);
			if (p >= 0)
				buf[map[p]].co_next = map[e];
		}
	graph_load(&G, buf, n);
	return map[r];
}

static void push_placements(int r, int w)
{
	const struct ev *e = &G.ev[w];

	if (e->flags & EVF_RMW) {
		int rf = G.ev[graph_po_prev(&G, w)].rf;

		if (graph_consumed(&G, e->loc, rf) && S.opt->mutant != FLX_MUT_NO_ATOMICITY)
			return;
		if ((G.ev[r].flags & EVF_BLOCKED) && graph_co_max(&G, e->loc) != rf)
			return;
		graph_co_insert(&G, w, rf);
		if (search_consistent())
			search_push();
		graph_co_remove(&G, w);
		return;
	}
	int oldest = search_oldest_visible(w);

	for (int p = graph_co_max(&G, e->loc);; p = G.ev[p].co_prev) {
		if (!graph_consumed(&G, e->loc, p)) {
			graph_co_insert(&G, w, p);
			if (search_consistent())
				search_push();
			graph_co_remove(&G, w);
		}
		/* A load that goes on waiting is taken to read the newest store. */
		if (p == oldest || p == EV_INIT || (G.ev[r].flags & EVF_BLOCKED) ||
		    S.opt->mutant == FLX_MUT_NO_CO)
			break;
	}
}

void search_revisit(int w)
{
	static struct ev *saved;
	static int candidates[EV_CAP];
	int n = 0, size = G.n;

	if (S.opt->mutant == FLX_MUT_NO_REVISIT)
		return;
	for (int r = G.loc[G.ev[w].loc].rd_head; r != EV_NONE; r = G.ev[r].rd_next)
		if (!graph_in_prefix(&G, r, w) && may_revisit(r, w))
			candidates[n++] = r;
	if (!n)
		return;
	if (!saved)
		saved = malloc(sizeof(*saved) * EV_CAP);
	if (!saved)
		abort();
	memcpy(saved, G.ev, sizeof(*saved) * size);
	for (int i = 0; i < n; i++) {
		int r = restrict_graph(candidates[i], w);

		w = G.n - 1;
		search_choose_rf(r, w);
		push_placements(r, w);
		graph_load(&G, saved, size);
		w = size - 1;
	}
}
