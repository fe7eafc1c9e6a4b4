/* SPDX-License-Identifier: MIT */
/*
 * sc.c - coherence, sequential consistency and TSO, decided by running the graph.
 *
 * Each is a set of "must come before" rules that is acyclic exactly if the events can be executed one
 * by one without ever breaking a rule, and executing one never makes another impossible: so running
 * greedily decides it, in time linear in the events. Under SC a thread has one order; under TSO a
 * store is issued (free) and later leaves the store buffer, and it is the leaving that is ordered.
 *
 *   a load       after the store that it reads has reached memory (under TSO its own thread's may
 *                still be in the buffer)
 *   a store      reaches memory after the store before it in co, and after all loads of that one
 *                (reads-from then from-read)
 *   TSO          loads in order; stores in order; a store after the loads before it; a load waits
 *                for the buffer to drain only after smp_mb() or a locked instruction.
 *                Source: Owens, Sarkar, Sewell, "A better x86 memory model: x86-TSO", 2009.
 *
 * With grace periods there are choices: does a section begin before one or behind it? One way is tried, under SC:
 * grace periods begin as early as they can, sections as late. If it goes through, each grace period has waited for
 * the sections before it as the kernel's do, which all models allow. If not, the axiom has to be asked.
 */
#include <string.h>

#include "model.h"

/* What the thread in hand has last seen of a location: a place in co, by loading or storing it. */
static struct seen {
	uint64_t round; /* of which thread, in which call */
	int rank;
} seen[65536];

bool model_coherent(const struct graph *g)
{
	static uint16_t rank[EV_CAP];
	static uint64_t round;

	for (int l = 1; l < g->loc_cap; l++) {
		int k = 1;

		for (int w = g->loc[l].co_head; w != EV_NONE; w = g->ev[w].co_next)
			rank[w] = k++;
	}
	for (int t = 0; t < g->nthreads; t++) {
		round++;
		for (int i = 0; i < g->tn[t]; i++) {
			int id = g->tev[t][i], mine;
			const struct ev *e = &g->ev[id];
			struct seen *last = &seen[e->loc];
			bool stores = e->kind == EV_WRITE;

			if (e->kind > EV_WRITE || (e->flags & EVF_BLOCKED) ||
			    g->loc[e->loc].co_head == EV_NONE)
				continue;
			mine = stores ? rank[id] : e->rf == EV_INIT ? 0 : rank[e->rf];
			if (last->round == round &&
			    (mine < last->rank || (stores && mine == last->rank)))
				return false;
			*last = (struct seen){ round, mine };
		}
	}
	return true;
}

struct runner {
	const struct graph *g;
	bool tso;
	enum flx_mutant mutant;
	int load[FLX_MAX_THREADS];  /* SC: the next event; TSO: the next event to issue */
	int leave[FLX_MAX_THREADS]; /* TSO: the next event to look at for a store to leave */
	bool rcu;		    /* grace periods wait: */
	bool may_begin;		    /* a section, one */
	int depth[FLX_MAX_THREADS], section[FLX_MAX_THREADS]; /* which one, counted from 1 */
	bool waits[FLX_MAX_THREADS];			      /* for the others' sections: */
	int waits_for[FLX_MAX_THREADS][FLX_MAX_THREADS];
};

static bool in_memory[EV_CAP];
static uint16_t readers[EV_CAP]; /* loads of a store that have not run yet */
static uint16_t init_readers[65536];

static bool store_may_reach_memory(const struct runner *r, const struct ev *e)
{
	int left = e->co_prev == EV_INIT ? init_readers[e->loc] : readers[e->co_prev];

	if (left && r->mutant != FLX_MUT_RUN_NO_FR)
		return false;
	return e->co_prev == EV_INIT || in_memory[e->co_prev] || r->mutant == FLX_MUT_RUN_NO_CO;
}

static bool drains(const struct runner *r, const struct ev *e)
{
	if (e->kind == EV_FENCE)
		return ((e->fence == FL_FENCE_MB || e->fence == FL_FENCE_C11_SEQ_CST) &&
			r->mutant != FLX_MUT_IGNORE_MB) ||
		       e->fence == FL_FENCE_AFTER_SRCU_READ_UNLOCK ||
		       (ev_is_sync(e) && r->mutant != FLX_MUT_NO_GP);
	if (e->kind == EV_SPAWN || e->kind == EV_END || e->kind == EV_JOIN)
		return r->mutant != FLX_MUT_TSO_NO_THREADS;
	/* A sequentially consistent store of C11 is an exchange. */
	return ((e->flags & EVF_RMW) || (e->kind == EV_WRITE && e->order == FL_SEQ_CST)) &&
	       r->mutant != FLX_MUT_TSO_NO_LOCKED;
}

static bool buffer_empty(const struct runner *r, int t)
{
	const struct graph *g = r->g;

	for (int i = r->leave[t]; i < r->load[t]; i++)
		if (g->ev[g->tev[t][i]].kind == EV_WRITE && !in_memory[g->tev[t][i]])
			return false;
	return true;
}

static bool ran_load(const struct runner *r, const struct ev *e)
{
	if (e->flags & EVF_BLOCKED)
		return true;
	if (e->rf >= 0 && !in_memory[e->rf] && r->mutant != FLX_MUT_RUN_NO_RF) {
		const struct ev *w = &r->g->ev[e->rf];

		/* Forwarded from the thread's own buffer. */
		if (!r->tso || w->thread != e->thread || w->idx >= e->idx ||
		    r->mutant == FLX_MUT_TSO_NO_FORWARDING)
			return false;
	}
	if (e->rf >= 0)
		readers[e->rf]--;
	else
		init_readers[e->loc]--;
	return true;
}

static bool section_is_over(const struct runner *r, int u, int section)
{
	return r->section[u] != section || !r->depth[u] || r->load[u] == r->g->tn[u];
}

/* The grace period of thread @t begins when it is first asked for. */
static bool grace_period_is_over(struct runner *r, int t)
{
	for (int u = 0; u < r->g->nthreads && !r->waits[t]; u++)
		r->waits_for[t][u] = r->section[u];
	r->waits[t] = true;
	for (int u = 0; u < r->g->nthreads; u++)
		if (!section_is_over(r, u, r->waits_for[t][u]))
			return false;
	r->waits[t] = false;
	return true;
}

static bool rcu_lets_run(struct runner *r, int t, const struct ev *e)
{
	if (ev_is_sync(e))
		return grace_period_is_over(r, t);
	if (e->fence == FL_FENCE_RCU_LOCK) {
		if (!r->depth[t]) {
			if (!r->may_begin)
				return false;
			r->may_begin = false;
			r->section[t]++;
		}
		r->depth[t]++;
	} else if (e->fence == FL_FENCE_RCU_UNLOCK && r->depth[t]) {
		r->depth[t]--;
	}
	return true;
}

static bool issue(struct runner *r, int t)
{
	const struct graph *g = r->g;
	int id = g->tev[t][r->load[t]];
	const struct ev *e = &g->ev[id];

	if (r->rcu && e->kind == EV_FENCE && !rcu_lets_run(r, t, e))
		return false;
	if (r->tso && drains(r, e) && !buffer_empty(r, t))
		return false;
	if (e->kind == EV_READ && !ran_load(r, e))
		return false;
	if ((e->kind == EV_BEGIN || e->kind == EV_JOIN) && e->rf >= 0 &&
	    r->load[g->ev[e->rf].thread] <= g->ev[e->rf].idx)
		return false;
	if (e->kind == EV_WRITE && (!r->tso || drains(r, e))) {
		if (!store_may_reach_memory(r, e))
			return false;
		in_memory[id] = true;
	}
	r->load[t]++;
	return true;
}

static bool leave_buffer(struct runner *r, int t)
{
	const struct graph *g = r->g;

	while (r->leave[t] < r->load[t]) {
		int id = g->tev[t][r->leave[t]];
		const struct ev *e = &g->ev[id];

		if (e->kind == EV_WRITE && !in_memory[id]) {
			if (!store_may_reach_memory(r, e))
				return false;
			in_memory[id] = true;
			r->leave[t]++;
			return true;
		}
		r->leave[t]++;
	}
	return false;
}

static bool run(struct runner *r)
{
	const struct graph *g = r->g;
	bool progress = true;

	memset(in_memory, 0, g->n * sizeof(*in_memory));
	memset(readers, 0, g->n * sizeof(*readers));
	for (int i = 0; i < g->n; i++)
		if (g->ev[i].kind == EV_READ)
			init_readers[g->ev[i].loc] = 0;
	for (int i = 0; i < g->n; i++)
		if (g->ev[i].kind == EV_WRITE)
			init_readers[g->ev[i].loc] = 0;
	for (int i = 0; i < g->n; i++) {
		const struct ev *e = &g->ev[i];

		if (e->kind != EV_READ || (e->flags & EVF_BLOCKED))
			continue;
		if (e->rf >= 0)
			readers[e->rf]++;
		else
			init_readers[e->loc]++;
	}
	while (progress || (r->rcu && !r->may_begin)) {
		/* Where nothing else can run, a section may begin. */
		r->may_begin = !progress;
		progress = false;
		for (int t = 0; t < g->nthreads; t++) {
			while (r->load[t] < g->tn[t] && issue(r, t))
				progress = true;
			if (r->tso)
				while (leave_buffer(r, t))
					progress = true;
		}
	}
	for (int t = 0; t < g->nthreads; t++) {
		if (r->load[t] < g->tn[t])
			return false;
		if (r->tso && !buffer_empty(r, t))
			return false;
	}
	return true;
}

bool model_sc(const struct graph *g, enum flx_mutant mutant)
{
	struct runner r = { .g = g, .mutant = mutant };

	return run(&r);
}

bool model_tso(const struct graph *g, enum flx_mutant mutant)
{
	struct runner r = { .g = g, .mutant = mutant, .tso = true };

	return (mutant == FLX_MUT_NO_COHERENCE || model_coherent(g)) && run(&r);
}

static bool has_grace_period(const struct graph *g)
{
	for (int i = 0; i < g->n; i++)
		if (ev_is_sync(&g->ev[i]))
			return true;
	return false;
}

/* Is this what may happen if events run one after the other, and grace periods wait? False: not for certain. */
static bool runs_with_rcu(const struct graph *g)
{
	struct runner r = { .g = g, .rcu = true };

	for (int i = 0; i < g->n; i++)
		if (ev_is_sync(&g->ev[i]) && g->ev[i].fence != FL_FENCE_SYNC_RCU)
			return false;
	return run(&r);
}

bool model_consistent(const struct graph *g, enum flx_model model, enum flx_mutant mutant, bool rcu)
{
	rcu = rcu && has_grace_period(g) && mutant != FLX_MUT_NO_RCU;
	if (model == FLX_RC11)
		return model_rc11(g, mutant);

	/*
	 * A sequentially consistent execution is allowed by every model: each of their orders is part
	 * of (po | rf | co | fr)+. Only the RCU axiom adds something.
	 */
	if (model_sc(g, mutant)) {
		if (!rcu || (mutant == FLX_MUT_NONE && runs_with_rcu(g)))
			return true;
		return model == FLX_LKMM ? model_lkmm(g, mutant, true)
					 : model_rcu(g, model, mutant);
	}
	if (model == FLX_LKMM)
		return model_lkmm(g, mutant, rcu);
	return model == FLX_TSO && model_tso(g, mutant) && (!rcu || model_rcu(g, model, mutant));
}
