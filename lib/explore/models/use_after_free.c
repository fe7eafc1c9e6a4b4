/* SPDX-License-Identifier: MIT */
/* use_after_free.c - may an access to an object come after its end, under sc, tso or lkmm? */
#include "lkmm.h"

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

bool model_use_after_free(const struct graph *g, enum flx_model model, enum flx_mutant mutant,
			  bool all_dependencies, int pair[2])
{
	struct lkmm m;
	struct plain q;
	bitrel order = NULL;
	bool any = false;

	for (int i = 0; i < g->n && !any; i++)
		any = g->ev[i].flags & EVF_FREE;
	if (!any)
		return false;
	lkmm_build(&m, g, mutant, all_dependencies);
	if (model == FLX_LKMM) {
		lkmm_propagation(&m);
		lkmm_rcu(&m);
		lkmm_plain_relations(&m, &q);
	} else {
		order = hardware_order(&m, model);
	}
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
