/* SPDX-License-Identifier: MIT */
/*
 * psc.c - rc11's order of seq_cst accesses and fences, which has to be acyclic.
 *
 *   scb      = sb | sb!=loc ; hb ; sb!=loc | hb|loc | co | fr
 *   psc_base = ([SC] | [F] ; hb?) ; scb ; ([SC] | hb? ; [F])
 *   psc_F    = [F] ; (hb | hb ; eco ; hb) ; [F]
 *
 * In general by matrices over all events. Where there is no seq_cst fence, psc is scb between accesses, and whether one comes
 * before another is told by their clocks and places in co.
 */
#include "bitrel.h"
#include "rc11.h"

static struct bitpool pool;

static bool sc_fence(const struct ev *e)
{
	return e->kind == EV_FENCE && (e->fence == FL_FENCE_C11_SEQ_CST || e->fence == FL_FENCE_MB);
}

static bool sc_access(const struct ev *e)
{
	return e->kind <= EV_WRITE && e->order == FL_SEQ_CST && !(e->flags & EVF_BLOCKED);
}

static bool same_location(const struct ev *a, const struct ev *b)
{
	return a->kind <= EV_ADD && b->kind <= EV_ADD && a->loc == b->loc;
}

struct psc {
	const struct graph *g;
	enum flx_mutant mutant;
	bitrel hb, sb_other, same, co_fr, eco;
	bitset access, fence;
};

static void relate(struct psc *s)
{
	const struct graph *g = s->g;
	struct bitpool *p = &pool;

	for (int a = 0; a < g->n; a++) {
		const struct ev *x = &g->ev[a];

		if (!rc11_takes_part(x))
			continue;
		for (int b = 0; b < g->n; b++) {
			const struct ev *y = &g->ev[b];

			if (!rc11_takes_part(y) || !rc11_hb(g, a, b))
				continue;
			bitrel_set(p, s->hb, a, b);
			if (same_location(x, y))
				bitrel_set(p, s->same, a, b);
			else if (x->thread == y->thread)
				bitrel_set(p, s->sb_other, a, b);
		}
		if (x->kind > EV_WRITE)
			continue;
		/* Reads-from into eco; co from a store, fr from a load. */
		if (x->kind == EV_READ && x->rf >= 0 && s->mutant != FLX_MUT_PSC_NO_RF)
			bitrel_set(p, s->eco, x->rf, a);
		if (s->mutant == (x->kind == EV_WRITE ? FLX_MUT_PSC_NO_CO : FLX_MUT_PSC_NO_FR))
			continue;
		for (int w = x->kind == EV_WRITE ? x->co_next : graph_co_next(g, x->loc, x->rf);
		     w != EV_NONE; w = g->ev[w].co_next)
			bitrel_set(p, s->co_fr, a, w);
	}
	bitrel_or(p, s->eco, s->co_fr);
	bitrel_plus(p, s->eco);
}

/* @sum |= @term, one term of a definition: that which the mutant @without leaves out. */
static void add_term(const struct psc *s, bitrel sum, bitrel term, enum flx_mutant without)
{
	if (s->mutant != without)
		bitrel_or(&pool, sum, term);
}

/* scb = sb | sb!=loc ; hb ; sb!=loc | hb|loc | co | fr */
static bitrel make_scb(struct psc *s)
{
	struct bitpool *p = &pool;
	bitrel scb = bitrel_new(p);

	add_term(s, scb, bitrel_seq(p, bitrel_seq(p, s->sb_other, s->hb), s->sb_other),
		 FLX_MUT_SCB_NO_SB_HB_SB);
	add_term(s, scb, s->sb_other, FLX_MUT_SCB_NO_SB);
	add_term(s, scb, s->same, FLX_MUT_SCB_NO_HB_LOC); /* with it, all of sb */
	bitrel_or(p, scb, s->co_fr);
	return scb;
}

/* psc_base | psc_F */
static bitrel make_psc(struct psc *s)
{
	struct bitpool *p = &pool;
	bitrel hb_opt = bitrel_copy(p, s->hb), first = bitrel_new(p), last = bitrel_new(p), psc, f;

	bitrel_reflexive(p, hb_opt);
	for (int i = 0; i < s->g->n; i++)
		if (bitset_has(s->access, i) && s->mutant != FLX_MUT_PSC_NO_ACCESS) {
			bitrel_set(p, first, i, i);
			bitrel_set(p, last, i, i);
		}
	f = bitrel_copy(p, hb_opt);
	bitrel_domain(p, f, s->fence);
	add_term(s, first, f, FLX_MUT_PSC_NO_FENCE_FIRST);
	f = bitrel_copy(p, hb_opt);
	bitrel_range(p, f, s->fence);
	add_term(s, last, f, FLX_MUT_PSC_NO_FENCE_LAST);
	psc = bitrel_seq(p, bitrel_seq(p, first, make_scb(s)), last);
	f = bitrel_copy(p, s->hb);
	add_term(s, f, bitrel_seq(p, bitrel_seq(p, s->hb, s->eco), s->hb), FLX_MUT_PSC_F_NO_ECO);
	bitrel_domain(p, f, s->fence);
	bitrel_range(p, f, s->fence);
	bitrel_or(p, psc, f);
	return psc;
}

static bool by_matrices(const struct graph *g, enum flx_mutant mutant)
{
	struct psc s = { .g = g, .mutant = mutant };

	bitpool_reset(&pool, g->n);
	s.hb = bitrel_new(&pool);
	s.sb_other = bitrel_new(&pool);
	s.same = bitrel_new(&pool);
	s.co_fr = bitrel_new(&pool);
	s.eco = bitrel_new(&pool);
	s.access = bitset_new(&pool);
	s.fence = bitset_new(&pool);
	for (int i = 0; i < g->n; i++) {
		if (sc_fence(&g->ev[i]))
			bitset_add(s.fence, i);
		else if (sc_access(&g->ev[i]))
			bitset_add(s.access, i);
	}
	relate(&s);
	return bitrel_is_acyclic(&pool, make_psc(&s));
}

/* ---- without fences ---- */

/* A seq_cst access, and what one comparison of two of them takes. */
struct node {
	int ev;
	int next,
		prev; /* the nearest event of its thread, behind and before it, that is not of its location */
	int place; /* in co, of what it has read or stored; 0: the initial value */
};

static int place_in_co(const struct graph *g, const struct ev *e, int id)
{
	int w = e->kind == EV_WRITE ? id : e->rf, n = 0;

	for (; w >= 0; w = g->ev[w].co_prev)
		n++;
	return n;
}

static int nearest_other(const struct graph *g, const struct ev *e, int step)
{
	for (int i = e->idx + step; i >= 0 && i < g->tn[e->thread]; i += step) {
		int id = g->tev[e->thread][i];

		if (rc11_takes_part(&g->ev[id]) && !same_location(&g->ev[id], e))
			return id;
	}
	return EV_NONE;
}

/* Is @a before @b in scb? */
static bool comes_before(const struct graph *g, const struct node *a, const struct node *b,
			 enum flx_mutant mutant)
{
	const struct ev *x = &g->ev[a->ev], *y = &g->ev[b->ev];

	if (x->loc == y->loc) {
		if (mutant != FLX_MUT_SCB_NO_HB_LOC && rc11_hb(g, a->ev, b->ev))
			return true;
		if (y->kind == EV_WRITE && a->place < b->place &&
		    mutant != (x->kind == EV_WRITE ? FLX_MUT_PSC_NO_CO : FLX_MUT_PSC_NO_FR))
			return true;
	} else if (x->thread == y->thread && x->idx < y->idx && mutant != FLX_MUT_SCB_NO_SB) {
		return true;
	}
	return a->next != EV_NONE && b->prev != EV_NONE && rc11_hb(g, a->next, b->prev) &&
	       mutant != FLX_MUT_SCB_NO_SB_HB_SB;
}

static bool by_clocks(const struct graph *g, enum flx_mutant mutant)
{
	struct node node[g->nr[HAS_SEQ_CST] + 1];
	int n = 0;
	bitrel scb;

	for (int i = 0; i < g->n; i++) {
		const struct ev *e = &g->ev[i];

		if (sc_access(e))
			node[n++] = (struct node){
				.ev = i,
				.next = nearest_other(g, e, 1),
				.prev = nearest_other(g, e, -1),
				.place = place_in_co(g, e, i),
			};
	}
	bitpool_reset(&pool, n);
	scb = bitrel_new(&pool);
	for (int a = 0; a < n; a++)
		for (int b = 0; b < n; b++)
			if (a != b && comes_before(g, &node[a], &node[b], mutant))
				bitrel_set(&pool, scb, a, b);
	return bitrel_is_acyclic(&pool, scb);
}

static bool has_sc_fence(const struct graph *g)
{
	for (int i = 0; i < g->n; i++)
		if (sc_fence(&g->ev[i]))
			return true;
	return false;
}

bool rc11_psc_acyclic(const struct graph *g, enum flx_mutant mutant)
{
	if (mutant == FLX_MUT_NO_PSC || g->nr[HAS_SEQ_CST] < 2)
		return true;
	if (has_sc_fence(g) || mutant == FLX_MUT_PSC_NO_ACCESS)
		return by_matrices(g, mutant);
	return by_clocks(g, mutant);
}
