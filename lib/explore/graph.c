/* SPDX-License-Identifier: MIT */
/* graph.c - the execution graph's bookkeeping. */
#include "graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int graph_init(struct graph *g)
{
	memset(g, 0, sizeof(*g));
	g->ev = malloc(sizeof(*g->ev) * EV_CAP);
	g->loc_cap = 256;
	g->loc = calloc(g->loc_cap, sizeof(*g->loc));
	g->nloc = 1;
	if (!g->ev || !g->loc)
		return -ENOMEM;
	for (int t = 0; t < FLX_MAX_THREADS; t++) {
		g->tev[t] = malloc(sizeof(int16_t) * EV_CAP);
		if (!g->tev[t])
			return -ENOMEM;
	}
	return 0;
}

void graph_free(struct graph *g)
{
	for (int t = 0; t < FLX_MAX_THREADS; t++)
		free(g->tev[t]);
	free(g->ev);
	free(g->loc);
	memset(g, 0, sizeof(*g));
}

static void forget_events(struct graph *g)
{
	for (int i = 0; i < g->n; i++) {
		struct ev *e = &g->ev[i];

		if (e->kind == EV_READ || e->kind == EV_WRITE) {
			struct loc *l = &g->loc[e->loc];

			l->co_head = EV_NONE;
			l->co_tail = EV_INIT;
			l->rd_head = EV_NONE;
		}
	}
	g->n = 0;
	memset(g->tn, 0, sizeof(g->tn));
}

void graph_clear(struct graph *g, int nthreads)
{
	forget_events(g);
	g->nthreads = nthreads;
}

static void join_vc(struct ev *e, const struct ev *from)
{
	for (int t = 0; t < FLX_MAX_THREADS; t++)
		if (from->vc[t] > e->vc[t])
			e->vc[t] = from->vc[t];
}

static void compute_vc(struct graph *g, int i)
{
	struct ev *e = &g->ev[i];
	int prev = graph_po_prev(g, i);

	memset(e->vc, 0, sizeof(e->vc));
	if (prev != EV_NONE)
		join_vc(e, &g->ev[prev]);
	if ((e->kind == EV_READ || e->kind == EV_BEGIN || e->kind == EV_JOIN) && e->rf >= 0)
		join_vc(e, &g->ev[e->rf]);
	e->vc[e->thread] = e->idx + 1;
}

int graph_add(struct graph *g, const struct ev *src)
{
	int i = g->n++;
	struct ev *e = &g->ev[i];

	*e = *src;
	e->idx = g->tn[e->thread];
	g->tev[e->thread][g->tn[e->thread]++] = i;
	e->co_prev = e->co_next = e->rd_next = EV_NONE;
	if (e->kind == EV_READ) {
		e->rd_next = g->loc[e->loc].rd_head;
		g->loc[e->loc].rd_head = i;
	}
	if (e->thread >= g->nthreads)
		g->nthreads = e->thread + 1;
	compute_vc(g, i);
	return i;
}

void graph_pop(struct graph *g)
{
	struct ev *e = &g->ev[--g->n];

	if (e->kind == EV_WRITE && (e->co_prev != EV_NONE))
		graph_co_remove(g, g->n);
	if (e->kind == EV_READ)
		g->loc[e->loc].rd_head = e->rd_next;
	g->tn[e->thread]--;
}

void graph_co_insert(struct graph *g, int w, int after)
{
	struct ev *e = &g->ev[w];
	struct loc *l = &g->loc[e->loc];
	int next = graph_co_next(g, e->loc, after);

	e->co_prev = after;
	e->co_next = next;
	if (after == EV_INIT)
		l->co_head = w;
	else
		g->ev[after].co_next = w;
	if (next == EV_NONE)
		l->co_tail = w;
	else
		g->ev[next].co_prev = w;
}

void graph_co_remove(struct graph *g, int w)
{
	struct ev *e = &g->ev[w];
	struct loc *l = &g->loc[e->loc];

	if (e->co_prev == EV_INIT)
		l->co_head = e->co_next;
	else
		g->ev[e->co_prev].co_next = e->co_next;
	if (e->co_next == EV_NONE)
		l->co_tail = e->co_prev;
	else
		g->ev[e->co_next].co_prev = e->co_prev;
	e->co_prev = e->co_next = EV_NONE;
}

void graph_set_rf(struct graph *g, int r, int rf)
{
	g->ev[r].rf = rf;
	compute_vc(g, r);
}

void graph_load(struct graph *g, const struct ev *ev, int n)
{
	forget_events(g);
	memcpy(g->ev, ev, sizeof(*ev) * n);
	g->n = n;
	for (int i = 0; i < n; i++) {
		struct ev *e = &g->ev[i];

		g->tev[e->thread][g->tn[e->thread]++] = i;
		if (e->thread >= g->nthreads)
			g->nthreads = e->thread + 1;
		if (e->kind == EV_READ) {
			e->rd_next = g->loc[e->loc].rd_head;
			g->loc[e->loc].rd_head = i;
		} else if (e->kind == EV_WRITE && e->co_prev != EV_NONE) {
			if (e->co_prev == EV_INIT)
				g->loc[e->loc].co_head = i;
			if (e->co_next == EV_NONE)
				g->loc[e->loc].co_tail = i;
		}
	}
}
