/* SPDX-License-Identifier: MIT */
/*
 * lkmm.c - the Linux-kernel memory model over an execution graph.
 *
 * A transcription of what tools/memory-model/linux-kernel.cat (Linux 6.12) states, axiom by axiom
 * and under its names; the .cat file and Documentation/explanation.txt beside it say why. What
 * differs in form:
 *
 *  - Initial stores are left out: nothing leads to them, so they lie on no cycle and in no race.
 *  - Plain accesses to a location that one thread alone uses, or nobody stores to, are left out:
 *    they carry no order between marked accesses.
 *  - Native code carries no data and control dependencies here (its compiler knows them, nobody else);
 *    address dependencies are those that the engine tracked (ev.addr_dep). The model can be weaker for
 *    it, never stronger.
 *  - A reader section that is still open counts as ending after the last event of its thread.
 *
 * Axioms: coherence, atomic (both kept by the search), happens-before, propagation, rcu,
 * plain-coherence; and the data-race flag.
 */
#include <string.h>

#include "bitrel.h"
#include "model.h"

struct lkmm {
	const struct graph *g;
	enum flx_mutant mutant;
	struct bitpool *pool;
	int n;
	int *node;     /* node -> event; -1: the end of an open reader section */
	int *of_event; /* event -> node or -1 */
	int *thread;   /* of a node */
	bool has_plain, has_sync;
	bool has_rb;   /* the RCU axiom applies */
	bool all_ctrl; /* take every store to depend on all marked loads before it */

	bitset mem, rd, wr, marked, plain, acquire, release, noreturn, r4rmb, rmw_set,
		not_srcu_unlock;
	bitrel po, same; /* same: two nodes of one thread */
	bitrel rf, rfe, rfi, co, fr, rmw, addr, data, ctrl;
	bitrel data_only; /* before plain accesses carry it on */
	bitrel mb, gp, strong, po_rel, acq_po, acq_ctrl, rmb, wmb, nonrw_fence, fence, unlock_lock;
	bitrel rmb_pre;	 /* [R4rmb] ; fencerel(Rmb) ; [~Noreturn] */
	bitrel rmb_post; /* [~Noreturn] ; fencerel(Rmb) ; [R4rmb] */
	bitrel cumul_fence_star, rmw_sequence, prop, hb, hb_star, pb, pb_star, rb;
};

static struct bitpool pool;
static int node_buf[EV_CAP + FLX_MAX_THREADS], event_buf[EV_CAP],
	thread_buf[EV_CAP + FLX_MAX_THREADS];

static bool location_is_shared(const struct graph *g, const struct ev *e)
{
	const struct loc *l = &g->loc[e->loc];
	int owner = e->thread;

	if (l->co_head == EV_NONE)
		return false;
	for (int w = l->co_head; w != EV_NONE; w = g->ev[w].co_next)
		if (g->ev[w].thread != owner)
			return true;
	for (int r = l->rd_head; r != EV_NONE; r = g->ev[r].rd_next)
		if (g->ev[r].thread != owner)
			return true;
	return false;
}

/*
 * Accesses to objects that are freed matter even where no two threads share a location; so do loads that
 * others depend on.
 */
static bool has_free, keep_all;

/* Does @e order a load before or behind it? rcu-fence leads to what follows a rcu_read_lock(). */
static bool fences_loads(const struct ev *e)
{
	if (e->kind == EV_FENCE)
		return e->fence != FL_FENCE_RCU_UNLOCK && e->fence != FL_FENCE_WMB;
	return e->kind == EV_SPAWN ||
	       (e->kind == EV_READ && (e->order == FL_MB || (e->flags & EVF_LOCK)));
}

static bool has_no_store(const struct graph *g, const struct ev *e)
{
	return e->order == FL_ONCE && !(e->flags & EVF_RMW) && g->loc[e->loc].co_head == EV_NONE;
}

/*
 * Between two fences there must be a marked load, if the program has one there: plain accesses behind are bounded by
 * it (r-pre-bounded), even if it reads what nobody stores.
 */
static void loads_between_fences(const struct graph *g, int t, bool *orders)
{
	bool behind_fence = false, other = false;
	int load = EV_NONE;

	for (int i = 0; i < g->tn[t]; i++) {
		const struct ev *e = &g->ev[g->tev[t][i]];

		if (fences_loads(e)) {
			if (behind_fence && load != EV_NONE && !other)
				orders[load] = true;
			behind_fence = true;
			other = false;
			load = EV_NONE;
		} else if (e->kind != EV_READ || e->order == FL_PLAIN ||
			   (e->flags & (EVF_BLOCKED | EVF_NORETURN))) {
			continue;
		} else if (has_no_store(g, e)) {
			load = g->tev[t][i];
		} else {
			other = true;
		}
	}
}

/* The marked loads that order others even if they read what nobody stores. */
static void loads_that_order(const struct graph *g, bool *orders)
{
	memset(orders, 0, g->n * sizeof(*orders));
	for (int i = 0; i < g->n; i++)
		if (g->ev[i].addr_dep >= 0)
			orders[g->ev[i].addr_dep] = true;
	for (int t = 0; g->nr[HAS_PLAIN] && t < g->nthreads; t++)
		loads_between_fences(g, t, orders);
}

static bool is_node(const struct graph *g, const struct ev *e, const bool *orders)
{
	if (e->kind == EV_FENCE)
		return ev_is_sync(e) || e->fence == FL_FENCE_RCU_LOCK ||
		       e->fence == FL_FENCE_RCU_UNLOCK;
	if (e->kind > EV_WRITE || (e->flags & EVF_BLOCKED))
		return false;
	if (has_free || keep_all || (e->flags & (EVF_SRCU | EVF_FAILED)))
		return true;
	/* addr ; [Plain] ; wmb orders marked stores through a plain one that nobody else sees. */
	if (e->order == FL_PLAIN)
		return location_is_shared(g, e) || (e->kind == EV_WRITE && e->addr_dep >= 0);
	if (e->kind == EV_READ && has_no_store(g, e))
		return orders[e - g->ev];
	return true;
}

static void number_nodes(struct lkmm *m)
{
	static bool orders[EV_CAP];
	const struct graph *g = m->g;

	loads_that_order(g, orders);
	has_free = false;
	keep_all = m->all_ctrl;
	for (int i = 0; i < g->n; i++) {
		has_free |= !!(g->ev[i].flags & EVF_FREE);
		keep_all |= g->ev[i].op->deps.addr || g->ev[i].op->deps.data ||
			    g->ev[i].op->deps.ctrl;
	}
	m->node = node_buf;
	m->of_event = event_buf;
	m->thread = thread_buf;
	for (int t = 0; t < g->nthreads; t++) {
		int depth = 0;

		for (int i = 0; i < g->tn[t]; i++) {
			int id = g->tev[t][i];
			const struct ev *e = &g->ev[id];

			m->of_event[id] = -1;
			if (!is_node(g, e, orders))
				continue;
			m->of_event[id] = m->n;
			m->thread[m->n] = t;
			m->node[m->n++] = id;
			if (e->kind == EV_FENCE) {
				m->has_sync |= ev_is_sync(e);
				depth += e->fence == FL_FENCE_RCU_LOCK;
				depth -= e->fence == FL_FENCE_RCU_UNLOCK;
			} else if (e->order == FL_PLAIN) {
				m->has_plain = true;
			}
		}
		if (depth > 0) {
			m->thread[m->n] = t;
			m->node[m->n++] = -1;
		}
	}
}

static const struct ev *node_ev(const struct lkmm *m, int i)
{
	return m->node[i] < 0 ? NULL : &m->g->ev[m->node[i]];
}

static bool lacks(const struct lkmm *m, enum flx_mutant what)
{
	return m->mutant == what;
}

/* @sum |= @term, one term of a definition: that which the mutant @without leaves out. */
static void add_term(const struct lkmm *m, bitrel sum, bitrel term, enum flx_mutant without)
{
	if (!lacks(m, without))
		bitrel_or(m->pool, sum, term);
}

/* @term? ; @rest, or @rest alone. */
static bitrel opt_then(struct lkmm *m, bitrel term, bitrel rest, enum flx_mutant without)
{
	bitrel x = bitrel_copy(m->pool, term);

	if (lacks(m, without))
		return rest;
	bitrel_reflexive(m->pool, x);
	return bitrel_seq(m->pool, x, rest);
}

static void classify(struct lkmm *m)
{
	struct bitpool *p = m->pool;

	m->mem = bitset_new(p);
	m->rd = bitset_new(p);
	m->wr = bitset_new(p);
	m->marked = bitset_new(p);
	m->plain = bitset_new(p);
	m->acquire = bitset_new(p);
	m->release = bitset_new(p);
	m->noreturn = bitset_new(p);
	m->r4rmb = bitset_new(p);
	m->rmw_set = bitset_new(p);
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
		if (!e || e->kind == EV_FENCE) {
			bitset_add(m->marked, i);
			continue;
		}
		bitset_add(m->mem, i);
		bitset_add(e->kind == EV_READ ? m->rd : m->wr, i);
		bitset_add(e->order == FL_PLAIN ? m->plain : m->marked, i);
		if (e->kind == EV_READ) {
			if ((e->flags & EVF_NORETURN) && !lacks(m, FLX_MUT_RETURN_ALL))
				bitset_add(m->noreturn, i);
			else
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

	m->data = bitrel_new(p);
	m->ctrl = bitrel_new(p);
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

static void communication(struct lkmm *m)
{
	const struct graph *g = m->g;
	struct bitpool *p = m->pool;

	m->rf = bitrel_new(p);
	m->co = bitrel_new(p);
	m->fr = bitrel_new(p);
	m->rmw = bitrel_new(p);
	m->addr = bitrel_new(p);
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
			if ((e->flags & EVF_RMW) && e->idx + 1 < g->tn[e->thread])
				bitrel_set(p, m->rmw, i,
					   m->of_event[g->tev[e->thread][e->idx + 1]]);
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

/* All nodes of thread t before its event number idx to all from there on: [dom] ; fencerel ; [ran]. */
static void fence_pairs(struct lkmm *m, bitrel out, int first, int last, int idx, bitset dom,
			bitset ran)
{
	struct bitpool *p = m->pool;

	for (int i = first; i < last; i++) {
		const struct ev *e = node_ev(m, i);

		if (!e || e->idx > idx)
			break;
		if (e->idx == idx || !bitset_has(dom, i))
			continue;
		for (int j = i + 1; j < last; j++) {
			const struct ev *f = node_ev(m, j);

			if (f && f->idx <= idx)
				continue;
			if (bitset_has(ran, j))
				bitrel_set(p, out, i, j);
		}
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

static void fences(struct lkmm *m)
{
	const struct graph *g = m->g;
	struct bitpool *p = m->pool;
	bitset all = bitset_new(p), not_noreturn = bitset_new(p);

	m->mb = bitrel_new(p);
	m->gp = bitrel_new(p);
	m->rmb = bitrel_new(p);
	m->wmb = bitrel_new(p);
	m->rmb_pre = bitrel_new(p);
	m->rmb_post = bitrel_new(p);
	m->unlock_lock = bitrel_new(p);
	m->acq_ctrl = bitrel_new(p);
	for (int i = 0; i < m->n; i++) {
		bitset_add(all, i);
		if (!bitset_has(m->noreturn, i))
			bitset_add(not_noreturn, i);
	}

	/* po-unlock-lock-po: po ; [UL] ; (po | rf) ; [LKR] ; po */
	for (int l = 0; l < m->n; l++) {
		const struct ev *lk = node_ev(m, l);

		if (!lk || lk->kind != EV_READ ||
		    (lk->flags & (EVF_LOCK | EVF_RMW)) != (EVF_LOCK | EVF_RMW))
			continue;
		for (int u = 0; u < m->n; u++) {
			const struct ev *ul = node_ev(m, u);

			if (!ul || !(ul->flags & EVF_UNLOCK))
				continue;
			if (!(bitrel_has(p, m->rf, u, l) && !lacks(m, FLX_MUT_UNLOCK_RF_LOCK)) &&
			    !(bitrel_has(p, m->po, u, l) && !lacks(m, FLX_MUT_UNLOCK_PO_LOCK)))
				continue;
			for (int i = 0; i < m->n; i++)
				if (bitrel_has(p, m->po, i, u))
					for (int w = 0; w < p->words; w++)
						bitrel_row(p, m->unlock_lock, i)[w] |=
							bitrel_row(p, m->po, l)[w];
		}
	}

	for (int first = 0, last; first < m->n; first = last) {
		int t = m->thread[first];

		for (last = first; last < m->n && m->thread[last] == t; last++)
			;
		for (int k = 0; k < g->tn[t]; k++) {
			const struct ev *f = &g->ev[g->tev[t][k]];

			if (f->kind == EV_SPAWN) {
				if (!lacks(m, FLX_MUT_SPAWN_NO_MB))
					fence_pairs(m, m->mb, first, last, k, m->mem, m->mem);
				continue;
			}
			if (f->kind == EV_READ && f->order == FL_MB && (f->flags & EVF_RMW) &&
			    !lacks(m, FLX_MUT_IGNORE_MB)) {
				/* F[mb] before the load part and after the store part. */
				int r = m->of_event[g->tev[t][k]];
				bool whole = k + 1 < g->tn[t];
				bool after = whole && !lacks(m, FLX_MUT_RMW_NO_MB_AFTER);
				int w = whole ? m->of_event[g->tev[t][k + 1]] : r;

				for (int i = first; i < r && !lacks(m, FLX_MUT_RMW_NO_MB_BEFORE);
				     i++)
					if (bitset_has(m->mem, i))
						for (int j = r; j < last; j++)
							if (bitset_has(m->mem, j))
								bitrel_set(p, m->mb, i, j);
				for (int j = w + 1; after && j < last; j++)
					if (bitset_has(m->mem, j)) {
						bitrel_set(p, m->mb, r, j);
						bitrel_set(p, m->mb, w, j);
					}
				continue;
			}
			if (f->kind != EV_FENCE || (f->flags & EVF_BLOCKED))
				continue;
			switch ((enum fl_fence)f->fence) {
			case FL_FENCE_MB:
				if (!lacks(m, FLX_MUT_IGNORE_MB))
					fence_pairs(m, m->mb, first, last, k, m->mem, m->mem);
				break;
			case FL_FENCE_RMB:
				if (lacks(m, FLX_MUT_IGNORE_RMB))
					break;
				fence_pairs(m, m->rmb, first, last, k, m->r4rmb, m->r4rmb);
				fence_pairs(m, m->rmb_pre, first, last, k, m->r4rmb, not_noreturn);
				fence_pairs(m, m->rmb_post, first, last, k, not_noreturn, m->r4rmb);
				break;
			case FL_FENCE_ACQUIRE_CTRL: {
				/* The branch before it is what orders stores; the barrier, loads. */
				bitset loads = bitset_new(p);

				for (int i = first; i < last; i++)
					if (bitset_has(m->rd, i) && bitset_has(m->marked, i))
						bitset_add(loads, i);
				if (!lacks(m, FLX_MUT_NO_ACQUIRE_CTRL))
					fence_pairs(m, m->acq_ctrl, first, last, k, loads, m->mem);
				break;
			}
			case FL_FENCE_WMB:
				if (!lacks(m, FLX_MUT_IGNORE_WMB))
					fence_pairs(m, m->wmb, first, last, k, m->wr, m->wr);
				break;
			case FL_FENCE_BEFORE_ATOMIC:
			case FL_FENCE_AFTER_ATOMIC:
			case FL_FENCE_AFTER_SPINLOCK:
				if (lacks(m, f->fence == FL_FENCE_BEFORE_ATOMIC
						     ? FLX_MUT_NO_BEFORE_ATOMIC
					     : f->fence == FL_FENCE_AFTER_ATOMIC
						     ? FLX_MUT_NO_AFTER_ATOMIC
						     : FLX_MUT_NO_AFTER_SPINLOCK))
					break;
				for (int i = first; i < last; i++) {
					const struct ev *e = node_ev(m, i);

					if (!e || !is_rmw(e, f->fence == FL_FENCE_AFTER_SPINLOCK))
						continue;
					if (f->fence == FL_FENCE_BEFORE_ATOMIC) {
						/* [M] ; fencerel ; [RMW] ; po? ; [M] */
						if (e->idx < k)
							continue;
						for (int a = first; a < i; a++) {
							if (!bitset_has(m->mem, a) ||
							    node_ev(m, a)->idx > k)
								continue;
							for (int b = i; b < last; b++)
								if (bitset_has(m->mem, b))
									bitrel_set(p, m->mb, a, b);
						}
						break;
					}
					/* [M] ; po? ; [RMW or LKW] ; fencerel ; [M] */
					if (e->idx > k)
						break;
					for (int a = first; a <= i; a++) {
						if (!bitset_has(m->mem, a))
							continue;
						for (int b = i + 1; b < last; b++)
							if (bitset_has(m->mem, b) &&
							    node_ev(m, b)->idx > k)
								bitrel_set(p, m->mb, a, b);
					}
				}
				break;
			case FL_FENCE_AFTER_UNLOCK_LOCK:
				/* [M] ; po-unlock-lock-po ; [After-unlock-lock] ; po ; [M] */
				if (lacks(m, FLX_MUT_NO_AFTER_UNLOCK_LOCK))
					break;
				for (int a = 0; a < m->n; a++) {
					bool hands_over = false;

					if (!bitset_has(m->mem, a))
						continue;
					for (int l = first; l < last && !hands_over; l++) {
						const struct ev *e = node_ev(m, l);

						if (!e || e->idx > k)
							break;
						/* LKW follows its LKR: reached exactly if the LKR is. */
						hands_over = e->kind == EV_WRITE &&
							     (e->flags & EVF_LOCK) &&
							     bitrel_has(p, m->unlock_lock, a, l);
					}
					for (int b = first; hands_over && b < last; b++)
						if (bitset_has(m->mem, b) && node_ev(m, b)->idx > k)
							bitrel_set(p, m->mb, a, b);
				}
				break;
			case FL_FENCE_AFTER_SRCU_READ_UNLOCK:
				/* [M] ; po? ; [Srcu-unlock] ; fencerel ; [M] */
				if (lacks(m, FLX_MUT_NO_AFTER_SRCU_UNLOCK))
					break;
				for (int i = last - 1; i >= first; i--) {
					const struct ev *e = node_ev(m, i);

					if (!e || e->idx > k || e->kind != EV_WRITE ||
					    !(e->flags & EVF_SRCU))
						continue;
					for (int a = first; a <= i; a++)
						for (int b = i + 1; b < last; b++)
							if (bitset_has(m->mem, a) &&
							    bitset_has(m->mem, b) &&
							    node_ev(m, b)->idx > k)
								bitrel_set(p, m->mb, a, b);
					break;
				}
				break;
			case FL_FENCE_SYNC_SRCU:
			case FL_FENCE_SYNC_RCU: {
				int s = m->of_event[g->tev[t][k]];

				for (int i = first; i < s; i++)
					for (int j = s; j < last; j++)
						bitrel_set(p, m->gp, i, j);
				break;
			}
			default:
				break;
			}
		}
	}

	m->strong = bitrel_copy(p, m->mb);
	add_term(m, m->strong, m->gp, FLX_MUT_NO_GP);
	m->po_rel = bitrel_copy(p, m->po);
	bitrel_domain(p, m->po_rel, m->mem);
	bitrel_range(p, m->po_rel, m->release);
	m->acq_po = bitrel_copy(p, m->po);
	bitrel_domain(p, m->acq_po, m->acquire);
	bitrel_range(p, m->acq_po, m->mem);
	bitrel_or(p, m->acq_po, m->acq_ctrl);
	if (m->all_ctrl)
		for (int i = 0; i < m->n; i++)
			for (int j = i + 1; j < m->n && m->thread[j] == m->thread[i]; j++) {
				const struct ev *f = node_ev(m, j);

				/* kfree() is a call, not a store that a compiler moves over a branch. */
				if (f && (f->flags & EVF_FREE) && bitset_has(m->rd, i) &&
				    bitset_has(m->marked, i))
					bitrel_set(p, m->acq_po, i, j);
			}
	m->nonrw_fence = bitrel_copy(p, m->strong);
	bitrel_or(p, m->nonrw_fence, m->po_rel);
	bitrel_or(p, m->nonrw_fence, m->acq_po);
	m->fence = bitrel_copy(p, m->nonrw_fence);
	bitrel_or(p, m->fence, m->wmb);
	bitrel_or(p, m->fence, m->rmb);
}

static void happens_before(struct lkmm *m)
{
	struct bitpool *p = m->pool;
	bitrel overwrite, dep, to_w, to_r, ppo, x, y, cumul, rfe_marked;

	overwrite = bitrel_copy(p, m->co);
	bitrel_or(p, overwrite, m->fr);

	/* rmw-sequence = (rf ; rmw)* */
	m->rmw_sequence = bitrel_seq(p, m->rf, m->rmw);
	bitrel_plus(p, m->rmw_sequence);
	bitrel_reflexive(p, m->rmw_sequence);

	/* carry-dep = (data ; [~ Srcu-unlock] ; rfi)*, then addr, data, ctrl through it */
	x = bitrel_copy(p, m->data);
	bitrel_range(p, x, m->not_srcu_unlock);
	x = bitrel_seq(p, x, m->rfi);
	if (lacks(m, FLX_MUT_NO_CARRY_DEP))
		x = bitrel_new(p);
	bitrel_plus(p, x);
	bitrel_reflexive(p, x);
	m->data_only = m->data;
	m->addr = bitrel_seq(p, x, m->addr);
	m->data = bitrel_seq(p, x, m->data);
	m->ctrl = bitrel_seq(p, x, m->ctrl);

	/* to-w = rwdep | (overwrite & int) | (addr ; [Plain] ; wmb);  to-r, ppo */
	dep = bitrel_copy(p, m->addr);
	bitrel_or(p, dep, m->data);
	to_w = bitrel_new(p);
	x = bitrel_copy(p, overwrite);
	bitrel_and(p, x, m->same);
	add_term(m, to_w, x, FLX_MUT_PPO_NO_OVERWRITE);
	x = bitrel_new(p);
	add_term(m, x, m->addr, FLX_MUT_PPO_NO_ADDR_TO_W);
	add_term(m, x, m->data, FLX_MUT_PPO_NO_DATA);
	add_term(m, x, m->ctrl, FLX_MUT_PPO_NO_CTRL);
	bitrel_range(p, x, m->wr);
	bitrel_or(p, to_w, x);
	x = bitrel_copy(p, m->addr);
	bitrel_range(p, x, m->plain);
	add_term(m, to_w, bitrel_seq(p, x, m->wmb), FLX_MUT_PPO_NO_PLAIN_WMB);
	if (m->all_ctrl) {
		x = bitrel_copy(p, m->po);
		bitrel_domain(p, x, m->rd);
		bitrel_domain(p, x, m->marked);
		bitrel_range(p, x, m->wr);
		bitrel_or(p, to_w, x);
	}
	to_r = bitrel_new(p);
	add_term(m, to_r, m->addr, FLX_MUT_PPO_NO_ADDR_TO_R);
	bitrel_range(p, to_r, m->rd);
	x = bitrel_copy(p, dep);
	bitrel_range(p, x, m->marked);
	add_term(m, to_r, bitrel_seq(p, x, m->rfi), FLX_MUT_PPO_NO_DEP_RFI);
	ppo = bitrel_new(p);
	add_term(m, ppo, m->fence, FLX_MUT_PPO_NO_FENCE);
	bitrel_or(p, ppo, m->unlock_lock);
	bitrel_and(p, ppo, m->same);
	bitrel_or(p, ppo, to_w);
	bitrel_or(p, ppo, to_r);

	/* cumul-fence = [Marked] ; (A-cumul(strong-fence | po-rel) | wmb | po-unlock-lock-po) ;
	 *               [Marked] ; rmw-sequence */
	rfe_marked = bitrel_copy(p, m->rfe);
	bitrel_range(p, rfe_marked, m->marked);
	x = bitrel_copy(p, m->strong);
	add_term(m, x, m->po_rel, FLX_MUT_CUMUL_NO_RELEASE);
	cumul = opt_then(m, rfe_marked, x, FLX_MUT_CUMUL_NO_RFE);
	add_term(m, cumul, m->wmb, FLX_MUT_CUMUL_NO_WMB);
	add_term(m, cumul, m->unlock_lock, FLX_MUT_CUMUL_NO_UNLOCK_LOCK);
	bitrel_domain(p, cumul, m->marked);
	bitrel_range(p, cumul, m->marked);
	if (!lacks(m, FLX_MUT_CUMUL_NO_RMW))
		cumul = bitrel_seq(p, cumul, m->rmw_sequence);
	if (!lacks(m, FLX_MUT_CUMUL_ONCE))
		bitrel_plus(p, cumul);
	bitrel_reflexive(p, cumul);
	m->cumul_fence_star = cumul;

	/* prop = [Marked] ; (overwrite & ext)? ; cumul-fence* ; [Marked] ; rfe? ; [Marked] */
	x = bitrel_copy(p, overwrite);
	bitrel_minus(p, x, m->same);
	if (lacks(m, FLX_MUT_PROP_NO_OVERWRITE))
		x = bitrel_new(p);
	bitrel_reflexive(p, x);
	bitrel_domain(p, x, m->marked);
	if (!lacks(m, FLX_MUT_PROP_NO_CUMUL))
		x = bitrel_seq(p, x, cumul);
	bitrel_range(p, x, m->marked);
	y = bitrel_new(p);
	add_term(m, y, m->rfe, FLX_MUT_PROP_NO_RFE);
	bitrel_reflexive(p, y);
	m->prop = bitrel_seq(p, x, y);
	bitrel_range(p, m->prop, m->marked);

	/* hb = [Marked] ; (ppo | rfe | ((prop \ id) & int)) ; [Marked] */
	x = bitrel_copy(p, m->prop);
	bitrel_irreflexive_part(p, x);
	bitrel_and(p, x, m->same);
	m->hb = bitrel_new(p);
	add_term(m, m->hb, x, FLX_MUT_HB_NO_PROP);
	add_term(m, m->hb, ppo, FLX_MUT_HB_NO_PPO);
	add_term(m, m->hb, m->rfe, FLX_MUT_HB_NO_RFE);
	bitrel_domain(p, m->hb, m->marked);
	bitrel_range(p, m->hb, m->marked);
}

static void propagation(struct lkmm *m)
{
	struct bitpool *p = m->pool;

	m->hb_star = bitrel_copy(p, m->hb);
	bitrel_plus(p, m->hb_star);
	bitrel_reflexive(p, m->hb_star);
	/* pb = prop ; strong-fence ; hb* ; [Marked] */
	m->pb = bitrel_seq(p, m->prop, m->strong);
	if (!lacks(m, FLX_MUT_PB_NO_HB))
		m->pb = bitrel_seq(p, m->pb, m->hb_star);
	bitrel_range(p, m->pb, m->marked);
}

/* Matches rcu_read_lock() with its rcu_read_unlock(), outermost pairs only; fills unlock -> lock. */
static void match_sections(const struct lkmm *m, bitrel rscsi)
{
	for (int first = 0, last; first < m->n; first = last) {
		int t = m->thread[first], depth = 0, lock = -1;

		for (last = first; last < m->n && m->thread[last] == t; last++) {
			const struct ev *e = node_ev(m, last);

			if (!e) {
				if (depth > 0)
					bitrel_set(m->pool, rscsi, last, lock);
			} else if (e->kind != EV_FENCE) {
				continue;
			} else if (e->fence == FL_FENCE_RCU_LOCK) {
				if (!depth++ || lacks(m, FLX_MUT_RCU_NO_NESTING))
					lock = last;
			} else if (e->fence == FL_FENCE_RCU_UNLOCK && depth) {
				if (!--depth || lacks(m, FLX_MUT_RCU_NO_NESTING))
					bitrel_set(m->pool, rscsi, last, lock);
			}
		}
	}
}

/*
 * srcu-rscs backwards, for one srcu_struct: unlock -> lock, where the value that the lock returned reached
 * the unlock, through memory or not.
 */
static void match_srcu_sections(const struct lkmm *m, int loc, bitrel rscsi)
{
	struct bitpool *p = m->pool;
	bitrel carry = bitrel_copy(p, m->data_only), match;

	/* carry-srcu-data = (data ; [~ Srcu-unlock] ; rf)* */
	bitrel_range(p, carry, m->not_srcu_unlock);
	carry = lacks(m, FLX_MUT_SRCU_NO_CARRY) ? bitrel_new(p) : bitrel_seq(p, carry, m->rf);
	bitrel_plus(p, carry);
	bitrel_reflexive(p, carry);
	match = bitrel_seq(p, carry, m->data_only);
	for (int l = 0; l < m->n; l++) {
		const struct ev *lock = node_ev(m, l);

		if (!lock || lock->kind != EV_READ || !(lock->flags & EVF_SRCU) || lock->loc != loc)
			continue;
		for (int u = 0; u < m->n; u++)
			if (!bitset_has(m->not_srcu_unlock, u) && node_ev(m, u)->loc == loc &&
			    bitrel_has(p, match, l, u))
				bitrel_set(p, rscsi, u, l);
	}
}

/* RCU, or SRCU of one srcu_struct: its grace periods and sections, and what the chains are made of. */
struct domain {
	int loc; /* 0: RCU */
	bitrel gp_link, rs_link, link_rs, link_gp;
};

#define MAX_DOMAINS 8

static void new_domain(struct lkmm *m, struct domain *d, bitrel link, bitrel order)
{
	struct bitpool *p = m->pool;
	bitrel gp = bitrel_new(p), rscsi = bitrel_new(p);

	if (d->loc)
		match_srcu_sections(m, d->loc, rscsi);
	else
		match_sections(m, rscsi);
	for (int i = 0; i < m->n; i++) {
		const struct ev *e = node_ev(m, i);

		if (e && ev_is_sync(e) && (e->loc == d->loc || lacks(m, FLX_MUT_SRCU_NO_LOC)))
			bitrel_set(p, gp, i, i);
	}
	d->gp_link = bitrel_seq(p, gp, link);
	d->rs_link = bitrel_seq(p, rscsi, link);
	d->link_rs = bitrel_seq(p, link, rscsi);
	d->link_gp = bitrel_seq(p, link, gp);
	add_term(m, order, gp, FLX_MUT_NO_GP);
	add_term(m, order, bitrel_seq(p, d->gp_link, rscsi), FLX_MUT_RCU_NO_GP_RS);
	add_term(m, order, bitrel_seq(p, d->rs_link, gp), FLX_MUT_RCU_NO_RS_GP);
}

/*
 * A pair counts within one domain only: "& loc" in the .cat file. A srcu_struct beyond MAX_DOMAINS is left out,
 * which makes the model weaker, never stronger.
 */
static int find_domains(struct lkmm *m, struct domain *d)
{
	int n = 0;

	for (int i = 0; i < m->n; i++) {
		const struct ev *e = node_ev(m, i);
		int k;

		if (!e || !ev_is_sync(e))
			continue;
		for (k = 0; k < n && d[k].loc != e->loc; k++)
			;
		if (k == n && n < MAX_DOMAINS)
			d[n++].loc = e->loc;
	}
	return n;
}

/* rcu-order: at least as many grace periods as reader sections along a chain of rcu-link. */
static bitrel rcu_order(struct lkmm *m, bitrel link)
{
	struct bitpool *p = m->pool;
	struct domain domain[MAX_DOMAINS];
	int n = find_domains(m, domain);
	bitrel order = bitrel_new(p);
	size_t mark;
	bool grew = true;

	for (int i = 0; i < n; i++)
		new_domain(m, &domain[i], link, order);
	mark = p->used;
	while (grew) {
		bitrel before, add;

		p->used = mark;
		before = bitrel_copy(p, order);
		for (int i = 0; i < n; i++) {
			const struct domain *d = &domain[i];

			add = bitrel_seq(p, bitrel_seq(p, d->gp_link, order), d->link_rs);
			add_term(m, order, add, FLX_MUT_RCU_NO_GP_ORDER_RS);
			add = bitrel_seq(p, bitrel_seq(p, d->rs_link, order), d->link_gp);
			add_term(m, order, add, FLX_MUT_RCU_NO_RS_ORDER_GP);
		}
		add = bitrel_seq(p, bitrel_seq(p, order, link), before);
		add_term(m, order, add, FLX_MUT_RCU_NO_CHAIN);
		add = bitrel_copy(p, order);
		bitrel_minus(p, add, before);
		grew = !bitrel_empty(p, add);
	}
	return order;
}

static void rcu(struct lkmm *m)
{
	struct bitpool *p = m->pool;
	bitrel po_opt = bitrel_copy(p, m->po), link, fence, x;

	m->rb = bitrel_new(p);
	m->pb_star = bitrel_copy(p, m->pb);
	bitrel_plus(p, m->pb_star);
	bitrel_reflexive(p, m->pb_star);
	if (!m->has_rb)
		return;
	bitrel_reflexive(p, po_opt);
	/* rcu-link = po? ; hb* ; pb* ; prop ; po */
	link = bitrel_copy(p, po_opt);
	if (!lacks(m, FLX_MUT_LINK_NO_HB))
		link = bitrel_seq(p, link, m->hb_star);
	if (!lacks(m, FLX_MUT_LINK_NO_PB))
		link = bitrel_seq(p, link, m->pb_star);
	if (!lacks(m, FLX_MUT_LINK_NO_PROP))
		link = bitrel_seq(p, link, m->prop);
	link = bitrel_seq(p, link, m->po);
	/* rcu-fence = po ; rcu-order ; po? */
	fence = bitrel_seq(p, bitrel_seq(p, m->po, rcu_order(m, link)), po_opt);
	/* rb = prop ; rcu-fence ; hb* ; pb* ; [Marked] */
	x = bitrel_seq(p, m->prop, fence);
	if (!lacks(m, FLX_MUT_RB_NO_HB))
		x = bitrel_seq(p, x, m->hb_star);
	if (!lacks(m, FLX_MUT_RB_NO_PB))
		x = bitrel_seq(p, x, m->pb_star);
	m->rb = x;
	bitrel_range(p, m->rb, m->marked);
	add_term(m, m->fence, fence, FLX_MUT_FENCE_NO_RCU);
	add_term(m, m->strong, fence, FLX_MUT_STRONG_NO_RCU);
	/* nonrw-fence keeps its old strong-fence: the .cat file redefines only the other two. */
}

static bitrel opt(struct bitpool *p, bitrel a)
{
	bitrel_reflexive(p, a);
	return a;
}

struct plain {
	bitrel ww_vis, wr_vis, rw_xbstar, pre_race;
};

static void plain_relations(struct lkmm *m, struct plain *q)
{
	struct bitpool *p = m->pool;
	bitrel xbstar, vis, x, y, w_pre, r_pre, w_post, r_post;

	xbstar = bitrel_new(p);
	add_term(m, xbstar, m->hb, FLX_MUT_XB_NO_HB);
	add_term(m, xbstar, m->pb, FLX_MUT_XB_NO_PB);
	add_term(m, xbstar, m->rb, FLX_MUT_XB_NO_RB);
	bitrel_plus(p, xbstar);
	bitrel_reflexive(p, xbstar);

	/* vis = cumul-fence* ; rfe? ; [Marked] ;
	 *       ((strong-fence ; [Marked] ; xbstar) | (xbstar & int)) */
	x = bitrel_seq(p, m->cumul_fence_star, opt(p, bitrel_copy(p, m->rfe)));
	bitrel_range(p, x, m->marked);
	y = bitrel_copy(p, m->strong);
	bitrel_range(p, y, m->marked);
	y = bitrel_seq(p, y, xbstar);
	if (lacks(m, FLX_MUT_VIS_NO_STRONG))
		y = bitrel_new(p);
	vis = bitrel_copy(p, xbstar);
	bitrel_and(p, vis, m->same);
	add_term(m, y, vis, FLX_MUT_VIS_NO_INT);
	vis = lacks(m, FLX_MUT_VIS_NO_CUMUL) ? y : bitrel_seq(p, x, y);

	/* Boundaries of plain accesses. */
	w_pre = bitrel_new(p);
	add_term(m, w_pre, m->addr, FLX_MUT_PRE_NO_ADDR);
	add_term(m, w_pre, m->fence, FLX_MUT_PRE_NO_FENCE);
	opt(p, w_pre);
	bitrel_domain(p, w_pre, m->marked);
	r_pre = bitrel_new(p);
	add_term(m, r_pre, m->addr, FLX_MUT_PRE_NO_ADDR);
	add_term(m, r_pre, m->nonrw_fence, FLX_MUT_PRE_NO_FENCE);
	add_term(m, r_pre, m->rmb_pre, FLX_MUT_PRE_NO_RMB);
	opt(p, r_pre);
	bitrel_domain(p, r_pre, m->marked);
	w_post = bitrel_new(p);
	add_term(m, w_post, m->fence, FLX_MUT_POST_NO_FENCE);
	opt(p, w_post);
	bitrel_range(p, w_post, m->marked);
	if (!lacks(m, FLX_MUT_POST_NO_RMW))
		w_post = bitrel_seq(p, w_post, m->rmw_sequence);
	r_post = bitrel_new(p);
	add_term(m, r_post, m->nonrw_fence, FLX_MUT_POST_NO_FENCE);
	add_term(m, r_post, m->rmb_post, FLX_MUT_POST_NO_RMB);
	opt(p, r_post);
	bitrel_range(p, r_post, m->marked);

	/* Visibility and executes-before of plain accesses. */
	x = bitrel_seq(p, m->strong, xbstar);
	y = bitrel_seq(p, w_post, vis);
	q->ww_vis = bitrel_new(p);
	add_term(m, q->ww_vis, m->fence, FLX_MUT_VIS_NO_FENCE);
	add_term(m, q->ww_vis, bitrel_seq(p, x, w_pre), FLX_MUT_WW_VIS_NO_STRONG);
	add_term(m, q->ww_vis, bitrel_seq(p, y, w_pre), FLX_MUT_WW_VIS_NO_POST);
	q->wr_vis = bitrel_new(p);
	add_term(m, q->wr_vis, m->fence, FLX_MUT_VIS_NO_FENCE);
	add_term(m, q->wr_vis, bitrel_seq(p, x, r_pre), FLX_MUT_WR_VIS_NO_STRONG);
	add_term(m, q->wr_vis, bitrel_seq(p, y, r_pre), FLX_MUT_WR_VIS_NO_POST);
	q->rw_xbstar = bitrel_new(p);
	add_term(m, q->rw_xbstar, m->fence, FLX_MUT_RW_XB_NO_FENCE);
	add_term(m, q->rw_xbstar, bitrel_seq(p, bitrel_seq(p, r_post, xbstar), w_pre),
		 FLX_MUT_RW_XB_NO_POST);

	/* pre-race = ext & ((Plain * M) | (M * Plain)) */
	q->pre_race = bitrel_new(p);
	for (int i = 0; i < m->n; i++)
		for (int j = 0; j < m->n; j++)
			if (bitset_has(m->mem, i) && bitset_has(m->mem, j) &&
			    (bitset_has(m->plain, i) || bitset_has(m->plain, j)) &&
			    m->thread[i] != m->thread[j])
				bitrel_set(p, q->pre_race, i, j);
}

static bool plain_coherent(struct lkmm *m, const struct plain *q)
{
	struct bitpool *p = m->pool;
	bitrel x;

	x = bitrel_inverse(p, q->rw_xbstar);
	bitrel_and(p, x, m->rf);
	bitrel_and(p, x, q->pre_race);
	if (!bitrel_empty(p, x) && !lacks(m, FLX_MUT_NO_PLAIN_RF))
		return false;
	x = bitrel_inverse(p, q->wr_vis);
	bitrel_and(p, x, m->fr);
	bitrel_and(p, x, q->pre_race);
	if (!bitrel_empty(p, x) && !lacks(m, FLX_MUT_NO_PLAIN_FR))
		return false;
	x = bitrel_inverse(p, q->ww_vis);
	bitrel_and(p, x, m->co);
	bitrel_and(p, x, q->pre_race);
	return bitrel_empty(p, x) || lacks(m, FLX_MUT_NO_PLAIN_CO);
}

static void build(struct lkmm *m, const struct graph *g, enum flx_mutant mutant, bool all_ctrl)
{
	memset(m, 0, sizeof(*m));
	m->all_ctrl = all_ctrl;
	m->g = g;
	m->mutant = mutant;
	m->pool = &pool;
	number_nodes(m);
	m->has_rb = m->has_sync && mutant != FLX_MUT_NO_RCU;
	bitpool_reset(&pool, m->n);
	classify(m);
	communication(m);
	fences(m);
	happens_before(m);
}

static bool lkmm_allows(const struct graph *g, enum flx_mutant mutant, bool all_ctrl,
			bool rcu_axiom)
{
	struct lkmm m;
	struct plain q;

	if (mutant != FLX_MUT_NO_COHERENCE && !model_coherent(g))
		return false;
	/* A shortcut: it rests on the definitions, so it is of no use where one of them is not whole. */
	if ((mutant == FLX_MUT_NONE || mutant == FLX_MUT_SYNC_RFI) &&
	    !lkmm_sync_coherent(g, mutant))
		return false;
	build(&m, g, mutant, all_ctrl);
	if (!bitrel_is_acyclic(m.pool, m.hb) && !lacks(&m, FLX_MUT_NO_HAPPENS_BEFORE))
		return false;
	propagation(&m);
	if (!bitrel_is_acyclic(m.pool, m.pb) && !lacks(&m, FLX_MUT_NO_PROPAGATION))
		return false;
	m.has_rb = m.has_rb && rcu_axiom;
	rcu(&m);
	if (m.has_rb && !bitrel_is_irreflexive(m.pool, m.rb))
		return false;
	if (!m.has_plain)
		return true;
	plain_relations(&m, &q);
	return plain_coherent(&m, &q);
}

bool model_lkmm(const struct graph *g, enum flx_mutant mutant, bool rcu)
{
	return lkmm_allows(g, mutant, false, rcu);
}

bool lkmm_allows_with_dependencies(const struct graph *g, enum flx_mutant mutant)
{
	return lkmm_allows(g, mutant, true, true);
}

bool lkmm_race(const struct graph *g, enum flx_mutant mutant, bool all_dependencies, int racing[2])
{
	struct lkmm m;
	struct plain q;
	struct bitpool *p = &pool;
	bitrel race[3], x, y, marked_w, w_marked;

	build(&m, g, mutant, all_dependencies);
	if (!m.has_plain)
		return false;
	propagation(&m);
	rcu(&m);
	plain_relations(&m, &q);

	/* ww-nonrace = ww-vis & ((Marked * W) | rw-xbstar) & ((W * Marked) | wr-vis) */
	marked_w = bitrel_copy(p, q.rw_xbstar);
	w_marked = bitrel_copy(p, q.wr_vis);
	for (int i = 0; i < m.n; i++)
		for (int j = 0; j < m.n; j++)
			if (bitset_has(m.wr, i) && bitset_has(m.wr, j)) {
				if (bitset_has(m.marked, i))
					bitrel_set(p, marked_w, i, j);
				if (bitset_has(m.marked, j))
					bitrel_set(p, w_marked, i, j);
			}
	x = bitrel_copy(p, q.ww_vis);
	bitrel_and(p, x, marked_w);
	bitrel_and(p, x, w_marked);
	race[0] = bitrel_new(p);
	add_term(&m, race[0], m.co, FLX_MUT_NO_WW_RACE);
	bitrel_and(p, race[0], q.pre_race);
	bitrel_minus(p, race[0], x);
	/* wr-race = (pre-race & (co? ; rf)) \ wr-vis \ rw-xbstar^-1 */
	x = bitrel_new(p);
	add_term(&m, x, m.co, FLX_MUT_WR_RACE_NO_CO);
	race[1] = bitrel_new(p);
	add_term(&m, race[1], bitrel_seq(p, opt(p, x), m.rf), FLX_MUT_NO_WR_RACE);
	bitrel_and(p, race[1], q.pre_race);
	bitrel_minus(p, race[1], q.wr_vis);
	y = bitrel_inverse(p, q.rw_xbstar);
	bitrel_minus(p, race[1], y);
	/* rw-race = (pre-race & fr) \ rw-xbstar */
	race[2] = bitrel_new(p);
	add_term(&m, race[2], m.fr, FLX_MUT_NO_RW_RACE);
	bitrel_and(p, race[2], q.pre_race);
	bitrel_minus(p, race[2], q.rw_xbstar);
	for (int k = 0; k < 3; k++)
		for (int i = 0; i < m.n; i++)
			for (int j = 0; j < m.n; j++)
				if (bitrel_has(p, race[k], i, j)) {
					racing[0] = m.node[i];
					racing[1] = m.node[j];
					return true;
				}
	return false;
}

/* Does x86 keep two events of a thread in order? The ends of a reader section order nothing there. */
static bool tso_keeps(const struct lkmm *m, int i, int j)
{
	const struct ev *a = node_ev(m, i), *b = node_ev(m, j);
	bool mem_a = bitset_has(m->mem, i), mem_b = bitset_has(m->mem, j);

	if ((!mem_a && !(a && ev_is_sync(a))) || (!mem_b && !(b && ev_is_sync(b))))
		return false;
	if (!mem_a || !mem_b || bitset_has(m->rd, i) || bitset_has(m->wr, j))
		return true;
	return bitset_has(m->rmw_set, i) || bitset_has(m->rmw_set, j) ||
	       bitrel_has(m->pool, m->strong, i, j);
}

/* The order of sc or tso between the nodes, transitively closed. */
/* Creating a thread comes before all that it does, its end before all that is done by those who have joined it. */
static void add_threads(const struct lkmm *m, bitrel order)
{
	for (int j = 0; j < m->g->n; j++) {
		const struct ev *e = &m->g->ev[j], *w = &m->g->ev[e->rf < 0 ? j : e->rf];

		if ((e->kind != EV_BEGIN && e->kind != EV_JOIN) || e == w)
			continue;
		for (int a = 0; a < m->n; a++) {
			const struct ev *before = node_ev(m, a);

			if (!before || before->thread != w->thread || before->idx > w->idx)
				continue;
			for (int b = 0; b < m->n; b++)
				if (node_ev(m, b) && node_ev(m, b)->thread == e->thread &&
				    node_ev(m, b)->idx > e->idx)
					bitrel_set(m->pool, order, a, b);
		}
	}
}

static bitrel hardware_order(struct lkmm *m, enum flx_model model)
{
	struct bitpool *p = m->pool;
	bitrel order = bitrel_copy(p, m->po);

	if (model == FLX_TSO) {
		for (int i = 0; i < m->n; i++)
			for (int j = i + 1; j < m->n && m->thread[j] == m->thread[i]; j++)
				if (!tso_keeps(m, i, j))
					bitrel_row(p, order, i)[j >> 6] &= ~(1ull << (j & 63));
		bitrel_or(p, order, m->rfe);
	} else {
		bitrel_or(p, order, m->rf);
	}
	bitrel_or(p, order, m->co);
	bitrel_or(p, order, m->fr);
	add_threads(m, order);
	bitrel_plus(p, order);
	return order;
}

/*
 * The RCU axiom for sc and tso: the same counting rule, along the order of that model. A link leads
 * from a fence event to another through program order at both ends and the model's order between.
 */
static bool hardware_rcu(struct lkmm *m, bitrel order)
{
	struct bitpool *p = m->pool;
	bitrel link, po_opt = bitrel_copy(p, m->po), reach = bitrel_copy(p, order);

	bitrel_reflexive(p, reach);
	bitrel_reflexive(p, po_opt);
	link = bitrel_seq(p, bitrel_seq(p, po_opt, reach), m->po);
	return bitrel_is_irreflexive(p, bitrel_seq(p, rcu_order(m, link), link));
}

bool model_rcu(const struct graph *g, enum flx_model model, enum flx_mutant mutant)
{
	struct lkmm m;

	build(&m, g, mutant, false);
	return hardware_rcu(&m, hardware_order(&m, model));
}

/* Could the access @a come after the store @f that ends its object? */
static bool may_follow(struct lkmm *m, const struct plain *q, enum flx_model model, bitrel order,
		       int f, int a)
{
	struct bitpool *p = m->pool;

	if (m->thread[a] == m->thread[f])
		return a > f;
	if (model == FLX_LKMM)
		return !bitrel_has(p, bitset_has(m->wr, a) ? q->ww_vis : q->rw_xbstar, a, f);
	if (bitrel_has(p, order, a, f))
		return false;
	if (m->has_sync && !lacks(m, FLX_MUT_FREE_NO_RCU)) {
		size_t mark = p->used;
		bitrel with = bitrel_copy(p, order);
		bool allowed;

		/* In the same graph, but with the access late: is there still no broken grace period? */
		bitrel_set(p, with, f, a);
		bitrel_plus(p, with);
		allowed = hardware_rcu(m, with);
		p->used = mark;
		return allowed;
	}
	return true;
}

bool model_use_after_free(const struct graph *g, enum flx_model model, enum flx_mutant mutant,
			  bool all_dependencies, int pair[2])
{
	struct lkmm m;
	struct plain q;
	bitrel order = NULL;
	bool any = false;

	for (int i = 0; i < g->n && !any; i++)
		any = g->ev[i].flags & EVF_FREE;
	if (!any)
		return false;
	build(&m, g, mutant, all_dependencies);
	if (model == FLX_LKMM) {
		propagation(&m);
		rcu(&m);
		plain_relations(&m, &q);
	} else {
		order = hardware_order(&m, model);
	}
	for (int f = 0; f < m.n; f++) {
		const struct ev *fe = node_ev(&m, f);
		uintptr_t start;
		size_t size;

		if (!fe || !(fe->flags & EVF_FREE))
			continue;
		start = locs[fe->loc].addr;
		size = fe->op->a;
		for (int a = 0; a < m.n; a++) {
			const struct ev *ae = node_ev(&m, a);

			if (a == f || !ae || ae->kind > EV_WRITE ||
			    locs[ae->loc].addr - start >= size)
				continue;
			if (!may_follow(&m, &q, model, order, f, a))
				continue;
			pair[0] = m.node[f];
			pair[1] = m.node[a];
			return true;
		}
	}
	return false;
}
