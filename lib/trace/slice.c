// SPDX-License-Identifier: MIT
/*
 * slice.c - which events of an execution a reader needs to see why it is a violation.
 *
 * It starts from the events that are the violation: the one at which the oracle failed, those by
 * which it judged if it did so at the end (lib/run/witness.h), the racing pair, waits that do not
 * end, the late load that has an explanation, and the steps that the author of the code labelled.
 * From there backwards, until nothing is added:
 *
 *   - a load needs the store of another thread that it read, and the one that it should have read; a
 *     labelled one also the store that came too late for it. But not the plain store by which an
 *     object was made that others found later;
 *   - an access of a program by which the oracle judged needs the store that made the page-table entry by
 *     which it got there, even its own thread's, and what was asked before in steps of the same protocol;
 *     one that a TLB's entry let through, the flush that came too late for it;
 *   - a step's store to what another thread looks at under a lock, which it had from the storing thread, needs that
 *     hand-over: it came too late;
 *   - a kept event needs the loads before it in its thread by which the thread learnt of the others. In a
 *     thread with labels these tell that story, and of the rest only loads that touch a labelled store
 *     or a store of the violation count. Of several loads that found the same, the last one counts;
 *   - a release and the acquire that reads it are needed if they order two kept events that no other
 *     such pair orders (a lock that was handed over);
 *   - a barrier is needed between two kept accesses, if any kept load is late: else the order shown is one that
 *     needs no explanation;
 *   - a store by which the oracle judged needs the loads of others that came before it and missed it.
 *
 * Nothing after the violation in its thread is needed, but for labelled steps. Two things never
 * are: a step that only reads what no thread of this execution has written, and what the model
 * needs in order to be hardware (fl_trace_is_machinery()). In a step with marked accesses the plain
 * ones only lead there, and a count of which nobody looks at the value tells nothing.
 */
#include "slice.h"

#include <stdlib.h>

#define MAX_PROGRAM 4  /* accesses of a program that are shown whatever they are */
#define MAX_STEPS 4096 /* along co: a file can be as wrong as it likes */

static bool is_start(const struct slice *s, int i)
{
	return i == s->t->violating || i == s->t->record.racing[0] || i == s->t->record.racing[1] ||
	       s->t->note[i].judged;
}

/* What an oracle's hook reads to tell of an access: the access is there. */
static bool is_hook(const struct slice *s, int i)
{
	const struct fl_site *line = s->ev[i].order == FL_PLAIN ? fl_trace_where(s->t, i) : NULL;

	return line && line->text && !strncmp(line->text, "FL_EVENT(", strlen("FL_EVENT("));
}

void fl_slice_keep(struct slice *s, int i)
{
	if (i < 0 || s->keep[i] || is_hook(s, i) ||
	    (fl_trace_is_machinery(&s->ev[i]) && !is_start(s, i)))
		return;
	s->keep[i] = s->changed = true;
	if (i > s->last[s->ev[i].thread])
		s->last[s->ev[i].thread] = i;
}

/* ---- what touches what ---- */

struct range {
	uintptr_t start, end;
	int event;
};

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->event - y->event;
}

/* Numbers the places: accesses that overlap are of one. False: out of memory. */
static bool find_places(struct slice *s)
{
	struct range *r = malloc((s->n + 1) * sizeof(*r));
	uintptr_t end = 0;
	int n = 0, place = -1;

	if (!r)
		return false;
	for (int i = 0; i < s->n; i++) {
		const struct flx_event *e = &s->ev[i];

		s->place[i] = -1;
		if (e->size && (loads(e) || stores(e)))
			r[n++] = (struct range){ e->addr, e->addr + e->size, i };
	}
	qsort(r, n, sizeof(*r), by_start);
	for (int k = 0; k < n; k++) {
		if (place < 0 || r[k].start >= end)
			s->p[++place].last_store = -1;
		if (r[k].end > end)
			end = r[k].end;
		s->place[r[k].event] = place;
	}
	free(r);
	return true;
}

static void note_accesses(struct slice *s)
{
	for (int i = 0; i < s->n; i++)
		s->next_load[i] = s->co_next[i] = -1;
	for (int i = 0; i < s->n; i++) {
		const struct flx_event *e = &s->ev[i];
		struct place *p = s->place[i] < 0 ? NULL : &s->p[s->place[i]];

		if (p && loads(e))
			p->loaders |= 1u << e->thread;
		if (p && e->kind == FLX_READ)
			p->read = true;
		if (p && stores(e))
			p->storers |= 1u << e->thread;
		if (stores(e) && e->co_after >= 0)
			s->co_next[e->co_after] = i;
	}
	for (int i = 0; i < s->n; i++)
		if (s->place[i] >= 0 && stores(&s->ev[i]) && s->co_next[i] < 0)
			s->p[s->place[i]].last_store = i;
}

/* For each load the thread's next one of the same place. False: out of memory. */
static bool link_loads(struct slice *s)
{
	int *next = malloc((s->n + 1) * FLX_MAX_THREADS * sizeof(*next));

	if (!next)
		return false;
	for (int i = 0; i < s->n * FLX_MAX_THREADS; i++)
		next[i] = -1;
	for (int i = s->n - 1; i >= 0; i--)
		if (s->place[i] >= 0 && loads(&s->ev[i])) {
			int *slot = &next[s->place[i] * FLX_MAX_THREADS + s->ev[i].thread];

			s->next_load[i] = *slot;
			*slot = i;
		}
	free(next);
	return true;
}

/* ---- where it starts ---- */

/* Of a deadlock: the waits, and what those who could end them did last. False: there are none. */
static bool keep_waits(struct slice *s)
{
	bool any = false;

	for (int i = 0; i < s->n; i++) {
		if (!s->ev[i].blocked)
			continue;
		fl_slice_keep(s, i);
		if (s->place[i] >= 0)
			fl_slice_keep(s, s->p[s->place[i]].last_store);
		any = true;
	}
	return any;
}

static void keep_violation(struct slice *s)
{
	const int *racing = s->t->record.racing;
	bool found = false;

	if (s->t->violating >= 0) {
		fl_slice_keep(s, s->t->violating);
		s->cut[s->ev[s->t->violating].thread] = s->t->violating;
		found = true;
	}
	for (int k = 0; k < 2 && racing[0] >= 0 && racing[1] >= 0; k++) {
		fl_slice_keep(s, racing[k]);
		s->cut[s->ev[racing[k]].thread] = racing[k];
		found = true;
	}
	for (int i = 0; i < s->n; i++) {
		if (s->t->note[i].judged)
			fl_slice_keep(s, i);
		if (fl_trace_judged_call(s->t, i) && i > s->last[s->ev[i].thread])
			s->last[s->ev[i].thread] = i;
		found |= s->t->note[i].judged || fl_trace_judged_call(s->t, i);
		if (s->ev[i].why[0] && i <= s->cut[s->ev[i].thread])
			fl_slice_keep(s, i);
	}
	s->open = !found && !keep_waits(s);
}

/* The violation is in the values at the end: what stores left them, and what threads saw. */
static void keep_end(struct slice *s)
{
	if (!s->open)
		return;
	for (int i = 0; i < s->n; i++) {
		int t = s->ev[i].thread;

		if (s->tells[t])
			continue;
		if (s->place[i] >= 0 && s->p[s->place[i]].last_store == i && matters(s, i))
			fl_slice_keep(s, i);
		/* all loads of the thread are in the past of its end */
		s->last[t] = i;
	}
}

/* ---- what else that needs ---- */

/* A store that the story is about. */
static bool is_told(const struct slice *s, int store)
{
	return store >= 0 && s->keep[store] &&
	       (labelled(&s->ev[store]) || !s->tells[s->ev[store].thread]);
}

/* Does the value that a read-modify-write found say anything, or is it one more in a counter? */
static bool needs_source(const struct slice *s, int i)
{
	const struct flx_event *e = &s->ev[i];

	if (e->rf < 0 || s->ev[e->rf].thread == e->thread || fl_slice_is_making(s, i))
		return false;
	return e->kind == FLX_READ || !s->tells[e->thread] || is_told(s, e->rf);
}

/* The first store of another thread that @i did not see because it came later; -1: none. */
static int overtaken_by(const struct slice *s, int i)
{
	int w = s->ev[i].rf, steps = 0;

	if (s->place[i] < 0)
		return -1;
	if (w >= 0) {
		w = s->co_next[w];
	} else {
		/* the first in co: no other is known to be before it */
		w = s->p[s->place[i]].last_store;
		while (w >= 0 && s->ev[w].co_after >= 0 && steps++ < MAX_STEPS)
			w = s->ev[w].co_after;
	}
	while (w >= 0 && s->ev[w].thread == s->ev[i].thread && steps++ < MAX_STEPS)
		w = s->co_next[w];
	return w >= 0 && s->ev[w].thread != s->ev[i].thread ? w : -1;
}

static int last_kept(const struct slice *s)
{
	int last = -1;

	for (int t = 0; t < FLX_MAX_THREADS; t++)
		last = s->last[t] > last ? s->last[t] : last;
	return last;
}

/*
 * A step that looked for something too early, or did not see it: what it did not find is the other
 * half of the story, unless that has a label anyway.
 */
static void keep_unseen(struct slice *s, int i)
{
	int w = overtaken_by(s, i), steps = 0;

	for (int k = w; k >= 0 && steps++ < MAX_STEPS; k = s->co_next[k])
		if (labelled(&s->ev[k]) && s->ev[k].thread != s->ev[i].thread)
			return;
	/* One more or less in a counter, when all is over. */
	if (w >= 0 && s->ev[w].kind == FLX_RMW && w > last_kept(s))
		return;
	if (w >= 0 && w <= s->cut[s->ev[w].thread])
		fl_slice_keep(s, w);
}

/* Does the load @i read something older than store @w? */
static bool misses(const struct slice *s, int i, int w)
{
	int steps = 0;

	for (int k = s->ev[w].co_after; k >= 0 && steps++ < MAX_STEPS; k = s->ev[k].co_after)
		if (k == s->ev[i].rf)
			return true;
	return s->ev[i].rf == FLX_INIT;
}

/* What went on with the old value, although the store @w is one that counts. */
static void keep_missers(struct slice *s, int w)
{
	for (int i = 0; i < s->n; i++)
		if (loads(&s->ev[i]) && s->place[i] == s->place[w] &&
		    s->ev[i].thread != s->ev[w].thread && misses(s, i, w) &&
		    i <= s->cut[s->ev[i].thread])
			fl_slice_keep(s, i);
}

static void follow(struct slice *s, int i)
{
	const struct flx_event *e = &s->ev[i];

	if (s->t->note[i].judged && stores(e) && s->place[i] >= 0)
		keep_missers(s, i);
	if (s->t->note[i].judged) {
		fl_slice_keep(s, fl_trace_entry_of(s->t, i));
		fl_slice_keep(s, fl_trace_late_flush(s->t, i));
	}
	if (!loads(e))
		return;
	if (needs_source(s, i))
		fl_slice_keep(s, e->rf);
	if (e->newer >= 0)
		fl_slice_keep(s, fl_trace_missed_store(s->t, i));
	else if (e->kind == FLX_READ && labelled(e) && !e->blocked)
		keep_unseen(s, i);
}

/* A later load of the thread found the same, and is there or will be. */
static bool is_repeated(const struct slice *s, int i)
{
	const struct flx_event *e = &s->ev[i];

	if (e->why[0])
		return false;
	for (int r = s->next_load[i]; r >= 0 && r <= s->last[e->thread]; r = s->next_load[r])
		if (s->ev[r].rf == e->rf && !s->ev[r].blocked)
			return s->keep[r] || !s->tells[e->thread];
	return false;
}

/* A plain store that the story is about, with a label. */
static bool is_step_data(const struct slice *s, int store)
{
	return is_told(s, store) && labelled(&s->ev[store]) && s->ev[store].order == FL_PLAIN;
}

/* Another access of the same line is kept: half of what was read together. */
static bool is_beside_kept(const struct slice *s, int i)
{
	const struct fl_site *line = fl_trace_where(s->t, i);

	for (int step = -1; line && step <= 1; step += 2) {
		int k = i + step;

		while (k >= 0 && k < s->n && s->ev[k].thread != s->ev[i].thread)
			k += step;
		if (k >= 0 && k < s->n && s->keep[k] && loads(&s->ev[k]) &&
		    fl_trace_where(s->t, k) == line)
			return true;
	}
	return false;
}

/* Is the load @i, which comes before a kept event of its thread, one by which the thread learnt of others? */
static bool is_news(const struct slice *s, int i)
{
	const struct flx_event *e = &s->ev[i];
	bool from_other = e->rf >= 0 && s->ev[e->rf].thread != e->thread;
	int w;

	if (!loads(e) || !matters(s, i) || is_repeated(s, i) || is_shared_lock(s, i))
		return false;
	/* In a kernel something protects it: that tells. Or it should, if a step's store is what was read. */
	if (e->order == FL_PLAIN && !s->t->info.program)
		return (from_other && is_step_data(s, e->rf)) ||
		       (is_beside_kept(s, i) && is_step_data(s, overtaken_by(s, i)));
	if (s->tells[e->thread])
		return (from_other && is_told(s, e->rf)) ||
		       (e->newer >= 0 && is_told(s, fl_trace_missed_store(s->t, i)));
	w = overtaken_by(s, i);
	return from_other || e->newer >= 0 || (w >= 0 && !(is_reader(e) && is_reader(&s->ev[w])));
}

static void look_back(struct slice *s)
{
	for (int i = 0; i < s->n; i++) {
		const struct flx_event *e = &s->ev[i];

		if (s->keep[i] || i > s->last[e->thread] || i > s->cut[e->thread])
			continue;
		if (e->kind == FLX_OTHER && e->site) {
			fl_slice_keep(s, i); /* a choice that was made */
		} else if (is_news(s, i)) {
			int w = s->tells[e->thread] ? -1 : overtaken_by(s, i);

			fl_slice_keep(s, i);
			if (w >= 0 && w <= s->cut[s->ev[w].thread] && e->newer < 0)
				fl_slice_keep(s, w);
		}
	}
}

/*
 * A thread that has no column, though one that has read from it: what it read would be something
 * else without that thread. Loads before read-modify-writes, of which many only count.
 */
static bool keep_silent(struct slice *s, int thread)
{
	int found = -1;

	if (s->last[thread] >= 0)
		return false;
	for (int i = 0; i < s->n; i++) {
		const struct flx_event *e = &s->ev[i];

		if (!loads(e) || e->rf < 0 || s->ev[e->rf].thread != thread || is_lock(e) ||
		    e->thread == thread || e->order == FL_PLAIN || i > s->last[e->thread])
			continue;
		if (found < 0 || (e->kind == FLX_READ && s->ev[found].kind != FLX_READ))
			found = i;
	}
	if (found < 0)
		return false;
	fl_slice_keep(s, found);
	fl_slice_keep(s, s->ev[found].rf);
	return true;
}

/* Of threads with a column: what their programs did, unless that is a lot. */
static void keep_programs(struct slice *s, int thread)
{
	int n = 0;

	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < s->n && i <= s->cut[thread]; i++) {
			const struct fl_trace_told *access = s->t->note[i].access;

			if (s->ev[i].thread != thread || !access || !access->program)
				continue;
			if (pass && n <= MAX_PROGRAM)
				fl_slice_keep(s, i);
			n += !pass;
		}
}

static void follow_all(struct slice *s)
{
	do {
		s->changed = false;
		for (int i = 0; i < s->n; i++)
			if (s->keep[i])
				follow(s, i);
		look_back(s);
	} while (s->changed);
}

static bool allocate(struct slice *s)
{
	size_t n = s->n + 1;

	s->keep = calloc(n, sizeof(*s->keep));
	s->asked = calloc(n, sizeof(*s->asked));
	s->place = malloc(n * sizeof(*s->place));
	s->next_load = malloc(n * sizeof(*s->next_load));
	s->co_next = malloc(n * sizeof(*s->co_next));
	s->p = calloc(n, sizeof(*s->p));
	return s->keep && s->asked && s->place && s->next_load && s->co_next && s->p;
}

bool *fl_trace_slice(const struct fl_trace *t)
{
	struct slice s = { .t = t, .ev = t->record.ev, .n = t->record.n };
	bool ok = allocate(&s) && find_places(&s);

	for (int k = 0; k < FLX_MAX_THREADS; k++) {
		s.last[k] = -1;
		s.cut[k] = s.n;
	}
	if (ok) {
		note_accesses(&s);
		ok = link_loads(&s);
	}
	if (ok) {
		fl_slice_keep_steps(&s);
		keep_violation(&s);
		keep_end(&s);
		follow_all(&s);
		for (int k = 0; k < FLX_MAX_THREADS; k++)
			if (keep_silent(&s, k))
				follow_all(&s);
		fl_slice_keep_hand_overs(&s);
		for (int k = 0; k < FLX_MAX_THREADS; k++)
			if (s.last[k] >= 0)
				keep_programs(&s, k);
		fl_slice_keep_barriers(&s);
	}
	free(s.asked);
	free(s.place);
	free(s.next_load);
	free(s.co_next);
	free(s.p);
	if (ok)
		return s.keep;
	free(s.keep);
	return NULL;
}
