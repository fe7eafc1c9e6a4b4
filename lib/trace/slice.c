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
 *     labelled one also the store that came too late for it;
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
 * needs in order to be hardware (fl_trace_is_machinery()).
 */
#include "trace.h"

#include <stdlib.h>
#include <string.h>

#define MAX_PROGRAM 4  /* accesses of a program that are shown whatever they are */
#define MAX_STEPS 4096 /* along co: a file can be as wrong as it likes */

struct place {
	uint32_t loaders, storers; /* threads */
	int last_store;		   /* in co, or -1 */
};

struct sync {
	int release, acquire;
	int before, after; /* how many kept events it comes after, and before */
};

struct slice {
	const struct fl_trace *t;
	const struct flx_event *ev;
	int n;
	bool *keep;
	int *place;		     /* of each event, -1: none */
	int *next_load;		     /* the thread's next load of the same place, -1: none */
	int *co_next;		     /* the next store in co, -1: none */
	struct place *p;	     /* by number */
	bool tells[FLX_MAX_THREADS]; /* the thread has labelled steps */
	int last[FLX_MAX_THREADS];   /* its last kept event, -1: none */
	int cut[FLX_MAX_THREADS];    /* the violation in it, or n */
	bool open; /* the violation is in no event: all that happened may matter */
	bool rcu;  /* some thread waits for a grace period */
	bool changed;
};

static bool loads(const struct flx_event *e)
{
	return e->kind == FLX_READ || e->kind == FLX_RMW;
}

static bool stores(const struct flx_event *e)
{
	return e->kind == FLX_WRITE || e->kind == FLX_RMW;
}

static bool labelled(const struct flx_event *e)
{
	return e->step && e->step->label;
}

static bool acquires(const struct flx_event *e)
{
	return loads(e) && (e->order == FL_ACQUIRE || e->order >= FL_MB);
}

static bool releases(const struct flx_event *e)
{
	return stores(e) && e->order >= FL_RELEASE;
}

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

static void keep(struct slice *s, int i)
{
	if (i < 0 || s->keep[i] || is_hook(s, i) ||
	    (fl_trace_is_machinery(&s->ev[i]) && !is_start(s, i)))
		return;
	s->keep[i] = s->changed = true;
	if (i > s->last[s->ev[i].thread])
		s->last[s->ev[i].thread] = i;
}

static bool has_prefix(const struct flx_event *e, const char *prefix)
{
	return e->site && !strncmp(e->site->text, prefix, strlen(prefix));
}

static bool is_reader(const struct flx_event *e)
{
	return has_prefix(e, "down_read") || has_prefix(e, "up_read");
}

/* Readers of one lock wait for nobody. */
static bool is_shared_lock(const struct slice *s, int i)
{
	return is_reader(&s->ev[i]) && s->ev[i].rf >= 0 && is_reader(&s->ev[s->ev[i].rf]);
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

/* A load that another thread's stores can change, or a store that another thread's loads can see. */
static bool matters(const struct slice *s, int i)
{
	const struct flx_event *e = &s->ev[i];
	uint32_t others = ~(1u << e->thread);
	const struct place *p;

	if (e->newer >= 0 || e->blocked)
		return true;
	if (s->place[i] < 0)
		return false;
	p = &s->p[s->place[i]];
	return (loads(e) && (p->storers & others)) || (stores(e) && (p->loaders & others));
}

/* ---- where it starts ---- */

static bool is_labelled_step(const struct flx_event *e)
{
	return labelled(e) && e->kind != FLX_FENCE && e->kind != FLX_OTHER;
}

/* How much an event says about the step that it is in, if nobody else has to do with any of it. */
enum says { NOTHING, LITTLE, READS, WRITES };

static enum says says(const struct slice *s, int i)
{
	const struct flx_event *e = &s->ev[i];

	if (fl_trace_is_machinery(e))
		return NOTHING;
	if (stores(e))
		return WRITES;
	if (!loads(e))
		return LITTLE;
	return s->place[i] >= 0 && s->p[s->place[i]].storers ? READS : NOTHING;
}

struct run {	  /* of events in one labelled step */
	int best; /* of those that do not matter, -1: none */
	bool open, any;
};

static void end_run(struct slice *s, struct run *run)
{
	if (run->open && !run->any)
		keep(s, run->best);
	run->open = false;
}

/*
 * Of each run of events in one labelled step, those that matter; if none does one that says what
 * the step did, to show how far its thread got.
 */
static void keep_steps(struct slice *s)
{
	struct run run[FLX_MAX_THREADS] = { 0 };
	const struct fl_site *step[FLX_MAX_THREADS] = { 0 };

	for (int i = 0; i < s->n; i++) {
		const struct flx_event *e = &s->ev[i];
		struct run *r = &run[e->thread];

		if (step[e->thread] != e->step)
			end_run(s, r);
		step[e->thread] = e->step;
		if (!labelled(e))
			continue;
		s->tells[e->thread] = true;
		if (!r->open)
			*r = (struct run){ .best = -1, .open = true };
		if (says(s, i) > (r->best < 0 ? NOTHING : says(s, r->best)))
			r->best = i;
		if (is_labelled_step(e) && matters(s, i)) {
			keep(s, i);
			r->any |= s->keep[i];
		}
	}
	for (int t = 0; t < FLX_MAX_THREADS; t++)
		end_run(s, &run[t]);
}

/* Of a deadlock: the waits, and what those who could end them did last. False: there are none. */
static bool keep_waits(struct slice *s)
{
	bool any = false;

	for (int i = 0; i < s->n; i++) {
		if (!s->ev[i].blocked)
			continue;
		keep(s, i);
		if (s->place[i] >= 0)
			keep(s, s->p[s->place[i]].last_store);
		any = true;
	}
	return any;
}

static void keep_violation(struct slice *s)
{
	const int *racing = s->t->record.racing;
	bool found = false;

	if (s->t->violating >= 0) {
		keep(s, s->t->violating);
		s->cut[s->ev[s->t->violating].thread] = s->t->violating;
		found = true;
	}
	for (int k = 0; k < 2 && racing[0] >= 0 && racing[1] >= 0; k++) {
		keep(s, racing[k]);
		s->cut[s->ev[racing[k]].thread] = racing[k];
		found = true;
	}
	for (int i = 0; i < s->n; i++) {
		if (s->t->note[i].judged)
			keep(s, i);
		if (fl_trace_judged_call(s->t, i) && i > s->last[s->ev[i].thread])
			s->last[s->ev[i].thread] = i;
		found |= s->t->note[i].judged || fl_trace_judged_call(s->t, i);
		if (s->ev[i].why[0] && i <= s->cut[s->ev[i].thread])
			keep(s, i);
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
			keep(s, i);
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

	if (e->rf < 0 || s->ev[e->rf].thread == e->thread)
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
	if (w >= 0 && w <= s->cut[s->ev[w].thread])
		keep(s, w);
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
			keep(s, i);
}

static void follow(struct slice *s, int i)
{
	const struct flx_event *e = &s->ev[i];

	if (s->t->note[i].judged && stores(e) && s->place[i] >= 0)
		keep_missers(s, i);
	if (!loads(e))
		return;
	if (needs_source(s, i))
		keep(s, e->rf);
	if (e->newer >= 0)
		keep(s, fl_trace_missed_store(s->t, i));
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
			keep(s, i); /* a choice that was made */
		} else if (is_news(s, i)) {
			int w = s->tells[e->thread] ? -1 : overtaken_by(s, i);

			keep(s, i);
			if (w >= 0 && w <= s->cut[s->ev[w].thread] && e->newer < 0)
				keep(s, w);
		}
	}
}

/* Is it about data, and not about who has a lock? */
static bool is_lock(const struct flx_event *e)
{
	return has_prefix(e, "spin_") || has_prefix(e, "down_") || has_prefix(e, "up_") ||
	       fl_trace_is_machinery(e);
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
	keep(s, found);
	keep(s, s->ev[found].rf);
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
				keep(s, i);
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

/* ---- what orders them ---- */

static int count_kept(const struct slice *s, int thread, int from, int to)
{
	int n = 0;

	for (int i = from; i <= to; i++)
		n += s->keep[i] && s->ev[i].thread == thread && i <= s->cut[thread];
	return n;
}

static bool is_sync(const struct slice *s, int i)
{
	const struct flx_event *e = &s->ev[i];

	return !fl_trace_is_machinery(e) && !is_shared_lock(s, i) && acquires(e) && e->rf >= 0 &&
	       s->ev[e->rf].thread != e->thread && releases(&s->ev[e->rf]) &&
	       i <= s->cut[e->thread];
}

#define MAX_SYNC 512

/* Hand-overs that order kept events, without those that another one makes superfluous. */
static void keep_syncs(struct slice *s)
{
	struct sync *sync = malloc(MAX_SYNC * sizeof(*sync));
	int n = 0;

	for (int i = 0; sync && i < s->n && n < MAX_SYNC; i++) {
		struct sync x = { .release = s->ev[i].rf, .acquire = i };

		if (!is_sync(s, i) || i > s->last[s->ev[i].thread])
			continue;
		x.before = count_kept(s, s->ev[x.release].thread, 0, x.release);
		x.after = count_kept(s, s->ev[i].thread, i, s->n - 1);
		if (x.before && x.after)
			sync[n++] = x;
	}
	for (int i = 0; i < n; i++) {
		const struct sync *x = &sync[i];
		bool needed = true;

		for (int j = 0; j < n && needed; j++) {
			const struct sync *y = &sync[j];

			if (j == i || s->ev[y->release].thread != s->ev[x->release].thread ||
			    s->ev[y->acquire].thread != s->ev[x->acquire].thread)
				continue;
			if (y->before < x->before || y->after < x->after)
				continue;
			needed = y->before == x->before && y->after == x->after && i < j;
		}
		if (needed) {
			keep(s, x->release);
			keep(s, x->acquire);
		}
	}
	free(sync);
}

static bool is_barrier(const struct flx_event *e)
{
	return e->kind == FLX_FENCE && e->fence != FL_FENCE_BARRIER &&
	       e->fence != FL_FENCE_RCU_LOCK && e->fence != FL_FENCE_RCU_UNLOCK;
}

/* Is a kept load late, so that an order that is missing is part of the story? */
static bool needs_barriers(const struct slice *s)
{
	for (int i = 0; i < s->n; i++)
		if (s->keep[i] && s->ev[i].newer >= 0)
			return true;
	return false;
}

/* Barriers with a kept access before and after; of equal ones in a row, the first. */
static void keep_barriers(struct slice *s, int thread, bool late)
{
	int first[FL_FENCE_NR];
	bool seen = false;

	for (int k = 0; k < FL_FENCE_NR; k++)
		first[k] = -1;
	for (int i = 0; i < s->n && i <= s->cut[thread]; i++) {
		const struct flx_event *e = &s->ev[i];

		if (e->thread != thread)
			continue;
		if (is_barrier(e) && seen && first[e->fence] < 0)
			first[e->fence] = i;
		/* One behind all that matters, in which its thread may wait, is not the story. */
		if (is_barrier(e) && (i <= s->last[thread] || s->open) &&
		    (e->fence == FL_FENCE_SYNC_RCU || e->fence == FL_FENCE_SYNC_SRCU))
			keep(s, i);
		if (!s->keep[i] || e->kind == FLX_FENCE)
			continue;
		for (int k = 0; k < FL_FENCE_NR; k++) {
			if (late)
				keep(s, first[k]);
			first[k] = -1;
		}
		seen = true;
	}
}

/* If anybody waits for readers: the sections that have a kept event in them. */
static void keep_sections(struct slice *s, int thread)
{
	int begin = -1, depth = 0;
	bool any = false;

	for (int i = 0; i < s->n && s->rcu; i++) {
		const struct flx_event *e = &s->ev[i];

		if (e->thread != thread)
			continue;
		if (e->kind == FLX_FENCE && e->fence == FL_FENCE_RCU_LOCK) {
			if (!depth++) {
				begin = i;
				any = false;
			}
		} else if (e->kind == FLX_FENCE && e->fence == FL_FENCE_RCU_UNLOCK && depth) {
			if (!--depth && any)
				keep(s, i);
		} else if (s->keep[i] && depth) {
			any = true;
			keep(s, begin);
		}
	}
}

static bool allocate(struct slice *s)
{
	size_t n = s->n + 1;

	s->keep = calloc(n, sizeof(*s->keep));
	s->place = malloc(n * sizeof(*s->place));
	s->next_load = malloc(n * sizeof(*s->next_load));
	s->co_next = malloc(n * sizeof(*s->co_next));
	s->p = calloc(n, sizeof(*s->p));
	return s->keep && s->place && s->next_load && s->co_next && s->p;
}

bool *fl_trace_slice(const struct fl_trace *t)
{
	struct slice s = { .t = t, .ev = t->record.ev, .n = t->record.n };
	bool ok = allocate(&s) && find_places(&s), late;

	for (int k = 0; k < FLX_MAX_THREADS; k++) {
		s.last[k] = -1;
		s.cut[k] = s.n;
	}
	if (ok) {
		note_accesses(&s);
		ok = link_loads(&s);
	}
	if (ok) {
		for (int i = 0; i < s.n; i++)
			s.rcu |= s.ev[i].kind == FLX_FENCE && s.ev[i].fence == FL_FENCE_SYNC_RCU;
		keep_steps(&s);
		keep_violation(&s);
		keep_end(&s);
		follow_all(&s);
		for (int k = 0; k < FLX_MAX_THREADS; k++)
			if (keep_silent(&s, k))
				follow_all(&s);
		keep_syncs(&s);
		for (int k = 0; k < FLX_MAX_THREADS; k++)
			if (s.last[k] >= 0)
				keep_programs(&s, k);
		late = needs_barriers(&s);
		for (int k = 0; k < FLX_MAX_THREADS; k++) {
			keep_barriers(&s, k, late);
			keep_sections(&s, k);
		}
	}
	free(s.place);
	free(s.next_load);
	free(s.co_next);
	free(s.p);
	if (ok)
		return s.keep;
	free(s.keep);
	return NULL;
}
