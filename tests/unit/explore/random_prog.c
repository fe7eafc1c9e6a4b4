/* SPDX-License-Identifier: MIT */
/*
 * random_prog.c - random small programs.
 *
 * Each store of a constant gets a value of its own, so that reads-from shows in the values read.
 * Fences stand next to what they act on more often than chance would have it: a program whose fences
 * do nothing tests little. Awaited and compared values are those that some store writes.
 */
#include "random_prog.h"

#include <string.h>

uint64_t rp_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

struct gen {
	struct rm_prog *p;
	uint64_t state;
	unsigned int features;
	int data_locs, lock; /* index of the lock's location, or -1 */
	int next_value, budget, t;
	bool has_rcu, syncs; /* syncs: the last thread has grace periods, not sections */
	int started, joined; /* RP_THREADS: so many of the threads after the first */
	int relaxed,
		seq_cst; /* RP_C11: per cent of the accesses and fences, the rest between them */
};

static int below(struct gen *g, int n)
{
	return (int)(rp_random(&g->state) % (uint64_t)n);
}

static bool chance(struct gen *g, int percent)
{
	return below(g, 100) < percent;
}

static bool has(const struct gen *g, unsigned int f)
{
	return g->features & f;
}

static struct rm_op *emit(struct gen *g, enum rm_kind kind, enum fl_order order)
{
	struct rm_op *op;

	if (g->p->nops == RM_MAX_OPS)
		return &g->p->op[RM_MAX_OPS - 1];
	op = &g->p->op[g->p->nops++];
	memset(op, 0, sizeof(*op));
	op->kind = kind;
	op->order = order;
	op->thread = g->t;
	op->loc = -1;
	op->a.op = op->b.op = -1;
	return op;
}

static void emit_fence(struct gen *g, enum fl_fence kind)
{
	emit(g, RM_FENCE, FL_PLAIN)->fence = kind;
}

static int last_value(const struct gen *g)
{
	for (int i = g->p->nops - 1; i >= g->p->first[g->t]; i--)
		if (rm_has_value(&g->p->op[i]) && g->p->op[i].kind != RM_TRYLOCK)
			return i;
	return -1;
}

static struct rm_arg stored(struct gen *g)
{
	struct rm_arg a = { .op = -1, .c = ++g->next_value };
	int v = last_value(g);

	if (has(g, RP_BRANCH) && v >= 0 && chance(g, 10)) {
		a.op = v;
		a.c = 10 * g->next_value;
	}
	return a;
}

/* One mix for the whole program: orders act in pairs, and a mix of all is mostly pairs that don't fit. */
static void pick_c11_mix(struct gen *g)
{
	static const struct {
		int relaxed, seq_cst;
	} mixes[] = { { 100, 0 }, { 50, 0 },  { 10, 0 }, { 50, 50 },
		      { 15, 70 }, { 34, 33 }, { 0, 60 }, { 0, 100 } };
	int i = below(g, 8);

	g->relaxed = mixes[i].relaxed;
	g->seq_cst = mixes[i].seq_cst;
}

static enum fl_order c11_order(struct gen *g, enum fl_order between)
{
	int n = below(g, 100);

	return n < g->relaxed ? FL_ONCE : n < g->relaxed + g->seq_cst ? FL_SEQ_CST : between;
}

static enum fl_order c11_rmw_order(struct gen *g)
{
	static const enum fl_order between[] = { FL_ACQUIRE, FL_RELEASE, FL_ACQ_REL };

	return c11_order(g, between[below(g, 3)]);
}

/* A mix without order in its accesses has it in its fences. */
static void c11_fence(struct gen *g)
{
	static const enum fl_fence kinds[] = { FL_FENCE_C11_ACQUIRE, FL_FENCE_C11_RELEASE,
					       FL_FENCE_C11_ACQ_REL };

	emit_fence(g, chance(g, 25 + g->seq_cst / 2) ? FL_FENCE_C11_SEQ_CST : kinds[below(g, 3)]);
}

static enum fl_order load_order(struct gen *g)
{
	if (has(g, RP_C11))
		return has(g, RP_PLAIN) && chance(g, 25) ? FL_PLAIN : c11_order(g, FL_ACQUIRE);
	if (has(g, RP_PLAIN) && chance(g, 40))
		return FL_PLAIN;
	return has(g, RP_ORDERS) && chance(g, 25) ? FL_ACQUIRE : FL_ONCE;
}

static enum fl_order store_order(struct gen *g)
{
	if (has(g, RP_C11))
		return has(g, RP_PLAIN) && chance(g, 25) ? FL_PLAIN : c11_order(g, FL_RELEASE);
	if (has(g, RP_PLAIN) && chance(g, 40))
		return FL_PLAIN;
	return has(g, RP_ORDERS) && chance(g, 25) ? FL_RELEASE : FL_ONCE;
}

static void c11_rmw(struct gen *g, int loc)
{
	static const enum rm_kind kinds[] = { RM_XCHG, RM_ADD, RM_CAS, RM_CAS };
	static const enum fl_order fails[] = { FL_PLAIN, FL_ACQUIRE, FL_SEQ_CST };
	int k = below(g, 4);
	struct rm_op *op = emit(g, kinds[k], c11_rmw_order(g));

	op->loc = loc;
	op->a.c = k == 1 ? 100 << below(g, 5) : ++g->next_value;
	if (op->kind != RM_CAS)
		return;
	op->b = op->a;
	op->a.c = -1; /* pick_values() */
	if (chance(g, 100 - g->relaxed))
		op->fail = fails[below(g, g->seq_cst ? 3 : 2)];
}

static void rmw(struct gen *g, int loc)
{
	static const enum rm_kind kinds[] = { RM_XCHG, RM_ADD, RM_CAS, RM_ADD_UNLESS, RM_ADD };
	static const enum fl_order orders[] = { FL_MB, FL_MB, FL_ONCE, FL_ACQUIRE, FL_RELEASE };
	int k = below(g, 5);
	enum fl_order order = orders[below(g, 5)];
	struct rm_op *op;

	if (has(g, RP_C11)) {
		c11_rmw(g, loc);
		return;
	}
	if (k == 4)
		order = FL_ONCE;
	if (k == 4 && has(g, RP_FENCES) && chance(g, 25))
		emit_fence(g, FL_FENCE_BEFORE_ATOMIC);
	op = emit(g, kinds[k], order);
	op->loc = loc;
	op->noreturn = k == 4;
	/* Sums of powers of two differ; they stay small since few operations are on one location. */
	op->a.c = kinds[k] == RM_XCHG || kinds[k] == RM_CAS ? ++g->next_value : 100 << below(g, 5);
	if (kinds[k] == RM_CAS) {
		op->b = op->a;
		op->a.c = -1; /* pick_values() */
	} else if (kinds[k] == RM_ADD_UNLESS) {
		op->b.c = -1;
	}
	if (k == 4 && has(g, RP_FENCES) && chance(g, 25))
		emit_fence(g, FL_FENCE_AFTER_ATOMIC);
}

/* One access, with perhaps a fence or a dependency after it. */
static void access_op(struct gen *g, bool may_wait)
{
	int loc = below(g, g->data_locs), v;
	struct rm_op *op;

	g->budget--;
	if (has(g, RP_RMW) && chance(g, 25)) {
		rmw(g, loc);
	} else if (has(g, RP_AWAIT) && may_wait && chance(g, 15)) {
		if (has(g, RP_C11))
			op = emit(g, RM_AWAIT, c11_order(g, FL_ACQUIRE));
		else
			op = emit(g, RM_AWAIT,
				  has(g, RP_ORDERS) && chance(g, 40) ? FL_ACQUIRE : FL_ONCE);
		op->loc = loc;
		op->a.c = -1;
	} else if (chance(g, 50)) {
		op = emit(g, RM_LOAD, load_order(g));
		op->loc = loc;
	} else {
		struct rm_arg a = stored(g);

		op = emit(g, RM_STORE, store_order(g));
		op->loc = loc;
		op->a = a;
	}
	v = g->p->nops - 1;
	if (has(g, RP_DEP) && g->data_locs > 1 && g->p->op[v].kind == RM_LOAD &&
	    g->p->op[v].order != FL_PLAIN && chance(g, 25)) {
		loc = (g->p->op[v].loc + 1 + below(g, g->data_locs - 1)) % g->data_locs;
		for (int i = g->p->first[g->t]; i < g->p->nops; i++)
			if (g->p->op[i].kind == RM_DEP && g->p->op[i].loc == loc)
				return;
		emit(g, RM_DEP, FL_PLAIN)->loc = loc;
	} else if (has(g, RP_FENCES) && has(g, RP_C11)) {
		if (chance(g, 20 + g->relaxed / 4))
			c11_fence(g);
	} else if (has(g, RP_FENCES) && chance(g, 30)) {
		static const enum fl_fence kinds[] = { FL_FENCE_MB, FL_FENCE_RMB, FL_FENCE_WMB };

		emit_fence(g, kinds[below(g, 3)]);
	}
}

static void branch_block(struct gen *g)
{
	int v = last_value(g), i, n;

	if (v < 0)
		return;
	emit(g, chance(g, 50) ? RM_SKIP_EQ : RM_SKIP_NE, FL_PLAIN)->b.op = v;
	i = g->p->nops - 1;
	n = g->p->nops;
	g->p->op[i].a.c = -1;
	access_op(g, false);
	if (chance(g, 30) && g->budget > 0)
		access_op(g, false);
	g->p->op[i].skip = g->p->nops - n;
}

static void lock_block(struct gen *g)
{
	int skip = -1, n = 0;

	if (chance(g, 70)) {
		emit(g, RM_LOCK, FL_ACQUIRE)->loc = g->lock;
		if (!has(g, RP_C11) && chance(g, 20))
			emit_fence(g, FL_FENCE_AFTER_SPINLOCK);
		else if (!has(g, RP_C11) && chance(g, 20))
			emit_fence(g, FL_FENCE_AFTER_UNLOCK_LOCK);
	} else {
		emit(g, RM_TRYLOCK, FL_ACQUIRE)->loc = g->lock;
		skip = g->p->nops;
		emit(g, RM_SKIP_EQ, FL_PLAIN)->b.op = skip - 1;
		n = g->p->nops;
	}
	g->budget--;
	access_op(g, false);
	if (g->budget > 0 && chance(g, 50))
		access_op(g, false);
	emit(g, RM_UNLOCK, FL_RELEASE)->loc = g->lock;
	if (skip >= 0)
		g->p->op[skip].skip = g->p->nops - n;
}

static void read_section(struct gen *g)
{
	emit_fence(g, FL_FENCE_RCU_LOCK);
	access_op(g, false);
	if (g->budget > 0 && chance(g, 80))
		access_op(g, false);
	emit_fence(g, FL_FENCE_RCU_UNLOCK);
}

/*
 * The leftmost thread alone starts and joins, so that the engine's numbers of the threads are the same in
 * every execution.
 */
static void start_threads(struct gen *g, int threads)
{
	if (g->started + 1 < threads && chance(g, 40))
		emit(g, RM_SPAWN, FL_PLAIN)->a.c = ++g->started;
	else if (g->joined < g->started && chance(g, 40))
		emit(g, RM_JOIN, FL_PLAIN)->a.c = ++g->joined;
}

static void thread_body(struct gen *g, int ops, int threads)
{
	bool syncs = chance(g, 50);

	/* A grace period alone does nothing, nor do sections alone. */
	if (g->t == 1 && chance(g, 80))
		syncs = !g->syncs;
	g->syncs = syncs;
	syncs &= g->has_rcu;
	g->budget = ops;
	while (g->budget > 0) {
		if (has(g, RP_THREADS) && !g->t)
			start_threads(g, threads);
		if (g->has_rcu && !syncs && g->budget > 1 && chance(g, 45))
			read_section(g);
		else if (syncs && g->budget < ops && chance(g, 50))
			g->budget--, emit_fence(g, FL_FENCE_SYNC_RCU);
		else if (has(g, RP_LOCKS) && g->lock >= 0 && g->budget > 1 && chance(g, 35))
			lock_block(g);
		else if (has(g, RP_BRANCH) && g->budget > 0 && chance(g, 12))
			branch_block(g);
		else
			access_op(g, true);
	}
	if (has(g, RP_THREADS) && !g->t && g->joined < g->started && chance(g, 60)) {
		emit(g, RM_JOIN, FL_PLAIN)->a.c = ++g->joined;
		access_op(g, true);
	}
}

/* One end of a cycle's edge. */
static void cycle_access(struct gen *g, bool store, int loc, enum fl_order order)
{
	struct rm_op *op;

	if (has(g, RP_RMW) && chance(g, 20)) {
		op = emit(g, store ? RM_XCHG : RM_ADD, order);
		op->order = chance(g, 30) ? FL_MB : order;
		op->a.c = store ? ++g->next_value : 0;
	} else {
		op = emit(g, store ? RM_STORE : RM_LOAD, order);
		op->a.c = store ? ++g->next_value : 0;
	}
	op->loc = loc;
}

/* The same with C11: a fence between, or orders, or both; sometimes one access more, of either location. */
static void c11_cycle_thread(struct gen *g, bool store_a, bool store_b, int loc_a, int loc_b)
{
	bool fence = has(g, RP_FENCES) && chance(g, 30 + g->relaxed / 3);

	for (int i = 0; i < 2; i++) {
		bool store = i ? store_b : store_a;
		struct rm_op *op;

		if (has(g, RP_RMW) && chance(g, 20)) {
			op = emit(g, store ? RM_XCHG : RM_ADD, c11_rmw_order(g));
			op->a.c = store ? ++g->next_value : 0;
		} else {
			op = emit(g, store ? RM_STORE : RM_LOAD,
				  store ? store_order(g) : load_order(g));
			op->a.c = store ? ++g->next_value : 0;
		}
		op->loc = i ? loc_b : loc_a;
		if (!i && fence)
			c11_fence(g);
		if (has(g, RP_ORDERS) && chance(g, 15)) {
			int loc = chance(g, 50) ? loc_a : loc_b;

			store = chance(g, 50);
			op = emit(g, store ? RM_STORE : RM_LOAD,
				  store ? store_order(g) : load_order(g));
			op->loc = loc;
			op->a.c = store ? ++g->next_value : 0;
		}
	}
}

/* What may order the two accesses of a thread. */
static void cycle_thread(struct gen *g, bool store_a, bool store_b, int loc_a, int loc_b)
{
	enum fl_order a = !store_a && has(g, RP_ORDERS) && chance(g, 20) ? FL_ACQUIRE : FL_ONCE;
	enum fl_order b = store_b && has(g, RP_ORDERS) && chance(g, 20) ? FL_RELEASE : FL_ONCE;
	bool section = g->has_rcu && chance(g, 50), locked = has(g, RP_LOCKS) && chance(g, 25);
	int between = below(g, 6), v;

	if (section)
		emit_fence(g, FL_FENCE_RCU_LOCK);
	if (locked && !section)
		emit(g, RM_LOCK, FL_ACQUIRE)->loc = g->lock;
	cycle_access(g, store_a, loc_a, a);
	v = g->p->nops - 1;
	if (g->has_rcu && !section && chance(g, 75))
		emit_fence(g, FL_FENCE_SYNC_RCU);
	else if (between == 0 && has(g, RP_FENCES))
		emit_fence(g, FL_FENCE_MB);
	else if (between == 1 && has(g, RP_FENCES))
		emit_fence(g, store_a ? FL_FENCE_WMB : FL_FENCE_RMB);
	else if (between == 2 && has(g, RP_FENCES))
		emit_fence(g, store_b ? FL_FENCE_WMB : FL_FENCE_RMB);
	else if (between == 3 && has(g, RP_DEP) && rm_has_value(&g->p->op[v]))
		emit(g, RM_DEP, FL_PLAIN)->loc = loc_b;
	else if (between == 4 && locked && !section)
		emit_fence(g, FL_FENCE_AFTER_SPINLOCK);
	cycle_access(g, store_b, loc_b, b);
	if (locked && !section)
		emit(g, RM_UNLOCK, FL_RELEASE)->loc = g->lock;
	if (section)
		emit_fence(g, FL_FENCE_RCU_UNLOCK);
}

/* Thread t goes from location t - 1 to location t; where two threads meet, not both load. */
static void cycle(struct gen *g, int threads)
{
	bool store[2 * RM_MAX_THREADS];

	for (int i = 0; i < threads; i++) {
		store[2 * i + 1] = chance(g, 50);
		store[(2 * i + 2) % (2 * threads)] = !store[2 * i + 1] || chance(g, 50);
	}
	for (g->t = 0; g->t < threads; g->t++) {
		void (*body)(struct gen *, bool, bool, int, int) = has(g, RP_C11) ? c11_cycle_thread
										  : cycle_thread;

		g->p->first[g->t] = g->p->nops;
		body(g, store[2 * g->t], store[2 * g->t + 1], (g->t + threads - 1) % threads, g->t);
		g->p->first[g->t + 1] = g->p->nops;
	}
}

/* A value that location @loc can have: its first one or one that a store gives it. */
static int some_value(struct gen *g, int loc, bool not_init)
{
	int values[RM_MAX_OPS + 1], n = 0;

	if (!not_init)
		values[n++] = g->p->init[loc];
	for (int i = 0; i < g->p->nops; i++) {
		const struct rm_op *op = &g->p->op[i];

		if (op->loc != loc || (op->kind != RM_STORE && op->kind != RM_XCHG &&
				       op->kind != RM_CAS && op->kind != RM_ADD))
			continue;
		values[n++] = op->kind == RM_CAS   ? op->b.c
			      : op->kind == RM_ADD ? g->p->init[loc] + op->a.c
						   : op->a.c;
	}
	return n ? values[below(g, n)] : g->p->init[loc];
}

static void pick_values(struct gen *g)
{
	for (int i = 0; i < g->p->nops; i++) {
		struct rm_op *op = &g->p->op[i];

		if (op->kind == RM_AWAIT && op->a.c == -1)
			op->a.c = some_value(g, op->loc, chance(g, 90));
		else if (op->kind == RM_CAS && op->a.c == -1)
			op->a.c = some_value(g, op->loc, false);
		else if (op->kind == RM_ADD_UNLESS && op->b.c == -1)
			op->b.c = some_value(g, op->loc, false);
		else if ((op->kind == RM_SKIP_EQ || op->kind == RM_SKIP_NE) && op->a.c == -1)
			op->a.c = some_value(g, g->p->op[op->b.op].loc, false);
	}
}

void rp_generate(struct rm_prog *p, uint64_t seed, unsigned int features, const struct rp_size *s)
{
	struct gen g = { .p = p, .state = seed, .features = features, .lock = -1 };
	int threads, per;

	memset(p, 0, sizeof(*p));
	for (int i = 0; i < 4; i++)
		rp_random(&g.state);
	threads = s->min_threads + below(&g, s->max_threads - s->min_threads + 1);
	if (has(&g, RP_C11))
		pick_c11_mix(&g);
	g.data_locs = 1 + below(&g, s->max_locs);
	if (has(&g, RP_CYCLE))
		g.data_locs = threads;
	else if (g.data_locs == 1 && s->max_locs > 1 && chance(&g, 60))
		g.data_locs = 2;
	p->nlocs = g.data_locs;
	for (int l = 0; l < g.data_locs; l++) {
		p->loc_name[l][0] = "xyzwvu"[l];
		p->init[l] = chance(&g, 15) ? 7 : 0;
	}
	if (has(&g, RP_LOCKS) && (has(&g, RP_CYCLE) || chance(&g, 60))) {
		g.lock = p->nlocs;
		p->loc_name[p->nlocs++][0] = 'l';
	}
	g.has_rcu = has(&g, RP_RCU) && chance(&g, features == RP_ALL ? 50 : 90);
	p->nthreads = threads;
	if (has(&g, RP_CYCLE)) {
		cycle(&g, threads);
		return;
	}
	per = s->max_ops;
	if (per * threads > s->max_ops_total)
		per = s->max_ops_total / threads;
	if (per < s->min_ops)
		per = s->min_ops;
	for (g.t = 0; g.t < threads; g.t++) {
		p->first[g.t] = p->nops;
		thread_body(&g, s->min_ops + below(&g, per - s->min_ops + 1), threads);
		p->first[g.t + 1] = p->nops;
	}
	pick_values(&g);
}

static const struct profile {
	const char *name;
	unsigned int features;
	struct rp_size size;
} profiles[] = {
	{ "cycle of two",
	  RP_CYCLE | RP_FENCES | RP_ORDERS | RP_RMW | RP_DEP,
	  { 2, 2, 2, 2, 4, 2 } },
	{ "cycle of three",
	  RP_CYCLE | RP_FENCES | RP_ORDERS | RP_RMW | RP_DEP | RP_LOCKS,
	  { 3, 3, 2, 2, 6, 3 } },
	{ "cycle with grace periods",
	  RP_CYCLE | RP_RCU | RP_FENCES | RP_ORDERS,
	  { 2, 4, 2, 2, 8, 4 } },
	{ "accesses", RP_ORDERS, { 2, 3, 2, 4, 9, 3 } },
	{ "fences", RP_FENCES | RP_ORDERS, { 2, 3, 2, 4, 10, 3 } },
	{ "one location", RP_RMW | RP_ORDERS | RP_BRANCH, { 2, 3, 2, 4, 8, 1 } },
	{ "atomics", RP_RMW | RP_FENCES | RP_BRANCH, { 2, 3, 2, 4, 9, 2 } },
	{ "waiting", RP_AWAIT | RP_RMW | RP_BRANCH, { 2, 3, 2, 4, 9, 2 } },
	{ "locks", RP_LOCKS | RP_FENCES | RP_AWAIT, { 2, 3, 2, 5, 10, 2 } },
	{ "rcu", RP_RCU | RP_FENCES | RP_DEP, { 2, 3, 2, 4, 9, 2 } },
	{ "rcu, few locations", RP_RCU, { 3, 3, 1, 3, 7, 2 } },
	{ "plain", RP_PLAIN | RP_FENCES | RP_ORDERS | RP_BRANCH | RP_DEP, { 2, 3, 2, 4, 9, 3 } },
	{ "plain and locks", RP_PLAIN | RP_LOCKS | RP_RCU | RP_RMW, { 2, 3, 2, 4, 9, 2 } },
	{ "all", RP_ALL, { 2, 3, 2, 5, 11, 3 } },
};

#define NR_PROFILES (sizeof(profiles) / sizeof(profiles[0]))

void rp_program(struct rm_prog *p, uint64_t seed, const char **profile)
{
	const struct profile *pr = &profiles[seed % NR_PROFILES];

	if (profile)
		*profile = pr->name;
	rp_generate(p, seed, pr->features, &pr->size);
}

static const struct profile c11_profiles[] = {
	{ "c11: cycle of two",
	  RP_C11 | RP_CYCLE | RP_FENCES | RP_RMW | RP_ORDERS,
	  { 2, 2, 2, 2, 4, 2 } },
	{ "c11: cycle of three", RP_C11 | RP_CYCLE | RP_FENCES | RP_RMW, { 3, 3, 2, 2, 6, 3 } },
	{ "c11: cycle of four", RP_C11 | RP_CYCLE | RP_FENCES, { 4, 4, 2, 2, 8, 4 } },
	{ "c11: accesses", RP_C11, { 2, 4, 2, 4, 10, 3 } },
	{ "c11: fences", RP_C11 | RP_FENCES, { 2, 3, 2, 4, 10, 3 } },
	{ "c11: one location", RP_C11 | RP_RMW | RP_BRANCH, { 2, 4, 2, 4, 8, 1 } },
	{ "c11: atomics", RP_C11 | RP_RMW | RP_FENCES | RP_BRANCH, { 2, 4, 2, 4, 9, 2 } },
	{ "c11: plain", RP_C11 | RP_PLAIN | RP_FENCES | RP_RMW, { 2, 3, 2, 4, 9, 3 } },
	{ "c11: plain and locks", RP_C11 | RP_PLAIN | RP_LOCKS | RP_BRANCH, { 2, 3, 2, 5, 10, 2 } },
	{ "c11: waiting", RP_C11 | RP_AWAIT | RP_RMW | RP_BRANCH, { 2, 3, 2, 4, 9, 2 } },
	{ "c11: threads", RP_C11 | RP_THREADS | RP_RMW | RP_PLAIN, { 2, 4, 1, 3, 9, 2 } },
	{ "c11: all",
	  RP_C11 | RP_PLAIN | RP_LOCKS | RP_BRANCH | RP_RMW | RP_AWAIT | RP_FENCES,
	  { 2, 4, 2, 5, 11, 3 } },
};

#define NR_C11_PROFILES (sizeof(c11_profiles) / sizeof(c11_profiles[0]))

void rp_program_c11(struct rm_prog *p, uint64_t seed, const char **profile)
{
	const struct profile *pr = &c11_profiles[seed % NR_C11_PROFILES];

	if (profile)
		*profile = pr->name;
	rp_generate(p, seed, pr->features, &pr->size);
}

/* ---- validity ---- */

struct path {
	const struct rm_prog *p;
	int t;
	bool held[RM_MAX_LOCS];
	int depth;
	int tried[RM_MAX_OPS]; /* result of each trylock on this path */
};

static bool walk(struct path w, int i)
{
	const struct rm_op *op;

	if (i >= w.p->first[w.t + 1]) {
		for (int l = 0; l < w.p->nlocs; l++)
			if (w.held[l])
				return false;
		return !w.depth;
	}
	op = &w.p->op[i];
	switch (op->kind) {
	case RM_LOCK:
		if (w.held[op->loc] || w.depth)
			return false;
		w.held[op->loc] = true;
		break;
	case RM_TRYLOCK:
		w.tried[i] = 0;
		if (!walk(w, i + 1))
			return false;
		if (w.held[op->loc])
			return true;
		w.tried[i] = 1;
		w.held[op->loc] = true;
		break;
	case RM_UNLOCK:
		if (!w.held[op->loc])
			return false;
		w.held[op->loc] = false;
		break;
	case RM_AWAIT:
		if (w.depth)
			return false;
		break;
	case RM_FENCE:
		w.depth += op->fence == FL_FENCE_RCU_LOCK;
		w.depth -= op->fence == FL_FENCE_RCU_UNLOCK;
		if (w.depth < 0 || (w.depth && op->fence == FL_FENCE_SYNC_RCU))
			return false;
		break;
	case RM_SKIP_EQ:
	case RM_SKIP_NE:
		if (op->b.op >= 0 && w.p->op[op->b.op].kind == RM_TRYLOCK && op->a.op < 0) {
			bool eq = w.tried[op->b.op] == op->a.c;

			return walk(w, i + 1 + (eq == (op->kind == RM_SKIP_EQ) ? op->skip : 0));
		}
		if (!walk(w, i + 1 + op->skip))
			return false;
		break;
	default:
		break;
	}
	return walk(w, i + 1);
}

bool rp_valid(const struct rm_prog *p)
{
	for (int t = 0; t < p->nthreads; t++) {
		struct path w = { .p = p, .t = t };

		if (!walk(w, p->first[t]))
			return false;
	}
	return p->nthreads > 0;
}

double rp_cost(const struct rm_prog *p)
{
	double cost = 1;

	for (int l = 0; l < p->nlocs; l++) {
		int writes = 0;

		for (int i = 0; i < p->nops; i++) {
			enum rm_kind k = p->op[i].kind;

			if (p->op[i].loc == l && k != RM_LOAD && k != RM_AWAIT && k != RM_DEP)
				writes++;
		}
		for (int i = 0; i < p->nops; i++)
			if (p->op[i].loc == l &&
			    (rm_has_value(&p->op[i]) || p->op[i].kind == RM_LOCK))
				cost *= writes + 1;
	}
	return cost > 1e12 ? 1e12 : cost;
}

/* ---- shrinking ---- */

static bool try_drop(struct rm_prog *p, const int *ops, int n,
		     bool (*fails)(const struct rm_prog *, void *), void *arg)
{
	struct rm_prog q = *p;

	for (int i = n - 1; i >= 0; i--)
		rm_drop_op(&q, ops[i]);
	if (!rp_valid(&q) || !fails(&q, arg))
		return false;
	*p = q;
	return true;
}

static bool try_simpler(struct rm_prog *p, int i, bool (*fails)(const struct rm_prog *, void *),
			void *arg)
{
	struct rm_prog q = *p;
	struct rm_op *op = &q.op[i];

	if (op->kind == RM_LOCK || op->kind == RM_TRYLOCK || op->kind == RM_UNLOCK ||
	    op->kind == RM_FENCE)
		return false;
	if (op->fail)
		op->fail = FL_PLAIN;
	else if (op->order != FL_PLAIN && op->order != FL_ONCE)
		op->order = FL_ONCE;
	else if (op->kind == RM_CAS || op->kind == RM_ADD_UNLESS || op->kind == RM_ADD)
		op->kind = RM_XCHG, op->noreturn = false;
	else if (op->kind == RM_AWAIT)
		op->kind = RM_LOAD;
	else
		return false;
	if (!fails(&q, arg))
		return false;
	*p = q;
	return true;
}

static bool shrink_once(struct rm_prog *p, bool (*fails)(const struct rm_prog *, void *), void *arg)
{
	for (int t = 0; t < p->nthreads && p->nthreads > 1; t++) {
		struct rm_prog q = *p;

		rm_drop_thread(&q, t);
		if (rp_valid(&q) && fails(&q, arg)) {
			*p = q;
			return true;
		}
	}
	for (int i = 0; i < p->nops; i++)
		if (try_drop(p, &i, 1, fails, arg))
			return true;
	for (int t = 0; t < p->nthreads; t++) {
		for (int i = p->first[t]; i < p->first[t + 1]; i++) {
			for (int j = i + 1; j < p->first[t + 1]; j++) {
				if (try_drop(p, (int[]){ i, j }, 2, fails, arg))
					return true;
				if (p->op[i].kind != RM_TRYLOCK)
					continue;
				for (int k = j + 1; k < p->first[t + 1]; k++)
					if (try_drop(p, (int[]){ i, j, k }, 3, fails, arg))
						return true;
			}
		}
	}
	for (int i = 0; i < p->nops; i++)
		if (try_simpler(p, i, fails, arg))
			return true;
	return false;
}

void rp_shrink(struct rm_prog *p, bool (*fails)(const struct rm_prog *p, void *arg), void *arg)
{
	while (shrink_once(p, fails, arg))
		;
}
