/* SPDX-License-Identifier: MIT */
/* lkmm_race.c - data races as linux-kernel.cat defines them. */
#include "lkmm.h"

/* ww-race = (pre-race & co) \ ww-nonrace */
static bitrel ww_race(struct lkmm *m, const struct plain *q)
{
	struct bitpool *p = m->pool;
	bitrel race, nonrace, marked_w, w_marked;

	/* ww-nonrace = ww-vis & ((Marked * W) | rw-xbstar) & ((W * Marked) | wr-vis) */
	marked_w = bitrel_copy(p, q->rw_xbstar);
	w_marked = bitrel_copy(p, q->wr_vis);
	for (int i = 0; i < m->n; i++)
		for (int j = 0; j < m->n; j++)
			if (bitset_has(m->wr, i) && bitset_has(m->wr, j)) {
				if (bitset_has(m->marked, i))
					bitrel_set(p, marked_w, i, j);
				if (bitset_has(m->marked, j))
					bitrel_set(p, w_marked, i, j);
			}
	nonrace = bitrel_copy(p, q->ww_vis);
	bitrel_and(p, nonrace, marked_w);
	bitrel_and(p, nonrace, w_marked);
	race = bitrel_new(p);
	add_term(m, race, m->co, FLX_MUT_NO_WW_RACE);
	bitrel_and(p, race, q->pre_race);
	bitrel_minus(p, race, nonrace);
	return race;
}

/* wr-race = (pre-race & (co? ; rf)) \ wr-vis \ rw-xbstar^-1 */
static bitrel wr_race(struct lkmm *m, const struct plain *q)
{
	struct bitpool *p = m->pool;
	bitrel race = bitrel_new(p), co = bitrel_new(p);

	add_term(m, co, m->co, FLX_MUT_WR_RACE_NO_CO);
	add_term(m, race, bitrel_seq(p, opt(p, co), m->rf), FLX_MUT_NO_WR_RACE);
	bitrel_and(p, race, q->pre_race);
	bitrel_minus(p, race, q->wr_vis);
	bitrel_minus(p, race, bitrel_inverse(p, q->rw_xbstar));
	return race;
}

/* rw-race = (pre-race & fr) \ rw-xbstar */
static bitrel rw_race(struct lkmm *m, const struct plain *q)
{
	struct bitpool *p = m->pool;
	bitrel race = bitrel_new(p);

	add_term(m, race, m->fr, FLX_MUT_NO_RW_RACE);
	bitrel_and(p, race, q->pre_race);
	bitrel_minus(p, race, q->rw_xbstar);
	return race;
}

static bool first_pair(const struct lkmm *m, bitrel race, int racing[2])
{
	for (int i = 0; i < m->n; i++)
		for (int j = 0; j < m->n; j++)
			if (bitrel_has(m->pool, race, i, j)) {
				racing[0] = m->node[i];
				racing[1] = m->node[j];
				return true;
			}
	return false;
}

bool lkmm_race(const struct graph *g, enum flx_mutant mutant, bool all_dependencies, int racing[2])
{
	struct lkmm m;
	struct plain q;

	lkmm_build(&m, g, mutant, all_dependencies);
	if (!m.has_plain)
		return false;
	lkmm_propagation(&m);
	lkmm_rcu(&m);
	lkmm_plain_relations(&m, &q);
	return first_pair(&m, ww_race(&m, &q), racing) || first_pair(&m, wr_race(&m, &q), racing) ||
	       first_pair(&m, rw_race(&m, &q), racing);
}
