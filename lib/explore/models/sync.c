/* SPDX-License-Identifier: MIT */
/*
 * sync.c - what follows from release and acquire alone, cheaply, before lkmm.c asks the whole model.
 *
 * An event is known to a later one if a chain of release stores that acquire loads read (through
 * read-modify-writes in between) leads from the one to the other. Then po-rel, rfe and acq-po order
 * them in lkmm's hb, and:
 *
 *  - A graph in which a load reads past a store that it knows, or a store goes before one that it
 *    knows, is forbidden (prop closes the hb cycle; plain-coherence for plain accesses).
 *  - If any two conflicting accesses, one of them plain, know each other, there is no data race.
 */
#include <string.h>

#include "model.h"

static uint16_t clocks[EV_CAP * FLX_MAX_THREADS];
static int nthreads;

static uint16_t *clock_of(int e)
{
	return clocks + e * nthreads;
}

static bool join(uint16_t *into, const uint16_t *from)
{
	bool grew = false;

	for (int t = 0; t < nthreads; t++)
		if (from[t] > into[t]) {
			into[t] = from[t];
			grew = true;
		}
	return grew;
}

static bool is_release(const struct graph *g, int w)
{
	const struct ev *e = &g->ev[w];

	/* The store part of a fully ordered RMW: the order is noted at its load. */
	return e->order == FL_RELEASE ||
	       ((e->flags & EVF_RMW) && g->ev[graph_po_prev(g, w)].order == FL_MB);
}

/* What the acquire load @r learns from the store that it reads. */
static bool learn(const struct graph *g, int r, enum flx_mutant mutant)
{
	bool grew = false;

	/* The last link must be rfe: a store forwarded within the thread orders nothing. */
	if (g->ev[r].rf >= 0 && g->ev[g->ev[r].rf].thread == g->ev[r].thread &&
	    mutant != FLX_MUT_SYNC_RFI)
		return false;
	for (int w = g->ev[r].rf; w >= 0;) {
		if (is_release(g, w))
			grew |= join(clock_of(r), clock_of(w));
		if (!(g->ev[w].flags & EVF_RMW))
			break;
		w = g->ev[graph_po_prev(g, w)].rf;
	}
	return grew;
}

static bool is_acquire(const struct ev *e)
{
	if (e->kind != EV_READ || (e->flags & (EVF_FAILED | EVF_BLOCKED)))
		return false;
	return e->order == FL_ACQUIRE || (e->order == FL_MB && (e->flags & EVF_RMW));
}

static bool ordered(const struct graph *g, int a, int b)
{
	return g->ev[a].idx < clock_of(b)[g->ev[a].thread] ||
	       g->ev[b].idx < clock_of(a)[g->ev[b].thread];
}

static void compute_clocks(const struct graph *g, enum flx_mutant mutant)
{
	bool grew = true;

	nthreads = g->nthreads;
	memset(clocks, 0, (size_t)g->n * nthreads * sizeof(*clocks));
	while (grew) {
		grew = false;
		for (int t = 0; t < g->nthreads; t++)
			for (int i = 0; i < g->tn[t]; i++) {
				int id = g->tev[t][i];

				if (i)
					grew |= join(clock_of(id), clock_of(g->tev[t][i - 1]));
				if (is_acquire(&g->ev[id]))
					grew |= learn(g, id, mutant);
				clock_of(id)[t] = i + 1;
			}
	}
}

bool lkmm_synchronised(const struct graph *g, enum flx_mutant mutant)
{
	compute_clocks(g, mutant);
	for (int i = 0; i < g->n; i++) {
		const struct ev *e = &g->ev[i];

		if (e->kind > EV_WRITE || (e->flags & EVF_BLOCKED))
			continue;
		for (int w = g->loc[e->loc].co_head; w != EV_NONE; w = g->ev[w].co_next)
			if (g->ev[w].thread != e->thread &&
			    (e->order == FL_PLAIN || g->ev[w].order == FL_PLAIN) &&
			    !ordered(g, i, w))
				return false;
	}
	return true;
}

/* Is all that accesses the object known to the event at which it ends? */
static bool end_knows_all(const struct graph *g, const struct object_end *end)
{
	const struct ev *f = &g->ev[end->event];

	for (int i = 0; i < g->n; i++) {
		const struct ev *e = &g->ev[i];

		if (object_end_is_of(end, e) &&
		    (e->thread == f->thread ? e->idx > f->idx
					    : e->idx >= clock_of(end->event)[e->thread]))
			return false;
	}
	return true;
}

bool lkmm_ends_synchronised(const struct graph *g, enum flx_mutant mutant,
			    const struct object_end *ends, int nr)
{
	compute_clocks(g, mutant);
	for (int i = 0; i < nr; i++)
		if (!end_knows_all(g, &ends[i]))
			return false;
	return true;
}

bool lkmm_sync_coherent(const struct graph *g, enum flx_mutant mutant)
{
	compute_clocks(g, mutant);
	for (int i = 0; i < g->n; i++) {
		const struct ev *e = &g->ev[i];
		int w;

		if (e->kind > EV_WRITE || (e->flags & EVF_BLOCKED))
			continue;
		w = e->kind == EV_READ ? graph_co_next(g, e->loc, e->rf) : e->co_next;
		for (; w != EV_NONE; w = g->ev[w].co_next)
			if (g->ev[w].thread != e->thread &&
			    g->ev[w].idx < clock_of(i)[g->ev[w].thread])
				return false;
	}
	return true;
}
