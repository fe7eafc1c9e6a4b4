/* SPDX-License-Identifier: MIT */
/* graph.c - the execution graph's bookkeeping. */
#include "graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void *grown(void *p, size_t size)
{
	p = realloc(p, size);
	if (!p)
		abort();
	return p;
}

static void grow_events(struct graph *g, int n)
{
	if (n <= g->cap)
		return;
	g->cap = g->cap * 2 > n ? g->cap * 2 : n;
	g->ev = grown(g->ev, sizeof(*g->ev) * g->cap);
	g->clock = grown(g->clock, sizeof(*g->clock) * 2 * g->width * g->cap);
}

/* @g has room for no fewer threads than @from. */
static void copy_clocks(struct graph *g, int e, const struct graph *from, int f)
{
	if (g->width > from->width) {
		graph_clear_clock(g, graph_vc(g, e));
		graph_clear_clock(g, graph_hb(g, e));
	}
	graph_copy_clock(from, graph_vc(g, e), graph_vc(from, f));
	graph_copy_clock(from, graph_hb(g, e), graph_hb(from, f));
}

/* Makes room in the clocks for @threads threads. */
static void widen_clocks(struct graph *g, int threads)
{
	struct graph old = *g;

	if (threads <= g->width)
		return;
	while (g->width < threads)
		g->width *= 2;
	g->clock = grown(NULL, sizeof(*g->clock) * 2 * g->width * g->cap);
	for (int e = 0; e < g->n; e++)
		copy_clocks(g, e, &old, e);
	free(old.clock);
}

static void grow_threads(struct graph *g, int n)
{
	int16_t *block;
	int cap = g->tcap;

	if (n <= cap)
		return;
	while (cap < n)
		cap *= 2;
	block = grown(NULL, sizeof(*block) * FLX_MAX_THREADS * cap);
	for (int t = 0; t < FLX_MAX_THREADS; t++)
		memcpy(block + t * cap, g->tev[t], sizeof(*block) * g->tn[t]);
	free(g->tev[0]);
	for (int t = 0; t < FLX_MAX_THREADS; t++)
		g->tev[t] = block + t * cap;
	g->tcap = cap;
}

static void grow_locs(struct graph *g, int n)
{
	int old = g->loc_cap;

	if (n <= old)
		return;
	g->loc_cap = old * 2 > n ? old * 2 : n;
	g->loc = grown(g->loc, sizeof(*g->loc) * g->loc_cap);
	for (int i = old; i < g->loc_cap; i++)
		g->loc[i] = (struct loc){ EV_NONE, EV_INIT, EV_NONE, EV_NONE };
}

int graph_init(struct graph *g)
{
	memset(g, 0, sizeof(*g));
	g->tcap = 32;
	g->width = CLOCK_STEP;
	g->tev[0] = grown(NULL, sizeof(int16_t) * FLX_MAX_THREADS * g->tcap);
	for (int t = 0; t < FLX_MAX_THREADS; t++) {
		g->tev[t] = g->tev[0] + t * g->tcap;
		g->spawn[t] = EV_NONE;
	}
	grow_events(g, 64);
	grow_locs(g, 64);
	return 0;
}

void graph_free(struct graph *g)
{
	free(g->tev[0]);
	free(g->ev);
	free(g->clock);
	free(g->loc);
	memset(g, 0, sizeof(*g));
}

static void forget_events(struct graph *g)
{
	for (int i = 0; i < g->n; i++) {
		struct ev *e = &g->ev[i];

		if (e->kind <= EV_ADD)
			g->loc[e->loc] = (struct loc){ EV_NONE, EV_INIT, EV_NONE, EV_NONE };
	}
	g->n = 0;
	memset(g->nr, 0, sizeof(g->nr));
	memset(g->tn, 0, sizeof(g->tn));
	for (int t = 0; t < FLX_MAX_THREADS; t++)
		g->spawn[t] = EV_NONE;
}

void graph_clear(struct graph *g, int nthreads)
{
	forget_events(g);
	g->nthreads = nthreads;
	widen_clocks(g, nthreads);
}

static void compute_vc(struct graph *g, int i)
{
	const struct ev *e = &g->ev[i];
	uint16_t *vc = graph_vc(g, i);
	int prev = graph_po_prev(g, i);

	if (prev != EV_NONE)
		graph_copy_clock(g, vc, graph_vc(g, prev));
	else
		graph_clear_clock(g, vc);
	if (ev_reads(e) && e->rf >= 0)
		graph_join_clock(g, vc, graph_vc(g, e->rf));
	vc[e->thread] = e->idx + 1;
}

/* Along program order and reads-from, which the array's order need not follow. */
static void compute_all_vc(struct graph *g)
{
	int pos[FLX_MAX_THREADS] = { 0 };

	for (bool progress = true; progress;) {
		progress = false;
		for (int t = 0; t < g->nthreads; t++)
			while (pos[t] < g->tn[t] && graph_rf_passed(g, pos, g->tev[t][pos[t]])) {
				compute_vc(g, g->tev[t][pos[t]++]);
				progress = true;
			}
	}
}

static void count(struct graph *g, const struct ev *e, int by)
{
	for (unsigned int f = e->op->features; f; f &= f - 1)
		g->nr[__builtin_ctz(f)] += by;
}

/* Makes the thread and the location of event @i know it; not its place in co. */
static void enter(struct graph *g, int i)
{
	struct ev *e = &g->ev[i];

	count(g, e, 1);
	if (g->tn[e->thread] == g->tcap)
		grow_threads(g, g->tcap + 1);
	e->idx = g->tn[e->thread];
	g->tev[e->thread][g->tn[e->thread]++] = i;
	if (e->thread >= g->nthreads) {
		g->nthreads = e->thread + 1;
		widen_clocks(g, g->nthreads);
	}
	if (e->kind == EV_READ) {
		grow_locs(g, e->loc + 1);
		e->rd_next = g->loc[e->loc].rd_head;
		g->loc[e->loc].rd_head = i;
	} else if (e->kind == EV_WRITE) {
		grow_locs(g, e->loc + 1);
	} else if (e->kind == EV_ADD) {
		grow_locs(g, e->loc + 1);
		e->rd_next = g->loc[e->loc].add_head;
		g->loc[e->loc].add_head = i;
	} else if (e->kind == EV_SPAWN) {
		g->spawn[e->target] = i;
		if (e->target >= g->nthreads) {
			g->nthreads = e->target + 1;
			widen_clocks(g, g->nthreads);
		}
	}
}

int graph_add(struct graph *g, const struct ev *src)
{
	int i = g->n;
	struct ev copy;

	if (g->n == g->cap) {
		copy = *src; /* it may be one of the graph's own */
		src = &copy;
		grow_events(g, g->n + 1);
	}
	g->n++;
	struct ev *e = &g->ev[i];

	*e = *src;
	e->co_prev = e->co_next = e->rd_next = EV_NONE;
	enter(g, i);
	compute_vc(g, i);
	return i;
}

void graph_pop(struct graph *g)
{
	struct ev *e = &g->ev[--g->n];

	count(g, e, -1);

	if (e->kind == EV_WRITE && e->co_prev != EV_NONE)
		graph_co_remove(g, g->n);
	else if (e->kind == EV_READ)
		g->loc[e->loc].rd_head = e->rd_next;
	else if (e->kind == EV_ADD)
		g->loc[e->loc].add_head = e->rd_next;
	else if (e->kind == EV_SPAWN)
		g->spawn[e->target] = EV_NONE;
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

/* @e, whose co_prev and co_next are right, is in the location's list. */
static void enter_co(struct graph *g, int i)
{
	const struct ev *e = &g->ev[i];

	if (e->kind != EV_WRITE || e->co_prev == EV_NONE)
		return;
	if (e->co_prev == EV_INIT)
		g->loc[e->loc].co_head = i;
	if (e->co_next == EV_NONE)
		g->loc[e->loc].co_tail = i;
}

void graph_load(struct graph *g, const struct ev *ev, int n)
{
	forget_events(g);
	grow_events(g, n);
	memcpy(g->ev, ev, sizeof(*ev) * n);
	g->n = n;
	for (int i = 0; i < n; i++) {
		enter(g, i);
		enter_co(g, i);
	}
	compute_all_vc(g);
}

static int16_t renumber(const int16_t *map, int e)
{
	return e >= 0 ? map[e] : e;
}

/* Mostly the first events are all kept. */
static void copy_kept_clocks(struct graph *g, const struct graph *from, const bool *keep,
			     const int16_t *map)
{
	int e = 0;

	if (g->width == from->width) {
		while (e < from->n && keep[e])
			e++;
		memcpy(g->clock, from->clock, sizeof(*g->clock) * 2 * g->width * e);
	}
	for (; e < from->n; e++)
		if (keep[e])
			copy_clocks(g, map[e], from, e);
}

void graph_restrict(struct graph *g, const struct graph *from, const bool *keep, int16_t *map)
{
	int n = 0;

	forget_events(g);
	g->nthreads = from->nthreads;
	widen_clocks(g, from->width);
	grow_events(g, from->n);
	for (int e = 0; e < from->n; e++)
		map[e] = keep[e] ? n++ : EV_NONE;
	for (int e = 0; e < from->n; e++) {
		struct ev *d = &g->ev[map[e]];

		if (!keep[e])
			continue;
		*d = from->ev[e];
		d->rf = renumber(map, d->rf);
		d->addr_dep = renumber(map, d->addr_dep);
		if (d->kind == EV_WRITE && d->co_prev != EV_NONE) {
			int p = d->co_prev, x = d->co_next;

			while (p >= 0 && !keep[p])
				p = from->ev[p].co_prev;
			while (x >= 0 && !keep[x])
				x = from->ev[x].co_next;
			d->co_prev = renumber(map, p);
			d->co_next = renumber(map, x);
		}
	}
	copy_kept_clocks(g, from, keep, map);
	g->n = n;
	for (int i = 0; i < n; i++) {
		enter(g, i);
		enter_co(g, i);
	}
}
