/* SPDX-License-Identifier: MIT */
/*
 * refmodel.c - candidate executions of a small program, and sets of them.
 *
 * Enumeration: run the threads in a fixed order; where a read is met, branch over every store in the
 * program to its location (stores that have not run yet suspend the reader, and if nobody can go on
 * the guess was a cycle in po | rf or a store that never happens: dropped). The order of branching
 * depends on the guesses alone, so that each combination appears once. Then every store order per
 * location, then the axioms (refmodel_axioms.c, refmodel_rc11.c) on the whole graph.
 */
#include "refmodel_internal.h"
#include "refmodel_axioms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void rm_cand_init(struct rm_cand *c, const struct rm_prog *p)
{
	memset(c, 0, sizeof(*c));
	memset(c->rf, RM_FROM_NONE, sizeof(c->rf));
	memset(c->dep, RM_FROM_NONE, sizeof(c->dep));
	for (int i = 0; i < RM_MAX_OPS; i++)
		c->out[i] = RM_UNSET;
	for (int t = 0; t < p->nthreads; t++)
		c->pc[t] = p->first[t];
	for (int i = 0; i < p->nops; i++)
		if (p->op[i].kind == RM_SPAWN)
			c->asleep[p->op[i].a.c] = true;
}

bool rm_judges(enum rm_model m, const struct rm_prog *p)
{
	for (int i = 0; i < p->nops && m != RM_SC; i++) {
		const struct rm_op *op = &p->op[i];
		bool c11_fence = op->kind == RM_FENCE && op->fence >= FL_FENCE_C11_ACQUIRE;
		bool c11 = c11_fence || op->order == FL_ACQ_REL || op->order == FL_SEQ_CST ||
			   op->fail || op->kind == RM_SPAWN || op->kind == RM_JOIN;
		bool kernel = op->order == FL_MB ||
			      (op->kind == RM_FENCE && !c11_fence && op->fence != FL_FENCE_MB);

		if (m == RM_RC11 || m == RM_RC11_STEPS ? kernel : c11)
			return false;
	}
	return true;
}

bool rm_may_run(const struct rm_cand *c, const struct rm_prog *p, int t)
{
	const struct rm_op *op = &p->op[c->pc[t]];

	if (c->asleep[t] || c->pc[t] == p->first[t + 1])
		return false;
	return op->kind != RM_JOIN ||
	       (!c->asleep[op->a.c] && c->pc[op->a.c] == p->first[op->a.c + 1]);
}

int rm_arg_value(const struct rm_cand *c, const struct rm_arg *a)
{
	if (a->op < 0)
		return a->c;
	return (c->out[a->op] == RM_UNSET ? 0 : c->out[a->op]) + a->c;
}

bool rm_reads(const struct rm_op *op)
{
	return rm_has_value(op) || op->kind == RM_LOCK;
}

bool rm_writes(const struct rm_op *op)
{
	switch (op->kind) {
	case RM_STORE:
	case RM_XCHG:
	case RM_ADD:
	case RM_CAS:
	case RM_ADD_UNLESS:
	case RM_LOCK:
	case RM_TRYLOCK:
	case RM_UNLOCK:
		return true;
	default:
		return false;
	}
}

bool rm_waits(const struct rm_op *op)
{
	return op->kind == RM_AWAIT || op->kind == RM_LOCK;
}

void rm_do_simple(struct rm_cand *c, const struct rm_prog *p, int t)
{
	int i = c->pc[t];
	const struct rm_op *op = &p->op[i];
	bool skip;

	c->state[i] = RM_RAN;
	c->pc[t]++;
	switch (op->kind) {
	case RM_STORE:
	case RM_UNLOCK:
		c->wrote[i] = true;
		c->wval[i] = op->kind == RM_STORE ? rm_arg_value(c, &op->a) : 0;
		break;
	case RM_SKIP_EQ:
	case RM_SKIP_NE:
		skip = rm_arg_value(c, &op->a) == rm_arg_value(c, &op->b);
		if (skip != (op->kind == RM_SKIP_EQ))
			break;
		for (int k = 0; k < op->skip; k++)
			c->state[c->pc[t]++] = RM_SKIPPED;
		break;
	case RM_DEP:
		/* The last load that ran: only accesses after this one see it. */
		for (int j = i - 1; j >= p->first[t]; j--) {
			if (c->state[j] != RM_RAN || !rm_has_value(&p->op[j]))
				continue;
			for (int k = i + 1; k < p->first[t + 1]; k++)
				if (p->op[k].loc == op->loc)
					c->dep[k] = (int8_t)j;
			break;
		}
		break;
	case RM_SPAWN:
		c->asleep[op->a.c] = false;
		break;
	default:
		break;
	}
}

bool rm_satisfies(const struct rm_cand *c, const struct rm_prog *p, int i, int val)
{
	const struct rm_op *op = &p->op[i];
	int n;

	if (op->kind == RM_AWAIT)
		return val == rm_arg_value(c, &op->a);
	if (op->kind == RM_LOCK)
		return rm_apply(op, val, 0, 0, &n);
	return true;
}

bool rm_do_read(struct rm_cand *c, const struct rm_prog *p, int t, int src)
{
	int i = c->pc[t], n = 0;
	const struct rm_op *op = &p->op[i];
	int val = src == RM_FROM_INIT ? p->init[op->loc] : c->wval[src];

	if (!rm_satisfies(c, p, i, val))
		return false;
	c->rf[i] = (int8_t)src;
	c->rval[i] = val;
	c->out[i] = val;
	if (op->kind != RM_LOAD && op->kind != RM_AWAIT) {
		c->wrote[i] =
			rm_apply(op, val, rm_arg_value(c, &op->a), rm_arg_value(c, &op->b), &n);
		c->wval[i] = n;
	}
	if (op->kind == RM_TRYLOCK)
		c->out[i] = c->wrote[i];
	if (op->kind == RM_LOCK)
		c->out[i] = RM_UNSET;
	c->state[i] = RM_RAN;
	c->pc[t]++;
	return true;
}

int rm_co_last_value(const struct rm_cand *c, const struct rm_prog *p, int loc)
{
	return c->nco[loc] ? c->wval[c->co[loc][c->nco[loc] - 1]] : p->init[loc];
}

/* ---- sets of executions ---- */

void rm_set_add(struct rm_set *s, const struct rm_prog *p, const struct rm_cand *c)
{
	uint8_t key[3 * RM_MAX_OPS + RM_MAX_THREADS + RM_MAX_LOCS];
	size_t n = 0;
	struct rm_exec *e;

	for (int t = 0; t < p->nthreads; t++)
		key[n++] = (uint8_t)c->pc[t];
	for (int i = 0; i < p->nops; i++) {
		key[n++] = c->state[i] == RM_RAN ? 1 + c->wrote[i] : 0;
		key[n++] = (uint8_t)c->rf[i];
	}
	for (int l = 0; l < p->nlocs; l++) {
		for (int k = 0; k < c->nco[l]; k++)
			key[n++] = (uint8_t)c->co[l][k];
		key[n++] = 0xff;
	}
	if (s->n == s->cap) {
		s->cap = s->cap ? 2 * s->cap : 64;
		s->e = realloc(s->e, s->cap * sizeof(*s->e));
	}
	e = &s->e[s->n++];
	e->key_len = n;
	e->key = malloc(n);
	memcpy(e->key, key, n);
	e->out = malloc((size_t)rm_nout(p) * sizeof(int));
	memcpy(e->out, c->out, (size_t)p->nops * sizeof(int));
	for (int l = 0; l < p->nlocs; l++)
		e->out[p->nops + l] = rm_co_last_value(c, p, l);
}

static int cmp_exec(const void *va, const void *vb)
{
	const struct rm_exec *a = va, *b = vb;
	size_t n = a->key_len < b->key_len ? a->key_len : b->key_len;
	int d = memcmp(a->key, b->key, n);

	return d ? d : (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

void rm_set_finish(struct rm_set *s)
{
	if (s->n)
		qsort(s->e, s->n, sizeof(*s->e), cmp_exec);
}

void rm_set_drop_duplicates(struct rm_set *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		if (n && !cmp_exec(&s->e[n - 1], &s->e[i])) {
			free(s->e[i].key);
			free(s->e[i].out);
		} else {
			s->e[n++] = s->e[i];
		}
	}
	s->n = n;
}

bool rm_set_subset(const struct rm_set *a, const struct rm_set *b, size_t *witness)
{
	size_t j = 0;

	for (size_t i = 0; i < a->n; i++) {
		while (j < b->n && cmp_exec(&b->e[j], &a->e[i]) < 0)
			j++;
		if (j == b->n || cmp_exec(&b->e[j], &a->e[i])) {
			if (witness)
				*witness = i;
			return false;
		}
	}
	return true;
}

static void free_set(struct rm_set *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->e[i].key);
		free(s->e[i].out);
	}
	free(s->e);
	memset(s, 0, sizeof(*s));
}

void rm_result_free(struct rm_result *r)
{
	free_set(&r->complete);
	free_set(&r->stuck);
}

/* ---- sets of states that a machine has been in ---- */

static uint64_t hash(const uint8_t *k, size_t n)
{
	uint64_t h = 1469598103934665603u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ k[i]) * 1099511628211u;
	return h ^ (h >> 29);
}

static void grow(struct rm_visited *v)
{
	struct rm_visited old = *v;

	v->cap = old.cap ? 2 * old.cap : 1024;
	v->key = calloc(v->cap, sizeof(*v->key));
	v->len = calloc(v->cap, sizeof(*v->len));
	for (size_t i = 0; i < old.cap; i++) {
		size_t h;

		if (!old.key[i])
			continue;
		h = hash(old.key[i], old.len[i]) & (v->cap - 1);
		while (v->key[h])
			h = (h + 1) & (v->cap - 1);
		v->key[h] = old.key[i];
		v->len[h] = old.len[i];
	}
	free(old.key);
	free(old.len);
}

bool rm_first_visit(struct rm_visited *v, const uint8_t *key, size_t n)
{
	size_t h;

	if (2 * v->n >= v->cap)
		grow(v);
	h = hash(key, n) & (v->cap - 1);
	while (v->key[h]) {
		if (v->len[h] == n && !memcmp(v->key[h], key, n))
			return false;
		h = (h + 1) & (v->cap - 1);
	}
	v->key[h] = malloc(n);
	memcpy(v->key[h], key, n);
	v->len[h] = n;
	v->n++;
	return true;
}

void rm_visited_free(struct rm_visited *v)
{
	for (size_t i = 0; i < v->cap; i++)
		free(v->key[i]);
	free(v->key);
	free(v->len);
	memset(v, 0, sizeof(*v));
}

/* ---- the axiomatic enumerator ---- */

struct search {
	const struct rm_prog *p;
	enum rm_model model;
	uint64_t limit;
	struct rm_result *r;
	int err;
};

static void judge(struct search *s, const struct rm_cand *c)
{
	struct rm_races races = { 0 };
	bool stuck = false;
	int ok;

	if (++s->r->candidates > s->limit) {
		s->err = -E2BIG;
		return;
	}
	for (int t = 0; t < s->p->nthreads; t++) {
		if (c->asleep[t] || c->pc[t] < s->p->first[t + 1])
			stuck = true;
		if (!c->pending[t])
			continue;
		if (rm_satisfies(c, s->p, c->pc[t],
				 rm_co_last_value(c, s->p, s->p->op[c->pc[t]].loc)))
			return; /* it could go on */
	}
	ok = rm_consistent(s->p, c, s->model, &races);
	if (ok < 0)
		s->err = ok;
	if (ok <= 0)
		return;
	rm_set_add(stuck ? &s->r->stuck : &s->r->complete, s->p, c);
	s->r->race |= races.any;
	for (int i = 0; i < s->p->nops; i++)
		s->r->racing[i] |= races.with[i];
}

static bool may_come_next(const struct search *s, const struct rm_cand *c, int loc, int i)
{
	const struct rm_op *op = &s->p->op[i];
	int last = c->nco[loc] ? c->co[loc][c->nco[loc] - 1] : RM_FROM_INIT;

	if (op->loc != loc || !c->wrote[i] || c->state[i] != RM_RAN)
		return false;
	for (int k = 0; k < c->nco[loc]; k++)
		if (c->co[loc][k] == i)
			return false;
	/*
	 * Only to save time, since all models have these: stores of one thread to one location are in
	 * order, and nothing comes between the two halves of a read-modify-write.
	 */
	for (int j = s->p->first[op->thread]; j < i; j++) {
		bool placed = false;

		if (s->p->op[j].loc != loc || !c->wrote[j])
			continue;
		for (int k = 0; k < c->nco[loc]; k++)
			placed |= c->co[loc][k] == j;
		if (!placed)
			return false;
	}
	return !rm_reads(op) || c->rf[i] == last;
}

static int place_in_co(const struct rm_cand *c, int loc, int store)
{
	for (int k = 0; k < c->nco[loc]; k++)
		if (c->co[loc][k] == store)
			return k + 1;
	return 0;
}

/*
 * Only to save time too: along a thread, what it reads and writes at one location never goes back in
 * the order of the location's stores. All models have that.
 */
static bool never_goes_back(const struct search *s, const struct rm_cand *c, int loc)
{
	for (int t = 0; t < s->p->nthreads; t++) {
		int newest = 0;

		for (int i = s->p->first[t]; i < s->p->first[t + 1]; i++) {
			int place;

			if (s->p->op[i].loc != loc || c->state[i] != RM_RAN)
				continue;
			if (rm_reads(&s->p->op[i])) {
				place = place_in_co(c, loc, c->rf[i]);
				if (place < newest)
					return false;
				newest = place;
			}
			if (c->wrote[i]) {
				place = place_in_co(c, loc, i);
				if (place <= newest)
					return false;
				newest = place;
			}
		}
	}
	return true;
}

static void order_stores(struct search *s, struct rm_cand *c, int loc)
{
	int writes = 0;

	if (s->err)
		return;
	if (loc == s->p->nlocs) {
		judge(s, c);
		return;
	}
	for (int i = 0; i < s->p->nops; i++)
		writes += s->p->op[i].loc == loc && c->wrote[i];
	if (c->nco[loc] == writes) {
		if (!never_goes_back(s, c, loc))
			return;
		order_stores(s, c, loc + 1);
		return;
	}
	for (int i = 0; i < s->p->nops; i++) {
		if (!may_come_next(s, c, loc, i))
			continue;
		c->co[loc][c->nco[loc]++] = (int8_t)i;
		order_stores(s, c, loc);
		c->nco[loc]--;
	}
}

static void extend(struct search *s, struct rm_cand *c);

/* Every source that the read at thread @t's pc can have. */
static void branch(struct search *s, const struct rm_cand *c, int t)
{
	int i = c->pc[t];
	struct rm_cand next;

	if (rm_waits(&s->p->op[i])) {
		next = *c;
		next.pending[t] = true;
		extend(s, &next);
	}
	for (int src = RM_FROM_INIT; src < s->p->nops; src++) {
		if (src >= 0) {
			const struct rm_op *op = &s->p->op[src];

			if (op->loc != s->p->op[i].loc || !rm_writes(op))
				continue;
			if (op->thread == t && src >= i)
				continue;
			if (c->state[src] == RM_SKIPPED ||
			    (c->state[src] == RM_RAN && !c->wrote[src]))
				continue;
		}
		next = *c;
		next.rf[i] = (int8_t)src;
		extend(s, &next);
	}
}

static void extend(struct search *s, struct rm_cand *c)
{
	bool progress = true;

	if (s->err)
		return;
	while (progress) {
		progress = false;
		for (int t = 0; t < s->p->nthreads; t++) {
			while (!c->pending[t] && rm_may_run(c, s->p, t)) {
				int i = c->pc[t], src = c->rf[i];

				if (!rm_reads(&s->p->op[i])) {
					rm_do_simple(c, s->p, t);
					progress = true;
					continue;
				}
				if (src == RM_FROM_NONE) {
					branch(s, c, t);
					return;
				}
				if (src >= 0 && c->state[src] == RM_NOT_RUN)
					break; /* the source has to run first */
				if (src >= 0 && !c->wrote[src])
					return;
				if (!rm_do_read(c, s->p, t, src))
					return;
				progress = true;
			}
		}
	}
	for (int t = 0; t < s->p->nthreads; t++)
		if (!c->pending[t] && rm_may_run(c, s->p, t))
			return; /* a cycle in po | rf, or a source that never runs */
	order_stores(s, c, 0);
}

int rm_enumerate(const struct rm_prog *p, enum rm_model m, uint64_t limit, struct rm_result *r)
{
	struct search s = { .p = p, .model = m, .limit = limit, .r = r };
	struct rm_cand c;

	memset(r, 0, sizeof(*r));
	if (!rm_judges(m, p))
		return -EINVAL;
	rm_cand_init(&c, p);
	extend(&s, &c);
	rm_set_finish(&r->complete);
	rm_set_finish(&r->stuck);
	if (s.err)
		rm_result_free(r);
	return s.err;
}
