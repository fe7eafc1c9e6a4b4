// SPDX-License-Identifier: MIT
/*
 * rows.c - which lines the picture of an execution has, and what they say.
 *
 * An event is shown if it is in the slice (slice.c) or has been weakened, or all are. Events inside one FL_STEP share a line,
 * which has the step's label and text; it stands where the first of them that is shown happened. If more
 * than one is, each gets a line of its own below the step's.
 *
 * A plain access's text, and that of an ordinary program's, is its source line. Where that does not say which access is
 * meant, the variable's name goes with the value; a line of several statements is no use as a text at all, and
 * the operation takes its place.
 */
#define _GNU_SOURCE
#include "trace.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "explore/weaken.h"

/* What rows are made of, per event. */
struct mark {
	bool needed; /* slice.c */
	bool shown;
	bool shares_line; /* with another operation, or one of another variable */
	int group;	  /* first event of the step it is in, or itself */
};

struct picture {
	const struct fl_trace *t;
	struct mark *mark;
	struct fl_trace_rows *rows;
	int room;
	bool all;
	bool used[FLX_MAX_THREADS];			   /* the thread has a column */
	const struct fl_trace_told *said[FLX_MAX_THREADS]; /* last */
};

static const struct flx_event *event(const struct picture *p, int i)
{
	return &p->t->record.ev[i];
}

/*
 * Events of a step follow each other in their thread. A step that runs again at once (a loop around it)
 * starts over with the same first access.
 */
static void find_groups(struct picture *p)
{
	int last[FLX_MAX_THREADS];

	for (int t = 0; t < FLX_MAX_THREADS; t++)
		last[t] = -1;
	for (int i = 0; i < p->t->record.n; i++) {
		const struct flx_event *e = event(p, i);
		int before = last[e->thread];

		p->mark[i].group = i;
		if (e->step && before >= 0 && event(p, before)->step == e->step) {
			int first = p->mark[before].group;

			if (event(p, first)->site != e->site || !e->site)
				p->mark[i].group = first;
		}
		last[e->thread] = i;
	}
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool is_same_access(const struct picture *p, int a, int b)
{
	const struct flx_event *x = event(p, a), *y = event(p, b);

	return x->site == y->site && (x->site || x->kind == y->kind) &&
	       same_text(p->t->note[a].name, p->t->note[b].name);
}

/* Its text is a source line that was looked up: what else is there is not known from the line alone. */
static bool shares_line(const struct picture *p, int i)
{
	const struct fl_site *line = fl_trace_where(p->t, i);

	if (!line || line == event(p, i)->site)
		return false;
	for (int k = 0; k < p->t->record.n; k++)
		if (fl_trace_where(p->t, k) == line && !is_same_access(p, i, k))
			return true;
	return false;
}

/* Does it have another ordering than its line? */
static const struct flx_weakening *weakened_at(const struct fl_trace *t, int i)
{
	const struct flx_event *e = &t->record.ev[i];

	for (int k = 0; k < t->info.nr_weakened; k++) {
		const struct flx_weakening *w = &t->info.weakened[k];
		bool barrier = w->place.ordering == FLX_OF_BARRIER;

		if (w->place.site == fl_trace_where(t, i) && barrier == (e->kind == FLX_FENCE) &&
		    w->to == (barrier ? (int)e->fence : (int)e->order) &&
		    (w->place.ordering == FLX_OF_FAILURE) == e->failed)
			return w;
	}
	return NULL;
}

/* 0 or -ENOMEM. */
static int choose_events(struct picture *p)
{
	bool *needed = fl_trace_slice(p->t);

	if (!needed)
		return -ENOMEM;
	for (int i = 0; i < p->t->record.n; i++) {
		const struct flx_event *e = event(p, i);

		p->mark[i].needed = needed[i] || weakened_at(p->t, i);
		p->mark[i].shown = p->all || p->mark[i].needed;
		if (e->kind == FLX_OTHER && !e->site)
			p->mark[i].shown = false; /* a thread's begin and end */
		else if (!p->mark[i].shown)
			p->rows->left_out++;
		p->mark[i].shares_line = p->mark[i].shown && shares_line(p, i);
		p->used[e->thread] |= p->mark[i].shown || fl_trace_judged_call(p->t, i);
	}
	free(needed);
	return 0;
}

__attribute__((format(printf, 6, 7))) static int add_row(struct picture *p, int ev, int thread,
							 const char *label,
							 const struct fl_site *where,
							 const char *fmt, ...)
{
	struct fl_trace_rows *rows = p->rows;
	va_list ap;
	int n;

	if (rows->n == p->room) {
		int room = p->room ? 2 * p->room : 32;
		struct fl_trace_row *grown = realloc(rows->row, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		rows->row = grown;
		p->room = room;
	}
	rows->row[rows->n] = (struct fl_trace_row){
		.event = ev,
		.thread = thread,
		.label = label,
		.where = where,
	};
	va_start(ap, fmt);
	n = vasprintf(&rows->row[rows->n].text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -ENOMEM;
	rows->row[rows->n++].result = n;
	return 0;
}

/* The last row's text ends in @result. */
static void mark_result(struct picture *p, const char *result)
{
	p->rows->row[p->rows->n - 1].result -= (int)strlen(result);
}

static bool is_word(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}

/* Does @text have @word in it, not as part of a longer one? */
static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = text; n && (s = strstr(s, word)); s++)
		if ((s == text || !is_word(s[-1])) && !is_word(s[n]))
			return true;
	return false;
}

/* Lock words say nothing that the operation's name does not. */
static bool is_lock(const char *text)
{
	static const char *const prefix[] = { "spin_", "down_",	    "up_",	"downgrade_",
					      "mmap_", "rcu_read_", "pthread_", "sem_",
					      "mtx_",  "cnd_",	    NULL };

	for (int i = 0; prefix[i]; i++)
		if (!strncmp(text, prefix[i], strlen(prefix[i])))
			return true;
	return false;
}

/* Appends the names in @list that @other does not have, after @verb. */
static void name_missing(char *buf, size_t size, const char *verb, const char *list,
			 const char *other)
{
	while (*list) {
		int n = (int)strcspn(list, "|");
		size_t used = strlen(buf);
		char name[64];

		snprintf(name, sizeof(name), "%.*s", n, list);
		if (!has_word(other, name)) {
			snprintf(buf + used, size - used, "%s%s", verb, name);
			verb = "|";
		}
		list += n + (list[n] == '|');
	}
}

/* Sets of flags are long, and a change of one says it all: "sets locked". */
static bool describe_change(char *buf, size_t size, const char *read, const char *written)
{
	buf[0] = '\0';
	if (!strchr(read, '|') && !strchr(written, '|'))
		return false;
	if (!strcmp(read, written))
		snprintf(buf, size, "  changes nothing");
	name_missing(buf, size, "  sets ", written, read);
	name_missing(buf, size, "  clears ", read, written);
	return buf[0];
}

/* Semicolons in parentheses are those of a for loop. */
bool fl_trace_has_several_statements(const char *line)
{
	int depth = 0;

	for (; *line; line++) {
		depth += (*line == '(') - (*line == ')');
		if (depth <= 0 && (*line == ';' || *line == '{'))
			return true;
	}
	return depth > 0; /* it was cut */
}

static bool was_cut(const char *line)
{
	size_t n = strlen(line);

	return n > 3 && !strcmp(line + n - 3, "...");
}

/* The operation is shown in place of the source line. */
static bool is_replaced(const struct picture *p, int i)
{
	const struct fl_site *where = fl_trace_where(p->t, i);

	return where && where != event(p, i)->site && where->text &&
	       fl_trace_has_several_statements(where->text) &&
	       (p->mark[i].shares_line || was_cut(where->text));
}

/* "x[2] = ", where the line, or what is shown in its place, does not say which variable it is. */
static void name_variable(char *buf, size_t size, const struct picture *p, int i)
{
	const struct fl_site *where = fl_trace_where(p->t, i);
	const char *name = p->t->note[i].name;

	buf[0] = '\0';
	if (name && where && where->text && !is_replaced(p, i) &&
	    (p->mark[i].shares_line || !has_word(where->text, name)))
		snprintf(buf, size, "%s = ", name);
}

/*
 * What the access found and left, where the text says more than the one access, as a step and a plain
 * access's source line do: what was read is not the text's value.
 */
static void inner_outcome(char *buf, size_t size, const struct picture *p, int i)
{
	const struct flx_event *e = event(p, i);
	const char *read = p->t->note[i].read, *written = p->t->note[i].written;
	char of[176];

	name_variable(of, sizeof(of), p, i);
	buf[0] = '\0';
	if (fl_trace_is_flush(e) && fl_trace_hardware_text(of, sizeof(of), p->t, i))
		snprintf(buf, size, "  %s", of);
	else if (e->blocked)
		snprintf(buf, size, "  waits for ever");
	else if (e->site && is_lock(e->site->text))
		snprintf(buf, size, "%s", e->failed ? "  finds the lock busy" : "");
	else if (e->kind == FLX_READ && read)
		snprintf(buf, size, "  reads %s%s", of, read);
	else if (e->kind == FLX_WRITE && written && !fl_trace_frees(e))
		snprintf(buf, size, "  stores %s%s", of, written);
	else if (e->kind == FLX_RMW && read && written &&
		 !describe_change(buf, size, read, written))
		snprintf(buf, size, "  reads %s%s, stores %s", of, read, written);
}

/* The same, to be put behind the access's own text. */
static void outcome(char *buf, size_t size, const struct picture *p, int i, const char *text)
{
	const struct flx_event *e = event(p, i);
	const char *read = p->t->note[i].read, *written = p->t->note[i].written;

	buf[0] = '\0';
	if (fl_trace_is_flush(e))
		return;
	if (!e->site || !e->site->file)
		inner_outcome(buf, size, p, i);
	else if (e->blocked)
		snprintf(buf, size, "  waits for ever");
	else if (is_lock(text))
		snprintf(buf, size, "%s", e->failed ? " -> busy" : "");
	else if (e->kind == FLX_READ && read)
		snprintf(buf, size, " -> %s%s", read, e->failed ? ", fails" : "");
	else if (e->kind == FLX_WRITE && written && !has_word(text, written))
		snprintf(buf, size, " = %s", written);
	else if (e->kind == FLX_RMW && read && written &&
		 !describe_change(buf, size, read, written))
		snprintf(buf, size, " -> %s, now %s", read, written);
}

/*
 * Without what only the compiler needs: the braces of a statement in an FL_STEP(), and the FL_STEP()
 * in a source line.
 */
void fl_trace_tidy(char *buf, size_t size, const char *text)
{
	size_t n;

	if (!strncmp(text, "FL_STEP(\"", 9)) {
		const char *inner = strchr(text, ',');

		if (inner)
			text = inner + 1 + strspn(inner + 1, " ");
		n = strlen(text);
		if (inner && n && text[n - 1] == ')')
			n--;
	} else if (!strncmp(text, "({ ", 3)) {
		text += 3;
		n = strlen(text);
		while (n && strchr(" ;})", text[n - 1]) &&
		       !(text[n - 1] == ')' && text[n - 2] != '}'))
			n--;
	} else {
		n = strlen(text);
	}
	snprintf(buf, size, "%.*s", (int)n, text);
}

static void put_text(char *buf, size_t size, const struct picture *p, int i)
{
	const struct fl_site *where = fl_trace_where(p->t, i);
	const struct flx_event *e = event(p, i);
	const char *operation = fl_trace_operation(e);

	if (fl_trace_hardware_text(buf, size, p->t, i))
		return;
	if (is_replaced(p, i))
		fl_trace_access(buf, size, operation, p->t->note[i].name);
	else
		fl_trace_tidy(buf, size, where && where->text ? where->text : operation);
}

/* "CPU0's A4 (vma.c:345)" */
static void name_store(char *buf, size_t size, const struct picture *p, int i)
{
	const struct flx_event *e = event(p, i);
	const struct fl_site *where = e->step ? e->step : fl_trace_shown_where(p->t, i);
	const char *label = e->step && e->step->label ? e->step->label : NULL;

	snprintf(buf, size, "%s%d's %s", p->t->info.program ? "thread " : "CPU", e->thread,
		 label ? label : "store");
	if (where && where->file && where->line > 0)
		snprintf(buf + strlen(buf), size - strlen(buf), " (%s:%d)", where->file,
			 where->line);
}

/* A load that repeats what an earlier one of its thread found: the remark is there already. */
static bool repeats(const struct picture *p, int i)
{
	const struct flx_event *e = event(p, i);

	for (int j = 0; j < i && !e->why[0]; j++) {
		const struct flx_event *b = event(p, j);

		if (b->thread == e->thread && b->addr == e->addr && b->rf == e->rf &&
		    b->newer == e->newer && b->newer >= 0 && p->mark[j].shown)
			return !e->step || !e->step->label;
	}
	return false;
}

/* Of a race, or of a use after free, whose two ends may be shown in either order. */
static int add_racing(struct picture *p, int i)
{
	const int *racing = p->t->record.racing;
	const char *who = p->t->info.program ? "thread" : "CPU";
	const char *what = "data race with";
	int other = racing[racing[0] == i];

	if (racing[0] < 0 || racing[1] < 0 || (racing[0] != i && racing[1] != i))
		return 0;
	if (fl_trace_is_use_after_free(p->t))
		what = racing[0] == i ? "frees what is used by"
		       : i < other    ? "nothing orders this before the free by"
				      : "uses what was freed by";
	return add_row(p, -1, event(p, i)->thread, NULL, NULL, "^ %s %s %d", what, who,
		       event(p, other)->thread);
}

static int add_remarks(struct picture *p, int i)
{
	const struct flx_event *e = event(p, i);
	const struct flx_weakening *weakened = weakened_at(p->t, i);
	char newer[256], source[256] = "the initial value";
	int err = 0;

	if (weakened)
		err = add_row(p, -1, e->thread, NULL, NULL, "^ weakened: %s instead of %s",
			      flx_ordering_name(&weakened->place, weakened->to),
			      flx_ordering_name(&weakened->place, weakened->place.written));
	if (!err && e->newer >= 0 && !repeats(p, i)) {
		name_store(newer, sizeof(newer), p, fl_trace_missed_store(p->t, i));
		if (e->rf >= 0)
			name_store(source, sizeof(source), p, e->rf);
		if (e->why[0]) {
			err = add_row(p, -1, e->thread, NULL, NULL, "^ older than %s: %s", newer,
				      e->why);
			if (!err)
				err = add_row(p, -1, e->thread, NULL, NULL, "  read %s", source);
		} else {
			err = add_row(p, -1, e->thread, NULL, NULL, "^ older than %s, read %s",
				      newer, source);
		}
	}
	return err ? err : add_racing(p, i);
}

static void put_access(char *text, char *result, size_t size, const struct picture *p, int i)
{
	const struct fl_trace_told *access = p->t->note[i].access;

	snprintf(text, size, "%s", access->text);
	snprintf(result, size, "%s%s", access->result,
		 access->program ? fl_trace_translation(p->t, i) : "");
}

static int add_event(struct picture *p, int i, const char *indent)
{
	char text[512], result[512];
	int err;

	if (p->t->note[i].access) {
		put_access(text, result, sizeof(text), p, i);
	} else {
		put_text(text, sizeof(text), p, i);
		outcome(result, sizeof(result), p, i, text);
	}
	err = add_row(p, i, event(p, i)->thread, NULL, fl_trace_shown_where(p->t, i), "%s%s%s",
		      indent, text, result);
	if (err)
		return err;
	mark_result(p, result);
	return add_remarks(p, i);
}

static bool is_number(const char *value)
{
	return value && value[0] && !value[strspn(value, "-0123456789")];
}

/* A plain store of a number within a call: to one of many variables, and which one does not show. */
static bool is_aside(const struct picture *p, int i, const char *text)
{
	const struct flx_event *e = event(p, i);

	return e->kind == FLX_WRITE && e->order == FL_PLAIN && is_number(p->t->note[i].written) &&
	       !strchr(text, '=');
}

/* The step's line, and if it has one shown event only, that event too. */
static int add_step(struct picture *p, int i, int shown)
{
	const struct flx_event *e = event(p, i);
	const struct fl_site *step = e->step;
	char text[512], result[256] = "";
	bool own;
	int err;

	fl_trace_tidy(text, sizeof(text), step->text);
	own = e->site && !strcmp(e->site->text, text);
	if (own)
		outcome(result, sizeof(result), p, i, text);
	else if (shown == 1 && p->mark[i].needed && !is_aside(p, i, text))
		inner_outcome(result, sizeof(result), p, i);
	err = add_row(p, i, e->thread, step->label, step, "%s%s", text, result);
	if (err)
		return err;
	mark_result(p, result);
	if (own || shown == 1)
		return add_remarks(p, i);
	return add_event(p, i, "  ");
}

/* What was said right behind the event: calls that are over, faults. One that is tried again is said once. */
static int add_said(struct picture *p, int i)
{
	const struct fl_trace_told *s = p->t->note[i].said, **last = &p->said[event(p, i)->thread];
	int err = 0;

	for (; s && !err && p->used[event(p, i)->thread]; s = s->next) {
		if (*last && !strcmp((*last)->text, s->text) && !s->judged)
			continue;
		*last = s;
		err = add_row(p, i, event(p, i)->thread, s->where ? s->where->label : NULL,
			      s->where, "%s%s", s->text, s->result);
		if (!err)
			mark_result(p, s->result);
	}
	return err;
}

static int add_rows(struct picture *p)
{
	int n = p->t->record.n, err = 0;
	int *count = calloc(n ? n : 1, sizeof(*count)); /* shown events, by group */
	bool *begun = calloc(n ? n : 1, sizeof(*begun));

	if (!count || !begun)
		err = -ENOMEM;
	for (int i = 0; i < n && !err; i++)
		count[p->mark[i].group] += p->mark[i].shown;
	for (int i = 0; i < n && !err; i++) {
		int group = p->mark[i].group;

		if (!p->mark[i].shown)
			err = add_said(p, i);
		if (!p->mark[i].shown)
			continue;
		if (!event(p, i)->step)
			err = add_event(p, i, "");
		else if (begun[group])
			err = add_event(p, i, "  ");
		else
			err = add_step(p, i, count[group]);
		begun[group] = true;
		if (!err)
			err = add_said(p, i);
	}
	free(count);
	free(begun);
	return err;
}

int fl_trace_rows(const struct fl_trace *t, bool all_events, struct fl_trace_rows *rows)
{
	struct picture p = { .t = t, .rows = rows, .all = all_events };
	int err;

	memset(rows, 0, sizeof(*rows));
	p.mark = calloc(t->record.n ? t->record.n : 1, sizeof(*p.mark));
	if (!p.mark)
		return -ENOMEM;
	find_groups(&p);
	err = choose_events(&p);
	if (!err)
		err = add_rows(&p);
	if (!err && !rows->n && rows->left_out) { /* a thread's own doing: all there is to show */
		p.all = true;
		rows->left_out = 0;
		err = choose_events(&p);
		if (!err)
			err = add_rows(&p);
	}
	if (!err && !t->info.program)
		err = fl_trace_name_pointers(rows);
	free(p.mark);
	return err;
}

void fl_trace_rows_free(struct fl_trace_rows *rows)
{
	for (int i = 0; i < rows->n; i++)
		free(rows->row[i].text);
	free(rows->row);
	memset(rows, 0, sizeof(*rows));
}
