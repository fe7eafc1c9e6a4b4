/* SPDX-License-Identifier: MIT */
/*
 * lifetime.c - see lifetime.h.
 *
 * A thread's memory is handed out from the beginning in each run, so an address says little: whose object it is, and how
 * large, depends on the execution. Allocations have no events, nor do uses of objects that no two threads use; what
 * the labels note of both (struct deed) counts as done just before the label's event.
 *
 * What comes before what is asked of happens-before. Without it (sc, tso, lkmm), only bounds are checked here.
 */
#include "lifetime.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learn.h"
#include "memory.h"
#include "search.h"

struct object {
	uintptr_t start;
	uint32_t size;
	bool cleared;
	int at; /* allocated before that event of its thread */
};

/* By thread, and so, since its memory is handed out from the beginning, by address. */
static struct heap {
	struct object *o;
	int n, cap;
} heaps[FLX_MAX_THREADS];

static int frees[EV_CAP], nr_frees; /* events */

struct use {
	int thread, at;	       /* it is, or comes just before, that event of its thread */
	int event;	       /* that, or one that shows it */
	const struct ev *ev;   /* NULL: it has none of its own */
	const uint16_t *clock; /* what happens before it; NULL: nothing */
	uintptr_t addr;
	uint32_t size;
};

void lifetime_forget(void)
{
	for (int t = 0; t < FLX_MAX_THREADS; t++)
		free(heaps[t].o);
	memset(heaps, 0, sizeof(heaps));
}

/* What thread @t has done, or has come to, as its event number @i. */
static const struct label *label_of(int t, int i)
{
	if (i < G.tn[t])
		return G.ev[G.tev[t][i]].op;
	return search_ended(t) ? NULL : exec_label(t);
}

/* The store of a read-modify-write has its load's label. */
static bool has_own_label(int t, int i)
{
	return i >= G.tn[t] || G.ev[G.tev[t][i]].kind != EV_WRITE ||
	       !(G.ev[G.tev[t][i]].flags & EVF_RMW);
}

static void add_object(struct heap *h, const struct deed *d, int at)
{
	if (h->n == h->cap) {
		h->cap = h->cap ? 2 * h->cap : 16;
		h->o = realloc(h->o, h->cap * sizeof(*h->o));
		if (!h->o)
			abort();
	}
	h->o[h->n++] = (struct object){ d->addr, d->size, d->kind == DEED_CLEARED, at };
}

static void find_objects(void)
{
	for (int t = 0; t < G.nthreads; t++) {
		heaps[t].n = 0;
		for (int i = 0; i <= G.tn[t]; i++) {
			const struct label *l = has_own_label(t, i) ? label_of(t, i) : NULL;

			for (int k = 0; l && k < l->ndeeds; k++)
				if (l->deed[k].kind != DEED_USED)
					add_object(&heaps[t], &l->deed[k], i);
		}
	}
}

static void find_frees(void)
{
	nr_frees = 0;
	for (int e = 0; G.nr[HAS_FREE] && e < G.n; e++)
		if (G.ev[e].flags & EVF_FREE)
			frees[nr_frees++] = e;
}

static const struct object *object_at(int t, uintptr_t addr)
{
	const struct heap *h = &heaps[t];
	int lo = 0, hi = h->n;

	while (lo < hi) {
		int mid = (lo + hi) / 2;

		if (h->o[mid].start <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && addr - h->o[lo - 1].start < h->o[lo - 1].size ? &h->o[lo - 1] : NULL;
}

static bool comes_before(const struct use *u, int event)
{
	return graph_hb(&G, event)[u->thread] > u->at;
}

static unsigned int known_of(const struct use *u, int thread)
{
	return u->clock ? u->clock[thread] : 0;
}

__attribute__((format(printf, 5, 6))) static bool fails(struct lifetime_error *err,
							const struct use *u, int other,
							const char *oracle, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err->message, sizeof(err->message), fmt, ap);
	va_end(ap);
	err->oracle = oracle;
	err->pair[0] = other;
	err->pair[1] = other == EV_NONE ? EV_NONE : u->event;
	return true;
}

static bool is_free(const struct use *u)
{
	return u->ev && (u->ev->flags & EVF_FREE);
}

/* A library call, such as one that locks a mutex, has a name. */
static bool is_not_initialised(struct lifetime_error *err, const struct use *u)
{
	const struct fl_site *site = u->ev->op->site;

	if (site && site->text)
		return fails(err, u, EV_NONE, "uninitialised",
			     "CPU%d calls %s for memory of malloc() that nobody has initialised",
			     u->thread, site->text);
	return fails(err, u, EV_NONE, "uninitialised",
		     "CPU%d reads memory of malloc() that nobody has written to", u->thread);
}

/* Of memory that thread @t has allocated. */
static bool heap_error(struct lifetime_error *err, const struct use *u, int t)
{
	const struct object *o = object_at(t, u->addr);

	if (is_free(u) && (!o || o->start != u->addr))
		return fails(err, u, EV_NONE, "invalid-free",
			     "CPU%d frees what is not the beginning of an object", u->thread);
	if (!o || u->addr + u->size > o->start + o->size)
		return fails(err, u, EV_NONE, "out-of-bounds",
			     "CPU%d accesses %u bytes that no object of the heap contains",
			     u->thread, u->size);
	/* Its first size may have been another execution's. */
	if (is_free(u) && u->thread != t && o->size > u->ev->op->a)
		learn_handed_on(o->start, o->size, u->thread);
	if (S.clocks && S.opt->races && u->thread != t && known_of(u, t) <= (unsigned int)o->at)
		return fails(err, u, EV_NONE, "use-before-malloc",
			     "CPU%d may use an object before CPU%d has allocated it", u->thread, t);
	if (program->sees_stores && u->ev && u->ev->kind == EV_READ &&
	    (u->ev->op->flags & EVF_USED) && u->ev->rf == EV_INIT && !o->cleared)
		return is_not_initialised(err, u);
	return false;
}

/* Somebody's free() may come before it. */
static bool freed(struct lifetime_error *err, const struct use *u)
{
	for (int i = 0; i < nr_frees; i++) {
		int f = frees[i], t = locs[G.ev[f].loc].heap_of;
		const struct ev *fe = &G.ev[f];
		uintptr_t start = locs[fe->loc].addr;
		const struct object *o = t < 0 ? NULL : object_at(t, start);

		if (u->addr - start >= (o ? o->size : fe->op->a))
			continue;
		if (fe->thread == u->thread ? fe->idx < u->at : !comes_before(u, f))
			return fails(err, u, f, "use-after-free",
				     "CPU%d uses an object that CPU%d has freed", u->thread,
				     fe->thread);
	}
	return false;
}

/* Are the function's variables at @addr there when thread @t has done its event number @i? */
static bool frame_is_there(int t, int i, uintptr_t addr)
{
	const struct ev *e = i < 0 ? NULL : &G.ev[G.tev[t][i]];

	return e && e->kind != EV_BEGIN && e->op->sp <= addr;
}

/* Of the stack of thread @t. */
static bool stack_error(struct lifetime_error *err, const struct use *u, int t)
{
	int known = (int)known_of(u, t);
	bool in_function = u->addr < T[t].frames_end;

	if (known && G.ev[G.tev[t][known - 1]].kind == EV_END)
		return fails(err, u, EV_NONE, "use-after-return",
			     "CPU%d uses a variable of CPU%d, which has ended", u->thread, t);
	if (in_function && S.opt->races && !frame_is_there(t, known - 1, u->addr))
		return fails(err, u, EV_NONE, "use-after-return",
			     "CPU%d uses a variable of a function that CPU%d may not be in",
			     u->thread, t);
	for (int i = known; i < G.tn[t]; i++) {
		const struct ev *e = &G.ev[G.tev[t][i]];

		if (e->kind != EV_END && !(in_function && e->op->sp > u->addr))
			continue;
		/* It has returned before that event: what the event itself learns comes too late. */
		if (i && comes_before(u, G.tev[t][i - 1]))
			return false;
		return fails(err, u, EV_NONE, "use-after-return",
			     "CPU%d may use a variable of CPU%d after its function has returned",
			     u->thread, t);
	}
	return false;
}

static bool event_error(struct lifetime_error *err, int e)
{
	const struct ev *ev = &G.ev[e];
	const struct loc_info *l = &locs[ev->loc];
	struct use u = {
		.thread = ev->thread,
		.at = ev->idx,
		.event = e,
		.ev = ev,
		.clock = S.clocks ? graph_hb(&G, e) : NULL,
		.addr = l->addr,
		.size = l->size,
	};

	if (!ev_is_access(ev))
		return false;
	if (l->heap_of >= 0)
		return heap_error(err, &u, l->heap_of) ||
		       (S.clocks && !is_free(&u) && freed(err, &u));
	return S.clocks && l->stack_of >= 0 && l->stack_of != ev->thread &&
	       stack_error(err, &u, l->stack_of);
}

static bool deed_error(struct lifetime_error *err, const struct deed *d, int t, int i)
{
	int before = i ? G.tev[t][i - 1] : EV_NONE;
	struct use u = {
		.thread = t,
		.at = i,
		.event = before,
		.clock = before == EV_NONE ? NULL : graph_hb(&G, before),
		.addr = d->addr,
		.size = d->size,
	};
	int other;

	if (d->kind != DEED_USED || !S.clocks)
		return false;
	if (freed(err, &u))
		return true;
	if (memory_is_thread_heap(d->addr))
		return heap_error(err, &u, memory_zone(d->addr));
	other = exec_stack_of(d->addr);
	return other >= 0 && stack_error(err, &u, other);
}

static bool deeds_error(struct lifetime_error *err, int t)
{
	for (int i = 0; i <= G.tn[t]; i++) {
		const struct label *l = has_own_label(t, i) ? label_of(t, i) : NULL;

		for (int k = 0; l && k < l->ndeeds; k++)
			if (deed_error(err, &l->deed[k], t, i))
				return true;
	}
	return false;
}

bool lifetime_error(struct lifetime_error *err)
{
	if (!G.nr[HAS_OWNED])
		return false;
	find_objects();
	find_frees();
	for (int t = 0; t < G.nthreads; t++)
		if (deeds_error(err, t))
			return true;
	for (int e = 0; e < G.n; e++)
		if (event_error(err, e))
			return true;
	return false;
}
