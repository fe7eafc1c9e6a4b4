/* SPDX-License-Identifier: MIT */
/*
 * exec_label.c - what a thread does next, found once and kept in a tree: by the operations so far and the values that
 * they read.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "commute.h"
#include "exec_internal.h"
#include "learn.h"
#include "memory.h"
#include "round.h"
#include "search.h"
#include "symmetry.h"
#include "weaken.h"

static struct label *root[FLX_MAX_THREADS];

static bool has_location(const struct op *op)
{
	return op->kind == OP_LOAD || op->kind == OP_STORE || op->kind == OP_RMW ||
	       op->kind == OP_AWAIT || (op->kind == OP_FENCE && op->size);
}

static void check_bounds(struct label *l, const struct op *op, int thread)
{
	char message[160];

	/* In an ordinary program that depends on the execution: lifetime.c */
	if ((program->ordinary && memory_is_thread_heap(op->addr)) || !memory_tracks(op->addr) ||
	    !op->size || memory_inside(op->addr, op->size))
		return;
	snprintf(message, sizeof(message),
		 "CPU%d accesses %u bytes that no object of fl_zalloc() contains (%s)", thread,
		 op->size, op->site ? op->site->text : "a plain access");
	l->oracle = "out-of-bounds";
	l->message = label_text(message);
}

/* @size: of an access to a part of what is accessed elsewhere as @other bytes, or the other way round. */
static void mixed_sizes(char *buf, size_t buf_size, const struct fl_site *site, uintptr_t pc,
			unsigned int size, unsigned int other)
{
	char place[128] = "", address[32] = "";

	if (site && site->file)
		snprintf(place, sizeof(place), " at %s:%d", site->file, site->line);
	else if (pc)
		snprintf(address, sizeof(address), ", at pc %#" PRIxPTR, pc);
	snprintf(buf, buf_size,
		 "%u bytes accessed%s (%s) overlap %u bytes accessed before: mixed-size accesses "
		 "are not modelled%s",
		 size, place, site ? site->text : "a plain access", other, address);
}

static void refuse_mixed_sizes(const struct fl_site *site, uintptr_t pc, unsigned int size,
			       unsigned int other)
{
	mixed_sizes(exec_error, sizeof(exec_error), site, pc, size, other);
}

/* What the operation says about who uses its memory, and how. */
static void learn_from(const struct op *op, int thread)
{
	size_t size = 0;

	if (op->flags & EVF_FREE) {
		memory_object(op->addr, &size);
		learn_handed_on(op->addr, size, thread);
	} else if (op->order != FL_PLAIN && op->size && !learn_atomic(op->addr, op->size)) {
		refuse_mixed_sizes(op->site, op->pc, op->size, 8);
	}
}

static uint8_t features_of(const struct label *l)
{
	uint8_t f = 0;
	bool access = l->kind <= EV_ADD;

	if (access && l->order == FL_PLAIN)
		f |= 1 << HAS_PLAIN;
	if (l->flags & EVF_FREE)
		f |= 1 << HAS_FREE;
	if (l->kind == EV_ADD)
		f |= 1 << HAS_ADDITION;
	if (l->kind == EV_FENCE &&
	    (l->fence == FL_FENCE_SYNC_RCU || l->fence == FL_FENCE_SYNC_SRCU))
		f |= 1 << HAS_SYNC;
	if (l->oracle)
		f |= 1 << HAS_FAILURE;
	if (l->ndeeds || (access && (locs[l->loc].heap_of >= 0 || locs[l->loc].stack_of >= 0)))
		f |= 1 << HAS_OWNED;
	if ((access && (l->order == FL_SEQ_CST || l->fail_order == FL_SEQ_CST)) ||
	    (l->kind == EV_FENCE && (l->fence == FL_FENCE_C11_SEQ_CST || l->fence == FL_FENCE_MB)))
		f |= 1 << HAS_SEQ_CST;
	return f;
}

/* The operation that @t has stopped for, for ever after. */
static void fill_label(struct label *l, int thread)
{
	struct thread *t = &T[thread];
	const struct op *op = t->op;
	l->deed = label_deeds(t->deed, t->ndeeds);
	l->ndeeds = t->ndeeds;
	if (t->stop) {
		l->stop = (uint8_t)t->stop;
		l->oracle = t->oracle;
		l->message = t->message;
		return;
	}
	weaken_note(op);
	l->kind = commute_takes(op) ? EV_ADD : kind_of_op(op->kind);
	l->order = op->order;
	l->fail_order = op->fail_order == FL_PLAIN ? FL_ONCE : op->fail_order;
	l->fence = op->fence;
	l->flags = op->flags;
	if (op->kind == OP_RMW || op->kind == OP_AWAIT)
		l->flags |= EVF_COND;
	if (op->kind == OP_AWAIT)
		l->flags |= EVF_AWAIT;
	l->addr_dep = EV_NONE;
	l->target = op->target;
	l->deps = op->deps;
	l->fn = op->fn;
	l->a = op->a;
	l->b = op->b;
	l->val = op->val;
	l->site = op->site;
	l->step = op->step;
	l->sp = t->sp;
	if (op->kind == OP_SPAWN || op->kind == OP_JOIN)
		return;
	l->pc = op->pc;
	l->state[0] = t->state[0];
	l->state[1] = t->state[1];
	l->own_stores = t->own_stores;
	if (!has_location(op))
		return;
	if (program->ordinary)
		learn_from(op, thread);
	if (exec_error[0])
		return;
	check_bounds(l, op, thread);
	if (!op->deps.exact)
		l->addr_dep = exec_find_dep(t, op->addr);
	if (op->flags & EVF_FREE) {
		size_t size = 0;

		if (memory_object(op->addr, &size) == op->addr) {
			l->a = size;
		} else if (!program->ordinary || !memory_is_thread_heap(op->addr)) {
			l->oracle = "invalid-free";
			l->message = label_text("what is freed is not the beginning of an object");
		}
	}
	l->loc = memory_location(op->addr, op->size);
}

/* Where what follows @t's events hangs: the label of the last one, and the value it read. */
static struct label *last_label(int t, uint64_t *value)
{
	const struct ev *e = &G.ev[G.tev[t][G.tn[t] - 1]];

	if (e->kind == EV_WRITE && (e->flags & EVF_RMW))
		e = &G.ev[G.tev[t][G.tn[t] - 2]];
	*value = value_of(e);
	return e->op;
}

static struct label *discover(int t)
{
	exec_get_in_sync();
	exec_to_frontier(t);
	if (exec_error[0] || (!T[t].op && !T[t].stop))
		return NULL;
	/* Where its stack ends (lifetime.h) it says with each operation. */
	if (program->ordinary && T[t].waiting)
		exec_ask_for_state(t, round_needs_state(t, kind_of_op(T[t].op->kind)));
	else
		T[t].state[0] = T[t].state[1] = 0;

	struct label *l = label_new();

	fill_label(l, t);
	l->features = features_of(l);
	return exec_error[0] ? NULL : l;
}

struct label *exec_label(int t)
{
	struct label *l, *above = NULL;
	uint64_t via = 0;

	if (!G.tn[t]) {
		if (t >= program->nthreads && G.spawn[t] == EV_NONE)
			return NULL;
		l = root[t];
	} else {
		const struct ev *e = &G.ev[G.tev[t][G.tn[t] - 1]];

		if (e->kind == EV_END || (e->flags & (EVF_BLOCKED | EVF_MIXED)))
			return NULL;
		above = last_label(t, &via);
		for (l = above->child; l && l->via != via; l = l->sibling)
			;
	}
	if (l)
		return l;
	l = discover(t);
	if (!l)
		return NULL;
	l->via = via;
	if (above) {
		l->sibling = above->child;
		above->child = l;
	} else {
		root[t] = l;
	}
	if (program->ordinary && !l->stop)
		round_look(l, t);
	symmetry_look(l, t);
	return l;
}

const struct label *exec_label_like(int t, int u)
{
	const struct label *l = root[u];

	for (int i = 0; i < G.tn[t] && l; i++) {
		const struct ev *e = &G.ev[G.tev[t][i]];
		uint64_t value = value_of(e);

		if (e->kind == EV_WRITE && (e->flags & EVF_RMW))
			continue;
		for (l = l->child; l && l->via != value;)
			l = l->sibling;
	}
	return l;
}

struct label *exec_label_after_rmw(int t)
{
	struct label *l;

	exec_probe(true);
	l = exec_label(t);
	exec_probe(false);
	return l;
}

/*
 * What it reads, or what others read after it, the models have no answer for. But if it is in a race with what it overlaps,
 * nobody asks for more: its thread goes no further, and if no execution is a violation, the program is refused.
 */
static bool take_mixed_sizes(struct ev *e)
{
	int other = memory_overlap(&G, e->loc);

	if (!other)
		return true;
	if (!program->ordinary || !S.clocks || !S.opt->races) {
		refuse_mixed_sizes(e->op->site, e->op->pc, locs[e->loc].size, locs[other].size);
		return false;
	}
	if (!S.mixed[0])
		mixed_sizes(S.mixed, sizeof(S.mixed), e->op->site, e->op->pc, locs[e->loc].size,
			    locs[other].size);
	e->flags |= EVF_MIXED;
	return true;
}

bool exec_event(struct label *l, int thread, struct ev *e)
{
	memset(e, 0, sizeof(*e));
	e->kind = l->kind;
	e->thread = thread;
	e->order = l->order;
	e->fence = l->fence;
	e->flags = l->flags;
	e->loc = l->loc;
	e->rf = EV_NONE;
	e->addr_dep = l->addr_dep >= 0 ? G.tev[thread][l->addr_dep] : EV_NONE;
	e->target = l->target;
	e->op = l;
	if (l->kind == EV_WRITE)
		e->wval = l->val;
	return !l->loc || !locs[l->loc].overlaps || take_mixed_sizes(e);
}

void exec_forget(void)
{
	memset(root, 0, sizeof(root));
	label_forget();
	exec_sync_forget();
}
