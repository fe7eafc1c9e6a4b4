/* SPDX-License-Identifier: MIT */
/* retry.c - see retry.h. */
#include "retry.h"

#include "learn.h"
#include "search.h"

/* Are all accesses of @e's location by other threads, or only the stores, ones that @e knows of? */
static bool knows_others(int e, bool only_stores)
{
	const struct loc *l = &G.loc[G.ev[e].loc];
	const uint16_t *clock = graph_hb(&G, e);
	int t = G.ev[e].thread;

	for (int w = l->co_head; w != EV_NONE; w = G.ev[w].co_next)
		if (G.ev[w].thread != t && !graph_knows(&G, clock, w))
			return false;
	for (int a = l->add_head; a != EV_NONE; a = G.ev[a].rd_next)
		if (G.ev[a].thread != t && !graph_knows(&G, clock, a))
			return false;
	for (int r = l->rd_head; r != EV_NONE && !only_stores; r = G.ev[r].rd_next)
		if (G.ev[r].thread != t && !graph_knows(&G, clock, r))
			return false;
	return true;
}

bool retry_may_leave_out(int w)
{
	const struct loc_info *l = &locs[G.ev[w].loc];

	if (!S.clocks || l->overlaps || l->heap_of != G.ev[w].thread ||
	    learn_if_order_matters(l->addr))
		return false;
	/* From the start, or not at all. */
	if (learn_is_watched(l->addr))
		return !learn_again;
	learn_watch(l->addr);
	return false;
}

void retry_look(int i)
{
	const struct ev *e = &G.ev[i];

	if (S.clocks && e->kind <= EV_ADD && learn_is_watched(locs[e->loc].addr) &&
	    S.opt->mutant != FLX_MUT_RETRY_UNORDERED && !knows_others(i, e->kind == EV_READ))
		learn_order_matters(locs[e->loc].addr);
}
