/* SPDX-License-Identifier: MIT */
/*
 * hb.c - C11's happens-before, as a clock per event, and what is asked of it: data races, use after free.
 *
 * hb = (sb | sw)+, with sw from release to acquire through a release sequence: the store and the chain of
 * read-modify-writes that starts at it (C++20's; later stores of the same thread do not belong to it).
 * A release fence makes the relaxed stores behind it release, an acquire fence the relaxed loads before it
 * acquire. Creating a thread comes before its beginning, its end before whoever joins it.
 *
 * Everything that happens before an event is in its (po | rf)-prefix, so a clock never changes when the
 * graph grows, and what a graph loses to a revisit it did not know of.
 */
#include <string.h>

#include "model.h"

static bool acquires(const struct ev *e)
{
	return e->order == FL_ACQUIRE || e->order == FL_ACQ_REL || e->order == FL_SEQ_CST ||
	       (e->order == FL_MB && !(e->flags & EVF_FAILED));
}

static bool releases(const struct ev *e)
{
	return e->order == FL_RELEASE || e->order == FL_ACQ_REL || e->order == FL_SEQ_CST ||
	       ((e->flags & EVF_RMW) && e->op->order == FL_MB);
}

static bool is_acquire_fence(const struct ev *e)
{
	return e->kind == EV_FENCE &&
	       (e->fence == FL_FENCE_C11_ACQUIRE || e->fence == FL_FENCE_C11_ACQ_REL ||
		e->fence == FL_FENCE_C11_SEQ_CST || e->fence == FL_FENCE_MB);
}

static bool is_release_fence(const struct ev *e)
{
	return e->kind == EV_FENCE &&
	       (e->fence == FL_FENCE_C11_RELEASE || e->fence == FL_FENCE_C11_ACQ_REL ||
		e->fence == FL_FENCE_C11_SEQ_CST || e->fence == FL_FENCE_MB);
}

/* What an acquire that reads @w learns. */
static void learn(const struct graph *g, uint16_t *into, int w, enum flx_mutant mutant)
{
	while (w >= 0) {
		const struct ev *e = &g->ev[w];

		if (e->order == FL_PLAIN)
			return;
		if (releases(e) && mutant != FLX_MUT_SW_NO_STORE) {
			graph_join_clock(g, into, graph_hb(g, w));
		} else if (mutant != FLX_MUT_SW_NO_RELEASE_FENCE) {
			for (int i = e->idx - 1; i >= 0; i--) {
				int f = g->tev[e->thread][i];

				if (is_release_fence(&g->ev[f])) {
					graph_join_clock(g, into, graph_hb(g, f));
					break;
				}
			}
		}
		if (!(e->flags & EVF_RMW) || mutant == FLX_MUT_SW_NO_SEQUENCE)
			return;
		w = g->ev[graph_po_prev(g, w)].rf;
	}
}

void hb_clock(struct graph *g, int i, enum flx_mutant mutant)
{
	const struct ev *e = &g->ev[i];
	uint16_t *hb = graph_hb(g, i);
	int prev = graph_po_prev(g, i);

	if (prev != EV_NONE)
		graph_copy_clock(g, hb, graph_hb(g, prev));
	else
		graph_clear_clock(g, hb);
	if (mutant == FLX_MUT_NO_SW) {
		;
	} else if (e->kind == EV_READ && acquires(e)) {
		if (mutant != FLX_MUT_SW_NO_LOAD)
			learn(g, hb, e->rf, mutant);
	} else if (is_acquire_fence(e) && mutant != FLX_MUT_SW_NO_ACQUIRE_FENCE) {
		for (int k = e->idx - 1; k >= 0; k--) {
			const struct ev *r = &g->ev[g->tev[e->thread][k]];

			if (is_acquire_fence(r))
				break;
			if (r->kind == EV_READ && r->order != FL_PLAIN)
				learn(g, hb, r->rf, mutant);
		}
	}
	if (((e->kind == EV_BEGIN && mutant != FLX_MUT_HB_NO_CREATE) ||
	     (e->kind == EV_JOIN && mutant != FLX_MUT_HB_NO_JOIN)) &&
	    e->rf >= 0)
		graph_join_clock(g, hb, graph_hb(g, e->rf));
	hb[e->thread] = e->idx + 1;
}

void hb_clocks(struct graph *g, enum flx_mutant mutant)
{
	int pos[FLX_MAX_THREADS] = { 0 };
	bool progress = true;

	/* Along program order and reads-from, which the array's order need not follow. */
	while (progress) {
		progress = false;
		for (int t = 0; t < g->nthreads; t++)
			while (pos[t] < g->tn[t] && graph_rf_passed(g, pos, g->tev[t][pos[t]])) {
				hb_clock(g, g->tev[t][pos[t]++], mutant);
				progress = true;
			}
	}
}

static bool before(const struct graph *g, int a, int b)
{
	return graph_knows(g, graph_hb(g, b), a);
}

static bool is_unordered(const struct graph *g, int i, int k, int racing[2])
{
	if (g->ev[i].thread == g->ev[k].thread || before(g, i, k) || before(g, k, i))
		return false;
	racing[0] = k < i ? k : i;
	racing[1] = k < i ? i : k;
	return true;
}

static bool is_looked_at(const struct ev *e)
{
	return ev_is_access(e) && e->order == FL_PLAIN && !(e->flags & EVF_FREE);
}

/* One of two accesses that race is plain, so there is no need to look at others' pairs. */
bool hb_race(const struct graph *g, int racing[2])
{
	for (int i = 0; i < g->n; i++) {
		const struct ev *e = &g->ev[i];

		if (!is_looked_at(e))
			continue;
		/* Two plain stores once; a plain load with a plain store as the load's turn. */
		for (int w = g->loc[e->loc].co_head; w != EV_NONE; w = g->ev[w].co_next)
			if (!(e->kind == EV_WRITE && w < i && is_looked_at(&g->ev[w])) &&
			    is_unordered(g, i, w, racing))
				return true;
		if (e->kind == EV_READ)
			continue;
		for (int r = g->loc[e->loc].rd_head; r != EV_NONE; r = g->ev[r].rd_next)
			if (ev_is_access(&g->ev[r]) && !is_looked_at(&g->ev[r]) &&
			    is_unordered(g, i, r, racing))
				return true;
	}
	return false;
}

static bool overlap(const struct ev *a, const struct ev *b)
{
	const struct loc_info *x = &locs[a->loc], *y = &locs[b->loc];

	return x->addr < y->addr + y->size && y->addr < x->addr + x->size;
}

bool hb_race_of_parts(const struct graph *g, int racing[2])
{
	for (int i = 0; i < g->n; i++)
		for (int k = 0; (g->ev[i].flags & EVF_MIXED) && k < g->n; k++) {
			const struct ev *a = &g->ev[i], *b = &g->ev[k];

			if (ev_is_access(b) && overlap(a, b) &&
			    (a->kind == EV_WRITE || b->kind == EV_WRITE) &&
			    (a->order == FL_PLAIN || b->order == FL_PLAIN) &&
			    is_unordered(g, i, k, racing))
				return true;
		}
	return false;
}

bool hb_use_after_free(const struct graph *g, int pair[2])
{
	for (int f = 0; f < g->n; f++) {
		const struct ev *fe = &g->ev[f];
		uintptr_t start;

		if (!(fe->flags & EVF_FREE))
			continue;
		start = locs[fe->loc].addr;
		for (int i = 0; i < g->n; i++) {
			const struct ev *e = &g->ev[i];

			if (i == f || !ev_is_access(e) || locs[e->loc].addr - start >= fe->op->a)
				continue;
			if (e->flags & EVF_FREE ? i > f : !before(g, i, f)) {
				pair[0] = f;
				pair[1] = i;
				return true;
			}
		}
	}
	return false;
}
