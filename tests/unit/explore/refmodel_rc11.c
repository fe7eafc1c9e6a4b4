/* SPDX-License-Identifier: MIT */
/*
 * refmodel_rc11.c - RC11, the repaired C11 model, on one whole execution.
 *
 * Lahav, Vafeiadis, Kang, Hur, Dreyer, "Repairing Sequential Consistency in C/C++11", PLDI 2017, figure
 * by figure with the paper's names; mo is co and rb is fr in this directory. One definition is
 * C++20's: stores of the same thread no longer continue a release sequence (WG21 P0982). Accesses of
 * the kernel's words have the C11 order that FL_PLAIN, FL_ONCE, FL_ACQUIRE and FL_RELEASE stand for.
 *
 * A lock is a read-modify-write with acquire order that waits, its unlock a release store. smp_mb() is a
 * fence with order seq_cst. Thread creation and join are edges of hb between events that access
 * nothing.
 */
#include "refmodel_axioms.h"
#include "refmodel_rel.h"

#include <errno.h>

struct ex {
	int n, op[MAX_EV], thread[MAX_EV], where[MAX_EV]; /* where -1: no access */
	set_t R, W, F, init;
	set_t rlx, acq, rel, sc; /* "at least": acq has no relaxed ones, rlx has all but na */
	struct rel sb, rf, mo, rb, rmw, sync, same_loc;
	struct rel hb, eco;
};

static int add_event(struct ex *x, int thread, int op, int where)
{
	if (x->n == MAX_EV)
		return -1;
	x->op[x->n] = op;
	x->thread[x->n] = thread;
	x->where[x->n] = where;
	return x->n++;
}

static void set_load_order(struct ex *x, int e, enum fl_order o)
{
	x->rlx |= o == FL_PLAIN ? 0 : BIT(e);
	x->acq |= o == FL_ACQUIRE || o == FL_ACQ_REL || o == FL_SEQ_CST ? BIT(e) : 0;
	x->sc |= o == FL_SEQ_CST ? BIT(e) : 0;
}

static void set_store_order(struct ex *x, int e, enum fl_order o)
{
	x->rlx |= o == FL_PLAIN ? 0 : BIT(e);
	x->rel |= o == FL_RELEASE || o == FL_ACQ_REL || o == FL_SEQ_CST ? BIT(e) : 0;
	x->sc |= o == FL_SEQ_CST ? BIT(e) : 0;
}

static void set_fence_order(struct ex *x, int e, enum fl_fence f)
{
	bool sc = f == FL_FENCE_C11_SEQ_CST || f == FL_FENCE_MB;

	x->F |= BIT(e);
	x->acq |= sc || f == FL_FENCE_C11_ACQUIRE || f == FL_FENCE_C11_ACQ_REL ? BIT(e) : 0;
	x->rel |= sc || f == FL_FENCE_C11_RELEASE || f == FL_FENCE_C11_ACQ_REL ? BIT(e) : 0;
	x->sc |= sc ? BIT(e) : 0;
}

/* The events of operation @i; their numbers in @rev, @wev (both, if it is no access). -E2BIG: too many. */
static int build_op(struct ex *x, const struct rm_prog *p, const struct rm_cand *c, int i, int *rev,
		    int *wev)
{
	const struct rm_op *op = &p->op[i];

	if (op->kind == RM_DEP || op->kind == RM_SKIP_EQ || op->kind == RM_SKIP_NE)
		return 0;
	if (!rm_reads(op) && !rm_writes(op)) {
		int e = add_event(x, op->thread, i, -1);

		if (e < 0)
			return -E2BIG;
		rev[i] = wev[i] = e;
		if (op->kind == RM_FENCE)
			set_fence_order(x, e, op->fence);
		return 0;
	}
	if (rm_reads(op)) {
		bool failed = rm_writes(op) && !c->wrote[i];

		rev[i] = add_event(x, op->thread, i, op->loc);
		if (rev[i] < 0)
			return -E2BIG;
		x->R |= BIT(rev[i]);
		set_load_order(x, rev[i], !failed ? op->order : op->fail ? op->fail : FL_ONCE);
	}
	if (c->wrote[i]) {
		wev[i] = add_event(x, op->thread, i, op->loc);
		if (wev[i] < 0)
			return -E2BIG;
		x->W |= BIT(wev[i]);
		set_store_order(x, wev[i], op->order);
		if (rm_reads(op))
			x->rmw.row[rev[i]] |= BIT(wev[i]);
	}
	return 0;
}

static void build_sb(struct ex *x)
{
	for (int i = 0; i < nev; i++) {
		for (int j = 0; j < nev; j++) {
			bool later = x->thread[i] == x->thread[j] && i < j;

			if (x->init & BIT(i) ? !(x->init & BIT(j)) : later)
				x->sb.row[i] |= BIT(j);
			if (x->where[i] >= 0 && x->where[i] == x->where[j])
				x->same_loc.row[i] |= BIT(j);
		}
	}
}

static int build(struct ex *x, const struct rm_prog *p, const struct rm_cand *c)
{
	int rev[RM_MAX_OPS], wev[RM_MAX_OPS], begin[RM_MAX_THREADS], end[RM_MAX_THREADS];

	memset(x, 0, sizeof(*x));
	memset(rev, -1, sizeof(rev));
	memset(wev, -1, sizeof(wev));
	for (int l = 0; l < p->nlocs; l++) {
		int e = add_event(x, -1, -1, l);

		x->init |= BIT(e);
	}
	x->W = x->init;
	for (int t = 0; t < p->nthreads; t++) {
		begin[t] = c->asleep[t] ? -1 : add_event(x, t, -1, -1);
		for (int i = p->first[t]; i < p->first[t + 1]; i++)
			if (c->state[i] == RM_RAN && build_op(x, p, c, i, rev, wev))
				return -E2BIG;
		end[t] = add_event(x, t, -1, -1);
		if (end[t] < 0)
			return -E2BIG;
	}
	nev = x->n;
	build_sb(x);
	for (int i = 0; i < p->nops; i++) {
		if (c->state[i] == RM_RAN && p->op[i].kind == RM_SPAWN)
			x->sync.row[rev[i]] |= BIT(begin[p->op[i].a.c]);
		if (c->state[i] == RM_RAN && p->op[i].kind == RM_JOIN)
			x->sync.row[end[p->op[i].a.c]] |= BIT(rev[i]);
	}
	for (int i = 0; i < p->nops; i++)
		if (c->state[i] == RM_RAN && rm_reads(&p->op[i]))
			x->rf.row[c->rf[i] < 0 ? p->op[i].loc : wev[c->rf[i]]] |= BIT(rev[i]);
	for (int l = 0; l < p->nlocs; l++) {
		for (int k = 0; k < c->nco[l]; k++) {
			x->mo.row[l] |= BIT(wev[c->co[l][k]]);
			for (int m = k + 1; m < c->nco[l]; m++)
				x->mo.row[wev[c->co[l][k]]] |= BIT(wev[c->co[l][m]]);
		}
	}
	x->rb = minus(seq(inv(x->rf), x->mo), id_of(ALL));
	return 0;
}

static struct rel then(struct rel a, struct rel b, struct rel c)
{
	return seq(a, seq(b, c));
}

/* Synchronises-with: a release store or a fence before a relaxed one, read through a chain of RMWs. */
static struct rel synchronises(const struct ex *x)
{
	struct rel rs = seq(id_of(x->W & x->rlx), star(seq(x->rf, x->rmw)));
	struct rel from = seq(id_of(x->rel), opt(seq(id_of(x->F), x->sb)));
	struct rel to = seq(opt(seq(x->sb, id_of(x->F))), id_of(x->acq));

	return seq(then(from, rs, x->rf), seq(id_of(x->R & x->rlx), to));
}

static bool coherent(const struct ex *x)
{
	return irreflexive(seq(x->hb, opt(x->eco)));
}

static bool atomic(const struct ex *x)
{
	return is_empty(both(x->rmw, seq(x->rb, x->mo)));
}

/* The condition on seq_cst accesses and fences. */
static bool sc_axiom(const struct ex *x, bool steps)
{
	struct rel acc = id_of(x->sc & ~x->F), fence = id_of(x->sc & x->F);
	struct rel sb_elsewhere = minus(x->sb, x->same_loc);
	struct rel scb = either(either(x->sb, then(sb_elsewhere, x->hb, sb_elsewhere)),
				either(both(x->hb, x->same_loc), either(x->mo, x->rb)));
	struct rel base =
		then(either(acc, seq(fence, opt(x->hb))), scb, either(acc, seq(opt(x->hb), fence)));
	struct rel fences = then(fence, either(x->hb, then(x->hb, x->eco, x->hb)), fence);

	struct rel psc = either(base, fences);

	return acyclic(steps ? either(psc, either(x->sb, x->rf)) : psc);
}

static void find_races(const struct ex *x, struct rm_races *races)
{
	set_t na = (x->R | x->W) & ~x->rlx;

	for (int i = 0; i < nev; i++) {
		for (int j = 0; j < nev; j++) {
			if (x->thread[i] == x->thread[j] || !(x->same_loc.row[i] & BIT(j)))
				continue;
			if (!((x->W & (BIT(i) | BIT(j))) && (na & (BIT(i) | BIT(j)))))
				continue;
			if ((x->hb.row[i] & BIT(j)) || (x->hb.row[j] & BIT(i)))
				continue;
			races->any = true;
			races->with[x->op[i]] |= BIT(x->op[j]);
		}
	}
}

int rm_rc11_consistent(const struct rm_prog *p, const struct rm_cand *c, bool steps,
		       struct rm_races *races)
{
	struct ex x;

	if (build(&x, p, c))
		return -E2BIG;
	if (!acyclic(either(x.sb, x.rf)))
		return 0;
	x.eco = plus(either(x.rf, either(x.mo, x.rb)));
	x.hb = plus(either(either(x.sb, x.sync), synchronises(&x)));
	if (!coherent(&x) || !atomic(&x) || !sc_axiom(&x, steps))
		return 0;
	find_races(&x, races);
	return 1;
}
