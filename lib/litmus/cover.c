/* SPDX-License-Identifier: MIT */
/*
 * cover.c - looks for a cycle in program order and reads-from that the memory model may allow.
 *
 * Such a cycle enters a thread by a load L and leaves it by a later store S, and goes on at a load that
 * may read S. It is forbidden if each of its pairs L, S is ordered by happens-before; also if the others are
 * RCU sections that have as many grace periods in the cycle, or if it stays at one location. The test is covered
 * if that holds for all cycles. Of the question, conjuncts "register = constant" are used: a load for that
 * register can't read a store of another value.
 */
#include "cover.h"

#include <stdlib.h>
#include <string.h>

static struct cover_thread *threads; /* [nthreads] */
static uint64_t (
	*ordered)[COVER_MAX]; /* [thread][i]: the later accesses that i is ordered before */

/* Does @b run whenever @a does? */
static bool runs_with(const struct cover_block *b, const struct cover_block *a)
{
	while (a && a->depth > b->depth)
		a = a->up;
	return a == b;
}

/* Is @k there in each execution that has both i and j? */
static bool always_between(const struct cover_thread *th, int i, int k, int j)
{
	return runs_with(th->a[k].block, th->a[i].block) ||
	       runs_with(th->a[k].block, th->a[j].block);
}

static bool in_different_arms(const struct cover_block *a, const struct cover_block *b)
{
	while (a->depth > b->depth)
		a = a->up;
	while (b->depth > a->depth)
		b = b->up;
	for (; a != b; a = a->up, b = b->up)
		if (a->choice == b->choice && a->arm != b->arm)
			return true;
	return false;
}

static bool in_same_loop(const struct cover_block *a, const struct cover_block *b)
{
	/* Loops nest; a common one shows up as a common block below the root with a loop number. */
	while (a->depth > b->depth)
		a = a->up;
	while (b->depth > a->depth)
		b = b->up;
	while (a != b) {
		a = a->up;
		b = b->up;
	}
	return a->loop;
}

static bool is_full_fence(const struct cover_access *f)
{
	return f->fence == FL_FENCE_MB || f->fence == FL_FENCE_SYNC_RCU ||
	       f->fence == FL_FENCE_SYNC_SRCU;
}

static bool is_rmw(const struct cover_access *a)
{
	return a->reads && a->writes && !a->lock;
}

/* Does something after i and before j order the two? @k stands between. */
static bool fence_orders(const struct cover_thread *th, int i, int k, int j)
{
	const struct cover_access *f = &th->a[k], *a = &th->a[i], *b = &th->a[j];

	if (f->kind != CA_FENCE || !always_between(th, i, k, j))
		return false;
	if (is_full_fence(f))
		return true;
	switch (f->fence) {
	case FL_FENCE_RMB:
		return a->reads && b->reads && !a->writes && !b->writes;
	case FL_FENCE_WMB:
		return a->writes && b->writes && !a->reads && !b->reads;
	case FL_FENCE_AFTER_SPINLOCK:
	case FL_FENCE_AFTER_ATOMIC:
		for (int l = i; l < k; l++)
			if ((f->fence == FL_FENCE_AFTER_SPINLOCK
				     ? th->a[l].lock && !th->a[l].conditional
				     : is_rmw(&th->a[l])) &&
			    (l == i || always_between(th, i, l, j)))
				return true;
		return false;
	case FL_FENCE_BEFORE_ATOMIC:
		for (int l = k + 1; l <= j; l++)
			if (is_rmw(&th->a[l]) && (l == j || always_between(th, i, l, j)))
				return true;
		return false;
	default:
		return false;
	}
}

static bool same_place(const struct cover_access *a, const struct cover_access *b)
{
	return a->where.known && b->where.known && a->where.c.global >= 0 &&
	       a->where.c.global == b->where.c.global;
}

/* i before j in the text: ordered in every execution that has both? */
static bool directly_ordered(const struct cover_thread *th, int i, int j)
{
	const struct cover_access *a = &th->a[i], *b = &th->a[j];

	bool both_marked = a->marked && b->marked;

	if (a->kind != CA_ACCESS || b->kind != CA_ACCESS || !(a->marked || b->marked))
		return false;
	if (a->reads && !a->conditional && a->order == FL_ACQUIRE)
		return true;
	if (b->writes && b->order == FL_RELEASE)
		return true;
	if (a->reads && a->writes && !a->conditional && a->order == FL_MB)
		return true;
	if (b->reads && b->writes && b->order == FL_MB)
		return true;
	if (a->marked && (b->addr >> i & 1) && (b->marked || b->writes))
		return true;
	if (both_marked && b->writes && ((b->data | b->ctrl) >> i & 1))
		return true;
	if (both_marked && b->writes && same_place(a, b))
		return true;
	if (a->unlock && b->lock && !b->conditional)
		return true;
	for (int k = i + 1; k < j; k++)
		if (fence_orders(th, i, k, j))
			return true;
	return false;
}

static void order_thread(const struct cover_thread *th, uint64_t *out)
{
	memset(out, 0, sizeof(out[0]) * COVER_MAX);
	if (th->overflow)
		return;
	for (int i = 0; i < th->n; i++)
		for (int j = i + 1; j < th->n; j++)
			if (directly_ordered(th, i, j))
				out[i] |= 1ull << j;
	/* Through a third access; what orders a conditional one may hold for its success only. */
	for (int i = th->n - 1; i >= 0; i--)
		for (int k = i + 1; k < th->n; k++) {
			if (!(out[i] >> k & 1) || th->a[k].conditional || !th->a[k].marked)
				continue;
			for (int j = k + 1; j < th->n; j++)
				if ((out[k] >> j & 1) && always_between(th, i, k, j))
					out[i] |= 1ull << j;
		}
}

/* In some execution the load of i may come before the store of j in program order. */
static bool may_precede(const struct cover_thread *th, int i, int j)
{
	if (th->a[i].kind != CA_ACCESS || th->a[j].kind != CA_ACCESS || !th->a[i].reads ||
	    !th->a[j].writes)
		return false;
	if (in_same_loop(th->a[i].block, th->a[j].block))
		return true;
	return i <= j && !in_different_arms(th->a[i].block, th->a[j].block);
}

static bool may_read(const struct cover_access *w, const struct cover_access *r)
{
	if (w->kind != CA_ACCESS || r->kind != CA_ACCESS || !w->writes || !r->reads)
		return false;
	if (w->where.known && r->where.known && w->where.c.global >= 0 && r->where.c.global >= 0 &&
	    w->where.c.global != r->where.c.global)
		return false;
	if (!r->wanted.known || !w->stored.known)
		return true;
	return w->stored.c.global == r->wanted.c.global &&
	       (w->stored.c.global >= 0 || w->stored.c.value == r->wanted.c.value);
}

enum pair { PAIR_FREE, PAIR_SECTION, PAIR_ORDERED, PAIR_GRACE };

/* What keeps the load of i before the store of j. */
static enum pair classify(int t, int i, int j)
{
	const struct cover_thread *th = &threads[t];
	const struct cover_access *a = &th->a[i], *b = &th->a[j];

	if (!a->marked && !b->marked)
		return PAIR_FREE;
	if (i == j && !a->block->loop)
		return PAIR_ORDERED;
	if (i >= j)
		return PAIR_FREE;
	for (int k = i + 1; k < j && a->marked && b->marked; k++)
		if (th->a[k].kind == CA_FENCE && th->a[k].fence == FL_FENCE_SYNC_RCU &&
		    always_between(th, i, k, j))
			return PAIR_GRACE;
	if (ordered[t][i] >> j & 1)
		return PAIR_ORDERED;
	if (a->marked && b->marked && a->section && a->section == b->section &&
	    !in_same_loop(a->block, b->block))
		return PAIR_SECTION;
	return PAIR_FREE;
}

/* A way along a cycle that is being looked for. */
struct way {
	int first, load; /* where it began */
	uint32_t threads;
	bool free, moved;	     /* has a PAIR_FREE; a pair of two locations */
	int sections, graces, plain; /* plain: reads-from with a plain access */
};

static int nthreads, budget;

/*
 * Is there a cycle that goes on at the store @s of thread @t and may be allowed? Each thread is passed once:
 * where one is passed twice, a part of the cycle is a cycle as well.
 */
static bool go_on(struct way w, int t, int s)
{
	const struct cover_access *st = &threads[t].a[s];

	if (--budget < 0)
		return true;
	if ((w.threads & (w.threads - 1)) && may_read(st, &threads[w.first].a[w.load])) {
		int plain = w.plain + !(st->marked && threads[w.first].a[w.load].marked);

		/*
		 * Of one location only: against coherence. As many grace periods as sections: the RCU axiom. One
		 * plain access: plain-coherence has the rest of the cycle as its rw-xbstar.
		 */
		if (w.moved &&
		    (w.free || w.sections > w.graces || plain > 1 || (plain && w.sections)))
			return true;
	}
	for (int u = w.first + 1; u < nthreads; u++) {
		const struct cover_thread *th = &threads[u];

		if (w.threads >> u & 1)
			continue;
		for (int r = 0; r < th->n; r++) {
			if (!may_read(st, &th->a[r]))
				continue;
			for (int k = 0; k < th->n; k++) {
				struct way next = w;
				enum pair p;

				if (!may_precede(th, r, k))
					continue;
				p = classify(u, r, k);
				next.threads |= 1u << u;
				next.free |= p == PAIR_FREE;
				next.plain += !(st->marked && th->a[r].marked);
				next.sections += p == PAIR_SECTION;
				next.graces += p == PAIR_GRACE;
				next.moved |= !same_place(&th->a[r], &th->a[k]);
				if (go_on(next, u, k))
					return true;
			}
		}
	}
	return false;
}

static bool has_allowed_cycle(void)
{
	budget = 2000000;
	for (int t = 0; t < nthreads; t++)
		if (threads[t].overflow)
			return true;
	for (int t = 0; t < nthreads; t++) {
		const struct cover_thread *th = &threads[t];

		for (int i = 0; i < th->n; i++)
			for (int j = 0; j < th->n; j++) {
				struct way w = { .first = t, .load = i, .threads = 1u << t };
				enum pair p;

				if (!may_precede(th, i, j))
					continue;
				p = classify(t, i, j);
				w.free = p == PAIR_FREE;
				w.sections = p == PAIR_SECTION;
				w.graces = p == PAIR_GRACE;
				w.moved = !same_place(&th->a[i], &th->a[j]);
				if (go_on(w, t, j))
					return true;
			}
	}
	return false;
}

/* ---- what the question says of registers ---- */

static int count_assignments(const struct lt_stmt *s, int slot, bool in_loop, bool *only_load)
{
	int n = 0;

	for (; s; s = s->next) {
		bool loop = in_loop || s->kind == LS_WHILE || s->kind == LS_DO;

		if (s->kind == LS_ASSIGN && s->slot == slot) {
			n++;
			*only_load &= s->e->kind == LE_LOAD && !in_loop;
		}
		n += count_assignments(s->body, slot, loop, only_load);
		n += count_assignments(s->otherwise, slot, loop, only_load);
		n += count_assignments(s->step, slot, loop, only_load);
	}
	return n;
}

static void use_conjuncts(const struct lt_test *t, const struct lt_cond *c,
			  struct cover_value wanted[][LT_MAX_SLOTS])
{
	const struct lt_var *v;
	bool only_load = true;

	if (c->kind == LC_AND) {
		use_conjuncts(t, c->a, wanted);
		use_conjuncts(t, c->b, wanted);
	}
	if (c->kind != LC_EQ)
		return;
	v = &t->var[c->var];
	if (v->global >= 0 || v->slot < 0)
		return;
	if (count_assignments(t->thread[v->thread]->body, v->slot, false, &only_load) != 1 ||
	    !only_load)
		return;
	wanted[v->thread][v->slot] = (struct cover_value){ true, c->c };
}

static bool has_plain(void)
{
	for (int t = 0; t < nthreads; t++)
		for (int i = 0; i < threads[t].n; i++)
			if (threads[t].a[i].kind == CA_ACCESS && !threads[t].a[i].marked)
				return true;
	return false;
}

bool lt_covered(struct lt_test *t, enum flx_model model, const struct lt_result *r)
{
	struct cover_value(*wanted)[LT_MAX_SLOTS];
	bool settled = r->positive && r->negative, covered, plain;

	/* Neither sc nor tso lets a store go ahead of a load before it. A race says all there is to say. */
	if (model != FLX_LKMM || r->race)
		return true;
	nthreads = t->nthreads;
	threads = calloc((size_t)t->nthreads, sizeof(*threads));
	ordered = calloc((size_t)t->nthreads, sizeof(*ordered));
	wanted = calloc((size_t)t->nthreads, sizeof(*wanted));
	if (!threads || !ordered || !wanted)
		abort();
	for (int i = 0; i < t->nthreads; i++)
		cover_walk(t, t->thread[i], wanted[i], &threads[i]);
	plain = has_plain();
	if (t->filter)
		use_conjuncts(t, t->filter, wanted);
	if (!r->positive && !plain)
		use_conjuncts(t, t->cond, wanted);
	for (int i = 0; i < t->nthreads; i++) {
		cover_walk(t, t->thread[i], wanted[i], &threads[i]);
		order_thread(&threads[i], ordered[i]);
	}
	covered = (settled && !plain) || !has_allowed_cycle();
	free(threads);
	free(ordered);
	free(wanted);
	return covered;
}
