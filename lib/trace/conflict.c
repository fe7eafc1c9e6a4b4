// SPDX-License-Identifier: MIT
/*
 * conflict.c - the two events that contradict each other, in a line or two above the picture.
 *
 * An oracle that judges at the end names what it judged by (oracle/about.h): two events, or one. To
 * a store that got lost, the other one is the load that went on without it. Of two events, one lies
 * between two steps of the other's thread: that is where something lets it in that should not.
 */
#include "trace.h"

#include <stdlib.h>
#include <string.h>

#define MAX_SOURCE 64

static const struct flx_event *event(const struct fl_trace *t, int i)
{
	return &t->record.ev[i];
}

/* Adds "file:line" in parentheses. */
static void add_place(char *buf, size_t size, const struct fl_site *where)
{
	size_t n = strlen(buf);

	if (where && where->file && where->line > 0)
		snprintf(buf + n, size - n, " (%s:%d)", where->file, where->line);
}

/* What the oracle was told there; NULL: nothing. */
static const struct fl_trace_told *told_at(const struct fl_trace *t, int i)
{
	return t->note[i].access ? t->note[i].access : fl_trace_judged_call(t, i);
}

static const struct fl_site *place_of(const struct fl_trace *t, int i)
{
	const struct fl_trace_told *told = told_at(t, i);

	if (told)
		return told->where;
	return event(t, i)->step ? event(t, i)->step : fl_trace_where(t, i);
}

static void put_who(char *buf, size_t size, const struct fl_trace *t, int i)
{
	snprintf(buf, size, "%s%d", t->info.program ? "thread " : "CPU", event(t, i)->thread);
}

/* Of "read-only pin [0x10]" and of "message: write" what it is. */
static int first_words(const char *text)
{
	const char *bracket = strchr(text, '[');

	return bracket && bracket > text ? (int)(bracket - text - 1) : (int)strcspn(text, " :,");
}

/* Source text, cut between arguments if it is too long. */
static void put_source(char *buf, size_t size, const char *source)
{
	char text[256];
	int n, open = 0;

	fl_trace_tidy(text, sizeof(text), source);
	n = (int)strlen(text);
	if (n > MAX_SOURCE) {
		for (n = MAX_SOURCE - 5; n > MAX_SOURCE / 3 && !strchr("(,", text[n - 1]);)
			n--;
		for (int i = 0; i < n; i++)
			open += (text[i] == '(') - (text[i] == ')');
	}
	snprintf(buf, size, "%.*s%s%.*s", n, text,
		 !text[n]	      ? ""
		 : text[n - 1] == ',' ? " ..."
				      : "...",
		 !text[n] || open < 0 ? 0
		 : open > 4	      ? 4
				      : open,
		 "))))");
}

/* "C1", "store", or what the line says. */
static void put_short(char *buf, size_t size, const struct fl_trace *t, int i)
{
	const struct flx_event *e = event(t, i);
	const struct fl_trace_told *told = told_at(t, i);
	const struct fl_site *where = place_of(t, i);

	if (e->step && e->step->label)
		snprintf(buf, size, "%s", e->step->label);
	else if (told && !told->access && !strpbrk(told->text, "[:"))
		snprintf(buf, size, "\"%s\"", told->text); /* a sentence */
	else if (told)
		snprintf(buf, size, "%.*s", first_words(told->text), told->text);
	else if (!fl_trace_hardware_text(buf, size, t, i))
		put_source(buf, size, where && where->text ? where->text : fl_trace_operation(e));
}

/* "store [0x10] = 0x3", "C1 wp_copy_user(vmf, page)" */
static void put_long(char *buf, size_t size, const struct fl_trace *t, int i)
{
	const struct flx_event *e = event(t, i);
	const struct fl_trace_told *told = told_at(t, i);
	const char *result = told ? told->result : "", *end = strstr(result, "  ");
	int n;

	if (told) {
		fl_trace_fit(buf, size, "%s%.*s", told->text,
			     (int)(end ? (size_t)(end - result) : strlen(result)), result);
	} else if (e->step && e->step->label) {
		n = snprintf(buf, size, "%s ", e->step->label);
		put_source(buf + n, size - n, e->step->text);
	} else {
		put_short(buf, size, t, i);
	}
}

static void add_event(char *buf, size_t size, const struct fl_trace *t, int i, bool at_length)
{
	size_t n = strlen(buf);

	(at_length ? put_long : put_short)(buf + n, size - n, t, i);
	add_place(buf, size, place_of(t, i));
}

static bool stores(const struct flx_event *e)
{
	return e->kind == FLX_WRITE || e->kind == FLX_RMW;
}

static bool loads(const struct flx_event *e)
{
	return e->kind == FLX_READ || e->kind == FLX_RMW;
}

/* The load of another thread that found what was there before the store @w; -1: none. */
static int misser_of(const struct fl_trace *t, int w)
{
	int before = event(t, w)->co_after, found = -1;

	for (int i = 0; i < t->record.n; i++) {
		const struct flx_event *e = event(t, i);

		if (loads(e) && e->thread != event(t, w)->thread && e->addr == event(t, w)->addr &&
		    e->rf == before)
			found = i;
	}
	return found;
}

/* Who takes or lets go of a lock does nothing to others yet. */
static bool is_lock(const struct flx_event *e)
{
	const char *text = e->site ? e->site->text : "";

	return e->kind == FLX_FENCE || !strncmp(text, "spin_", 5) || !strncmp(text, "down_", 5) ||
	       !strncmp(text, "up_", 3);
}

/*
 * Of the picture's events of @thread the nearest to @i, before or behind it, that is no lock; of several with labels,
 * one of these.
 */
static int neighbour(const struct fl_trace *t, const bool *keep, int thread, int i, int step)
{
	int found = -1;

	for (int k = i + step; k >= 0 && k < t->record.n; k += step) {
		const struct flx_event *e = event(t, k);

		if (e->thread != thread || !keep[k] || is_lock(e))
			continue;
		if (e->step && e->step->label)
			return k;
		if (found < 0)
			found = k;
	}
	return found;
}

/* "CPU2's store comes between CPU1's C1 (cow.c:329) and C5 (cow.c:306)" */
static void add_between(char *buf, size_t size, const struct fl_trace *t, int x, int before,
			int behind)
{
	char who[24], whose[24], what[96];
	size_t n = strlen(buf);

	put_who(who, sizeof(who), t, x);
	put_who(whose, sizeof(whose), t, before);
	put_short(what, sizeof(what), t, x);
	snprintf(buf + n, size - n, "\n  %s's %s comes between %s's ", who, what, whose);
	add_event(buf, size, t, before, false);
	n = strlen(buf);
	snprintf(buf + n, size - n, " and ");
	add_event(buf, size, t, behind, false);
}

/* Does @x lie between two steps of the thread of @y, which is one of them or comes with them? */
static bool try_between(char *buf, size_t size, const struct fl_trace *t, const bool *keep, int x,
			int y)
{
	int thread = event(t, y)->thread;
	int before = y < x ? y : neighbour(t, keep, thread, x, -1);
	int behind = y > x ? y : neighbour(t, keep, thread, x, 1);

	if (thread == event(t, x)->thread || before < 0 || behind < 0)
		return false;
	add_between(buf, size, t, x, before, behind);
	return true;
}

/* An access by a TLB entry that a flush then drops: between the change and the flush. */
static bool try_flush(char *buf, size_t size, const struct fl_trace *t, const bool *keep, int x)
{
	int flush = fl_trace_late_flush(t, x), before;

	if (flush < 0)
		return false;
	before = neighbour(t, keep, event(t, flush)->thread, x, -1);
	if (before < 0)
		return false;
	add_between(buf, size, t, x, before, flush);
	return true;
}

static bool is_across(const struct fl_trace *t, int i, int other)
{
	return other >= 0 && event(t, other)->thread != event(t, i)->thread;
}

/* The oracle named nothing: the late load that is explained, or the event at which it failed and what that read. */
static void guess(const struct fl_trace *t, int *x, int *y)
{
	for (int i = 0; i < t->record.n; i++)
		if (event(t, i)->why[0] && event(t, i)->newer >= 0) {
			*x = i;
			*y = fl_trace_missed_store(t, i);
			return;
		}
	if (*x >= 0 || t->violating < 0)
		return;
	if (is_across(t, t->violating, event(t, t->violating)->rf)) {
		*x = t->violating;
		*y = event(t, t->violating)->rf;
	}
}

bool fl_trace_conflict(char *buf, size_t size, const struct fl_trace *t)
{
	int x = t->named[0], y = t->named[1];
	bool *keep;

	if (x >= 0 && y < 0 && stores(event(t, x)))
		y = misser_of(t, x);
	if (y < 0)
		guess(t, &x, &y);
	if (x < 0 || t->record.racing[0] >= 0)
		return false;
	snprintf(buf, size, "  ");
	put_who(buf + 2, size - 2, t, x);
	snprintf(buf + strlen(buf), size - strlen(buf), ": ");
	add_event(buf, size, t, x, true);
	if (y < 0)
		return true;
	snprintf(buf + strlen(buf), size - strlen(buf), "\n  %s ",
		 event(t, x)->newer >= 0 ? "does not see" : "against");
	put_who(buf + strlen(buf), size - strlen(buf), t, y);
	snprintf(buf + strlen(buf), size - strlen(buf), ": ");
	add_event(buf, size, t, y, true);
	keep = fl_trace_slice(t);
	if (keep && event(t, x)->newer < 0 && !try_between(buf, size, t, keep, x, y) &&
	    !try_between(buf, size, t, keep, y, x) && !try_flush(buf, size, t, keep, x))
		try_flush(buf, size, t, keep, y);
	free(keep);
	return true;
}
