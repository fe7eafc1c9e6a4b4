/* SPDX-License-Identifier: MIT */
/* retry.c - see retry.h. */
#include "retry.h"

#include "learn.h"
#include "search.h"

bool retry_may_leave_out(int loc)
{
	uintptr_t addr = locs[loc].addr;

	if (!S.clocks || locs[loc].overlaps || learn_if_order_matters(addr))
		return false;
	learn_watch(addr);
	return true;
}

/* @e, which was there before, and @clock's event: has one of them come before the other? */
static bool is_ordered(const uint16_t *clock, int thread, int e)
{
	return G.ev[e].thread == thread || G.ev[e].idx < clock[G.ev[e].thread];
}

void retry_look(int i)
{
	const struct ev *e = &G.ev[i];
	const uint16_t *clock = graph_hb(&G, i);
	bool ordered = true;

	if (!S.clocks || e->kind > EV_ADD || !learn_is_watched(locs[e->loc].addr) ||
	    S.opt->mutant == FLX_MUT_RETRY_UNORDERED)
		return;
	for (int w = G.loc[e->loc].co_head; w != EV_NONE; w = G.ev[w].co_next)
		ordered &= is_ordered(clock, e->thread, w);
	for (int r = G.loc[e->loc].rd_head; r != EV_NONE && e->kind != EV_READ; r = G.ev[r].rd_next)
		ordered &= is_ordered(clock, e->thread, r);
	if (!ordered)
		learn_order_matters(locs[e->loc].addr);
}
