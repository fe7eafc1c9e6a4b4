// SPDX-License-Identifier: MIT
/*
 * slice_step.c - of each labelled step the events that say what it did (slice.c).
 *
 * What matters of a step is what other threads can see or have changed. If it has marked accesses the plain ones only lead
 * there; a count of which nobody looks at the value tells nothing. If none of it matters to others, one event stands
 * for the step: what it stored, or else what it read last.
 *
 * An oracle that judged an access of a program means the entry of a page table by which it got there: what was asked
 * since the fault began, in steps of the same protocol, counts even if the answer was the same all the time.
 */
#include "slice.h"

bool fl_slice_is_making(const struct slice *s, int load)
{
	const struct flx_event *e = &s->ev[load];
	const struct flx_event *w = e->rf < 0 ? NULL : &s->ev[e->rf];

	return w && w->thread != e->thread && w->order == FL_PLAIN && !labelled(w) &&
	       s->tells[w->thread] && e->newer < 0 && !s->t->info.program;
}

static bool is_labelled_step(const struct flx_event *e)
{
	return labelled(e) && e->kind != FLX_FENCE && e->kind != FLX_OTHER;
}

/* An event beside @i in the same step of its thread, of the same run of it. -1: none. */
static int beside(const struct slice *s, int i, int direction)
{
	int k = i + direction;

	while (k >= 0 && k < s->n && s->ev[k].thread != s->ev[i].thread)
		k += direction;
	return k >= 0 && k < s->n && s->ev[k].step == s->ev[i].step ? k : -1;
}

static bool is_marked_access(const struct slice *s, int i)
{
	const struct flx_event *e = &s->ev[i];

	return (loads(e) || stores(e)) && e->order != FL_PLAIN && !is_lock(e);
}

/* A plain access by which a step gets to its marked ones. */
static bool is_way(const struct slice *s, int i)
{
	if (s->ev[i].order != FL_PLAIN || s->ev[i].newer >= 0)
		return false;
	for (int direction = -1; direction <= 1; direction += 2)
		for (int k = beside(s, i, direction); k >= 0; k = beside(s, k, direction))
			if (is_marked_access(s, k))
				return true;
	return false;
}

/* One more or less in a counter that is not what the step is about. */
static bool only_counts(const struct slice *s, int i)
{
	const struct flx_event *e = &s->ev[i];

	return e->kind == FLX_RMW && e->site && strcmp(e->site->text, e->step->text) &&
	       s->place[i] >= 0 && !s->p[s->place[i]].read && !is_lock(e);
}

/* Does it say what its labelled step did, to others or of others? */
static bool tells(const struct slice *s, int i)
{
	return s->asked[i] ||
	       (matters(s, i) && !is_way(s, i) && !only_counts(s, i) && !fl_slice_is_making(s, i));
}

/* Does the step in which the load @i is only look? */
static bool is_question(const struct slice *s, int i)
{
	for (int direction = -1; direction <= 1; direction += 2)
		for (int k = i; k >= 0; k = beside(s, k, direction))
			if (stores(&s->ev[k]) && !is_lock(&s->ev[k]))
				return false;
	return labelled(&s->ev[i]);
}

/* Is the load @i the first or the last one of its step? Of plain ones, the last. */
static bool is_at_end(const struct slice *s, int i)
{
	for (int direction = -1; direction <= 1; direction += 2) {
		int k = beside(s, i, direction);

		while (k >= 0 && (s->ev[k].kind != FLX_READ || is_way(s, k)))
			k = beside(s, k, direction);
		if (k < 0 && (direction > 0 || s->ev[i].order != FL_PLAIN))
			return true;
	}
	return false;
}

/* Where the fault was reported in which its thread got to @i; n: it is in none. */
static int begin_of_fault(const struct slice *s, int i)
{
	for (int k = i; k >= 0; k--) {
		const struct fl_trace_told *said = s->t->note[k].said;

		if (s->ev[k].thread != s->ev[i].thread)
			continue;
		for (; said; said = said->next)
			if (strstr(said->text, "] faults"))
				return k;
		if (s->t->note[k].access)
			break;
	}
	return s->n;
}

/*
 * What was asked, in steps of the same protocol, since the fault began that stored @entry: it counts even if the
 * answer was the same all the time.
 */
static void mark_asked(struct slice *s, int entry)
{
	const struct flx_event *e = &s->ev[entry];
	int begin = begin_of_fault(s, entry);

	for (int i = entry - 1; i > begin && labelled(e); i--) {
		const struct flx_event *asked = &s->ev[i];

		if (asked->thread != e->thread)
			continue;
		s->asked[i] = asked->kind == FLX_READ && is_question(s, i) && !is_way(s, i) &&
			      asked->step->label[0] == e->step->label[0] && is_at_end(s, i);
	}
}

/* How much an event says about the step that it is in, if nobody else has to do with any of it. */
enum says { NOTHING, LITTLE, READS, WRITES };

static enum says says(const struct slice *s, int i)
{
	const struct flx_event *e = &s->ev[i];

	if (fl_trace_is_machinery(e))
		return NOTHING;
	if (labelled(e) && (only_counts(s, i) || is_way(s, i)))
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
		fl_slice_keep(s, run->best);
	run->open = false;
}

/*
 * Of each run of events in one labelled step, those that matter; if none does one that says what
 * the step did, to show how far its thread got.
 */
void fl_slice_keep_steps(struct slice *s)
{
	struct run run[FLX_MAX_THREADS] = { 0 };
	const struct fl_site *step[FLX_MAX_THREADS] = { 0 };

	for (int i = 0; i < s->n; i++) {
		int entry = s->t->note[i].judged ? fl_trace_entry_of(s->t, i) : -1;

		s->tells[s->ev[i].thread] |= labelled(&s->ev[i]);
		if (entry >= 0)
			mark_asked(s, entry);
	}
	for (int i = 0; i < s->n; i++) {
		const struct flx_event *e = &s->ev[i];
		struct run *r = &run[e->thread];

		if (step[e->thread] != e->step)
			end_run(s, r);
		step[e->thread] = e->step;
		if (!labelled(e))
			continue;
		if (!r->open)
			*r = (struct run){ .best = -1, .open = true };
		/* What it read last decided. */
		if (says(s, i) > (r->best < 0 ? NOTHING : says(s, r->best)) ||
		    (says(s, i) == READS && r->best >= 0 && says(s, r->best) == READS))
			r->best = i;
		if (is_labelled_step(e) && tells(s, i)) {
			fl_slice_keep(s, i);
			r->any |= s->keep[i];
		}
	}
	for (int t = 0; t < FLX_MAX_THREADS; t++)
		end_run(s, &run[t]);
}
