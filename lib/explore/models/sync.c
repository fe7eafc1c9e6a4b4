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
 *  - If any two conflicting accesses, one of them plain, know each other, there is no data race. For that, an access
 *    whose address comes from a marked load also knows what that would know if it were an acquire load: the model bounds
 *    plain accesses by address dependencies as it does by acquire.
 */
#include <string.h>

#include "model.h"

static uint16_t clocks[EV_CAP * FLX_MAX_THREADS];
static uint16_t
	by_address[EV_CAP * FLX_MAX_THREADS]; /* where it says more than .addr_dep's clock */
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

/*
 * The store that ends the chain to the acquire load @r, or EV_INIT. The last link must be rfe: a store forwarded within
 * the thread orders nothing, unless it depends on a load of the thread (dep ; rfi): then what that reads from.
 */
static int comes_from(const struct graph *g, int r, enum flx_mutant mutant)
{
	int w = g->ev[r].rf, thread = g->ev[r].thread;

	while (w >= 0 && g->ev[w].thread == thread && mutant != FLX_MUT_SYNC_RFI) {
		int load = graph_po_prev(g, w);

		if (!(g->ev[w].flags & EVF_RMW) || !ev_own_data(&g->ev[load]))
			return EV_INIT;
		w = g->ev[load].rf;
	}
	return w;
}

/* What the acquire load @r learns from the store that it reads. */
static bool learn(const struct graph *g, int r, enum flx_mutant mutant, uint16_t *into)
{
	bool grew = false;

	for (int w = comes_from(g, r, mutant); w >= 0;) {
		if (is_release(g, w))
			grew |= join(into, clock_of(w));
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
					grew |= learn(g, id, mutant, clock_of(id));
				clock_of(id)[t] = i + 1;
			}
	}
}

/* by_address[] of the marked load @r: what whoever takes his address from it knows. */
static void learn_by_address(const struct graph *g, int r, enum flx_mutant mutant)
{
	int dep = g->ev[r].addr_dep;
	uint16_t *known = by_address + r * nthreads;

	memset(known, 0, nthreads * sizeof(*known));
	if (dep >= 0)
		join(known, by_address + dep * nthreads);
	learn(g, r, mutant, known);
}

static void compute_addresses(const struct graph *g, enum flx_mutant mutant)
{
	for (int t = 0; t < g->nthreads; t++)
		for (int i = 0; i < g->tn[t]; i++) {
			int id = g->tev[t][i];

			if (g->ev[id].kind == EV_READ)
				learn_by_address(g, id, mutant);
		}
	for (int i = 0; i < g->n; i++)
		if (g->ev[i].kind <= EV_WRITE && g->ev[i].addr_dep >= 0 &&
		    g->ev[g->ev[i].addr_dep].order != FL_PLAIN)
			join(clock_of(i), by_address + g->ev[i].addr_dep * nthreads);
}

bool lkmm_synchronised(const struct graph *g, enum flx_mutant mutant)
{
	compute_clocks(g, mutant);
	compute_addresses(g, mutant);
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

static bool knows(const struct graph *g, int e, int w)
{
	return g->ev[w].idx < clock_of(e)[g->ev[w].thread];
}

/* Is all that accesses the object known to the event at which it ends? */
static bool end_knows_all(const struct graph *g, const struct object_end *end)
{
	const struct ev *f = &g->ev[end->event];

	for (int i = 0; i < g->n; i++) {
		const struct ev *e = &g->ev[i];

		if (!object_end_is_of(end, e))
			continue;
		if (e->thread == f->thread
			    ? e->idx > f->idx
			    : e->idx >= clock_of(end->event)[e->thread] &&
				      !ordered_by_grace_period(g, i, end->event, knows))
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
