/* SPDX-License-Identifier: MIT */
/*
 * lkmm_nodes.c - which events take part in the relations, and their numbers.
 *
 * What orders nothing between others is left out, since the cost of all that follows grows with the square of the
 * number of nodes.
 */
#include <string.h>

#include "lkmm.h"

static int node_buf[EV_CAP + FLX_MAX_THREADS], event_buf[EV_CAP],
	thread_buf[EV_CAP + FLX_MAX_THREADS];

bool lkmm_keep_all;

static bool location_is_shared(const struct graph *g, const struct ev *e)
{
	const struct loc *l = &g->loc[e->loc];
	int owner = e->thread;

	if (l->co_head == EV_NONE)
		return false;
	for (int w = l->co_head; w != EV_NONE; w = g->ev[w].co_next)
		if (g->ev[w].thread != owner)
			return true;
	for (int r = l->rd_head; r != EV_NONE; r = g->ev[r].rd_next)
		if (g->ev[r].thread != owner)
			return true;
	return false;
}

/* Does @e order a load before or behind it? rcu-fence leads to what follows a rcu_read_lock(). */
static bool fences_loads(const struct ev *e)
{
	if (e->kind == EV_FENCE)
		return e->fence != FL_FENCE_RCU_UNLOCK && e->fence != FL_FENCE_WMB;
	return e->kind == EV_SPAWN ||
	       (e->kind == EV_READ && (e->order == FL_MB || (e->flags & EVF_LOCK)));
}

static bool has_no_store(const struct graph *g, const struct ev *e)
{
	return e->order == FL_ONCE && !(e->flags & EVF_RMW) && g->loc[e->loc].co_head == EV_NONE;
}

/*
 * Between two fences there must be a marked load, if the program has one there: plain accesses behind are bounded by
 * it (r-pre-bounded), even if it reads what nobody stores.
 */
static void loads_between_fences(const struct graph *g, int t, bool *orders)
{
	bool behind_fence = false, other = false;
	int load = EV_NONE;

	for (int i = 0; i < g->tn[t]; i++) {
		const struct ev *e = &g->ev[g->tev[t][i]];

		if (fences_loads(e)) {
			if (behind_fence && load != EV_NONE && !other)
				orders[load] = true;
			behind_fence = true;
			other = false;
			load = EV_NONE;
		} else if (e->kind != EV_READ || e->order == FL_PLAIN ||
			   (e->flags & (EVF_BLOCKED | EVF_NORETURN))) {
			continue;
		} else if (has_no_store(g, e)) {
			load = g->tev[t][i];
		} else {
			other = true;
		}
	}
}

/* The marked loads that order others even if they read what nobody stores. */
static void loads_that_order(const struct graph *g, bool *orders)
{
	memset(orders, 0, g->n * sizeof(*orders));
	for (int i = 0; i < g->n; i++)
		if (g->ev[i].addr_dep >= 0)
			orders[g->ev[i].addr_dep] = true;
	for (int t = 0; g->nr[HAS_PLAIN] && t < g->nthreads; t++)
		loads_between_fences(g, t, orders);
}

/*
 * Accesses to objects that are freed matter even where no two threads share a location; so do loads that
 * others depend on.
 */
static bool keeps_all(const struct lkmm *m)
{
	for (int i = 0; i < m->g->n; i++) {
		const struct ev *e = &m->g->ev[i];

		if ((e->flags & EVF_FREE) || e->op->deps.addr || e->op->deps.data ||
		    e->op->deps.ctrl)
			return true;
	}
	return m->all_ctrl;
}

static bool is_node(const struct graph *g, const struct ev *e, const bool *orders, bool keep_all)
{
	if (e->kind == EV_FENCE)
		return ev_is_sync(e) || e->fence == FL_FENCE_RCU_LOCK ||
		       e->fence == FL_FENCE_RCU_UNLOCK;
	if (e->kind > EV_WRITE || (e->flags & EVF_BLOCKED))
		return false;
	if (keep_all || (e->flags & (EVF_SRCU | EVF_FAILED)))
		return true;
	/* addr ; [Plain] ; wmb orders marked stores through a plain one that nobody else sees. */
	if (e->order == FL_PLAIN)
		return location_is_shared(g, e) || (e->kind == EV_WRITE && e->addr_dep >= 0);
	if (e->kind == EV_READ && has_no_store(g, e))
		return orders[e - g->ev];
	return true;
}

void lkmm_number_nodes(struct lkmm *m)
{
	static bool orders[EV_CAP];
	const struct graph *g = m->g;
	bool keep_all = lkmm_keep_all || keeps_all(m);

	loads_that_order(g, orders);
	m->node = node_buf;
	m->of_event = event_buf;
	m->thread = thread_buf;
	for (int t = 0; t < g->nthreads; t++) {
		int depth = 0;

		for (int i = 0; i < g->tn[t]; i++) {
			int id = g->tev[t][i];
			const struct ev *e = &g->ev[id];

			m->of_event[id] = -1;
			if (!is_node(g, e, orders, keep_all))
				continue;
			m->of_event[id] = m->n;
			m->thread[m->n] = t;
			m->node[m->n++] = id;
			if (e->kind == EV_FENCE) {
				m->has_sync |= ev_is_sync(e);
				depth += e->fence == FL_FENCE_RCU_LOCK;
				depth -= e->fence == FL_FENCE_RCU_UNLOCK;
			} else if (e->order == FL_PLAIN) {
				m->has_plain = true;
			}
		}
		if (depth > 0) {
			m->thread[m->n] = t;
			m->node[m->n++] = -1;
		}
	}
}
