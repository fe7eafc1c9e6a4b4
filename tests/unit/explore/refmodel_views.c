/* SPDX-License-Identifier: MIT */
/*
 * refmodel_views.c - rc11 as a machine: the second opinion on refmodel_rc11.c, but for seq_cst accesses.
 *
 * The promising semantics (Kang, Hur, Lahav, Vafeiadis, Dreyer, POPL 2017) without its promises, which allows
 * what RC11 without seq_cst allows. Memory keeps all stores; a thread has views, one store per
 * location, the oldest that it may still read: cur of what it knows, acq of what an acquire fence
 * would tell it, rel of what it knew at its last release fence. A store carries a view of its own for
 * those who acquire it. A seq_cst fence is an acquire and a release fence that exchanges its view
 * with a common one, as if it read and wrote a location that only such fences know; that is
 * RM_RC11_STEPS, for the order of the fences is one in which a run meets them.
 *
 * Stores of the same thread after a release store are not part of its release sequence (C++20), so
 * there is one rel view in the place of one per location.
 */
#include "refmodel_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct view {
	int8_t at[RM_MAX_LOCS]; /* a store, or RM_FROM_INIT */
};

struct machine {
	struct rm_cand c;
	struct view cur[RM_MAX_THREADS], acq[RM_MAX_THREADS], rel[RM_MAX_THREADS];
	struct view msg[RM_MAX_OPS], sc;
};

struct run {
	const struct rm_prog *p;
	uint64_t limit;
	struct rm_visited seen;
	struct rm_result *r;
	int err;
};

static void explore(struct run *r, const struct machine *m);

/* 0: the initial value. */
static int place(const struct rm_cand *c, int loc, int store)
{
	for (int k = 0; k < c->nco[loc]; k++)
		if (c->co[loc][k] == store)
			return k + 1;
	return 0;
}

static void see(const struct rm_cand *c, struct view *v, int loc, int store)
{
	if (place(c, loc, store) > place(c, loc, v->at[loc]))
		v->at[loc] = (int8_t)store;
}

static void join(const struct run *r, const struct rm_cand *c, struct view *v, const struct view *w)
{
	for (int l = 0; l < r->p->nlocs; l++)
		see(c, v, l, w->at[l]);
}

/* A read-modify-write comes right after what it reads: nothing else can be put before place @k. */
static bool is_taken(const struct run *r, const struct rm_cand *c, int loc, int k)
{
	int next;

	if (k == c->nco[loc])
		return false;
	next = c->co[loc][k];
	return rm_reads(&r->p->op[next]);
}

static void put(struct rm_cand *c, int loc, int k, int store)
{
	memmove(&c->co[loc][k + 1], &c->co[loc][k], (size_t)(c->nco[loc] - k));
	c->co[loc][k] = (int8_t)store;
	c->nco[loc]++;
}

static bool acquires(enum fl_order o)
{
	return o == FL_ACQUIRE || o == FL_ACQ_REL;
}

static bool releases(enum fl_order o)
{
	return o == FL_RELEASE || o == FL_ACQ_REL;
}

/* Store @i is in memory; what does its thread tell with it? */
static void announce(const struct run *r, struct machine *m, int t, int i)
{
	const struct rm_op *op = &r->p->op[i];

	see(&m->c, &m->cur[t], op->loc, i);
	see(&m->c, &m->acq[t], op->loc, i);
	if (op->order == FL_PLAIN)
		return;
	join(r, &m->c, &m->msg[i], releases(op->order) ? &m->cur[t] : &m->rel[t]);
	see(&m->c, &m->msg[i], op->loc, i);
}

static void do_store(struct run *r, const struct machine *m, int t)
{
	int i = m->c.pc[t], loc = r->p->op[i].loc;

	for (int k = place(&m->c, loc, m->cur[t].at[loc]); k <= m->c.nco[loc]; k++) {
		struct machine next = *m;

		if (is_taken(r, &m->c, loc, k))
			continue;
		rm_do_simple(&next.c, r->p, t);
		put(&next.c, loc, k, i);
		announce(r, &next, t, i);
		explore(r, &next);
	}
}

static void do_read(struct run *r, const struct machine *m, int t)
{
	int i = m->c.pc[t];
	const struct rm_op *op = &r->p->op[i];

	for (int k = place(&m->c, op->loc, m->cur[t].at[op->loc]); k <= m->c.nco[op->loc]; k++) {
		int src = k ? m->c.co[op->loc][k - 1] : RM_FROM_INIT;
		struct machine next = *m;
		enum fl_order order;

		if (!rm_do_read(&next.c, r->p, t, src))
			continue;
		if (next.c.wrote[i] && is_taken(r, &m->c, op->loc, k))
			continue;
		order = rm_writes(op) && !next.c.wrote[i] ? op->fail : op->order;
		see(&next.c, &next.cur[t], op->loc, src);
		see(&next.c, &next.acq[t], op->loc, src);
		if (src >= 0 && op->order != FL_PLAIN) {
			join(r, &next.c, &next.acq[t], &m->msg[src]);
			if (acquires(order))
				join(r, &next.c, &next.cur[t], &m->msg[src]);
		}
		if (next.c.wrote[i]) {
			put(&next.c, op->loc, k, i);
			announce(r, &next, t, i);
			if (src >= 0)
				join(r, &next.c, &next.msg[i], &m->msg[src]);
		}
		explore(r, &next);
	}
}

static void fence(const struct run *r, struct machine *m, int t, enum fl_fence f)
{
	bool sc = f == FL_FENCE_C11_SEQ_CST || f == FL_FENCE_MB;

	if (sc || f == FL_FENCE_C11_ACQUIRE || f == FL_FENCE_C11_ACQ_REL)
		m->cur[t] = m->acq[t];
	if (sc) {
		join(r, &m->c, &m->cur[t], &m->sc);
		join(r, &m->c, &m->acq[t], &m->sc);
		m->sc = m->cur[t];
	}
	if (sc || f == FL_FENCE_C11_RELEASE || f == FL_FENCE_C11_ACQ_REL)
		m->rel[t] = m->cur[t];
}

static void do_op(struct run *r, const struct machine *m, int t)
{
	const struct rm_op *op = &r->p->op[m->c.pc[t]];
	struct machine next;

	if (rm_reads(op)) {
		do_read(r, m, t);
		return;
	}
	if (rm_writes(op)) {
		do_store(r, m, t);
		return;
	}
	next = *m;
	rm_do_simple(&next.c, r->p, t);
	if (op->kind == RM_FENCE)
		fence(r, &next, t, op->fence);
	if (op->kind == RM_SPAWN)
		next.cur[op->a.c] = next.acq[op->a.c] = m->cur[t];
	if (op->kind == RM_JOIN) {
		join(r, &m->c, &next.cur[t], &m->cur[op->a.c]);
		join(r, &m->c, &next.acq[t], &m->cur[op->a.c]);
	}
	explore(r, &next);
}

static size_t add_view(const struct run *r, uint8_t *key, size_t n, const struct view *v)
{
	memcpy(key + n, v->at, (size_t)r->p->nlocs);
	return n + (size_t)r->p->nlocs;
}

static size_t make_key(const struct run *r, const struct machine *m, uint8_t *key)
{
	const struct rm_prog *p = r->p;
	size_t n = 0;

	for (int t = 0; t < p->nthreads; t++) {
		key[n++] = (uint8_t)m->c.pc[t];
		n = add_view(r, key, n, &m->cur[t]);
		n = add_view(r, key, n, &m->acq[t]);
		n = add_view(r, key, n, &m->rel[t]);
	}
	n = add_view(r, key, n, &m->sc);
	for (int i = 0; i < p->nops; i++) {
		key[n++] = (uint8_t)m->c.rf[i];
		n = add_view(r, key, n, &m->msg[i]);
	}
	for (int l = 0; l < p->nlocs; l++) {
		for (int k = 0; k < m->c.nco[l]; k++)
			key[n++] = (uint8_t)m->c.co[l][k];
		key[n++] = 0xff;
	}
	return n;
}

#define MAX_KEY                                                                                    \
	(RM_MAX_OPS * (2 + RM_MAX_LOCS) + RM_MAX_THREADS * (1 + 3 * RM_MAX_LOCS) + 2 * RM_MAX_LOCS)

static void explore(struct run *r, const struct machine *m)
{
	const struct rm_prog *p = r->p;
	bool at_end = true, finished = true;
	uint8_t key[MAX_KEY];

	if (r->err || !rm_first_visit(&r->seen, key, make_key(r, m, key)))
		return;
	if (r->seen.n > r->limit) {
		r->err = -E2BIG;
		return;
	}
	for (int t = 0; t < p->nthreads; t++) {
		int i = m->c.pc[t];

		if (!m->c.asleep[t] && i == p->first[t + 1])
			continue;
		finished = false;
		if (!rm_may_run(&m->c, p, t))
			continue;
		/* Who waits may miss all values but the last: that is where memory ends up. */
		if (!rm_waits(&p->op[i]) ||
		    rm_satisfies(&m->c, p, i, rm_co_last_value(&m->c, p, p->op[i].loc)))
			at_end = false;
		do_op(r, m, t);
	}
	if (at_end)
		rm_set_add(finished ? &r->r->complete : &r->r->stuck, p, &m->c);
}

static bool has_seq_cst_access(const struct rm_prog *p)
{
	for (int i = 0; i < p->nops; i++)
		if (p->op[i].order == FL_SEQ_CST || p->op[i].fail == FL_SEQ_CST)
			return true;
	return false;
}

int rm_views(const struct rm_prog *p, uint64_t limit, struct rm_result *res)
{
	struct run r = { .p = p, .limit = limit, .r = res };
	struct machine m;

	if (!rm_judges(RM_RC11, p) || has_seq_cst_access(p))
		return -EINVAL;
	memset(res, 0, sizeof(*res));
	memset(&m, RM_FROM_INIT, sizeof(m));
	rm_cand_init(&m.c, p);
	explore(&r, &m);
	rm_set_finish(&res->complete);
	rm_set_finish(&res->stuck);
	rm_set_drop_duplicates(&res->complete);
	rm_set_drop_duplicates(&res->stuck);
	res->candidates = r.seen.n;
	rm_visited_free(&r.seen);
	if (r.err)
		rm_result_free(res);
	return r.err;
}
