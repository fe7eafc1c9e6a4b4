/* SPDX-License-Identifier: MIT */
/* lkmm_base.c - kinds of events, and how they are related as the graph has it: program order, reads-from, dependencies. */
#include "lkmm.h"

static bool is_noreturn(const struct lkmm *m, const struct ev *e)
{
	return e->kind == EV_READ && (e->flags & EVF_NORETURN) && !lacks(m, FLX_MUT_RETURN_ALL);
}

void lkmm_classify(struct lkmm *m)
{
	struct bitpool *p = m->pool;

	m->mem = bitset_new(p);
	m->rd = bitset_new(p);
	m->wr = bitset_new(p);
	m->marked = bitset_new(p);
	m->plain = bitset_new(p);
	m->acquire = bitset_new(p);
	m->release = bitset_new(p);
	m->r4rmb = bitset_new(p);
	m->rmw_set = bitset_new(p);
	m->not_noreturn = bitset_new(p);
	m->not_srcu_unlock = bitset_new(p);
	m->po = bitrel_new(p);
	m->same = bitrel_new(p);
	for (int i = 0; i < m->n; i++) {
		const struct ev *e = node_ev(m, i);

		for (int j = i; j < m->n && m->thread[j] == m->thread[i]; j++) {
			if (j > i)
				bitrel_set(p, m->po, i, j);
			bitrel_set(p, m->same, i, j);
			bitrel_set(p, m->same, j, i);
		}
		if (!e || e->kind != EV_WRITE || !(e->flags & EVF_SRCU))
			bitset_add(m->not_srcu_unlock, i);
		if (!e || !is_noreturn(m, e))
			bitset_add(m->not_noreturn, i);
		if (!e || e->kind == EV_FENCE) {
			bitset_add(m->marked, i);
			continue;
		}
		bitset_add(m->mem, i);
		bitset_add(e->kind == EV_READ ? m->rd : m->wr, i);
		bitset_add(e->order == FL_PLAIN ? m->plain : m->marked, i);
		if (e->kind == EV_READ) {
			if (!is_noreturn(m, e))
				bitset_add(m->r4rmb, i);
			if (e->order == FL_ACQUIRE && !(e->flags & EVF_FAILED) &&
			    !lacks(m, FLX_MUT_IGNORE_ACQUIRE))
				bitset_add(m->acquire, i);
		} else if (e->order == FL_RELEASE && !lacks(m, FLX_MUT_IGNORE_RELEASE)) {
			bitset_add(m->release, i);
		}
		if (e->flags & EVF_RMW)
			bitset_add(m->rmw_set, i);
	}
}

/* Those of code that knows its own dependencies (fl_ev_deps()). */
static void explicit_dependencies(struct lkmm *m)
{
	const struct graph *g = m->g;
	struct bitpool *p = m->pool;

	for (int t = 0; t < g->nthreads; t++) {
		int load[64], n = 0;

		for (int i = 0; i < g->tn[t]; i++) {
			int id = g->tev[t][i], node = m->of_event[id];
			const struct ev *e = &g->ev[id];

			for (int k = 0; k < n && node >= 0; k++) {
				if (load[k] < 0)
					continue;
				if (e->op->deps.addr >> k & 1)
					bitrel_set(p, m->addr, load[k], node);
				if (e->op->deps.data >> k & 1)
					bitrel_set(p, m->data, load[k], node);
				if (e->op->deps.ctrl >> k & 1)
					bitrel_set(p, m->ctrl, load[k], node);
			}
			if (e->kind == EV_READ && n < 64)
				load[n++] = node;
		}
	}
}

void lkmm_communication(struct lkmm *m)
{
	const struct graph *g = m->g;
	struct bitpool *p = m->pool;

	m->rf = bitrel_new(p);
	m->co = bitrel_new(p);
	m->fr = bitrel_new(p);
	m->rmw = bitrel_new(p);
	m->addr = bitrel_new(p);
	m->data = bitrel_new(p);
	m->ctrl = bitrel_new(p);
	for (int i = 0; i < m->n; i++) {
		const struct ev *e = node_ev(m, i);
		int w;

		if (!e || e->kind > EV_WRITE)
			continue;
		if (e->kind == EV_READ) {
			if (e->rf >= 0 && m->of_event[e->rf] >= 0)
				bitrel_set(p, m->rf, m->of_event[e->rf], i);
			w = graph_co_next(g, e->loc, e->rf);
			for (; w != EV_NONE; w = g->ev[w].co_next)
				if (m->of_event[w] >= 0)
					bitrel_set(p, m->fr, i, m->of_event[w]);
			if ((e->flags & EVF_RMW) && e->idx + 1 < g->tn[e->thread]) {
				w = m->of_event[g->tev[e->thread][e->idx + 1]];
				bitrel_set(p, m->rmw, i, w);
				if (ev_own_data(e) && !lacks(m, FLX_MUT_RMW_NO_DATA))
					bitrel_set(p, m->data, i, w);
			}
		} else {
			for (w = e->co_next; w != EV_NONE; w = g->ev[w].co_next)
				if (m->of_event[w] >= 0)
					bitrel_set(p, m->co, i, m->of_event[w]);
		}
		if (e->addr_dep >= 0 && m->of_event[e->addr_dep] >= 0)
			bitrel_set(p, m->addr, m->of_event[e->addr_dep], i);
	}
	explicit_dependencies(m);
	m->rfi = bitrel_copy(p, m->rf);
	bitrel_and(p, m->rfi, m->same);
	m->rfe = bitrel_copy(p, m->rf);
	bitrel_minus(p, m->rfe, m->same);
}
