/* SPDX-License-Identifier: MIT */
/* weaken.c - see weaken.h. */
#include "weaken.h"

#include <stdlib.h>
#include <string.h>

#include "exec.h"

static const struct flx_options *options;

void weaken_begin(const struct flx_options *o)
{
	options = o;
}

/* ---- what is weaker ---- */

/* An ordering orders what another one does if it has the other's bits. */
enum {
	ACQUIRES = 1,
	RELEASES = 2,
	TOTAL = 4, /* seq_cst; a full barrier on both sides */
	LOADS = 8,
	STORES = 16,
	FULL = LOADS | STORES | 32,
	GRACE_PERIOD = 64,
	OF_ITS_OWN = 128, /* stands for something that no other barrier does a part of */
};

static int order_bits(int order)
{
	static const uint8_t bits[] = {
		[FL_ACQUIRE] = ACQUIRES,
		[FL_RELEASE] = RELEASES,
		[FL_ACQ_REL] = ACQUIRES | RELEASES,
		[FL_MB] = ACQUIRES | RELEASES | TOTAL,
		[FL_SEQ_CST] = ACQUIRES | RELEASES | TOTAL,
	};

	return bits[order];
}

static int fence_bits(int fence)
{
	static const uint8_t bits[FL_FENCE_NR] = {
		[FL_FENCE_MB] = FULL,
		[FL_FENCE_RMB] = LOADS,
		[FL_FENCE_WMB] = STORES,
		[FL_FENCE_BEFORE_ATOMIC] = OF_ITS_OWN,
		[FL_FENCE_AFTER_ATOMIC] = OF_ITS_OWN,
		[FL_FENCE_AFTER_SPINLOCK] = OF_ITS_OWN,
		[FL_FENCE_AFTER_UNLOCK_LOCK] = OF_ITS_OWN,
		[FL_FENCE_AFTER_SRCU_READ_UNLOCK] = OF_ITS_OWN,
		[FL_FENCE_ACQUIRE_CTRL] = OF_ITS_OWN,
		[FL_FENCE_SYNC_RCU] = FULL | GRACE_PERIOD,
		[FL_FENCE_C11_ACQUIRE] = ACQUIRES,
		[FL_FENCE_C11_RELEASE] = RELEASES,
		[FL_FENCE_C11_ACQ_REL] = ACQUIRES | RELEASES,
		[FL_FENCE_C11_SEQ_CST] = ACQUIRES | RELEASES | TOTAL,
	};

	return bits[fence];
}

static int bits_of(const struct flx_place *p, int value)
{
	return p->ordering == FLX_OF_BARRIER ? fence_bits(value) : order_bits(value);
}

bool flx_is_weaker(const struct flx_place *p, int a, int b)
{
	int x = bits_of(p, a), y = bits_of(p, b);

	return x != y && (x & y) == x;
}

/* Does the language have it: a load that acquires, but none that releases? */
static bool exists(const struct flx_place *p, int value)
{
	bool load = p->kind == FLX_READ || p->ordering == FLX_OF_FAILURE;

	if (p->ordering == FLX_OF_BARRIER)
		return true;
	if (value == FL_ACQ_REL)
		return p->kind == FLX_RMW && !load && p->written == FL_SEQ_CST;
	if (value == FL_ACQUIRE)
		return load || p->kind == FLX_RMW;
	return value != FL_RELEASE || !load;
}

int flx_weaker(const struct flx_place *p, int to[FLX_MAX_WEAKER])
{
	static const uint8_t orders[] = { FL_ONCE, FL_ACQUIRE, FL_RELEASE, FL_ACQ_REL };
	static const uint8_t fences[] = {
		FL_FENCE_BARRIER,     FL_FENCE_RMB,	    FL_FENCE_WMB,	  FL_FENCE_MB,
		FL_FENCE_C11_ACQUIRE, FL_FENCE_C11_RELEASE, FL_FENCE_C11_ACQ_REL,
	};
	bool fence = p->ordering == FLX_OF_BARRIER;
	size_t nr = fence ? sizeof(fences) : sizeof(orders);
	int n = 0;

	for (size_t i = 0; i < nr; i++) {
		int value = fence ? fences[i] : orders[i];

		if (flx_is_weaker(p, value, p->written) && exists(p, value))
			to[n++] = value;
	}
	return n;
}

/* ---- names ---- */

static bool has_line(const struct fl_site *site)
{
	return site && site->file;
}

static const char *fence_name(int fence)
{
	static const char *const names[FL_FENCE_NR] = {
		[FL_FENCE_MB] = "smp_mb()",
		[FL_FENCE_RMB] = "smp_rmb()",
		[FL_FENCE_WMB] = "smp_wmb()",
		[FL_FENCE_BEFORE_ATOMIC] = "smp_mb__before_atomic()",
		[FL_FENCE_AFTER_ATOMIC] = "smp_mb__after_atomic()",
		[FL_FENCE_AFTER_SPINLOCK] = "smp_mb__after_spinlock()",
		[FL_FENCE_AFTER_UNLOCK_LOCK] = "smp_mb__after_unlock_lock()",
		[FL_FENCE_AFTER_SRCU_READ_UNLOCK] = "smp_mb__after_srcu_read_unlock()",
		[FL_FENCE_ACQUIRE_CTRL] = "smp_acquire__after_ctrl_dep()",
		[FL_FENCE_SYNC_RCU] = "synchronize_rcu()",
		[FL_FENCE_C11_ACQUIRE] = "acquire",
		[FL_FENCE_C11_RELEASE] = "release",
		[FL_FENCE_C11_ACQ_REL] = "acq_rel",
		[FL_FENCE_C11_SEQ_CST] = "seq_cst",
	};

	return names[fence] ? names[fence] : "nothing";
}

const char *flx_ordering_name(const struct flx_place *p, int value)
{
	static const char *const names[] = {
		[FL_PLAIN] = "plain",	  [FL_ONCE] = "relaxed",     [FL_ACQUIRE] = "acquire",
		[FL_RELEASE] = "release", [FL_MB] = "fully ordered", [FL_ACQ_REL] = "acq_rel",
		[FL_SEQ_CST] = "seq_cst",
	};
	bool kernel = !p->pc;

	if (p->ordering == FLX_OF_BARRIER)
		return fence_name(value);
	if (value == FL_ONCE && kernel && p->kind == FLX_READ)
		return "READ_ONCE()";
	if (value == FL_ONCE && kernel && p->kind == FLX_WRITE)
		return "WRITE_ONCE()";
	return names[value];
}

/* ---- during an exploration ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* A function in a header has a site per file that includes it; a trace has copies, with the file's base name. */
static bool same_line(const struct fl_site *a, const struct fl_site *b)
{
	if (a == b)
		return true;
	return has_line(a) && has_line(b) && a->line == b->line && same_text(a->text, b->text) &&
	       same_text(a->func, b->func) && !strcmp(base_name(a->file), base_name(b->file));
}

static bool is_at(const struct flx_place *p, const struct op *op)
{
	return p->pc ? p->pc == op->pc : same_line(p->site, op->site);
}

static void weaken(struct op *op, const struct flx_weakening *w)
{
	int written = w->place.written;

	switch (w->place.ordering) {
	case FLX_OF_ACCESS:
		if (op->kind != OP_FENCE && (int)op->order == written)
			op->order = w->to;
		break;
	case FLX_OF_FAILURE:
		if (op->kind == OP_RMW && (int)op->fail_order == written)
			op->fail_order = w->to;
		break;
	case FLX_OF_BARRIER:
		if (op->kind == OP_FENCE && (int)op->fence == written)
			op->fence = w->to;
		break;
	}
}

void weaken_op(struct op *op)
{
	for (int i = 0; i < options->nr_weaken; i++)
		if (!op->given && is_at(&options->weaken[i].place, op))
			weaken(op, &options->weaken[i]);
}

static void note(struct flx_places *list, const struct flx_place *p, const struct op *op)
{
	int to[FLX_MAX_WEAKER];

	if (!flx_weaker(p, to))
		return;
	for (int i = 0; i < list->n; i++)
		if (is_at(&list->at[i], op) && list->at[i].ordering == p->ordering &&
		    list->at[i].kind == p->kind && list->at[i].written == p->written)
			return;
	if (list->n == list->cap) {
		list->cap = list->cap ? 2 * list->cap : 32;
		list->at = realloc(list->at, list->cap * sizeof(*list->at));
		if (!list->at)
			abort();
	}
	list->at[list->n++] = *p;
}

void weaken_note(const struct op *op)
{
	struct flx_place p = {
		.site = op->site,
		.pc = has_line(op->site) ? 0 : op->pc,
		.addr = op->addr,
		.size = op->size,
	};

	if (!options->places || op->given || (!p.pc && !has_line(op->site)))
		return;
	switch (op->kind) {
	case OP_FENCE:
		p.ordering = FLX_OF_BARRIER;
		p.kind = FLX_FENCE;
		p.written = op->fence;
		break;
	case OP_LOAD:
	case OP_AWAIT:
		p.kind = FLX_READ;
		p.written = op->order;
		break;
	case OP_STORE:
		p.kind = FLX_WRITE;
		p.written = op->order;
		break;
	case OP_RMW:
		p.kind = FLX_RMW;
		p.written = op->order;
		break;
	default:
		return;
	}
	note(options->places, &p, op);
	if (op->kind != OP_RMW)
		return;
	p.ordering = FLX_OF_FAILURE;
	p.written = op->fail_order;
	note(options->places, &p, op);
}
