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
 * It rests on the canonical way being always allowed. A grace period would break that (the newest store may
 * be forbidden to a reader section that began before), so the RCU axiom is left to complete
 * executions: until then it is a barrier. One that lasts for ever is never the canonical way.
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

	while (x != EV_INIT &&
	       !(x <= e || (graph_in_prefix(&G, x, w) && S.opt->mutant != FLX_MUT_NEWEST_THEN)))
		x = G.ev[x].co_prev;
	return x;
}

static bool maximally_added(int e, int w)
{
	const struct ev *ev = &G.ev[e];

	if (S.opt->mutant == FLX_MUT_NO_MAXIMALITY)
		return true;
	if (ev->kind == EV_CHOICE)
		return ev->rval == 0 || S.opt->mutant == FLX_MUT_CHOICE_ALWAYS_MAXIMAL;
	if (ev->kind > EV_WRITE)
		return !(ev->kind == EV_FENCE && (ev->flags & EVF_BLOCKED)) ||
		       S.opt->mutant == FLX_MUT_GP_ALWAYS_MAXIMAL;
	if (ev->kind == EV_READ)
		return ev->rf == newest_before(ev->loc, e, w) ||
		       S.opt->mutant == FLX_MUT_LOAD_ALWAYS_MAXIMAL;
	return newest_before(ev->loc, e, w) == e || S.opt->mutant == FLX_MUT_STORE_ALWAYS_MAXIMAL;
}

/* The load @r reads the new store @w, the last event: every place in co that w may have then. */
static void place(int r, int w, double weight)
{
	int16_t after[search_nr_stores(G.ev[w].loc)];
	int n = 0, only, taken;

	search_choose_rf(r, w);
	if (G.ev[w].flags & EVF_RMW) {
		int rf = G.ev[graph_po_prev(&G, w)].rf, loc = G.ev[w].loc;

		if (graph_consumed(&G, loc, rf) && S.opt->mutant != FLX_MUT_NO_ATOMICITY)
			return;
		if ((G.ev[r].flags & EVF_BLOCKED) && graph_co_max(&G, loc) != rf &&
		    S.opt->mutant != FLX_MUT_PLACE_BLOCKED)
			return;
		n = search_rmw_placement(w, r, after);
	} else {
		n = search_placements(w, r, after);
	}
	only = search_choice(n);
	for (int i = 0; i < n; i++) {
		if (!search_wants(only, i))
			continue;
		taken = search_take(n, i);
		graph_co_insert(&G, w, after[i]);
		search_branch(weight / n);
		search_unwind(w + 1);
		graph_co_remove(&G, w);
		search_untake(taken);
	}
}

/* The earliest load that reads @e. */
static int first_reader(int e)
{
	int first = EV_CAP;

	for (int q = G.loc[G.ev[e].loc].rd_head; q != EV_NONE; q = G.ev[q].rd_next)
		if (G.ev[q].rf == e && q < first)
			first = q;
	return first;
}

/*
 * The read-modify-write that already takes what @w, the store of another one, has to come just after; or EV_CAP.
 * place() refuses what this leaves out, but only in a graph of its own.
 */
static int rival(int w)
{
	int own = graph_po_prev(&G, w), next;

	if (!(G.ev[w].flags & EVF_RMW) || S.opt->mutant == FLX_MUT_NO_ATOMICITY ||
	    !graph_consumed(&G, G.ev[w].loc, G.ev[own].rf))
		return EV_CAP;
	next = graph_co_next(&G, G.ev[w].loc, G.ev[own].rf);
	return graph_po_prev(&G, next);
}

/*
 * From the newest load to the oldest. To revisit a load deletes what w does not need of all that was added after
 * it; each of these must have been added canonically, and no load that stays may read from a store that
 * goes. The other half of an atomic read-modify-write has to go too, or be the load itself.
 */
int search_revisitable(int w, int16_t *loads)
{
	int n = 0, latest = rival(w);

	for (int e = w - 1; e >= 0; e--) {
		const struct ev *ev = &G.ev[e];

		if (graph_in_prefix(&G, e, w))
			continue;
		if (!maximally_added(e, w))
			break;
		if (ev->kind == EV_READ && ev->loc == G.ev[w].loc && e <= latest)
			loads[n++] = e;
		if (ev->kind == EV_WRITE) {
			int q = first_reader(e);

			if (S.opt->mutant != FLX_MUT_ORPHAN_READERS)
				latest = q < latest ? q : latest;
		}
	}
	return n;
}

static struct graph *spare; /* graphs that are not in use, kept for their memory */
static int nspare, spare_cap;

static struct graph take_graph(void)
{
	struct graph g;

	if (nspare)
		return spare[--nspare];
	graph_init(&g);
	return g;
}

static void give_graph(struct graph g)
{
	if (nspare == spare_cap) {
		spare_cap = spare_cap ? 2 * spare_cap : 16;
		spare = realloc(spare, spare_cap * sizeof(*spare));
		if (!spare)
			abort();
	}
	spare[nspare++] = g;
}

void search_free_graphs(void)
{
	while (nspare)
		graph_free(&spare[--nspare]);
	free(spare);
	spare = NULL;
	spare_cap = 0;
}

void search_revisit(int w, const int16_t *loads, int n, double weight, int total, int only)
{
	bool keep[w + 1];
	int16_t map[w + 1];

	for (int i = 0; i < n && !search_gives_up(); i++) {
		struct graph larger = G;
		int taken;

		if (!search_wants(only, total - n + i))
			continue;
		taken = search_take(total, total - n + i);
		for (int e = 0; e <= w; e++)
			keep[e] = kept_event(e, loads[i], w);
		G = take_graph();
		graph_restrict(&G, &larger, keep, map);
		exec_moved();
		place(map[loads[i]], G.n - 1, weight);
		give_graph(G);
		G = larger;
		exec_moved();
		search_untake(taken);
	}
}
