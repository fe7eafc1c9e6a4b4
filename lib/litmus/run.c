/* SPDX-License-Identifier: MIT */
/* run.c - explores a test's executions and collects their final states. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/rt/alloc.h>

#include "../explore/exec.h"
#include "../explore/memory.h"
#include "../explore/models/model.h"
#include "cover.h"
#include "interp.h"
#include "litmus.h"

static struct lt_test *test;
static const struct lt_options *opt;
static struct lt_result *res;
static struct lt_run_thread run_thread[FLX_MAX_THREADS];
static bool has_plain;
static int64_t value[LT_MAX_VARS]; /* of the execution in hand */

static int set_up(void *arg)
{
	(void)arg;
	for (int i = 0; i < test->nglobals; i++) {
		test->global[i].addr = fl_zalloc(8);
		if (!test->global[i].addr)
			return -ENOMEM;
	}
	for (int i = 0; i < test->nglobals; i++)
		memory_poke((uintptr_t)test->global[i].addr, 8,
			    (uint64_t)lt_const_value(&test->global[i].init));
	return 0;
}

static void reset(void *arg)
{
	(void)arg;
	for (int t = 0; t < test->nthreads; t++)
		run_thread[t].done = false;
}

static void fetch_values(void)
{
	for (int i = 0; i < test->nvars; i++) {
		const struct lt_var *v = &test->var[i];

		if (v->global >= 0)
			value[i] = (int64_t)memory_peek((uintptr_t)test->global[v->global].addr, 8);
		else
			value[i] = v->slot < 0 ? 0 : run_thread[v->thread].local[v->slot].value;
	}
}

static bool holds(const struct lt_cond *c)
{
	switch (c->kind) {
	case LC_TRUE:
		return true;
	case LC_FALSE:
		return false;
	case LC_EQ:
		return value[c->var] == lt_const_value(&c->c);
	case LC_EQ_VAR:
		return value[c->var] == value[c->other];
	case LC_NOT:
		return !holds(c->a);
	case LC_AND:
		return holds(c->a) && holds(c->b);
	case LC_OR:
		return holds(c->a) || holds(c->b);
	case LC_IMPLIES:
		return !holds(c->a) || holds(c->b);
	}
	return false;
}

static size_t hash_state(const int64_t *v, int n)
{
	uint64_t h = 1469598103934665603ull;

	for (int i = 0; i < n; i++) {
		h ^= (uint64_t)v[i];
		h *= 0x9e3779b97f4a7c15ull;
		h ^= h >> 29;
	}
	return (size_t)h;
}

static void insert_slot(struct lt_states *s, size_t i)
{
	size_t k = hash_state(&s->value[i * (size_t)s->nvars], s->nvars) & (s->nslots - 1);

	while (s->slot[k])
		k = (k + 1) & (s->nslots - 1);
	s->slot[k] = (uint32_t)i + 1;
}

static void grow_states(struct lt_states *s)
{
	s->cap = s->cap ? 2 * s->cap : 64;
	s->nslots = 4 * s->cap;
	s->value = realloc(s->value, s->cap * (size_t)(s->nvars + 1) * sizeof(*s->value));
	free(s->slot);
	s->slot = calloc(s->nslots, sizeof(*s->slot));
	if (!s->value || !s->slot)
		abort();
	for (size_t i = 0; i < s->n; i++)
		insert_slot(s, i);
}

static void note_state(struct lt_states *s)
{
	int64_t v[LT_MAX_VARS + 1];
	size_t size = (size_t)s->nvars * sizeof(v[0]), k;

	for (int i = 0; i < s->nvars; i++)
		v[i] = value[test->order[i]];
	if (s->n == s->cap)
		grow_states(s);
	for (k = hash_state(v, s->nvars) & (s->nslots - 1); s->slot[k];
	     k = (k + 1) & (s->nslots - 1))
		if (!memcmp(&s->value[(s->slot[k] - 1) * (size_t)s->nvars], v, size))
			return;
	memcpy(&s->value[s->n * (size_t)s->nvars], v, size);
	s->slot[k] = (uint32_t)++s->n;
}

/* The threads whose events were all there when the graph was taken up again have not run in this replay. */
static bool run_all(void)
{
	for (int t = 0; t < test->nthreads; t++) {
		exec_to_frontier(t);
		if (!run_thread[t].done)
			return false;
	}
	return true;
}

static bool race_in_hand(void)
{
	int racing[2];

	return opt->model == FLX_LKMM && has_plain && !lkmm_synchronised(&G, FLX_MUT_NONE) &&
	       lkmm_race(&G, FLX_MUT_NONE, false, racing);
}

static void collect(void *arg)
{
	(void)arg;
	/* Waits for ever for a lock, or was given up: no execution. */
	if (!run_all())
		return;
	res->executions++;
	fetch_values();
	if (test->filter && !holds(test->filter))
		return;
	if (!res->race && race_in_hand())
		res->race = true;
	note_state(&res->states);
	if (holds(test->cond))
		res->positive++;
	else
		res->negative++;
}

static int compare_states(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	for (int i = 0; i < res->states.nvars; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

static bool expr_has_plain(const struct lt_expr *e)
{
	if (!e)
		return false;
	return (e->kind == LE_LOAD && e->prim.order == FL_PLAIN) || expr_has_plain(e->x) ||
	       expr_has_plain(e->v) || expr_has_plain(e->w);
}

static bool stmt_has_plain(const struct lt_stmt *s)
{
	for (; s; s = s->next)
		if (s->kind == LS_STORE || expr_has_plain(s->e) || expr_has_plain(s->x) ||
		    stmt_has_plain(s->body) || stmt_has_plain(s->otherwise) ||
		    stmt_has_plain(s->step))
			return true;
	return false;
}

int lt_run(struct lt_test *t, const struct lt_options *o, struct lt_result *r, char *err,
	   size_t err_size)
{
	struct flx_program p = { .nthreads = t->nthreads, .set_up = set_up, .reset = reset };
	struct flx_options fo = {
		.model = o->model,
		.timeout = o->timeout,
		.on_execution = collect,
	};
	struct flx_result fr;
	int ret;

	memset(r, 0, sizeof(*r));
	test = t;
	opt = o;
	res = r;
	r->states.nvars = t->nshown;
	has_plain = false;
	lt_interp_start(t);
	for (int i = 0; i < t->nthreads; i++) {
		run_thread[i].th = t->thread[i];
		p.thread[i] = lt_interp_thread;
		p.arg[i] = &run_thread[i];
		p.name[i] = t->thread[i]->name;
		has_plain |= stmt_has_plain(t->thread[i]->body);
	}
	ret = flx_explore(&p, &fo, &fr, err, err_size);
	if (ret)
		return ret;
	r->seconds = fr.seconds;
	r->complete = fr.verdict != FLX_INCONCLUSIVE;
	r->cut = lt_run_cut;
	flx_record_free(fr.record);
	if (r->states.n)
		qsort(r->states.value, r->states.n, sizeof(int64_t) * (size_t)r->states.nvars,
		      compare_states);
	r->covered = lt_covered(t, o->model, r);
	return 0;
}

void lt_release(struct lt_result *r)
{
	free(r->states.value);
	free(r->states.slot);
	memset(&r->states, 0, sizeof(r->states));
}

const char *lt_observation(const struct lt_result *r)
{
	return !r->positive ? "Never" : !r->negative ? "Always" : "Sometimes";
}
