/* SPDX-License-Identifier: MIT */
/* lkmm_fences.c - the pairs of events that a fence, a lock handed over, an acquire or a release orders. */
#include "lkmm.h"

/* A fence: event number @idx of the thread whose nodes are @first to @last - 1. */
struct place {
	int first, last, idx;
};

/* All nodes of @dom before the fence to all of @ran behind it: [dom] ; fencerel ; [ran]. */
static void fence_pairs(struct lkmm *m, bitrel out, struct place f, bitset dom, bitset ran)
{
	for (int i = f.first; i < f.last; i++) {
		const struct ev *before = node_ev(m, i);

		if (!before || before->idx > f.idx)
			break;
		if (before->idx == f.idx || !bitset_has(dom, i))
			continue;
		for (int j = i + 1; j < f.last; j++) {
			const struct ev *behind = node_ev(m, j);

			if (behind && behind->idx <= f.idx)
				continue;
			if (bitset_has(ran, j))
				bitrel_set(m->pool, out, i, j);
		}
	}
}

/* The node @a to all accesses of the thread from the node @b on that are behind the fence. */
static void mb_to_all_behind(struct lkmm *m, struct place f, int a, int b)
{
	for (; b < f.last; b++)
		if (bitset_has(m->mem, b) && node_ev(m, b)->idx > f.idx)
			bitrel_set(m->pool, m->mb, a, b);
}

/* All accesses up to the node @i to all behind the fence. */
static void mb_from_all_up_to(struct lkmm *m, struct place f, int i)
{
	for (int a = f.first; a <= i; a++)
		if (bitset_has(m->mem, a))
			mb_to_all_behind(m, f, a, i + 1);
}

/* A fully ordered read-modify-write at @f: F[mb] before the load part and after the store part. */
static void mb_around_rmw(struct lkmm *m, int t, struct place f)
{
	const int16_t *event = m->g->tev[t] + f.idx;
	bool whole = f.idx + 1 < m->g->tn[t];
	bool after = whole && !lacks(m, FLX_MUT_RMW_NO_MB_AFTER);
	int r = m->of_event[event[0]], w = whole ? m->of_event[event[1]] : r;

	for (int i = f.first; i < r && !lacks(m, FLX_MUT_RMW_NO_MB_BEFORE); i++)
		if (bitset_has(m->mem, i))
			for (int j = r; j < f.last; j++)
				if (bitset_has(m->mem, j))
					bitrel_set(m->pool, m->mb, i, j);
	for (int j = w + 1; after && j < f.last; j++)
		if (bitset_has(m->mem, j)) {
			bitrel_set(m->pool, m->mb, r, j);
			bitrel_set(m->pool, m->mb, w, j);
		}
}

/*
 * The set RMW of the .cat file has the load of a failed conditional operation too, but no lock operation; the
 * fence after a spinlock asks for LKW alone.
 */
static bool is_rmw(const struct ev *e, bool lock)
{
	if (e->kind > EV_WRITE)
		return false;
	if (lock)
		return e->kind == EV_WRITE &&
		       (e->flags & (EVF_LOCK | EVF_RMW)) == (EVF_LOCK | EVF_RMW);
	return (e->flags & (EVF_RMW | EVF_FAILED)) && !(e->flags & EVF_LOCK);
}

/* The first node of a read-modify-write behind the fence; f.last: there is none. */
static int rmw_behind(const struct lkmm *m, struct place f)
{
	int i;

	for (i = f.first; i < f.last; i++) {
		const struct ev *e = node_ev(m, i);

		if (e && e->idx > f.idx && is_rmw(e, false))
			break;
	}
	return i;
}

/* [M] ; fencerel ; [RMW] ; po? ; [M] */
static void mb_before_atomic(struct lkmm *m, struct place f)
{
	int rmw = rmw_behind(m, f);

	for (int a = f.first; a < rmw; a++) {
		if (!bitset_has(m->mem, a) || node_ev(m, a)->idx > f.idx)
			continue;
		for (int b = rmw; b < f.last; b++)
			if (bitset_has(m->mem, b))
				bitrel_set(m->pool, m->mb, a, b);
	}
}

/* [M] ; po? ; [RMW or LKW] ; fencerel ; [M] */
static void mb_after(struct lkmm *m, struct place f, bool lock)
{
	for (int i = f.first; i < f.last; i++) {
		const struct ev *e = node_ev(m, i);

		if (!e || !is_rmw(e, lock))
			continue;
		if (e->idx > f.idx)
			break;
		mb_from_all_up_to(m, f, i);
	}
}

/* [M] ; po? ; [Srcu-unlock] ; fencerel ; [M] */
static void mb_after_srcu_unlock(struct lkmm *m, struct place f)
{
	for (int i = f.last - 1; i >= f.first; i--) {
		const struct ev *e = node_ev(m, i);

		if (!e || e->idx > f.idx || e->kind != EV_WRITE || !(e->flags & EVF_SRCU))
			continue;
		mb_from_all_up_to(m, f, i);
		break;
	}
}

/* Does the thread take a lock before the fence that po-unlock-lock-po hands over from the node @a? */
static bool hands_over(const struct lkmm *m, struct place f, int a)
{
	for (int l = f.first; l < f.last; l++) {
		const struct ev *e = node_ev(m, l);

		if (!e || e->idx > f.idx)
			return false;
		/* LKW follows its LKR: reached exactly if the LKR is. */
		if (e->kind == EV_WRITE && (e->flags & EVF_LOCK) &&
		    bitrel_has(m->pool, m->unlock_lock, a, l))
			return true;
	}
	return false;
}

/* [M] ; po-unlock-lock-po ; [After-unlock-lock] ; po ; [M] */
static void mb_after_unlock_lock(struct lkmm *m, struct place f)
{
	for (int a = 0; a < m->n; a++)
		if (bitset_has(m->mem, a) && hands_over(m, f, a))
			mb_to_all_behind(m, f, a, f.first);
}

/* The branch before it is what orders stores; the barrier, loads. */
static void acquire_ctrl(struct lkmm *m, struct place f)
{
	bitset loads = bitset_new(m->pool);

	for (int i = f.first; i < f.last; i++)
		if (bitset_has(m->rd, i) && bitset_has(m->marked, i))
			bitset_add(loads, i);
	fence_pairs(m, m->acq_ctrl, f, loads, m->mem);
}

static void read_barrier(struct lkmm *m, struct place f)
{
	fence_pairs(m, m->rmb, f, m->r4rmb, m->r4rmb);
	fence_pairs(m, m->rmb_pre, f, m->r4rmb, m->not_noreturn);
	fence_pairs(m, m->rmb_post, f, m->not_noreturn, m->r4rmb);
}

/* @s: the node of the fence itself. */
static void grace_period(struct lkmm *m, struct place f, int s)
{
	for (int i = f.first; i < s; i++)
		for (int j = s; j < f.last; j++)
			bitrel_set(m->pool, m->gp, i, j);
}

static void fence(struct lkmm *m, struct place f, int event)
{
	switch ((enum fl_fence)m->g->ev[event].fence) {
	case FL_FENCE_MB:
		if (!lacks(m, FLX_MUT_IGNORE_MB))
			fence_pairs(m, m->mb, f, m->mem, m->mem);
		break;
	case FL_FENCE_RMB:
		if (!lacks(m, FLX_MUT_IGNORE_RMB))
			read_barrier(m, f);
		break;
	case FL_FENCE_WMB:
		if (!lacks(m, FLX_MUT_IGNORE_WMB))
			fence_pairs(m, m->wmb, f, m->wr, m->wr);
		break;
	case FL_FENCE_ACQUIRE_CTRL:
		if (!lacks(m, FLX_MUT_NO_ACQUIRE_CTRL))
			acquire_ctrl(m, f);
		break;
	case FL_FENCE_BEFORE_ATOMIC:
		if (!lacks(m, FLX_MUT_NO_BEFORE_ATOMIC))
			mb_before_atomic(m, f);
		break;
	case FL_FENCE_AFTER_ATOMIC:
		if (!lacks(m, FLX_MUT_NO_AFTER_ATOMIC))
			mb_after(m, f, false);
		break;
	case FL_FENCE_AFTER_SPINLOCK:
		if (!lacks(m, FLX_MUT_NO_AFTER_SPINLOCK))
			mb_after(m, f, true);
		break;
	case FL_FENCE_AFTER_UNLOCK_LOCK:
		if (!lacks(m, FLX_MUT_NO_AFTER_UNLOCK_LOCK))
			mb_after_unlock_lock(m, f);
		break;
	case FL_FENCE_AFTER_SRCU_READ_UNLOCK:
		if (!lacks(m, FLX_MUT_NO_AFTER_SRCU_UNLOCK))
			mb_after_srcu_unlock(m, f);
		break;
	case FL_FENCE_SYNC_SRCU:
	case FL_FENCE_SYNC_RCU:
		grace_period(m, f, m->of_event[event]);
		break;
	default:
		break;
	}
}

static void fences_of_thread(struct lkmm *m, int t, int first, int last)
{
	const struct graph *g = m->g;

	for (int k = 0; k < g->tn[t]; k++) {
		struct place f = { .first = first, .last = last, .idx = k };
		int event = g->tev[t][k];
		const struct ev *e = &g->ev[event];

		if (e->kind == EV_SPAWN) {
			if (!lacks(m, FLX_MUT_SPAWN_NO_MB))
				fence_pairs(m, m->mb, f, m->mem, m->mem);
		} else if (e->kind == EV_READ && e->order == FL_MB && (e->flags & EVF_RMW)) {
			if (!lacks(m, FLX_MUT_IGNORE_MB))
				mb_around_rmw(m, t, f);
		} else if (e->kind == EV_FENCE && !(e->flags & EVF_BLOCKED)) {
			fence(m, f, event);
		}
	}
}

static bool is_lock_load(const struct ev *e)
{
	return e && e->kind == EV_READ && (e->flags & (EVF_LOCK | EVF_RMW)) == (EVF_LOCK | EVF_RMW);
}

static bool is_handed_over(const struct lkmm *m, int unlock, int lock)
{
	return (bitrel_has(m->pool, m->rf, unlock, lock) && !lacks(m, FLX_MUT_UNLOCK_RF_LOCK)) ||
	       (bitrel_has(m->pool, m->po, unlock, lock) && !lacks(m, FLX_MUT_UNLOCK_PO_LOCK));
}

/* All that is before @unlock to all that is behind @lock. */
static void po_unlock_lock_po(struct lkmm *m, int unlock, int lock)
{
	struct bitpool *p = m->pool;

	for (int i = 0; i < m->n; i++)
		if (bitrel_has(p, m->po, i, unlock))
			for (int w = 0; w < p->words; w++)
				bitrel_row(p, m->unlock_lock, i)[w] |=
					bitrel_row(p, m->po, lock)[w];
}

/* po-unlock-lock-po: po ; [UL] ; (po | rf) ; [LKR] ; po */
static void locks(struct lkmm *m)
{
	for (int l = 0; l < m->n; l++) {
		if (!is_lock_load(node_ev(m, l)))
			continue;
		for (int u = 0; u < m->n; u++) {
			const struct ev *unlock = node_ev(m, u);

			if (unlock && (unlock->flags & EVF_UNLOCK) && is_handed_over(m, u, l))
				po_unlock_lock_po(m, u, l);
		}
	}
}

/* kfree() is a call, not a store that a compiler moves over a branch. */
static void frees_follow_branches(struct lkmm *m)
{
	for (int i = 0; i < m->n; i++)
		for (int j = i + 1; j < m->n && m->thread[j] == m->thread[i]; j++) {
			const struct ev *f = node_ev(m, j);

			if (f && (f->flags & EVF_FREE) && bitset_has(m->rd, i) &&
			    bitset_has(m->marked, i))
				bitrel_set(m->pool, m->acq_po, i, j);
		}
}

static void acquire_and_release(struct lkmm *m)
{
	struct bitpool *p = m->pool;

	m->po_rel = bitrel_copy(p, m->po);
	bitrel_domain(p, m->po_rel, m->mem);
	bitrel_range(p, m->po_rel, m->release);
	m->acq_po = bitrel_copy(p, m->po);
	bitrel_domain(p, m->acq_po, m->acquire);
	bitrel_range(p, m->acq_po, m->mem);
	bitrel_or(p, m->acq_po, m->acq_ctrl);
	if (m->all_ctrl)
		frees_follow_branches(m);
}

void lkmm_fences(struct lkmm *m)
{
	struct bitpool *p = m->pool;

	m->mb = bitrel_new(p);
	m->gp = bitrel_new(p);
	m->rmb = bitrel_new(p);
	m->wmb = bitrel_new(p);
	m->rmb_pre = bitrel_new(p);
	m->rmb_post = bitrel_new(p);
	m->unlock_lock = bitrel_new(p);
	m->acq_ctrl = bitrel_new(p);
	locks(m);
	for (int first = 0, last; first < m->n; first = last) {
		int t = m->thread[first];

		for (last = first; last < m->n && m->thread[last] == t; last++)
			;
		fences_of_thread(m, t, first, last);
	}

	m->strong = bitrel_copy(p, m->mb);
	add_term(m, m->strong, m->gp, FLX_MUT_NO_GP);
	acquire_and_release(m);
	m->nonrw_fence = bitrel_copy(p, m->strong);
	bitrel_or(p, m->nonrw_fence, m->po_rel);
	bitrel_or(p, m->nonrw_fence, m->acq_po);
	m->fence = bitrel_copy(p, m->nonrw_fence);
	bitrel_or(p, m->fence, m->wmb);
	bitrel_or(p, m->fence, m->rmb);
}
