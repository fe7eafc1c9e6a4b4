/* SPDX-License-Identifier: MIT */
/*
 * rc11.c - the repaired C11 model: O. Lahav, V. Vafeiadis, J. Kang, C.-K. Hur, D. Dreyer, "Repairing sequential
 * consistency in C/C++11", PLDI 2017.
 *
 *   coherence   hb ; eco? is irreflexive. The search keeps it by what it offers (readable() in search.c);
 *               rc11_coherent() below says it again, for whole graphs.
 *   atomicity   nothing comes between the two halves of a read-modify-write: graph_consumed()
 *   SC          psc is acyclic
 *   no thin air sb | rf is acyclic: by the way in which graphs are built
 */
#include "bitrel.h"
#include "model.h"

static struct bitpool pool;

static bool sc_fence(const struct ev *e)
{
	return e->kind == EV_FENCE && (e->fence == FL_FENCE_C11_SEQ_CST || e->fence == FL_FENCE_MB);
}

static bool sc_access(const struct ev *e)
{
	return e->kind <= EV_WRITE && e->order == FL_SEQ_CST && !(e->flags & EVF_BLOCKED);
}

static bool takes_part(const struct ev *e)
{
	return !(e->flags & EVF_BLOCKED) && !(e->flags & EVF_FREE);
}

static bool hb(const struct graph *g, int a, int b)
{
	return a != b && g->ev[a].idx < graph_hb(g, b)[g->ev[a].thread];
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

		if (!takes_part(x))
			continue;
		for (int b = 0; b < g->n; b++) {
			const struct ev *y = &g->ev[b];

			if (!takes_part(y) || !hb(g, a, b))
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

bool rc11_psc_acyclic(const struct graph *g, enum flx_mutant mutant)
{
	struct psc s = { .g = g, .mutant = mutant };

	if (mutant == FLX_MUT_NO_PSC || g->nr[HAS_SEQ_CST] < 2)
		return true;
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

/* No event that comes before another in hb is behind it in eco. */
static bool rc11_coherent(const struct graph *g)
{
	for (int b = 0; b < g->n; b++) {
		const struct ev *y = &g->ev[b];
		int first = y->kind == EV_WRITE ? y->co_next : EV_NONE;

		if (y->kind > EV_WRITE || !takes_part(y))
			continue;
		if (y->kind == EV_READ)
			first = graph_co_next(g, y->loc, y->rf);
		for (int w = first; w != EV_NONE; w = g->ev[w].co_next) {
			if (hb(g, w, b))
				return false;
			for (int r = g->loc[y->loc].rd_head; r != EV_NONE; r = g->ev[r].rd_next)
				if (g->ev[r].rf == w && takes_part(&g->ev[r]) && hb(g, r, b))
					return false;
		}
		/* A load that happens before the store that it reads, or has seen it before. */
		if (y->kind == EV_WRITE)
			for (int r = g->loc[y->loc].rd_head; r != EV_NONE; r = g->ev[r].rd_next)
				if (g->ev[r].rf == b && takes_part(&g->ev[r]) && hb(g, r, b))
					return false;
	}
	return true;
}

bool model_rc11(const struct graph *g, enum flx_mutant mutant)
{
	/* Whoever asks may have built the graph by hand; the clocks are no part of what it is. */
	hb_clocks((struct graph *)g, mutant);
	return (mutant == FLX_MUT_NO_HB_COHERENCE ? model_coherent(g) : rc11_coherent(g)) &&
	       rc11_psc_acyclic(g, mutant);
}
