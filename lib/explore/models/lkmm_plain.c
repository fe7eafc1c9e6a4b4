/* SPDX-License-Identifier: MIT */
/* lkmm_plain.c - what is visible to plain accesses and executes before them; plain-coherence. */
#include "lkmm.h"

/* xbstar = (hb | pb | rb)* */
static bitrel executes_before(struct lkmm *m)
{
	struct bitpool *p = m->pool;
	bitrel xbstar = bitrel_new(p);

	add_term(m, xbstar, m->hb, FLX_MUT_XB_NO_HB);
	add_term(m, xbstar, m->pb, FLX_MUT_XB_NO_PB);
	add_term(m, xbstar, m->rb, FLX_MUT_XB_NO_RB);
	bitrel_plus(p, xbstar);
	return opt(p, xbstar);
}

/* vis = cumul-fence* ; rfe? ; [Marked] ; ((strong-fence ; [Marked] ; xbstar) | (xbstar & int)) */
static bitrel visible(struct lkmm *m, bitrel xbstar)
{
	struct bitpool *p = m->pool;
	bitrel x, y, internal = bitrel_copy(p, xbstar);

	x = bitrel_seq(p, m->cumul_fence_star, opt(p, bitrel_copy(p, m->rfe)));
	bitrel_range(p, x, m->marked);
	y = bitrel_copy(p, m->strong);
	bitrel_range(p, y, m->marked);
	y = bitrel_seq(p, y, xbstar);
	if (lacks(m, FLX_MUT_VIS_NO_STRONG))
		y = bitrel_new(p);
	bitrel_and(p, internal, m->same);
	add_term(m, y, internal, FLX_MUT_VIS_NO_INT);
	return lacks(m, FLX_MUT_VIS_NO_CUMUL) ? y : bitrel_seq(p, x, y);
}

/* What a plain store, a plain load is bounded by: marked accesses before it and behind it. */
struct bounds {
	bitrel w_pre, r_pre, w_post, r_post;
};

static void find_bounds(struct lkmm *m, struct bounds *b)
{
	struct bitpool *p = m->pool;

	b->w_pre = bitrel_new(p);
	add_term(m, b->w_pre, m->addr, FLX_MUT_PRE_NO_ADDR);
	add_term(m, b->w_pre, m->fence, FLX_MUT_PRE_NO_FENCE);
	bitrel_domain(p, opt(p, b->w_pre), m->marked);
	b->r_pre = bitrel_new(p);
	add_term(m, b->r_pre, m->addr, FLX_MUT_PRE_NO_ADDR);
	add_term(m, b->r_pre, m->nonrw_fence, FLX_MUT_PRE_NO_FENCE);
	add_term(m, b->r_pre, m->rmb_pre, FLX_MUT_PRE_NO_RMB);
	bitrel_domain(p, opt(p, b->r_pre), m->marked);
	b->w_post = bitrel_new(p);
	add_term(m, b->w_post, m->fence, FLX_MUT_POST_NO_FENCE);
	bitrel_range(p, opt(p, b->w_post), m->marked);
	if (!lacks(m, FLX_MUT_POST_NO_RMW))
		b->w_post = bitrel_seq(p, b->w_post, m->rmw_sequence);
	b->r_post = bitrel_new(p);
	add_term(m, b->r_post, m->nonrw_fence, FLX_MUT_POST_NO_FENCE);
	add_term(m, b->r_post, m->rmb_post, FLX_MUT_POST_NO_RMB);
	bitrel_range(p, opt(p, b->r_post), m->marked);
}

/* pre-race = ext & ((Plain * M) | (M * Plain)) */
static bitrel pre_race(struct lkmm *m)
{
	bitrel pre = bitrel_new(m->pool);

	for (int i = 0; i < m->n; i++)
		for (int j = 0; j < m->n; j++)
			if (bitset_has(m->mem, i) && bitset_has(m->mem, j) &&
			    (bitset_has(m->plain, i) || bitset_has(m->plain, j)) &&
			    m->thread[i] != m->thread[j])
				bitrel_set(m->pool, pre, i, j);
	return pre;
}

void lkmm_plain_relations(struct lkmm *m, struct plain *q)
{
	struct bitpool *p = m->pool;
	bitrel xbstar = executes_before(m), vis = visible(m, xbstar), strong, post;
	struct bounds b;

	find_bounds(m, &b);
	strong = bitrel_seq(p, m->strong, xbstar);
	post = bitrel_seq(p, b.w_post, vis);
	q->ww_vis = bitrel_new(p);
	add_term(m, q->ww_vis, m->fence, FLX_MUT_VIS_NO_FENCE);
	add_term(m, q->ww_vis, bitrel_seq(p, strong, b.w_pre), FLX_MUT_WW_VIS_NO_STRONG);
	add_term(m, q->ww_vis, bitrel_seq(p, post, b.w_pre), FLX_MUT_WW_VIS_NO_POST);
	q->wr_vis = bitrel_new(p);
	add_term(m, q->wr_vis, m->fence, FLX_MUT_VIS_NO_FENCE);
	add_term(m, q->wr_vis, bitrel_seq(p, strong, b.r_pre), FLX_MUT_WR_VIS_NO_STRONG);
	add_term(m, q->wr_vis, bitrel_seq(p, post, b.r_pre), FLX_MUT_WR_VIS_NO_POST);
	q->rw_xbstar = bitrel_new(p);
	add_term(m, q->rw_xbstar, m->fence, FLX_MUT_RW_XB_NO_FENCE);
	add_term(m, q->rw_xbstar, bitrel_seq(p, bitrel_seq(p, b.r_post, xbstar), b.w_pre),
		 FLX_MUT_RW_XB_NO_POST);
	q->pre_race = pre_race(m);
}

bool lkmm_plain_coherent(struct lkmm *m, const struct plain *q)
{
	struct bitpool *p = m->pool;
	bitrel x;

	x = bitrel_inverse(p, q->rw_xbstar);
	bitrel_and(p, x, m->rf);
	bitrel_and(p, x, q->pre_race);
	if (!bitrel_empty(p, x) && !lacks(m, FLX_MUT_NO_PLAIN_RF))
		return false;
	x = bitrel_inverse(p, q->wr_vis);
	bitrel_and(p, x, m->fr);
	bitrel_and(p, x, q->pre_race);
	if (!bitrel_empty(p, x) && !lacks(m, FLX_MUT_NO_PLAIN_FR))
		return false;
	x = bitrel_inverse(p, q->ww_vis);
	bitrel_and(p, x, m->co);
	bitrel_and(p, x, q->pre_race);
	return bitrel_empty(p, x) || lacks(m, FLX_MUT_NO_PLAIN_CO);
}
