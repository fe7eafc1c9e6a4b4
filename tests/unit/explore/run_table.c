/* SPDX-License-Identifier: MIT */
/* run_table.c - see run_table.h. */
#include "run_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/rt/alloc.h>
#include <faultline/rt/check/base.h>
#include <faultline/rt/check/lock.h>

#include "../../../lib/explore/exec.h"

/* Candidates that the reference looks at before it gives up. */
#define REFERENCE_LIMIT 20000000

/*
 * Plain accesses are announced by hand, as the compiler would, so that this file works whether or not
 * it is built with -fsanitize=thread itself. The other fields of the run are no modelled memory.
 */
void __tsan_read4(void *addr);
void __tsan_read8(void *addr);
void __tsan_write4(void *addr);
void __tsan_write8(void *addr);
#define UNINSTRUMENTED __attribute__((no_sanitize("thread"), noinline))

uint64_t rt_executions, rt_blocked;

/* The run in hand: one at a time, as the engine has it. */
static const struct rm_prog *prog;
static struct rt_options opt;
static struct rt_result *result;
static void *loc[RM_MAX_LOCS];
static struct fl_site site[RM_MAX_OPS];
static char site_text[RM_MAX_OPS][64];
static int value[RM_MAX_OPS]; /* of the execution being run */
static bool done[RM_MAX_THREADS];
/* The engine's number of each thread; of those that are started, the same in each execution. */
static int thread_no[RM_MAX_THREADS];

static uint64_t to_word(int v)
{
	return opt.size == 4 ? (uint32_t)v : (uint64_t)(int64_t)v;
}

static int from_word(uint64_t v)
{
	return (int)v;
}

UNINSTRUMENTED static int peek(int l)
{
	return opt.size == 4 ? *(int32_t *)loc[l] : (int)*(int64_t *)loc[l];
}

UNINSTRUMENTED static void poke(int l, int v)
{
	if (opt.size == 4)
		*(int32_t *)loc[l] = v;
	else
		*(int64_t *)loc[l] = v;
}

UNINSTRUMENTED static int plain_load(int l)
{
	if (opt.size == 4)
		__tsan_read4(loc[l]);
	else
		__tsan_read8(loc[l]);
	return peek(l);
}

UNINSTRUMENTED static void plain_store(int l, int v)
{
	if (opt.size == 4)
		__tsan_write4(loc[l]);
	else
		__tsan_write8(loc[l]);
	poke(l, v);
}

static bool is_equal(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)b;
	*n = old;
	return old == a;
}

static int arg(const struct rm_arg *a)
{
	if (a->op < 0)
		return a->c;
	return (value[a->op] == RM_UNSET ? 0 : value[a->op]) + a->c;
}

/* base.h has no primitive for it: a compare-exchange that is a load of order @fail if it fails. */
static uint64_t do_cas(int i)
{
	const struct rm_op *op = &prog->op[i];
	struct op o = {
		.kind = OP_RMW,
		.order = op->order,
		.fail_order = op->fail,
		.addr = (uintptr_t)loc[op->loc],
		.size = opt.size,
		.fn = fl_rmw_cmpxchg,
		.a = to_word(arg(&op->a)),
		.b = to_word(arg(&op->b)),
		.site = &site[i],
	};

	exec_do(&o);
	return o.old;
}

static void do_rmw(int i)
{
	static const fl_rmw_fn fns[] = {
		[RM_XCHG] = fl_rmw_xchg,	  [RM_ADD] = fl_rmw_add,
		[RM_CAS] = fl_rmw_cmpxchg,	  [RM_ADD_UNLESS] = fl_rmw_add_unless,
		[RM_LOCK] = fl_rmw_set_from_zero, [RM_TRYLOCK] = fl_rmw_set_from_zero,
	};
	const struct rm_op *op = &prog->op[i];
	unsigned int flags = op->noreturn ? FL_RMW_NORETURN : 0;
	bool lock = op->kind == RM_LOCK || op->kind == RM_TRYLOCK;
	uint64_t old;
	bool ok;

	if (op->fail) {
		value[i] = from_word(do_cas(i));
		return;
	}
	if (op->kind == RM_LOCK)
		flags |= FL_RMW_AWAIT | (opt.may_wait ? FL_RMW_MAY_WAIT : 0);
	if (lock)
		flags |= FL_RMW_LOCK;
	ok = fl_ev_rmw(loc[op->loc], opt.size, fns[op->kind], lock ? 1 : to_word(arg(&op->a)),
		       to_word(arg(&op->b)), op->order, flags, &site[i], &old);
	if (op->kind != RM_LOCK)
		value[i] = op->kind == RM_TRYLOCK ? ok : from_word(old);
}

static void run_thread(void *p);

static int do_op(int i)
{
	const struct rm_op *op = &prog->op[i];

	switch (op->kind) {
	case RM_LOAD:
		if (op->order == FL_PLAIN)
			value[i] = plain_load(op->loc);
		else
			value[i] =
				from_word(fl_ev_load(loc[op->loc], opt.size, op->order, &site[i]));
		break;
	case RM_STORE:
		if (op->order == FL_PLAIN)
			plain_store(op->loc, arg(&op->a));
		else
			fl_ev_store(loc[op->loc], opt.size, to_word(arg(&op->a)), op->order,
				    &site[i]);
		break;
	case RM_AWAIT:
		value[i] = from_word(fl_ev_await(loc[op->loc], opt.size, is_equal,
						 to_word(arg(&op->a)), 0, op->order,
						 opt.may_wait ? FL_RMW_MAY_WAIT : 0, &site[i]));
		break;
	case RM_UNLOCK:
		fl_ev_unlock(loc[op->loc], opt.size, &site[i]);
		break;
	case RM_FENCE:
		fl_ev_fence(op->fence, &site[i]);
		break;
	case RM_DEP:
		fl_addr_dep(loc[op->loc]);
		break;
	case RM_SPAWN:
		thread_no[op->a.c] = exec_spawn(run_thread, (void *)(intptr_t)op->a.c, 0);
		break;
	case RM_JOIN:
		exec_join(thread_no[op->a.c], false, 0);
		break;
	case RM_SKIP_EQ:
	case RM_SKIP_NE:
		if ((arg(&op->a) == arg(&op->b)) == (op->kind == RM_SKIP_EQ))
			i += op->skip;
		break;
	default:
		do_rmw(i);
	}
	return i + 1;
}

static void run_thread(void *p)
{
	int t = (int)(intptr_t)p;

	for (int i = prog->first[t]; i < prog->first[t + 1];)
		i = do_op(i);
	done[t] = true;
}

static void forget(void *p)
{
	(void)p;
	for (int i = 0; i < prog->nops; i++)
		value[i] = RM_UNSET;
	memset(done, 0, sizeof(done));
}

static int set_up(void *p)
{
	(void)p;
	for (int l = 0; l < prog->nlocs; l++) {
		loc[l] = fl_zalloc(opt.size);
		if (!loc[l])
			return -ENOMEM;
		poke(l, prog->init[l]);
	}
	return 0;
}

static void outcome(int *out)
{
	memcpy(out, value, (size_t)prog->nops * sizeof(int));
	for (int l = 0; l < prog->nlocs; l++)
		out[prog->nops + l] = peek(l);
}

static void collect(void *p)
{
	struct rt_outcomes *o = &result->complete;
	int *out = malloc((size_t)rm_nout(prog) * sizeof(int));

	(void)p;
	for (int t = 0; t < prog->nthreads; t++)
		if (!done[t])
			o = &result->stuck;
	if (o->n == o->cap) {
		o->cap = o->cap ? 2 * o->cap : 64;
		o->out = realloc(o->out, o->cap * sizeof(*o->out));
	}
	outcome(out);
	o->out[o->n++] = out;
}

static int countdown = -1;
static int *picked;

static void pick_one(void *p)
{
	(void)p;
	if (countdown-- == 0) {
		outcome(picked);
		flx_fail("picked", "this one");
	}
}

/* The operations that an event of the record can have come from. */
static uint64_t ops_of(const struct flx_record *rec, int e)
{
	const struct flx_event *ev;
	uint64_t ops = 0;

	if (e < 0 || e >= rec->n)
		return 0;
	ev = &rec->ev[e];
	if (ev->site)
		return (uint64_t)1 << (ev->site - site);
	for (int i = 0; i < prog->nops; i++) {
		const struct rm_op *op = &prog->op[i];

		if (thread_no[op->thread] == ev->thread &&
		    op->kind == (ev->kind == FLX_WRITE ? RM_STORE : RM_LOAD) &&
		    op->order == FL_PLAIN && (uintptr_t)loc[op->loc] == ev->addr)
			ops |= (uint64_t)1 << i;
	}
	return ops;
}

/* Does another thread start it? */
static bool is_started(const struct rm_prog *p, int t)
{
	for (int i = 0; i < p->nops; i++)
		if (p->op[i].kind == RM_SPAWN && p->op[i].a.c == t)
			return true;
	return false;
}

static void prepare(const struct rm_prog *p, const struct rt_options *o, struct flx_program *fp,
		    struct flx_options *fo)
{
	*fp = (struct flx_program){
		.set_up = set_up,
		.reset = forget,
	};
	*fo = (struct flx_options){
		.model = o->model,
		.mutant = o->mutant,
		.races = o->races,
		.hash = true,
		.max_executions = o->max_executions,
		.search = o->search,
		.bound = o->bound,
		.seed = o->seed,
	};
	prog = p;
	opt = *o;
	if (!opt.size)
		opt.size = 4;
	for (int t = 0; t < p->nthreads; t++) {
		int n = fp->nthreads;

		thread_no[t] = -1;
		if (is_started(p, t))
			continue;
		thread_no[t] = fp->nthreads++;
		fp->thread[n] = run_thread;
		fp->arg[n] = (void *)(intptr_t)t;
		fp->name[n] = "table";
	}
	for (int i = 0; i < p->nops; i++) {
		rm_format_op(p, i, site_text[i], sizeof(site_text[i]));
		site[i] = (struct fl_site){
			.file = "table", .func = "run", .text = site_text[i], .line = i + 1
		};
	}
	forget(NULL);
}

void rt_run(const struct rm_prog *p, const struct rt_options *o, struct rt_result *res)
{
	struct flx_program fp;
	struct flx_options fo;

	memset(res, 0, sizeof(*res));
	result = res;
	prepare(p, o, &fp, &fo);
	fo.on_execution = collect;
	res->err = flx_explore(&fp, &fo, &res->r, res->why, sizeof(res->why));
	if (o->may_wait) {
		rt_executions += res->r.executions;
		rt_blocked += res->r.blocked;
	}
	if (!res->err && res->r.record) {
		for (int k = 0; k < 2; k++)
			res->racing[k] = ops_of(res->r.record, res->r.record->racing[k]);
		flx_record_free(res->r.record);
		res->r.record = NULL;
	}
}

int rt_pick(const struct rm_prog *p, const struct rt_options *o, int pick, struct flx_result *found,
	    int *out)
{
	struct flx_program fp;
	struct flx_options fo;
	char err[256];
	int e;

	prepare(p, o, &fp, &fo);
	fp.finish = pick_one;
	fo.stop_at_first = true;
	countdown = pick;
	picked = out;
	e = flx_explore(&fp, &fo, found, err, sizeof(err));
	if (e || (found->verdict == FLX_VIOLATION && found->record))
		return e;
	flx_record_free(found->record);
	return -ENOENT;
}

int rt_replay(const struct rm_prog *p, const struct rt_options *o, const struct flx_record *want,
	      struct flx_result *again, int *out, char *err, size_t err_size)
{
	struct flx_program fp;
	struct flx_options fo;

	prepare(p, o, &fp, &fo);
	fp.finish = pick_one;
	countdown = 0;
	picked = out;
	return flx_replay(&fp, &fo, want, again, err, err_size);
}

static void free_outcomes(struct rt_outcomes *o)
{
	for (size_t i = 0; i < o->n; i++)
		free(o->out[i]);
	free(o->out);
	memset(o, 0, sizeof(*o));
}

void rt_result_free(struct rt_result *res)
{
	free_outcomes(&res->complete);
	free_outcomes(&res->stuck);
}

/* ---- comparison ---- */

static int nout;

static int cmp_out(const void *a, const void *b)
{
	const int *x = *(int *const *)a, *y = *(int *const *)b;

	for (int i = 0; i < nout; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

static size_t run_length(int **v, size_t n, size_t i)
{
	size_t k = i;

	while (k < n && !cmp_out(&v[k], &v[i]))
		k++;
	return k - i;
}

/* Multisets of outcomes; says up to four differences. */
static bool same(const struct rm_prog *p, const struct rm_set *want, struct rt_outcomes *got,
		 const char *what, char *why, size_t size)
{
	int **w = malloc((want->n + 1) * sizeof(*w));
	size_t i = 0, j = 0, n = strlen(why), lines = 0;
	bool equal = true;

	nout = rm_nout(p);
	for (size_t k = 0; k < want->n; k++)
		w[k] = want->e[k].out;
	qsort(w, want->n, sizeof(*w), cmp_out);
	if (got->n)
		qsort(got->out, got->n, sizeof(*got->out), cmp_out);
	while (i < want->n || j < got->n) {
		int d = i == want->n ? 1 : j == got->n ? -1 : cmp_out(&w[i], &got->out[j]);
		size_t in_want = d <= 0 ? run_length(w, want->n, i) : 0;
		size_t in_got = d >= 0 ? run_length(got->out, got->n, j) : 0;
		char text[1024];

		if (in_want != in_got) {
			equal = false;
			rm_format_out(p, in_want ? w[i] : got->out[j], text, sizeof(text));
			if (lines++ < 4 && n < size)
				n += (size_t)snprintf(why + n, size - n,
						      "  %s: reference %zu, engine %zu: %s\n", what,
						      in_want, in_got, text);
		}
		i += in_want;
		j += in_got;
	}
	free(w);
	return equal;
}

bool rt_matches(const struct rm_prog *p, const struct rm_result *want, struct rt_result *got,
		char *why, size_t size)
{
	bool equal;
	size_t n;

	why[0] = 0;
	if (got->err) {
		snprintf(why, size, "  engine: error %d, %s\n", got->err, got->why);
		return false;
	}
	if (got->r.verdict != FLX_VERIFIED) {
		snprintf(why, size, "  engine: verdict %d, %s: %s\n", got->r.verdict, got->r.oracle,
			 got->r.message);
		return false;
	}
	if (got->r.duplicates) {
		snprintf(why, size, "  engine: %llu duplicates of %llu\n",
			 (unsigned long long)got->r.duplicates,
			 (unsigned long long)got->r.executions);
		n = strlen(why);
		same(p, &want->complete, &got->complete, "complete", why + n, size - n);
		return false;
	}
	equal = same(p, &want->complete, &got->complete, "complete", why, size);
	equal &= same(p, &want->stuck, &got->stuck, "stuck", why, size);
	if (!equal)
		return false;
	if (got->r.executions != want->complete.n + want->stuck.n) {
		snprintf(why, size, "  engine counts %llu executions, reports %zu\n",
			 (unsigned long long)got->r.executions, got->complete.n + got->stuck.n);
		return false;
	}
	return true;
}

static bool has_plain(const struct rm_prog *p)
{
	for (int i = 0; i < p->nops; i++)
		if (p->op[i].order == FL_PLAIN &&
		    (p->op[i].kind == RM_LOAD || p->op[i].kind == RM_STORE))
			return true;
	return false;
}

static void format_ops(const struct rm_prog *p, uint64_t ops, char *buf, size_t size)
{
	size_t n = 0;

	snprintf(buf, size, "?");
	for (int i = 0; i < p->nops; i++) {
		if (!(ops >> i & 1))
			continue;
		if (n)
			n += (size_t)snprintf(buf + n, size - n, " or ");
		rm_format_op(p, i, buf + n, size - n);
		n += strlen(buf + n);
	}
}

/*
 * A finding that holds only without dependencies (which native code does not show) is inconclusive, one
 * that holds with all of them too is a violation.
 */
static bool found(const struct rt_result *got, const char *oracle, bool sure, char *why,
		  size_t size)
{
	if (!got->err && !strcmp(got->r.oracle, oracle) &&
	    got->r.verdict == (sure ? FLX_VIOLATION : FLX_INCONCLUSIVE))
		return true;
	snprintf(why, size, "  engine: %s missed, a %s: error %d, verdict %d, %s %s\n", oracle,
		 sure ? "violation" : "dependency would prevent it", got->err, got->r.verdict,
		 got->r.oracle, got->r.message);
	return false;
}

/* A race was to be reported: is it one of the reference's? */
static bool race_matches(const struct rm_prog *p, const struct rm_result *want, bool sure,
			 const struct rt_result *got, char *why, size_t size)
{
	char x[512], y[512];

	if (!found(got, "data-race", sure, why, size))
		return false;
	if (!sure)
		return true; /* an inconclusive result has no record */
	for (int i = 0; i < p->nops; i++)
		if ((got->racing[0] >> i & 1) && (want->racing[i] & got->racing[1]))
			return true;
	format_ops(p, got->racing[0], x, sizeof(x));
	format_ops(p, got->racing[1], y, sizeof(y));
	snprintf(why, size, "  engine reports a race of '%s' and '%s', which don't\n", x, y);
	return false;
}

bool rt_agrees(const struct rm_prog *p, enum flx_model model, enum flx_mutant mutant,
	       unsigned int size, char *why, size_t why_size, bool *skipped)
{
	static const enum rm_model models[] = {
		[FLX_SC] = RM_SC,
		[FLX_TSO] = RM_TSO,
		[FLX_LKMM] = RM_LKMM,
		[FLX_RC11] = RM_RC11,
	};
	struct rt_options o = { .model = model, .mutant = mutant, .size = size, .may_wait = true };
	struct rm_result want, sure = { 0 };
	struct rt_result got;
	bool ok, racy;

	why[0] = 0;
	if (skipped)
		*skipped = false;
	if (rm_enumerate(p, models[model], REFERENCE_LIMIT, &want)) {
		if (skipped)
			*skipped = true;
		return true;
	}
	o.races = (model == FLX_LKMM || model == FLX_RC11) && has_plain(p);
	racy = o.races && want.race;
	if (racy || want.stuck.n)
		rm_enumerate(p, model == FLX_LKMM ? RM_LKMM_CTRL : models[model], REFERENCE_LIMIT,
			     &sure);
	/* Only a broken engine needs a limit; it may not end otherwise. */
	o.max_executions = 100 + 20 * (want.complete.n + want.stuck.n);
	rt_run(p, &o, &got);
	ok = racy ? race_matches(p, &sure, sure.race, &got, why, why_size)
		  : rt_matches(p, &want, &got, why, why_size);
	rt_result_free(&got);
	if (ok && want.stuck.n && !racy) {
		o.may_wait = false;
		rt_run(p, &o, &got);
		ok = found(&got, "deadlock", sure.stuck.n, why, why_size);
		rt_result_free(&got);
	}
	rm_result_free(&want);
	rm_result_free(&sure);
	return ok;
}
