/* SPDX-License-Identifier: MIT */
/* use_after_free.c - may an access to an object come after its end, under sc, tso or lkmm? */
#include "lkmm.h"

/* That are looked at the cheap way. */
#define MAX_FREES 256

/* Could the access @a come after the store @f that ends its object? */
static bool may_follow(struct lkmm *m, const struct plain *q, enum flx_model model, bitrel order,
		       int f, int a)
{
	struct bitpool *p = m->pool;

	if (m->thread[a] == m->thread[f])
		return a > f;
	if (model == FLX_LKMM)
		return !bitrel_has(p, bitset_has(m->wr, a) ? q->ww_vis : q->rw_xbstar, a, f);
	if (bitrel_has(p, order, a, f))
		return false;
	if (m->has_sync && !lacks(m, FLX_MUT_FREE_NO_RCU)) {
		size_t mark = p->used;
		bitrel with = bitrel_copy(p, order);
		bool allowed;

		/* In the same graph, but with the access late: is there still no broken grace period? */
		bitrel_set(p, with, f, a);
		bitrel_plus(p, with);
		allowed = hardware_rcu(m, with);
		p->used = mark;
		return allowed;
	}
	return true;
}

/* What may_follow() asks of. */
static bitrel find_order(struct lkmm *m, struct plain *q, enum flx_model model)
{
	if (model != FLX_LKMM)
		return hardware_order(m, model);
	lkmm_propagation(m);
	lkmm_rcu(m);
	lkmm_plain_relations(m, q);
	return NULL;
}

static bool in_prefix(const struct graph *g, int e, int w)
{
	return graph_in_prefix(g, w, e);
}

/*
 * Cheaply: does the end of each object know all accesses to it? Under sc and tso what comes before a store
 * by program order and reads-from is before it: a chain of these enters a thread at a load, and leaves it
 * at a store. Under lkmm it takes release and acquire.
 */
static bool ends_know_all(const struct graph *g, enum flx_model model, enum flx_mutant mutant,
			  const struct object_end *ends, int nr)
{
	if (mutant != FLX_MUT_NONE)
		return false;
	if (model == FLX_LKMM)
		return lkmm_ends_synchronised(g, mutant, ends, nr);
	for (int i = 0; i < nr; i++) {
		const struct ev *f = &g->ev[ends[i].event];

		for (int a = 0; a < g->n; a++) {
			const struct ev *e = &g->ev[a];

			if (!object_end_is_of(&ends[i], e))
				continue;
			if (e->thread == f->thread
				    ? e->idx > f->idx
				    : !graph_in_prefix(g, a, ends[i].event) &&
					      !ordered_by_grace_period(g, a, ends[i].event,
								       in_prefix))
				return false;
		}
	}
	return true;
}

/* The same for objects that fl_free() ended; true also if there are none. False: not for certain. */
static bool frees_know_all(const struct graph *g, enum flx_model model, enum flx_mutant mutant)
{
	struct object_end ends[MAX_FREES];
	int nr = 0;

	for (int i = 0; i < g->n; i++) {
		const struct ev *e = &g->ev[i];

		if (!(e->flags & EVF_FREE))
			continue;
		if (nr == MAX_FREES)
			return false;
		ends[nr++] = (struct object_end){ locs[e->loc].addr, e->op->a, i };
	}
	return !nr || ends_know_all(g, model, mutant, ends, nr);
}

bool model_use_after_free(const struct graph *g, enum flx_model model, enum flx_mutant mutant,
			  bool all_dependencies, int pair[2])
{
	struct lkmm m;
	struct plain q;
	bitrel order;

	if (frees_know_all(g, model, mutant))
		return false;
	lkmm_build(&m, g, mutant, all_dependencies);
	order = find_order(&m, &q, model);
	for (int f = 0; f < m.n; f++) {
		const struct ev *fe = node_ev(&m, f);
		uintptr_t start;
		size_t size;

		if (!fe || !(fe->flags & EVF_FREE))
			continue;
		start = locs[fe->loc].addr;
		size = fe->op->a;
		for (int a = 0; a < m.n; a++) {
			const struct ev *ae = node_ev(&m, a);

			if (a == f || !ae || ae->kind > EV_WRITE ||
			    locs[ae->loc].addr - start >= size)
				continue;
			if (!may_follow(&m, &q, model, order, f, a))
				continue;
			pair[0] = m.node[f];
			pair[1] = m.node[a];
			return true;
		}
	}
	return false;
}

static bool used_after(struct lkmm *m, const struct plain *q, enum flx_model model, bitrel order,
		       const struct object_end *end, int pair[2])
{
	int f = m->of_event[end->event];

	for (int a = 0; f >= 0 && a < m->n; a++) {
		if (!node_ev(m, a) || !object_end_is_of(end, node_ev(m, a)) ||
		    !may_follow(m, q, model, order, f, a))
			continue;
		pair[0] = m->node[f];
		pair[1] = m->node[a];
		return true;
	}
	return false;
}

bool model_use_after_end(const struct graph *g, enum flx_model model, enum flx_mutant mutant,
			 bool all_dependencies, const struct object_end *ends, int nr, int pair[2])
{
	bool found = false;
	struct plain q;
	struct lkmm m;
	bitrel order;

	if (ends_know_all(g, model, mutant, ends, nr))
		return false;
	lkmm_keep_all = true;
	lkmm_build(&m, g, mutant, all_dependencies);
	lkmm_keep_all = false;
	order = find_order(&m, &q, model);
	for (int i = 0; i < nr && !found; i++)
		found = used_after(&m, &q, model, order, &ends[i], pair);
	return found;
}
