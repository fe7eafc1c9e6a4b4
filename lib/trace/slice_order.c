// SPDX-License-Identifier: MIT
/*
 * slice_order.c - what orders the events that a picture has: locks, barriers, reader sections (slice.c).
 */
#include "slice.h"

#include <stdlib.h>

struct sync {
	int release, acquire;
	int before, after; /* how many kept events it comes after, and before */
};

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
			fl_slice_keep(s, x->release);
			fl_slice_keep(s, x->acquire);
		}
	}
	free(sync);
}

/* Of the section that begins with the acquire @i: the first store to that lock behind it, or n. */
static int end_of_section(const struct slice *s, int i)
{
	int end = i + 1;

	while (end < s->n && !(s->ev[end].thread == s->ev[i].thread && stores(&s->ev[end]) &&
			       s->place[end] == s->place[i]))
		end++;
	return end;
}

/* Does @thread load the place of @store between @from and @to? */
static bool is_looked_at(const struct slice *s, int store, int thread, int from, int to)
{
	for (int i = from; i < to; i++)
		if (s->ev[i].thread == thread && loads(&s->ev[i]) && s->place[i] == s->place[store])
			return true;
	return false;
}

/*
 * A step's store while another thread has a lock, which it had from the storing one, and looks at that place: the
 * store is outside of the lock that it belongs to. The hand-over shows it.
 */
static void keep_late_store(struct slice *s, int store)
{
	for (int i = store - 1; i >= 0; i--) {
		int release = s->ev[i].rf, thread = s->ev[i].thread, end;

		if (!is_sync(s, i) || !is_lock(&s->ev[i]) || s->ev[i].kind != FLX_RMW ||
		    s->ev[release].thread != s->ev[store].thread)
			continue;
		end = end_of_section(s, i);
		if (end < store || !is_looked_at(s, store, thread, i, end))
			continue;
		fl_slice_keep(s, release);
		fl_slice_keep(s, i);
		return;
	}
}

static void keep_late_stores(struct slice *s)
{
	for (int i = 0; i < s->n; i++)
		if (s->keep[i] && s->place[i] >= 0 && s->ev[i].kind == FLX_WRITE &&
		    labelled(&s->ev[i]) && !is_lock(&s->ev[i]))
			keep_late_store(s, i);
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
			fl_slice_keep(s, i);
		if (!s->keep[i] || e->kind == FLX_FENCE)
			continue;
		for (int k = 0; k < FL_FENCE_NR; k++) {
			if (late)
				fl_slice_keep(s, first[k]);
			first[k] = -1;
		}
		seen = true;
	}
}

/* If a wait for readers is part of it: the sections that have a kept event in them. */
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
				fl_slice_keep(s, i);
		} else if (s->keep[i] && depth) {
			any = true;
			fl_slice_keep(s, begin);
		}
	}
}

void fl_slice_keep_hand_overs(struct slice *s)
{
	keep_late_stores(s);
	keep_syncs(s);
}

void fl_slice_keep_barriers(struct slice *s)
{
	bool late = needs_barriers(s);

	for (int k = 0; k < FLX_MAX_THREADS; k++)
		keep_barriers(s, k, late);
	for (int i = 0; i < s->n; i++)
		s->rcu |= s->keep[i] && s->ev[i].kind == FLX_FENCE &&
			  s->ev[i].fence == FL_FENCE_SYNC_RCU;
	for (int k = 0; k < FLX_MAX_THREADS; k++)
		keep_sections(s, k);
}
