/* SPDX-License-Identifier: MIT */
/*
 * refmodel_machine.c - sc and tso as machines: the second opinion on refmodel_axioms.c.
 *
 * sc: one step of one thread at a time on one memory. tso: a FIFO store buffer per thread; a load
 * looks there first; a successful read-modify-write, smp_mb() and synchronize_rcu() need it empty.
 * synchronize_rcu() is two steps: remember who is in a reader section; go on when these have left. A
 * rcu_read_unlock() passes through the store buffer, so that a section ends once its stores are out.
 *
 * The graph that a run builds determines the machine's state, so a set of visited partial graphs
 * keeps the search from running every interleaving.
 */
#include "refmodel_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct machine {
	struct rm_cand c;
	int nbuf[RM_MAX_THREADS];
	int8_t buf[RM_MAX_THREADS][RM_MAX_OPS]; /* stores and rcu_read_unlock()s on their way out */
	int left[RM_MAX_THREADS];		/* sections of this thread that have ended */
	int entered[RM_MAX_THREADS];		/* outermost sections that have begun */
	int depth[RM_MAX_THREADS];
	bool in_sync[RM_MAX_THREADS];
	/* Of a thread in synchronize_rcu(): how many sections each other thread must have left. */
	int8_t wait_for[RM_MAX_THREADS][RM_MAX_THREADS];
};

struct run {
	const struct rm_prog *p;
	bool tso;
	uint64_t limit;
	struct rm_visited seen;
	struct rm_result *r;
	int err;
};

static size_t make_key(const struct rm_prog *p, const struct machine *m, uint8_t *key)
{
	size_t n = 0;

	for (int t = 0; t < p->nthreads; t++) {
		key[n++] = (uint8_t)m->c.pc[t];
		key[n++] = (uint8_t)m->nbuf[t];
		key[n++] = (uint8_t)m->left[t];
		key[n++] = m->in_sync[t];
		if (m->in_sync[t])
			for (int u = 0; u < p->nthreads; u++)
				key[n++] = (uint8_t)m->wait_for[t][u];
	}
	for (int i = 0; i < p->nops; i++)
		key[n++] = (uint8_t)m->c.rf[i];
	for (int l = 0; l < p->nlocs; l++) {
		for (int k = 0; k < m->c.nco[l]; k++)
			key[n++] = (uint8_t)m->c.co[l][k];
		key[n++] = 0xff;
	}
	return n;
}

static void explore(struct run *r, const struct machine *m);

static void to_memory(const struct rm_prog *p, struct machine *m, int i)
{
	int l = p->op[i].loc;

	if (p->op[i].kind == RM_FENCE)
		m->left[p->op[i].thread]++;
	else
		m->c.co[l][m->c.nco[l]++] = (int8_t)i;
}

static void emit(const struct run *r, struct machine *m, int t, int i)
{
	if (r->tso)
		m->buf[t][m->nbuf[t]++] = (int8_t)i;
	else
		to_memory(r->p, m, i);
}

/* The store that a load by @t sees now. */
static int visible(const struct rm_prog *p, const struct machine *m, int t, int loc)
{
	for (int k = m->nbuf[t] - 1; k >= 0; k--)
		if (p->op[m->buf[t][k]].kind != RM_FENCE && p->op[m->buf[t][k]].loc == loc)
			return m->buf[t][k];
	return m->c.nco[loc] ? m->c.co[loc][m->c.nco[loc] - 1] : RM_FROM_INIT;
}

static bool do_sync(struct run *r, const struct machine *m, int t)
{
	struct machine next = *m;

	if (m->nbuf[t])
		return false;
	if (!m->in_sync[t]) {
		next.in_sync[t] = true;
		for (int u = 0; u < r->p->nthreads; u++)
			next.wait_for[t][u] = (int8_t)m->entered[u];
	} else {
		for (int u = 0; u < r->p->nthreads; u++)
			if (m->left[u] < m->wait_for[t][u])
				return false;
		next.in_sync[t] = false;
		rm_do_simple(&next.c, r->p, t);
	}
	explore(r, &next);
	return true;
}

static bool do_fence(struct run *r, const struct machine *m, int t, enum fl_fence kind)
{
	struct machine next = *m;
	int i = m->c.pc[t];

	if (kind == FL_FENCE_SYNC_RCU)
		return do_sync(r, m, t);
	if (kind == FL_FENCE_MB && m->nbuf[t])
		return false;
	rm_do_simple(&next.c, r->p, t);
	if (kind == FL_FENCE_RCU_LOCK && !next.depth[t]++)
		next.entered[t]++;
	if (kind == FL_FENCE_RCU_UNLOCK && !--next.depth[t])
		emit(r, &next, t, i);
	explore(r, &next);
	return true;
}

static bool do_read(struct run *r, const struct machine *m, int t)
{
	int i = m->c.pc[t];
	const struct rm_op *op = &r->p->op[i];
	struct machine next = *m;

	if (!rm_do_read(&next.c, r->p, t, visible(r->p, m, t, op->loc)))
		return false;
	if (next.c.wrote[i]) {
		if (m->nbuf[t])
			return false; /* locked instruction: drain first */
		to_memory(r->p, &next, i);
	}
	explore(r, &next);
	return true;
}

static bool do_op(struct run *r, const struct machine *m, int t)
{
	int i = m->c.pc[t];
	const struct rm_op *op = &r->p->op[i];
	struct machine next;

	if (rm_reads(op))
		return do_read(r, m, t);
	if (op->kind == RM_FENCE)
		return do_fence(r, m, t, op->fence);
	next = *m;
	rm_do_simple(&next.c, r->p, t);
	if (next.c.wrote[i])
		emit(r, &next, t, i);
	explore(r, &next);
	return true;
}

static void explore(struct run *r, const struct machine *m)
{
	uint8_t key[4 * RM_MAX_OPS + RM_MAX_THREADS * (RM_MAX_THREADS + 4) + RM_MAX_LOCS];
	bool moved = false, finished = true;

	if (r->err || !rm_first_visit(&r->seen, key, make_key(r->p, m, key)))
		return;
	if (r->seen.n > r->limit) {
		r->err = -E2BIG;
		return;
	}
	for (int t = 0; t < r->p->nthreads; t++) {
		if (m->nbuf[t]) {
			struct machine next = *m;

			next.nbuf[t]--;
			memmove(next.buf[t], next.buf[t] + 1, (size_t)next.nbuf[t]);
			to_memory(r->p, &next, m->buf[t][0]);
			explore(r, &next);
			moved = true;
		}
		if (m->c.asleep[t] || m->c.pc[t] < r->p->first[t + 1]) {
			finished = false;
			moved |= rm_may_run(&m->c, r->p, t) && do_op(r, m, t);
		}
	}
	if (!moved)
		rm_set_add(finished ? &r->r->complete : &r->r->stuck, r->p, &m->c);
}

int rm_operational(const struct rm_prog *p, enum rm_model model, uint64_t limit,
		   struct rm_result *res)
{
	struct run r = { .p = p, .tso = model == RM_TSO, .limit = limit, .r = res };
	struct machine m;

	if (model == RM_RC11)
		return rm_views(p, limit, res);
	if (model >= RM_LKMM || !rm_judges(model, p))
		return -EINVAL;
	memset(res, 0, sizeof(*res));
	memset(&m, 0, sizeof(m));
	rm_cand_init(&m.c, p);
	explore(&r, &m);
	rm_set_finish(&res->complete);
	rm_set_finish(&res->stuck);
	res->candidates = r.seen.n;
	rm_visited_free(&r.seen);
	if (r.err)
		rm_result_free(res);
	return r.err;
}
