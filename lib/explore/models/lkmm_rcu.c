/* SPDX-License-Identifier: MIT */
/* lkmm_rcu.c - grace periods and reader sections, of RCU and SRCU: the relations of the axiom "rcu". */
#include "lkmm.h"

/* Matches rcu_read_lock() with its rcu_read_unlock(), outermost pairs only; fills unlock -> lock. */
static void match_sections(const struct lkmm *m, bitrel rscsi)
{
	for (int first = 0, last; first < m->n; first = last) {
		int t = m->thread[first], depth = 0, lock = -1;

		for (last = first; last < m->n && m->thread[last] == t; last++) {
			const struct ev *e = node_ev(m, last);

			if (!e) {
				if (depth > 0)
					bitrel_set(m->pool, rscsi, last, lock);
			} else if (e->kind != EV_FENCE) {
				continue;
			} else if (e->fence == FL_FENCE_RCU_LOCK) {
				if (!depth++ || lacks(m, FLX_MUT_RCU_NO_NESTING))
					lock = last;
			} else if (e->fence == FL_FENCE_RCU_UNLOCK && depth) {
				if (!--depth || lacks(m, FLX_MUT_RCU_NO_NESTING))
					bitrel_set(m->pool, rscsi, last, lock);
			}
		}
	}
}

/*
 * srcu-rscs backwards, for one srcu_struct: unlock -> lock, where the value that the lock returned reached
 * the unlock, through memory or not.
 */
static void match_srcu_sections(const struct lkmm *m, int loc, bitrel rscsi)
{
	struct bitpool *p = m->pool;
	bitrel carry = bitrel_copy(p, m->data_only), match;

	/* carry-srcu-data = (data ; [~ Srcu-unlock] ; rf)* */
	bitrel_range(p, carry, m->not_srcu_unlock);
	carry = lacks(m, FLX_MUT_SRCU_NO_CARRY) ? bitrel_new(p) : bitrel_seq(p, carry, m->rf);
	bitrel_plus(p, carry);
	bitrel_reflexive(p, carry);
	match = bitrel_seq(p, carry, m->data_only);
	for (int l = 0; l < m->n; l++) {
		const struct ev *lock = node_ev(m, l);

		if (!lock || lock->kind != EV_READ || !(lock->flags & EVF_SRCU) || lock->loc != loc)
			continue;
		for (int u = 0; u < m->n; u++)
			if (!bitset_has(m->not_srcu_unlock, u) && node_ev(m, u)->loc == loc &&
			    bitrel_has(p, match, l, u))
				bitrel_set(p, rscsi, u, l);
	}
}

/* RCU, or SRCU of one srcu_struct: its grace periods and sections, and what the chains are made of. */
struct domain {
	int loc; /* 0: RCU */
	bitrel gp_link, rs_link, link_rs, link_gp;
};

#define MAX_DOMAINS 8

static void new_domain(struct lkmm *m, struct domain *d, bitrel link, bitrel order)
{
	struct bitpool *p = m->pool;
	bitrel gp = bitrel_new(p), rscsi = bitrel_new(p);

	if (d->loc)
		match_srcu_sections(m, d->loc, rscsi);
	else
		match_sections(m, rscsi);
	for (int i = 0; i < m->n; i++) {
		const struct ev *e = node_ev(m, i);

		if (e && ev_is_sync(e) && (e->loc == d->loc || lacks(m, FLX_MUT_SRCU_NO_LOC)))
			bitrel_set(p, gp, i, i);
	}
	d->gp_link = bitrel_seq(p, gp, link);
	d->rs_link = bitrel_seq(p, rscsi, link);
	d->link_rs = bitrel_seq(p, link, rscsi);
	d->link_gp = bitrel_seq(p, link, gp);
	add_term(m, order, gp, FLX_MUT_NO_GP);
	add_term(m, order, bitrel_seq(p, d->gp_link, rscsi), FLX_MUT_RCU_NO_GP_RS);
	add_term(m, order, bitrel_seq(p, d->rs_link, gp), FLX_MUT_RCU_NO_RS_GP);
}

/*
 * A pair counts within one domain only: "& loc" in the .cat file. A srcu_struct beyond MAX_DOMAINS is left out,
 * which makes the model weaker, never stronger.
 */
static int find_domains(struct lkmm *m, struct domain *d)
{
	int n = 0;

	for (int i = 0; i < m->n; i++) {
		const struct ev *e = node_ev(m, i);
		int k;

		if (!e || !ev_is_sync(e))
			continue;
		for (k = 0; k < n && d[k].loc != e->loc; k++)
			;
		if (k == n && n < MAX_DOMAINS)
			d[n++].loc = e->loc;
	}
	return n;
}

bitrel lkmm_rcu_order(struct lkmm *m, bitrel link)
{
	struct bitpool *p = m->pool;
	struct domain domain[MAX_DOMAINS];
	int n = find_domains(m, domain);
	bitrel order = bitrel_new(p);
	size_t mark;
	bool grew = true;

	for (int i = 0; i < n; i++)
		new_domain(m, &domain[i], link, order);
	mark = p->used;
	while (grew) {
		bitrel before, add;

		p->used = mark;
		before = bitrel_copy(p, order);
		for (int i = 0; i < n; i++) {
			const struct domain *d = &domain[i];

			add = bitrel_seq(p, bitrel_seq(p, d->gp_link, order), d->link_rs);
			add_term(m, order, add, FLX_MUT_RCU_NO_GP_ORDER_RS);
			add = bitrel_seq(p, bitrel_seq(p, d->rs_link, order), d->link_gp);
			add_term(m, order, add, FLX_MUT_RCU_NO_RS_ORDER_GP);
		}
		add = bitrel_seq(p, bitrel_seq(p, order, link), before);
		add_term(m, order, add, FLX_MUT_RCU_NO_CHAIN);
		add = bitrel_copy(p, order);
		bitrel_minus(p, add, before);
		grew = !bitrel_empty(p, add);
	}
	return order;
}

void lkmm_rcu(struct lkmm *m)
{
	struct bitpool *p = m->pool;
	bitrel po_opt = bitrel_copy(p, m->po), link, fence, x;

	m->rb = bitrel_new(p);
	m->pb_star = bitrel_copy(p, m->pb);
	bitrel_plus(p, m->pb_star);
	bitrel_reflexive(p, m->pb_star);
	if (!m->has_rb)
		return;
	bitrel_reflexive(p, po_opt);
	/* rcu-link = po? ; hb* ; pb* ; prop ; po */
	link = bitrel_copy(p, po_opt);
	if (!lacks(m, FLX_MUT_LINK_NO_HB))
		link = bitrel_seq(p, link, m->hb_star);
	if (!lacks(m, FLX_MUT_LINK_NO_PB))
		link = bitrel_seq(p, link, m->pb_star);
	if (!lacks(m, FLX_MUT_LINK_NO_PROP))
		link = bitrel_seq(p, link, m->prop);
	link = bitrel_seq(p, link, m->po);
	/* rcu-fence = po ; rcu-order ; po? */
	fence = bitrel_seq(p, bitrel_seq(p, m->po, lkmm_rcu_order(m, link)), po_opt);
	/* rb = prop ; rcu-fence ; hb* ; pb* ; [Marked] */
	x = bitrel_seq(p, m->prop, fence);
	if (!lacks(m, FLX_MUT_RB_NO_HB))
		x = bitrel_seq(p, x, m->hb_star);
	if (!lacks(m, FLX_MUT_RB_NO_PB))
		x = bitrel_seq(p, x, m->pb_star);
	m->rb = x;
	bitrel_range(p, m->rb, m->marked);
	add_term(m, m->fence, fence, FLX_MUT_FENCE_NO_RCU);
	add_term(m, m->strong, fence, FLX_MUT_STRONG_NO_RCU);
	/* nonrw-fence keeps its old strong-fence: the .cat file redefines only the other two. */
}
