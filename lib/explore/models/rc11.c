/* SPDX-License-Identifier: MIT */
/*
 * rc11.c - the repaired C11 model: O. Lahav, V. Vafeiadis, J. Kang, C.-K. Hur, D. Dreyer, "Repairing sequential
 * consistency in C/C++11", PLDI 2017.
 *
 *   coherence   hb ; eco? is irreflexive. The search keeps it by what it offers (readable() in search.c);
 *               rc11_coherent() below says it again, for whole graphs.
 *   atomicity   nothing comes between the two halves of a read-modify-write: graph_consumed()
 *   SC          psc is acyclic: psc.c
 *   no thin air sb | rf is acyclic: by the way in which graphs are built
 */
#include "rc11.h"

/* No event that comes before another in hb is behind it in eco. */
static bool rc11_coherent(const struct graph *g)
{
	for (int b = 0; b < g->n; b++) {
		const struct ev *y = &g->ev[b];
		int first = y->kind == EV_WRITE ? y->co_next : EV_NONE;

		if (y->kind > EV_WRITE || !rc11_takes_part(y))
			continue;
		if (y->kind == EV_READ)
			first = graph_co_next(g, y->loc, y->rf);
		for (int w = first; w != EV_NONE; w = g->ev[w].co_next) {
			if (rc11_hb(g, w, b))
				return false;
			for (int r = g->loc[y->loc].rd_head; r != EV_NONE; r = g->ev[r].rd_next)
				if (g->ev[r].rf == w && rc11_takes_part(&g->ev[r]) &&
				    rc11_hb(g, r, b))
					return false;
		}
		/* A load that happens before the store that it reads, or has seen it before. */
		if (y->kind == EV_WRITE)
			for (int r = g->loc[y->loc].rd_head; r != EV_NONE; r = g->ev[r].rd_next)
				if (g->ev[r].rf == b && rc11_takes_part(&g->ev[r]) &&
				    rc11_hb(g, r, b))
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
