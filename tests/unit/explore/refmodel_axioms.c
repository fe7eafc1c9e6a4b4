/* SPDX-License-Identifier: MIT */
/*
 * refmodel_axioms.c - SC, x86-TSO and the Linux-kernel memory model on one whole execution.
 *
 * Relations are boolean matrices (refmodel_rel.h). Names follow the documents:
 *   sc    Lamport; acyclic(po | rf | co | fr)
 *   tso   Owens, Sarkar, Sewell 2009, axiomatic form as in Alglave, Maranget, Tautschnig 2014
 *   lkmm  Linux 6.12, tools/memory-model: explanation.txt, and the definitions that linux-kernel.cat
 *         and lock.cat give to the names used here. Locks are read-modify-writes of a word whose
 *         value says who holds it; then the store order that lock.cat builds follows from atomicity.
 * sc and tso have the grace-period guarantee of RCU added in the form of lkmm's axiom, with their own
 * order in the place of happens-before and propagation.
 *
 * Where herd7's reading of the model is not in the text: a fully ordered read-modify-write that
 * succeeds has a full barrier on either side; one whose condition fails is an unordered read, but it
 * still counts as a RMW for smp_mb__before_atomic() and smp_mb__after_atomic().
 */
#include "refmodel_axioms.h"
#include "refmodel_rel.h"

#include <errno.h>

/* An execution as events and basic relations. */
struct ex {
	int op[MAX_EV]; /* -1: initial store */
	int thread[MAX_EV];
	int n;
	bool all_ctrl; /* RM_LKMM_CTRL */
	set_t R, W, M, F, IW, plain, marked, acquire, release, noreturn, rmw_set;
	set_t lkr, lkw, ul, locked; /* locked: halves of an x86 locked instruction */
	set_t fence[FL_FENCE_NR];
	struct rel po, rf, co, fr, rmw, loc, internal, addr, data;
};

static int add_event(struct ex *x, int thread, int op)
{
	if (x->n == MAX_EV)
		return -1;
	x->op[x->n] = op;
	x->thread[x->n] = thread;
	return x->n++;
}

static bool add_fence(struct ex *x, int thread, int op, enum fl_fence kind)
{
	int e = add_event(x, thread, op);

	if (e < 0)
		return false;
	x->F |= BIT(e);
	x->fence[kind] |= BIT(e);
	return true;
}

static bool build_op(struct ex *x, const struct rm_prog *p, const struct rm_cand *c, int i,
		     int *rev, int *wev)
{
	const struct rm_op *op = &p->op[i];
	bool rmw = rm_reads(op) && c->wrote[i];
	bool full = rmw && op->order == FL_MB;
	int e;

	if (op->kind == RM_FENCE)
		return add_fence(x, op->thread, i, op->fence);
	if (op->kind == RM_SPAWN || op->kind == RM_JOIN)
		return add_event(x, op->thread, i) >= 0;
	if (op->kind == RM_DEP || op->kind == RM_SKIP_EQ || op->kind == RM_SKIP_NE)
		return true;
	if (full && !add_fence(x, op->thread, i, FL_FENCE_MB))
		return false;
	if (rm_reads(op)) {
		e = add_event(x, op->thread, i);
		if (e < 0)
			return false;
		rev[i] = e;
		x->R |= BIT(e);
		if (op->order == FL_PLAIN)
			x->plain |= BIT(e);
		/* The order of a conditional operation applies if it succeeds. */
		if (op->order == FL_ACQUIRE && (rmw || !rm_writes(op)))
			x->acquire |= BIT(e);
		if (op->noreturn)
			x->noreturn |= BIT(e);
		if (rm_writes(op) && op->kind != RM_LOCK && op->kind != RM_TRYLOCK)
			x->rmw_set |= BIT(e);
		if (rmw && (op->kind == RM_LOCK || op->kind == RM_TRYLOCK))
			x->lkr |= BIT(e);
	}
	if (c->wrote[i]) {
		e = add_event(x, op->thread, i);
		if (e < 0)
			return false;
		wev[i] = e;
		x->W |= BIT(e);
		if (op->order == FL_PLAIN)
			x->plain |= BIT(e);
		if (op->order == FL_RELEASE)
			x->release |= BIT(e);
		if (op->kind == RM_LOCK || op->kind == RM_TRYLOCK)
			x->lkw |= BIT(e);
		else if (rmw)
			x->rmw_set |= BIT(e);
		if (op->kind == RM_UNLOCK)
			x->ul |= BIT(e);
	}
	if (rmw) {
		x->rmw.row[rev[i]] |= BIT(wev[i]);
		if (op->kind == RM_ADD || op->kind == RM_ADD_UNLESS)
			x->data.row[rev[i]] |= BIT(wev[i]);
		x->locked |= BIT(rev[i]) | BIT(wev[i]);
	}
	return !full || add_fence(x, op->thread, i, FL_FENCE_MB);
}

/* Only sc knows threads that begin and end: what comes before its creation comes before all of a thread. */
static void order_threads(struct ex *x, const struct rm_prog *p)
{
	for (int i = 0; i < nev; i++) {
		const struct rm_op *a = x->op[i] < 0 ? NULL : &p->op[x->op[i]];

		for (int j = 0; a && j < nev; j++) {
			const struct rm_op *b = x->op[j] < 0 ? NULL : &p->op[x->op[j]];

			if (!b)
				continue;
			if (a->kind == RM_SPAWN &&
			    (a->a.c == b->thread || (b->kind == RM_JOIN && a->a.c == b->a.c)))
				x->po.row[i] |= BIT(j);
			if (b->kind == RM_JOIN && b->a.c == a->thread)
				x->po.row[i] |= BIT(j);
		}
	}
}

static bool build(struct ex *x, const struct rm_prog *p, const struct rm_cand *c)
{
	int rev[RM_MAX_OPS], wev[RM_MAX_OPS], where[MAX_EV];

	memset(x, 0, sizeof(*x));
	memset(rev, -1, sizeof(rev));
	memset(wev, -1, sizeof(wev));
	for (int l = 0; l < p->nlocs; l++) {
		int e = add_event(x, -1, -1);

		where[e] = l;
		x->IW |= BIT(e);
	}
	x->W = x->IW;
	for (int i = 0; i < p->nops; i++)
		if (c->state[i] == RM_RAN && !build_op(x, p, c, i, rev, wev))
			return false;
	nev = x->n;
	x->M = x->R | x->W;
	x->marked = ALL & ~x->plain;
	for (int i = 0; i < nev; i++) {
		if (x->op[i] >= 0)
			where[i] = p->op[x->op[i]].loc;
		for (int j = 0; j < i; j++) {
			if (x->thread[i] >= 0 && x->thread[i] == x->thread[j]) {
				x->po.row[j] |= BIT(i);
				x->internal.row[i] |= BIT(j);
				x->internal.row[j] |= BIT(i);
			}
			if ((x->M & BIT(i)) && (x->M & BIT(j)) && where[i] == where[j]) {
				x->loc.row[i] |= BIT(j);
				x->loc.row[j] |= BIT(i);
			}
		}
		x->internal.row[i] |= BIT(i);
		if (x->M & BIT(i))
			x->loc.row[i] |= BIT(i);
	}
	order_threads(x, p);
	for (int i = 0; i < p->nops; i++) {
		if (rev[i] < 0)
			continue;
		x->rf.row[c->rf[i] < 0 ? p->op[i].loc : wev[c->rf[i]]] |= BIT(rev[i]);
	}
	for (int l = 0; l < p->nlocs; l++) {
		for (int k = 0; k < c->nco[l]; k++) {
			x->co.row[l] |= BIT(wev[c->co[l][k]]);
			for (int m = k + 1; m < c->nco[l]; m++)
				x->co.row[wev[c->co[l][k]]] |= BIT(wev[c->co[l][m]]);
		}
	}
	x->fr = seq(inv(x->rf), x->co);
	for (int i = 0; i < p->nops; i++) {
		if (c->dep[i] < 0 || c->state[i] != RM_RAN)
			continue;
		if (rev[i] >= 0)
			x->addr.row[rev[c->dep[i]]] |= BIT(rev[i]);
		if (wev[i] >= 0)
			x->addr.row[rev[c->dep[i]]] |= BIT(wev[i]);
	}
	return true;
}

static struct rel ext(const struct ex *x, struct rel a)
{
	return minus(a, x->internal);
}

static bool per_location(const struct ex *x)
{
	struct rel fre = ext(x, x->fr), coe = ext(x, x->co);

	return acyclic(either(both(x->po, x->loc), either(x->rf, either(x->co, x->fr)))) &&
	       is_empty(both(x->rmw, seq(fre, coe)));
}

/* Each rcu_read_lock() with its rcu_read_unlock(): the outermost ones count, inner ones add nothing. */
static struct rel read_sections(const struct ex *x)
{
	struct rel r = empty_rel();

	for (int i = 0; i < nev; i++) {
		int depth = 0;

		if (!(x->fence[FL_FENCE_RCU_LOCK] & BIT(i)))
			continue;
		for (int j = i; j < nev && x->thread[j] == x->thread[i]; j++) {
			depth += !!(x->fence[FL_FENCE_RCU_LOCK] & BIT(j));
			depth -= !!(x->fence[FL_FENCE_RCU_UNLOCK] & BIT(j));
			if (!depth) {
				r.row[i] |= BIT(j);
				break;
			}
		}
	}
	return r;
}

/*
 * Sequences with at least as many grace periods as reader sections. @link leads from one grace
 * period or section to the next: from its end (a section: from its start, for it is entered by its
 * end) to the next one's beginning.
 */
static struct rel rcu_order(const struct ex *x, struct rel link)
{
	struct rel gp = id_of(x->fence[FL_FENCE_SYNC_RCU]);
	struct rel back = inv(read_sections(x));
	struct rel order = gp, before;

	do {
		struct rel inner = either(link, seq(link, seq(order, link)));

		before = order;
		order = either(order, seq(gp, seq(inner, back)));
		order = either(order, seq(back, seq(inner, gp)));
		order = either(order, seq(order, seq(link, order)));
	} while (!is_empty(minus(order, before)));
	return order;
}

/* Grace periods under a model whose executions are explained by the acyclic relation @base. */
static bool rcu_guarantee(const struct ex *x, struct rel base)
{
	struct rel b = star(base), link, fence;

	if (!x->fence[FL_FENCE_SYNC_RCU])
		return true;
	link = seq(opt(x->po), seq(b, x->po));
	fence = seq(x->po, seq(rcu_order(x, link), opt(x->po)));
	return irreflexive(seq(b, fence));
}

static bool sc_consistent(const struct ex *x)
{
	struct rel order = either(either(x->po, x->rf), either(x->co, x->fr));

	return is_empty(both(x->rmw, seq(ext(x, x->fr), ext(x, x->co)))) && acyclic(order) &&
	       rcu_guarantee(x, order);
}

static bool tso_consistent(const struct ex *x)
{
	set_t full = x->fence[FL_FENCE_MB] | x->fence[FL_FENCE_SYNC_RCU];
	struct rel mm = only(x->M, x->po, x->M);
	struct rel relaxed = only(x->W & ~x->locked, x->po, x->R & ~x->locked);
	struct rel fenced = seq(only(ALL, x->po, full), x->po);
	struct rel ghb = either(minus(mm, minus(relaxed, fenced)), ext(x, x->rf));

	ghb = either(ghb, either(x->co, x->fr));
	return per_location(x) && acyclic(ghb) && rcu_guarantee(x, ghb);
}

/* What the Linux-kernel model derives from the basic relations. */
struct lkmm {
	struct rel mb, rmb, wmb, strong, po_rel, acq_po, nonrw, fence, unlock_lock, overwrite;
	struct rel cumul, prop, hb, pb, rb, rmw_seq, rfe;
};

static struct rel fencerel(const struct ex *x, enum fl_fence kind)
{
	return seq(only(ALL, x->po, x->fence[kind]), x->po);
}

static void lkmm_fences(const struct ex *x, struct lkmm *k)
{
	set_t rmb_reads = x->R & ~x->noreturn;
	struct rel po_opt = opt(x->po), r;

	k->acq_po = only(x->acquire, x->po, x->M);
	k->po_rel = only(x->M, x->po, x->release);
	k->unlock_lock =
		seq(only(ALL, x->po, x->ul), seq(only(x->ul, either(x->po, x->rf), x->lkr), x->po));
	k->rmb = only(rmb_reads, fencerel(x, FL_FENCE_RMB), rmb_reads);
	k->wmb = only(x->W, fencerel(x, FL_FENCE_WMB), x->W);
	k->mb = fencerel(x, FL_FENCE_MB);
	r = only(ALL, fencerel(x, FL_FENCE_BEFORE_ATOMIC), x->rmw_set);
	k->mb = either(k->mb, seq(r, po_opt));
	r = only(x->rmw_set, fencerel(x, FL_FENCE_AFTER_ATOMIC), ALL);
	k->mb = either(k->mb, seq(po_opt, r));
	r = only(x->lkw, fencerel(x, FL_FENCE_AFTER_SPINLOCK), ALL);
	k->mb = either(k->mb, seq(po_opt, r));
	r = only(ALL, k->unlock_lock, x->fence[FL_FENCE_AFTER_UNLOCK_LOCK]);
	k->mb = only(x->M, either(k->mb, seq(r, x->po)), x->M);
	r = seq(only(ALL, x->po, x->fence[FL_FENCE_SYNC_RCU]), po_opt);
	k->strong = either(k->mb, r);
	k->nonrw = either(k->strong, either(k->po_rel, k->acq_po));
	k->fence = either(k->nonrw, either(k->wmb, k->rmb));
}

static bool lkmm_orders(const struct ex *x, struct lkmm *k)
{
	struct rel rfi = both(x->rf, x->internal), carry = star(seq(x->data, rfi));
	struct rel addr = seq(carry, x->addr), dep = either(addr, seq(carry, x->data));
	struct rel to_w, to_r, ppo, a_cumul, link, fence;
	set_t marked = x->marked;

	k->rfe = ext(x, x->rf);
	k->overwrite = either(x->co, x->fr);
	to_w = either(only(ALL, dep, x->W), both(k->overwrite, x->internal));
	to_w = either(to_w, seq(only(ALL, addr, x->plain), k->wmb));
	if (x->all_ctrl)
		to_w = either(to_w, only(x->R & marked, x->po, x->W));
	to_r = either(only(ALL, addr, x->R), seq(only(ALL, dep, marked), rfi));
	ppo = either(either(to_r, to_w), both(either(k->fence, k->unlock_lock), x->internal));

	k->rmw_seq = star(seq(x->rf, x->rmw));
	a_cumul = seq(opt(only(ALL, k->rfe, marked)), either(k->strong, k->po_rel));
	k->cumul = only(marked, either(a_cumul, either(k->wmb, k->unlock_lock)), marked);
	k->cumul = seq(k->cumul, k->rmw_seq);
	k->prop = seq(only(marked, opt(ext(x, k->overwrite)), ALL), star(k->cumul));
	k->prop = only(marked, seq(only(ALL, k->prop, marked), opt(k->rfe)), marked);

	k->hb = either(ppo, k->rfe);
	k->hb = either(k->hb, both(minus(k->prop, id_of(ALL)), x->internal));
	k->hb = only(marked, k->hb, marked);
	if (!acyclic(k->hb))
		return false;
	k->pb = only(ALL, seq(k->prop, seq(k->strong, star(k->hb))), marked);
	if (!acyclic(k->pb))
		return false;
	k->rb = empty_rel();
	if (!x->fence[FL_FENCE_SYNC_RCU])
		return true;
	link = seq(opt(x->po), seq(star(k->hb), seq(star(k->pb), seq(k->prop, x->po))));
	fence = seq(x->po, seq(rcu_order(x, link), opt(x->po)));
	k->rb = seq(k->prop, seq(fence, seq(star(k->hb), star(k->pb))));
	k->rb = only(ALL, k->rb, marked);
	/* From here on, for the plain accesses, a grace period's order is a fence's (not in nonrw). */
	k->fence = either(k->fence, fence);
	k->strong = either(k->strong, fence);
	return irreflexive(k->rb);
}

static bool lkmm_plain(const struct ex *x, const struct lkmm *k, struct rm_races *races)
{
	set_t marked = x->marked, rmb_reads = x->R & ~x->noreturn, ret = ALL & ~x->noreturn;
	struct rel rmb = fencerel(x, FL_FENCE_RMB);
	struct rel addr = seq(star(seq(x->data, both(x->rf, x->internal))), x->addr);
	struct rel xb = star(either(k->hb, either(k->pb, k->rb)));
	struct rel vis, w_pre, r_pre, w_post, r_post, ww, wr, rw, pre, bad, ok;

	if (!x->plain)
		return true;
	vis = either(seq(only(ALL, k->strong, marked), xb), both(xb, x->internal));
	vis = seq(seq(star(k->cumul), only(ALL, opt(k->rfe), marked)), vis);
	w_pre = only(marked, opt(either(addr, k->fence)), ALL);
	r_pre = only(marked, opt(either(either(addr, k->nonrw), only(rmb_reads, rmb, ret))), ALL);
	w_post = seq(only(ALL, opt(k->fence), marked), k->rmw_seq);
	r_post = only(ALL, opt(either(k->nonrw, only(ret, rmb, rmb_reads))), marked);

	ww = seq(k->strong, seq(xb, w_pre));
	ww = either(k->fence, either(ww, seq(w_post, seq(vis, w_pre))));
	wr = seq(k->strong, seq(xb, r_pre));
	wr = either(k->fence, either(wr, seq(w_post, seq(vis, r_pre))));
	rw = either(k->fence, seq(r_post, seq(xb, w_pre)));

	pre = ext(x, either(cross(x->plain, x->M), cross(x->M & ~x->IW, x->plain)));
	bad = both(both(pre, x->rf), inv(rw));
	bad = either(bad, both(both(pre, x->fr), inv(wr)));
	bad = either(bad, both(both(pre, x->co), inv(ww)));
	if (!is_empty(bad))
		return false;

	ok = both(ww, either(cross(marked, x->W), rw));
	ok = both(ok, either(cross(x->W, marked), wr));
	bad = minus(both(pre, x->co), ok);
	bad = either(bad, minus(minus(both(pre, seq(opt(x->co), x->rf)), wr), inv(rw)));
	bad = either(bad, minus(both(pre, x->fr), rw));
	for (int i = 0; i < nev; i++) {
		for (int j = 0; j < nev; j++) {
			if (!(bad.row[i] & BIT(j)))
				continue;
			races->any = true;
			if (x->op[i] < 0 || x->op[j] < 0)
				continue;
			races->with[x->op[i]] |= BIT(x->op[j]);
			races->with[x->op[j]] |= BIT(x->op[i]);
		}
	}
	return true;
}

static bool lkmm_consistent(const struct ex *x, struct rm_races *races)
{
	struct lkmm k;

	if (!per_location(x))
		return false;
	lkmm_fences(x, &k);
	return lkmm_orders(x, &k) && lkmm_plain(x, &k, races);
}

int rm_consistent(const struct rm_prog *p, const struct rm_cand *c, enum rm_model m,
		  struct rm_races *races)
{
	struct ex x;

	if (m == RM_RC11 || m == RM_RC11_STEPS)
		return rm_rc11_consistent(p, c, m == RM_RC11_STEPS, races);
	if (!build(&x, p, c))
		return -E2BIG;
	switch (m) {
	case RM_SC:
		return sc_consistent(&x);
	case RM_TSO:
		return tso_consistent(&x);
	default:
		x.all_ctrl = m == RM_LKMM_CTRL;
		return lkmm_consistent(&x, races);
	}
}
