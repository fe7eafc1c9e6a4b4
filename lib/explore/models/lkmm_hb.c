/* SPDX-License-Identifier: MIT */
/* lkmm_hb.c - from dependencies and fences to happens-before and propagates-before. */
#include "lkmm.h"

/* @term? ; @rest, or @rest alone. */
static bitrel opt_then(struct lkmm *m, bitrel term, bitrel rest, enum flx_mutant without)
{
	bitrel x = bitrel_copy(m->pool, term);

	if (lacks(m, without))
		return rest;
	bitrel_reflexive(m->pool, x);
	return bitrel_seq(m->pool, x, rest);
}

/* rmw-sequence = (rf ; rmw)* */
static void rmw_sequence(struct lkmm *m)
{
	m->rmw_sequence = bitrel_seq(m->pool, m->rf, m->rmw);
	bitrel_plus(m->pool, m->rmw_sequence);
	bitrel_reflexive(m->pool, m->rmw_sequence);
}

/* carry-dep = (data ; [~ Srcu-unlock] ; rfi)*, then addr, data, ctrl through it */
static void carry_dependencies(struct lkmm *m)
{
	struct bitpool *p = m->pool;
	bitrel carry = bitrel_copy(p, m->data);

	bitrel_range(p, carry, m->not_srcu_unlock);
	carry = bitrel_seq(p, carry, m->rfi);
	if (lacks(m, FLX_MUT_NO_CARRY_DEP))
		carry = bitrel_new(p);
	bitrel_plus(p, carry);
	bitrel_reflexive(p, carry);
	m->data_only = m->data;
	m->addr = bitrel_seq(p, carry, m->addr);
	m->data = bitrel_seq(p, carry, m->data);
	m->ctrl = bitrel_seq(p, carry, m->ctrl);
}

/* to-w = rwdep | (overwrite & int) | (addr ; [Plain] ; wmb) */
static bitrel to_w(struct lkmm *m, bitrel overwrite)
{
	struct bitpool *p = m->pool;
	bitrel to = bitrel_new(p), x = bitrel_copy(p, overwrite);

	bitrel_and(p, x, m->same);
	add_term(m, to, x, FLX_MUT_PPO_NO_OVERWRITE);
	x = bitrel_new(p);
	add_term(m, x, m->addr, FLX_MUT_PPO_NO_ADDR_TO_W);
	add_term(m, x, m->data, FLX_MUT_PPO_NO_DATA);
	add_term(m, x, m->ctrl, FLX_MUT_PPO_NO_CTRL);
	bitrel_range(p, x, m->wr);
	bitrel_or(p, to, x);
	x = bitrel_copy(p, m->addr);
	bitrel_range(p, x, m->plain);
	add_term(m, to, bitrel_seq(p, x, m->wmb), FLX_MUT_PPO_NO_PLAIN_WMB);
	if (m->all_ctrl) {
		x = bitrel_copy(p, m->po);
		bitrel_domain(p, x, m->rd);
		bitrel_domain(p, x, m->marked);
		bitrel_range(p, x, m->wr);
		bitrel_or(p, to, x);
	}
	return to;
}

/* to-r = (addr ; [R]) | (dep ; [Marked] ; rfi) */
static bitrel to_r(struct lkmm *m)
{
	struct bitpool *p = m->pool;
	bitrel to = bitrel_new(p), dep = bitrel_copy(p, m->addr);

	add_term(m, to, m->addr, FLX_MUT_PPO_NO_ADDR_TO_R);
	bitrel_range(p, to, m->rd);
	bitrel_or(p, dep, m->data);
	bitrel_range(p, dep, m->marked);
	add_term(m, to, bitrel_seq(p, dep, m->rfi), FLX_MUT_PPO_NO_DEP_RFI);
	return to;
}

/* ppo = to-r | to-w | ((fence | po-unlock-lock-po) & int) */
static bitrel preserved_po(struct lkmm *m, bitrel overwrite)
{
	struct bitpool *p = m->pool;
	bitrel ppo = bitrel_new(p);

	add_term(m, ppo, m->fence, FLX_MUT_PPO_NO_FENCE);
	bitrel_or(p, ppo, m->unlock_lock);
	bitrel_and(p, ppo, m->same);
	bitrel_or(p, ppo, to_w(m, overwrite));
	bitrel_or(p, ppo, to_r(m));
	return ppo;
}

/*
 * cumul-fence = [Marked] ; (A-cumul(strong-fence | po-rel) | wmb | po-unlock-lock-po) ;
 *               [Marked] ; rmw-sequence
 */
static void cumul_fence(struct lkmm *m)
{
	struct bitpool *p = m->pool;
	bitrel cumul, x = bitrel_copy(p, m->strong), rfe_marked = bitrel_copy(p, m->rfe);

	bitrel_range(p, rfe_marked, m->marked);
	add_term(m, x, m->po_rel, FLX_MUT_CUMUL_NO_RELEASE);
	cumul = opt_then(m, rfe_marked, x, FLX_MUT_CUMUL_NO_RFE);
	add_term(m, cumul, m->wmb, FLX_MUT_CUMUL_NO_WMB);
	add_term(m, cumul, m->unlock_lock, FLX_MUT_CUMUL_NO_UNLOCK_LOCK);
	bitrel_domain(p, cumul, m->marked);
	bitrel_range(p, cumul, m->marked);
	if (!lacks(m, FLX_MUT_CUMUL_NO_RMW))
		cumul = bitrel_seq(p, cumul, m->rmw_sequence);
	if (!lacks(m, FLX_MUT_CUMUL_ONCE))
		bitrel_plus(p, cumul);
	bitrel_reflexive(p, cumul);
	m->cumul_fence_star = cumul;
}

/* prop = [Marked] ; (overwrite & ext)? ; cumul-fence* ; [Marked] ; rfe? ; [Marked] */
static void prop(struct lkmm *m, bitrel overwrite)
{
	struct bitpool *p = m->pool;
	bitrel x = bitrel_copy(p, overwrite), y = bitrel_new(p);

	bitrel_minus(p, x, m->same);
	if (lacks(m, FLX_MUT_PROP_NO_OVERWRITE))
		x = bitrel_new(p);
	bitrel_reflexive(p, x);
	bitrel_domain(p, x, m->marked);
	if (!lacks(m, FLX_MUT_PROP_NO_CUMUL))
		x = bitrel_seq(p, x, m->cumul_fence_star);
	bitrel_range(p, x, m->marked);
	add_term(m, y, m->rfe, FLX_MUT_PROP_NO_RFE);
	bitrel_reflexive(p, y);
	m->prop = bitrel_seq(p, x, y);
	bitrel_range(p, m->prop, m->marked);
}

/* hb = [Marked] ; (ppo | rfe | ((prop \ id) & int)) ; [Marked] */
static void hb(struct lkmm *m, bitrel ppo)
{
	struct bitpool *p = m->pool;
	bitrel x = bitrel_copy(p, m->prop);

	bitrel_irreflexive_part(p, x);
	bitrel_and(p, x, m->same);
	m->hb = bitrel_new(p);
	add_term(m, m->hb, x, FLX_MUT_HB_NO_PROP);
	add_term(m, m->hb, ppo, FLX_MUT_HB_NO_PPO);
	add_term(m, m->hb, m->rfe, FLX_MUT_HB_NO_RFE);
	bitrel_domain(p, m->hb, m->marked);
	bitrel_range(p, m->hb, m->marked);
}

void lkmm_happens_before(struct lkmm *m)
{
	bitrel overwrite = bitrel_copy(m->pool, m->co), ppo;

	bitrel_or(m->pool, overwrite, m->fr);
	rmw_sequence(m);
	carry_dependencies(m);
	ppo = preserved_po(m, overwrite);
	cumul_fence(m);
	prop(m, overwrite);
	hb(m, ppo);
}

void lkmm_propagation(struct lkmm *m)
{
	struct bitpool *p = m->pool;

	m->hb_star = bitrel_copy(p, m->hb);
	bitrel_plus(p, m->hb_star);
	bitrel_reflexive(p, m->hb_star);
	/* pb = prop ; strong-fence ; hb* ; [Marked] */
	m->pb = bitrel_seq(p, m->prop, m->strong);
	if (!lacks(m, FLX_MUT_PB_NO_HB))
		m->pb = bitrel_seq(p, m->pb, m->hb_star);
	bitrel_range(p, m->pb, m->marked);
}
