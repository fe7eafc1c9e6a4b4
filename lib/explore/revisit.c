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
 *
 * It rests on the canonical way being always allowed, which grace periods break: with one in the graph,
 * the newest store may be forbidden to a reader section that began before. Programs that have any are
 * searched with a set of visited graphs instead (search.by_set), and every revisit is done.
 */
#include <stdlib.h>
#include <string.h>

#include "search.h"

static bool kept_event(int e, int r, int w)
{
	return e <= r || e == w || graph_in_prefix(&G, e, w);
}

static int16_t renumber(const int16_t *map, int e)
{
	return e >= 0 ? map[e] : e;
}

static int16_t map[EV_CAP]; /* old number -> new, or EV_NONE, of the last restrict_graph() */

/* G without the events that are not in @keep. */
static void restrict_graph(const bool *keep)
{
	static struct ev buf[EV_CAP];
	int n = 0, old = G.n;

	for (int e = 0; e < old; e++)
		map[e] = keep[e] ? n++ : EV_NONE;
	for (int e = 0; e < old; e++)
		if (keep[e]) {
			struct ev *d = &buf[map[e]];

			*d = G.ev[e];
			d->rf = renumber(map, d->rf);
			d->addr_dep = renumber(map, d->addr_dep);
			d->co_next = EV_NONE;
		}
	for (int e = 0; e < old; e++)
		if (keep[e] && G.ev[e].kind == EV_WRITE && G.ev[e].co_prev != EV_NONE) {
			int p = G.ev[e].co_prev;

			while (p >= 0 && map[p] < 0)
				p = G.ev[p].co_prev;
			buf[map[e]].co_prev = renumber(map, p);
			if (p >= 0)
				buf[map[p]].co_next = map[e];
		}
	graph_load(&G, buf, n);
}

static struct ev saved[EV_CAP];
static int nsaved;

static void save(void)
{
	nsaved = G.n;
	memcpy(saved, G.ev, sizeof(*saved) * nsaved);
}

static void restore(void)
{
	graph_load(&G, saved, nsaved);
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

	if (S.by_set || S.opt->mutant == FLX_MUT_NO_MAXIMALITY || ev->kind > EV_WRITE)
		return ev->kind != EV_CHOICE || ev->rval == 0;
	if (ev->kind == EV_READ)
		return ev->rf == newest_before(ev->loc, e, w);
	return newest_before(ev->loc, e, w) == e;
}

/* A load that stays, other than @r itself, must not read from a store that goes. */
static bool store_is_free(int e, int r, int w)
{
	for (int q = G.loc[G.ev[e].loc].rd_head; q != EV_NONE; q = G.ev[q].rd_next)
		if (q != r && G.ev[q].rf == e && kept_event(q, r, w))
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
	static int candidates[EV_CAP];
	static bool keep[EV_CAP];
	int n = 0;

	if (S.opt->mutant == FLX_MUT_NO_REVISIT)
		return;
	for (int r = 0; r < w; r++)
		if (G.ev[r].kind == EV_READ && G.ev[r].loc == G.ev[w].loc &&
		    !graph_in_prefix(&G, r, w) && may_revisit(r, w))
			candidates[n++] = r;
	for (int i = 0; i < n; i++) {
		int r = candidates[i], last;

		save();
		for (int e = 0; e <= w; e++)
			keep[e] = kept_event(e, r, w);
		restrict_graph(keep);
		last = G.n - 1;
		search_choose_rf(map[r], last);
		push_placements(map[r], last);
		restore();
	}
}
