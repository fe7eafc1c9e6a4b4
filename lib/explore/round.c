/* SPDX-License-Identifier: MIT */
/* round.c - see round.h. */
#include "round.h"

#include <string.h>

#include "exec.h"
#include "retry.h"
#include "search.h"

/* Does a round of a loop that has @e in it change nothing? */
static bool changes_nothing(const struct ev *e)
{
	if (S.opt->mutant == FLX_MUT_ROUND_STORES)
		return e->kind <= EV_FENCE;
	if (e->kind == EV_WRITE) /* of an exchange: told apart at its load */
		return e->flags & EVF_RMW;
	if (e->kind == EV_FENCE)
		return true;
	return e->kind == EV_READ && (!(e->flags & EVF_RMW) || ev_is_silent(e));
}

/* The state does not show what is in registers for this call alone. */
static bool same_arguments(const struct label *a, const struct label *b)
{
	if (S.opt->mutant == FLX_MUT_ROUND_ANY_ARGUMENTS)
		return true;
	return a->kind == b->kind && a->order == b->order && a->fn == b->fn && a->a == b->a &&
	       a->b == b->b && a->val == b->val && a->target == b->target;
}

static bool same_own_stores(const struct label *a, const struct label *b)
{
	return a->own_stores == b->own_stores || S.opt->mutant == FLX_MUT_ROUND_OWN_STORES;
}

static bool same_state(const struct label *a, const struct label *b)
{
	if (S.opt->mutant == FLX_MUT_ROUND_ANY_STATE)
		return a->state[0] && a->pc == b->pc && a->loc == b->loc;
	return a->state[0] && a->state[0] == b->state[0] && a->state[1] == b->state[1] &&
	       same_own_stores(a, b) && same_arguments(a, b);
}

/* Where a round began that has now come back to its beginning; or NULL. */
static struct label *find_round(const struct label *l, int t)
{
	for (int i = G.tn[t] - 1; i >= 0; i--) {
		const struct ev *e = &G.ev[G.tev[t][i]];

		if (!changes_nothing(e))
			return NULL;
		if (e->kind == EV_READ && same_state(e->op, l))
			return e->op;
	}
	return NULL;
}

/* Reads without storing, and would do so whatever it reads. */
static bool is_plain_load(const struct ev *e)
{
	return e->kind == EV_READ && !(e->op->flags & (EVF_AWAIT | EVF_COND));
}

static bool is_failed_exchange(const struct ev *e)
{
	return e->kind == EV_READ && (e->flags & EVF_FAILED);
}

static bool acquires(int order)
{
	return order == FL_ACQUIRE || order == FL_ACQ_REL || order == FL_SEQ_CST;
}

/*
 * Is load @a ordered as @b is? Of a failed exchange, also as if it had not failed: what the order of a failure may leave
 * out, the loop around it needs in the end.
 */
static bool same_order(const struct ev *a, const struct ev *b)
{
	if (S.opt->mutant == FLX_MUT_ROUND_ANY_ORDER)
		return true;
	if (a->op->order != b->order)
		return false;
	return !is_failed_exchange(b) || acquires(b->op->order) == acquires(b->op->fail_order);
}

static struct label *child(const struct label *l, uint64_t via)
{
	struct label *next = l->child;

	while (next && next->via != via)
		next = next->sibling;
	return next;
}

static bool same_operation(const struct label *a, const struct label *b)
{
	return !a->stop && a->pc == b->pc && a->loc == b->loc && same_arguments(a, b);
}

/*
 * What thread @t would do after its events up to number @last, were the round from number @i to @j - 1 left out and number @i
 * to read what @j reads. @l: the label of @last then. Those who stored what it reads depend on none of the events from @i on,
 * which are no stores (is_again()).
 */
static struct label *run_without(int t, int i, int j, int last, struct label *l)
{
	int16_t *ev = G.tev[t], was_ev[last + 1];
	int n = G.tn[t], end;
	struct ev was = G.ev[ev[i]], was_end;

	memcpy(was_ev, ev, sizeof(was_ev));
	memmove(&ev[i + 1], &ev[j + 1], (last - j) * sizeof(*ev));
	G.tn[t] = i + 1 + last - j;
	end = ev[G.tn[t] - 1];
	G.ev[ev[i]].rval = G.ev[was_ev[j]].rval;
	G.ev[ev[i]].rf = G.ev[was_ev[j]].rf;
	was_end = G.ev[end];
	G.ev[end].op = l;
	exec_moved();
	l = exec_label(t);
	G.ev[end] = was_end;
	memcpy(ev, was_ev, sizeof(was_ev));
	G.ev[ev[i]] = was;
	G.tn[t] = n;
	exec_moved();
	return l;
}

/* What thread @t would do next; or NULL, if it would not come to the same operations. */
static struct label *next_without(int t, int i, int j)
{
	struct label *l = G.ev[G.tev[t][i]].op;

	for (int k = j; k < G.tn[t]; k++) {
		const struct ev *e = &G.ev[G.tev[t][k]];
		struct label *next;

		if (k > j && !same_operation(l, e->op))
			return NULL;
		next = child(l, e->rval);
		if (!next)
			next = run_without(t, i, j, k, l);
		if (!next)
			return NULL;
		l = next;
	}
	return l;
}

/* Are the loads after number @j at the places of those after number @i, all before @j? */
static bool repeats(int t, int i, int j)
{
	for (int k = 1; j + k < G.tn[t]; k++)
		if (i + k >= j || G.ev[G.tev[t][i + k]].op->pc != G.ev[G.tev[t][j + k]].op->pc)
			return false;
	return true;
}

/* What thread @t would do after its event number @i, were that the last and had it read what @as has read. */
static struct label *after_reading(int t, int i, const struct ev *as)
{
	struct ev *e = &G.ev[G.tev[t][i]], was = *e;
	struct label *l = child(e->op, as->rval);
	int n = G.tn[t];

	if (l)
		return l;
	G.tn[t] = i + 1;
	e->rval = as->rval;
	e->rf = as->rf;
	exec_moved();
	l = exec_label(t);
	*e = was;
	G.tn[t] = n;
	exec_moved();
	return l;
}

/* Would the load number @j, had it read what number @i read, have led to one more round like that? */
static bool goes_round(int t, int i, int j)
{
	const struct ev *a = &G.ev[G.tev[t][i]], *b = &G.ev[G.tev[t][j]];
	const struct label *first, *second;

	if (!is_plain_load(b))
		return false;
	first = child(a->op, a->rval);
	second = after_reading(t, j, a);
	return first && second && same_state(first, second);
}

/* Is @l at a place of the round from number @i to @j? What only comes behind a loop is no round of it. */
static bool is_inside(const struct label *l, int t, int i, int j)
{
	for (int k = i; k <= j; k++)
		if (G.ev[G.tev[t][k]].op->pc == l->pc)
			return true;
	return S.opt->mutant == FLX_MUT_ROUND_ANY_PLACE;
}

/* A round that could have been left out would have been, before the next one: the last few tell. */
#define LAST_ROUNDS 4

/* Is @a a store that @l replaces, so that it could as well not have been? */
static bool is_done_again(const struct ev *a, const struct label *l)
{
	return a->kind == EV_WRITE && !(a->flags & EVF_RMW) && l->kind == EV_WRITE &&
	       a->op->pc == l->pc && a->loc == l->loc &&
	       retry_may_leave_out(G.tev[a->thread][a->idx]);
}

/* Could number @j of thread @t have come in the place of an earlier load, with @l to follow? */
static bool is_again(const struct label *l, int t, int j)
{
	const struct ev *b = &G.ev[G.tev[t][j]];

	for (int i = j - 1, tried = 0, stores = 0; i >= 0 && tried < LAST_ROUNDS; i--) {
		const struct ev *a = &G.ev[G.tev[t][i]];
		struct label *instead;

		if (is_done_again(a, l) && !stores++)
			continue;
		/*
		 * A store that changes nothing can be read all the same. As many stores that have no events need not be the
		 * same stores: there are to be none.
		 */
		if (!changes_nothing(a) || a->kind == EV_WRITE || !same_own_stores(a->op, l))
			return false;
		if (!is_plain_load(a) || a->loc != b->loc || !same_order(a, b) ||
		    !(is_inside(l, t, i, j) || goes_round(t, i, j)))
			continue;
		tried++;
		instead = repeats(t, i, j) ? next_without(t, i, j) : after_reading(t, i, b);
		if (instead && same_state(instead, l))
			return true;
	}
	return false;
}

#define LONGEST_REST 16

static bool could_have_read_before(const struct label *l, int t)
{
	int n = G.tn[t];

	for (int j = n - 1; j > 0 && j >= n - LONGEST_REST; j--) {
		const struct ev *b = &G.ev[G.tev[t][j]];

		if (!is_plain_load(b) && !is_failed_exchange(b))
			return false;
		if (is_again(l, t, j))
			return true;
	}
	return false;
}

/* The same load, of the same location: to go through a long array is no loop of this kind. */
static bool too_often(const struct label *l, int t)
{
	int n = 0;

	for (int i = 0; i < G.tn[t]; i++) {
		const struct label *before = G.ev[G.tev[t][i]].op;

		n += before->pc == l->pc && before->loc == l->loc;
	}
	return n > exec_loop_bound;
}

bool round_needs_state(int t, enum ev_kind next)
{
	const struct ev *last = G.tn[t] ? &G.ev[G.tev[t][G.tn[t] - 1]] : NULL;

	return next == EV_READ || (last && last->kind == EV_READ && !(last->flags & EVF_RMW));
}

void round_look(struct label *l, int t)
{
	bool look = S.opt->mutant != FLX_MUT_NO_ROUNDS;

	if (look && l->kind == EV_READ)
		l->back = find_round(l, t);
	if (l->back)
		l->stop = LABEL_SPINS;
	else if (look && G.tn[t] && l->state[0] && could_have_read_before(l, t))
		l->stop = LABEL_AGAIN;
	else if ((l->kind == EV_READ || l->kind == EV_ADD) && too_often(l, t))
		l->stop = LABEL_BOUND;
}
