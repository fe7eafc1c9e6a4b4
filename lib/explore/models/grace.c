/* SPDX-License-Identifier: MIT */
/*
 * grace.c - the common case of RCU, cheaply, before the models ask their axioms: a reader section sees an object that is
 * being taken away, a grace period, the object's end.
 *
 *   reader, in thread T                      updater
 *   L  rcu_read_lock()                       W  a store that takes the object away
 *   R  a load that does not see W            G  grace period, begun with W known
 *   A  the access                            F  the end
 *   U  rcu_read_unlock()
 *
 * R reads from before W (fr), so L to R to W to G is a link from section to grace period, and U comes before F
 * (rcu-fence): A to U in program order, section and grace period, G to F.
 */
#include "model.h"

/* The outermost rcu_read_lock() of the section in which event @a is; -1: none, or it does not end. */
static int section_of(const struct graph *g, int a)
{
	int t = g->ev[a].thread, depth = 0, lock = -1;

	for (int i = 0; i < g->tn[t]; i++) {
		const struct ev *e = &g->ev[g->tev[t][i]];

		if (e->kind != EV_FENCE)
			continue;
		if (e->fence == FL_FENCE_RCU_LOCK && !depth++)
			lock = i;
		else if (e->fence == FL_FENCE_RCU_UNLOCK && depth && !--depth && i > g->ev[a].idx)
			return lock < g->ev[a].idx ? lock : -1;
	}
	return -1;
}

/* The last RCU grace period before @f in its thread, or EV_NONE. */
static int grace_period_before(const struct graph *g, int f)
{
	for (int i = g->ev[f].idx - 1; i >= 0; i--) {
		int e = g->tev[g->ev[f].thread][i];

		if (ev_is_sync(&g->ev[e]) && g->ev[e].fence == FL_FENCE_SYNC_RCU)
			return e;
	}
	return EV_NONE;
}

/* Does the load @r miss a store of another thread that @gp comes after? */
static bool misses(const struct graph *g, int r, int gp,
		   bool (*knows)(const struct graph *g, int e, int w))
{
	const struct ev *e = &g->ev[r];

	if (e->kind != EV_READ || e->order == FL_PLAIN || (e->flags & EVF_BLOCKED))
		return false;
	for (int w = graph_co_next(g, e->loc, e->rf); w != EV_NONE; w = g->ev[w].co_next)
		if (g->ev[w].thread != e->thread && g->ev[w].order != FL_PLAIN && knows(g, gp, w))
			return true;
	return false;
}

bool ordered_by_grace_period(const struct graph *g, int a, int f,
			     bool (*knows)(const struct graph *g, int e, int w))
{
	int t = g->ev[a].thread, lock, gp;

	if (!g->nr[HAS_SYNC])
		return false;
	lock = section_of(g, a);
	gp = grace_period_before(g, f);
	if (lock < 0 || gp < 0)
		return false;
	for (int i = lock + 1; i < g->tn[t]; i++)
		if (misses(g, g->tev[t][i], gp, knows))
			return true;
	return false;
}
