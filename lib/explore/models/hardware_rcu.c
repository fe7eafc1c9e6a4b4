/* SPDX-License-Identifier: MIT */
/* hardware_rcu.c - grace periods and reader sections under sc and tso. */
#include "lkmm.h"

/* Does x86 keep two events of a thread in order? The ends of a reader section order nothing there. */
static bool tso_keeps(const struct lkmm *m, int i, int j)
{
	const struct ev *a = node_ev(m, i), *b = node_ev(m, j);
	bool mem_a = bitset_has(m->mem, i), mem_b = bitset_has(m->mem, j);

	if ((!mem_a && !(a && ev_is_sync(a))) || (!mem_b && !(b && ev_is_sync(b))))
		return false;
	if (!mem_a || !mem_b || bitset_has(m->rd, i) || bitset_has(m->wr, j))
		return true;
	return bitset_has(m->rmw_set, i) || bitset_has(m->rmw_set, j) ||
	       bitrel_has(m->pool, m->strong, i, j);
}

/* Creating a thread comes before all that it does, its end before all that is done by those who have joined it. */
static void add_threads(const struct lkmm *m, bitrel order)
{
	for (int j = 0; j < m->g->n; j++) {
		const struct ev *e = &m->g->ev[j], *w = &m->g->ev[e->rf < 0 ? j : e->rf];

		if ((e->kind != EV_BEGIN && e->kind != EV_JOIN) || e == w)
			continue;
		for (int a = 0; a < m->n; a++) {
			const struct ev *before = node_ev(m, a);

			if (!before || before->thread != w->thread || before->idx > w->idx)
				continue;
			for (int b = 0; b < m->n; b++)
				if (node_ev(m, b) && node_ev(m, b)->thread == e->thread &&
				    node_ev(m, b)->idx > e->idx)
					bitrel_set(m->pool, order, a, b);
		}
	}
}

bitrel hardware_order(struct lkmm *m, enum flx_model model)
{
	struct bitpool *p = m->pool;
	bitrel order = bitrel_copy(p, m->po);

	if (model == FLX_TSO) {
		for (int i = 0; i < m->n; i++)
			for (int j = i + 1; j < m->n && m->thread[j] == m->thread[i]; j++)
				if (!tso_keeps(m, i, j))
					bitrel_row(p, order, i)[j >> 6] &= ~(1ull << (j & 63));
		bitrel_or(p, order, m->rfe);
	} else {
		bitrel_or(p, order, m->rf);
	}
	bitrel_or(p, order, m->co);
	bitrel_or(p, order, m->fr);
	add_threads(m, order);
	bitrel_plus(p, order);
	return order;
}

/*
 * The RCU axiom for sc and tso: the same counting rule, along the order of that model. A link leads
 * from a fence event to another through program order at both ends and the model's order between.
 */
bool hardware_rcu(struct lkmm *m, bitrel order)
{
	struct bitpool *p = m->pool;
	bitrel link, po_opt = bitrel_copy(p, m->po), reach = bitrel_copy(p, order);

	bitrel_reflexive(p, reach);
	bitrel_reflexive(p, po_opt);
	link = bitrel_seq(p, bitrel_seq(p, po_opt, reach), m->po);
	return bitrel_is_irreflexive(p, bitrel_seq(p, lkmm_rcu_order(m, link), link));
}

bool model_rcu(const struct graph *g, enum flx_model model, enum flx_mutant mutant)
{
	struct lkmm m;

	lkmm_build(&m, g, mutant, false);
	return hardware_rcu(&m, hardware_order(&m, model));
}
