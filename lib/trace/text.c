// SPDX-License-Identifier: MIT
/*
 * text.c - the picture of an execution as text: a column per CPU, time runs downwards.
 *
 *	CPU 0  ksm                       CPU 1  gup-fast
 *	-------------------------------  -----------------------------------------
 *	                                 B1 READ_ONCE(*ptep) -> ro pfn=3  gup.c:88
 *	A1 ptep_clear_flush()  ksm.c:41
 *
 * A column is a label, the text and the place in the source. Its width is what its lines need; if
 * that is more than there is, the widest columns give way and their texts wrap. Where too little would be left for a
 * text, columns are only where texts begin: what is right of one is free in its line. Where all places are in the
 * one file of a program, which its title names, they are lines of it.
 */
#include "trace.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define INDENT 2 /* before the first column */
#define GAP 2	 /* between columns, and before the place */
#define MIN_COLUMN 28
#define READABLE 44    /* a column that is narrower needs the ones beside it, too */
#define LAST_COLUMN 50 /* room for it then */
#define WRAP_INDENT 4  /* of a text's further lines */
#define DEFAULT_WIDTH 120
#define MAX_WIDTH 160

struct column {
	bool used;
	int label, text, place; /* width of the widest */
	int width, start;
};

struct layout {
	const struct fl_trace *t;
	FILE *f;
	int width;
	bool one_file; /* the program's */
	bool open; /* texts run into the next columns, and all places stand behind the last one */
	int place; /* then: width of the widest */
	struct column column[FLX_MAX_THREADS];
};

static int larger(int a, int b)
{
	return a > b ? a : b;
}

static int smaller(int a, int b)
{
	return a < b ? a : b;
}

static int title(char *buf, size_t size, const struct fl_trace *t, int thread)
{
	const char *name = t->thread[thread];

	if (t->info.program)
		return snprintf(buf, size, "thread %d%s%s", thread, name ? "  " : "",
				name ? name : "");
	if (!name) /* the scenario has no such thread: call_rcu() started it */
		name = "call_rcu";
	return snprintf(buf, size, "CPU %d  %s", thread, name);
}

static int place(char *buf, size_t size, const struct fl_site *where)
{
	buf[0] = '\0';
	if (!where || !where->file)
		return 0;
	if (where->line <= 0)
		return snprintf(buf, size, "%s", where->file);
	return snprintf(buf, size, "%s:%d", where->file, where->line);
}

/* The same in a row. */
static int row_place(char *buf, size_t size, const struct layout *l, const struct fl_trace_row *row)
{
	if (l->one_file && row->where && row->where->line > 0)
		return snprintf(buf, size, "line %d", row->where->line);
	return place(buf, size, row->where);
}

static bool is_one_file(const struct fl_trace *t, const struct fl_trace_rows *rows)
{
	const char *program = t->info.program, *slash = program ? strrchr(program, '/') : NULL;
	const char *name = slash ? slash + 1 : program;

	for (int i = 0; i < rows->n && name; i++) {
		const struct fl_site *where = rows->row[i].where;

		if (where && where->file && strcmp(where->file, name))
			return false;
	}
	return name;
}

static int label_width(const struct column *c)
{
	return c->label ? c->label + 1 : 0;
}

static int place_width(const struct column *c)
{
	return c->place ? c->place + GAP : 0;
}

static void measure(struct layout *l, const struct fl_trace_rows *rows)
{
	char buf[256];

	for (int i = 0; i < rows->n; i++) {
		const struct fl_trace_row *row = &rows->row[i];
		struct column *c = &l->column[row->thread];

		c->used = true;
		if (row->label)
			c->label = larger(c->label, (int)strlen(row->label));
		if (row->event < 0)
			continue; /* remarks may run into the next column */
		c->text = larger(c->text, (int)strlen(row->text));
		c->place = larger(c->place, row_place(buf, sizeof(buf), l, row));
	}
	for (int t = 0; t < FLX_MAX_THREADS; t++) {
		struct column *c = &l->column[t];

		if (!c->used)
			continue;
		c->width = larger(label_width(c) + c->text + place_width(c),
				  title(buf, sizeof(buf), l->t, t));
	}
}

/* Takes from the widest until all fit, but leaves each something to write in. */
static void fit(struct layout *l)
{
	for (;;) {
		int sum = INDENT - GAP, widest = -1;

		for (int t = 0; t < FLX_MAX_THREADS; t++) {
			if (!l->column[t].used)
				continue;
			sum += l->column[t].width + GAP;
			if (widest < 0 || l->column[t].width > l->column[widest].width)
				widest = t;
		}
		if (sum <= l->width || l->column[widest].width <= MIN_COLUMN)
			break;
		l->column[widest].width--;
	}
}

/* The same distance from each column to the next, at which no title is cut. */
static void open_columns(struct layout *l)
{
	char buf[256];
	int n = 0, step = 0;

	for (int t = 0; t < FLX_MAX_THREADS; t++) {
		if (!l->column[t].used)
			continue;
		step = larger(step, title(buf, sizeof(buf), l->t, t) + GAP);
		n++;
	}
	step = larger(step, (l->width - INDENT - LAST_COLUMN) / larger(n - 1, 1));
	for (int t = 0; t < FLX_MAX_THREADS; t++) {
		l->column[t].width = step - GAP;
		l->place = larger(l->place, l->column[t].place);
	}
	l->open = true;
}

static void place_columns(struct layout *l)
{
	for (int t = 0, at = INDENT; t < FLX_MAX_THREADS; t++) {
		if (!l->column[t].used)
			continue;
		l->column[t].start = at;
		at += l->column[t].width + GAP;
	}
}

static void lay_out(struct layout *l)
{
	int needed[FLX_MAX_THREADS];
	bool narrow = false;

	for (int t = 0; t < FLX_MAX_THREADS; t++)
		needed[t] = l->column[t].width;
	fit(l);
	for (int t = 0; t < FLX_MAX_THREADS; t++)
		narrow |= l->column[t].width < needed[t] && l->column[t].width < READABLE;
	if (narrow)
		open_columns(l);
	place_columns(l);
}

static void print_titles(const struct layout *l)
{
	char buf[256];
	int at = 0;

	for (int t = 0; t < FLX_MAX_THREADS; t++) {
		if (!l->column[t].used)
			continue;
		title(buf, sizeof(buf), l->t, t);
		fprintf(l->f, "%*s%s", l->column[t].start - at, "", buf);
		at = l->column[t].start + (int)strlen(buf);
	}
	fputc('\n', l->f);
	at = 0;
	for (int t = 0; t < FLX_MAX_THREADS; t++) {
		if (!l->column[t].used)
			continue;
		fprintf(l->f, "%*s", l->column[t].start - at, "");
		for (int i = 0; i < l->column[t].width; i++)
			fputc('-', l->f);
		at = l->column[t].start + l->column[t].width;
	}
	fputc('\n', l->f);
}

static bool is_word(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool is_inside_word(const char *s, int i)
{
	return is_word(s[i - 1]) && is_word(s[i]);
}

static int word_length(const char *s)
{
	int n = 0;

	while (is_word(s[n]))
		n++;
	return n;
}

/*
 * How much of @s goes on a line of @width: up to a space if there is one, or behind a separator, or else up to a word,
 * unless that has no room in the next line, of @next, either.
 */
static int break_at(const char *s, int width, int next)
{
	int n = (int)strlen(s);

	if (n <= width)
		return n;
	for (int i = width; i > width / 3; i--)
		if (s[i] == ' ')
			return i;
	for (int i = width; i > width / 3; i--)
		if (strchr("|,(", s[i - 1]))
			return i;
	for (int i = width; i > 0; i--)
		if (!is_inside_word(s, i))
			return i < width && word_length(s + i) > next ? width : i;
	return width;
}

/* @text in lines of @width from column @start on, the first one begun by the caller. */
static int print_wrapped(const struct layout *l, const char *text, int start, int width,
			 const char *first_place, int place_start)
{
	int indent = 0, lines = 0;

	do {
		int n = break_at(text, larger(width - indent, 8), larger(width - WRAP_INDENT, 8));
		int end = n;

		while (end > 0 && text[end - 1] == ' ')
			end--;
		if (lines)
			fprintf(l->f, "%*s", start + indent, "");
		fprintf(l->f, "%.*s", end, text);
		if (!lines && first_place[0])
			fprintf(l->f, "%*s%s", place_start - start - end, "", first_place);
		fputc('\n', l->f);
		text += n;
		while (*text == ' ')
			text++;
		indent = WRAP_INDENT;
		lines++;
	} while (*text);
	return lines;
}

static void print_row(const struct layout *l, const struct fl_trace_row *row)
{
	const struct column *c = &l->column[row->thread];
	int text_start = c->start + label_width(c);
	int place_start = c->start + c->width - c->place;
	char buf[256] = "";
	int room;

	if (row->event < 0) {
		fprintf(l->f, "%*s", text_start, "");
		room = larger(l->width - text_start, 16);
		print_wrapped(l, row->text, text_start, room, buf, 0);
		return;
	}
	fprintf(l->f, "%*s", c->start, "");
	if (c->label)
		fprintf(l->f, "%-*s ", c->label, row->label ? row->label : "");
	row_place(buf, sizeof(buf), l, row);
	if (l->open) {
		room = larger(l->width - text_start - l->place - GAP, LAST_COLUMN / 2);
		print_wrapped(l, row->text, text_start, room, buf, text_start + room + GAP);
		return;
	}
	room = larger(c->width - label_width(c) - place_width(c), 8);
	print_wrapped(l, row->text, text_start, room, buf, larger(place_start, text_start + room));
}

static int default_width(FILE *f)
{
	struct winsize w;

	if (isatty(fileno(f)) && !ioctl(fileno(f), TIOCGWINSZ, &w) && w.ws_col > 0)
		return smaller(w.ws_col, MAX_WIDTH);
	return DEFAULT_WIDTH;
}

static const char *access_word(const struct fl_trace *t, const struct flx_event *e)
{
	if (e->order == FL_PLAIN)
		return "";
	return t->info.program ? "atomic " : "marked ";
}

static void add_racing_access(char *buf, size_t size, const struct fl_trace *t, int i, bool frees)
{
	const struct flx_event *e = &t->record.ev[i];
	const struct fl_site *where = fl_trace_where(t, i);
	char at[256];
	size_t n = strlen(buf);

	place(at, sizeof(at), where);
	snprintf(buf + n, size - n, "%s%s by %s%d at %s %s", access_word(t, e),
		 frees		       ? "freed"
		 : e->kind == FLX_READ ? "read"
				       : "write",
		 t->info.program ? "thread " : "CPU", e->thread, at[0] ? at : "?",
		 where && where->func ? where->func : "?");
}

static void print_race(const struct layout *l)
{
	int a = l->t->record.racing[0], b = l->t->record.racing[1];
	bool frees = fl_trace_is_use_after_free(l->t);
	char buf[1024];
	size_t n;

	if (a < 0 || b < 0)
		return;
	snprintf(buf, sizeof(buf), "%s: ", frees ? "use after free" : "data race");
	add_racing_access(buf, sizeof(buf), l->t, a, frees);
	n = strlen(buf);
	snprintf(buf + n, sizeof(buf) - n, ", ");
	add_racing_access(buf, sizeof(buf), l->t, b, false);
	fprintf(l->f, "%*s", INDENT, "");
	print_wrapped(l, buf, INDENT, l->width - INDENT, "", 0);
	fputc('\n', l->f);
}

static void print_conflict(const struct layout *l)
{
	char buf[1024], *line = buf;

	if (!fl_trace_conflict(buf, sizeof(buf), l->t))
		return;
	for (char *end; line; line = end) {
		end = strchr(line, '\n');
		if (end)
			*end++ = '\0';
		fprintf(l->f, "%*s", INDENT, "");
		print_wrapped(l, line + strspn(line, " "), INDENT, l->width - INDENT, "", 0);
	}
	fputc('\n', l->f);
}

void fl_trace_print_style(const struct fl_trace *t, FILE *f, const struct fl_trace_style *style)
{
	struct layout l = { .t = t, .f = f, .width = style->width };
	struct fl_trace_rows rows;

	/* the looked-up lines are a cache, which a reader of the trace can't tell from the rest */
	fl_trace_resolve((struct fl_trace *)t);
	if (!l.width)
		l.width = default_width(f);
	print_race(&l);
	print_conflict(&l);
	if (fl_trace_rows(t, style->all_events, &rows)) {
		fprintf(f, "  (no memory for the picture)\n");
	} else if (!rows.n) {
		fprintf(f, "  (no access to anything that threads could share comes before it)\n");
	} else {
		l.one_file = is_one_file(t, &rows);
		measure(&l, &rows);
		lay_out(&l);
		print_titles(&l);
		for (int i = 0; i < rows.n; i++)
			print_row(&l, &rows.row[i]);
		if (rows.left_out)
			fprintf(f, "  ... %d event%s left out\n", rows.left_out,
				rows.left_out == 1 ? "" : "s");
	}
	fl_trace_rows_free(&rows);
}

void fl_trace_print(const struct fl_trace *t, FILE *f)
{
	const struct fl_trace_style style = { 0 };

	fl_trace_print_style(t, f, &style);
}

void fl_trace_print_all(const struct fl_trace *t, FILE *f)
{
	const struct fl_trace_style style = { .all_events = true };

	fl_trace_print_style(t, f, &style);
}
