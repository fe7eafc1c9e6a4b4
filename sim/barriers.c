// SPDX-License-Identifier: MIT
/*
 * barriers.c - see barriers.h.
 *
 * A weaker ordering allows all executions that a stronger one allows. So the weakest is tried first: if it is
 * enough, so are all others, and a violation is found sooner than its absence is shown. Likewise all rows
 * are weakened at once before any two of them.
 */
#include "barriers.h"

#include <stdlib.h>
#include <string.h>

#include "../lib/trace/trace.h"
#include "cli.h"

/* ---- the rows ---- */

/* "ring[2]" and "ring[3]" are the same variable; objects of the heap have names only within one execution. */
static size_t variable_length(const char *name)
{
	if (!name || !strncmp(name, "malloc#", 7))
		return 0;
	return strcspn(name, "[+");
}

static bool same_variable(const char *a, const char *b)
{
	size_t n = variable_length(a);

	return n == variable_length(b) && (!n || !strncmp(a, b, n));
}

/* Code that was compiled more than once is one place in the source. */
static bool same_row(const struct barriers_row *a, const struct barriers_row *b)
{
	return a->where == b->where && a->place->ordering == b->place->ordering &&
	       a->place->kind == b->place->kind && a->place->written == b->place->written &&
	       same_variable(a->name, b->name);
}

static int compare(long a, long b)
{
	return (a > b) - (a < b);
}

/* In the order of the source. */
static int compare_rows(const void *x, const void *y)
{
	const struct barriers_row *a = x, *b = y;
	int c = 0;

	if (a->where->file && b->where->file)
		c = strcmp(a->where->file, b->where->file);
	c = c ? c : compare(a->where->line, b->where->line);
	c = c ? c : compare((long)a->place->pc, (long)b->place->pc);
	c = c ? c : strcmp(a->where->text, b->where->text);
	return c ? c : compare(a->place->ordering, b->place->ordering);
}

static bool add_place(struct barriers_row *r, const struct flx_place *p)
{
	struct flx_place *grown = realloc(r->place, (r->nr_places + 1) * sizeof(*grown));

	if (!grown)
		return false;
	grown[r->nr_places++] = *p;
	r->place = grown;
	return true;
}

static bool add_row(struct barriers *b, int i)
{
	const struct fl_trace *source = b->found.source;
	struct flx_place place = b->found.places.at[i];
	struct barriers_row row = {
		.place = &place,
		.where = fl_trace_where(source, i),
		.name = source->note[i].name,
		.operation = place.pc ? place.site->text : NULL,
	};

	place.site = row.where;
	for (int k = 0; k < b->nr_rows; k++)
		if (same_row(&b->row[k], &row))
			return add_place(&b->row[k], &place);
	row.place = NULL;
	b->row[b->nr_rows] = row;
	return add_place(&b->row[b->nr_rows++], &place);
}

static int make_rows(struct barriers *b)
{
	int n = b->found.places.n;

	if (!b->found.source)
		return cli_error("out of memory");
	b->row = calloc(n ? n : 1, sizeof(*b->row));
	for (int i = 0; i < n; i++)
		if (!b->row || !add_row(b, i))
			return cli_error("out of memory");
	qsort(b->row, b->nr_rows, sizeof(*b->row), compare_rows);
	return CLI_OK;
}

int barriers_look(struct barriers *b)
{
	int status;

	b->found.look = true;
	b->explorations++;
	status = b->explore(b->arg, &b->found, &b->baseline);
	b->seconds += b->baseline.seconds;
	return status ? status : make_rows(b);
}

/* ---- explorations ---- */

/* How each place of @r is weakened, after the @n weakenings that are there already. */
static int weaken_row(struct flx_weakening *w, int n, const struct barriers_row *r, int to)
{
	for (int i = 0; i < r->nr_places; i++)
		w[n++] = (struct flx_weakening){ .place = r->place[i], .to = to };
	return n;
}

/* @name: of the trace; NULL: nobody will ask for it. */
static int explore(struct barriers *b, const struct flx_weakening *w, int n, struct barriers_try *t,
		   const char *name)
{
	struct fl_weaken weaken = { .weaken = w, .nr_weaken = n };
	int status;

	b->explorations++;
	status = b->explore(b->arg, &weaken, &t->result);
	b->seconds += t->result.seconds;
	if (!status && t->result.verdict == FL_VERDICT_VIOLATION && name &&
	    !b->keep(b->arg, t, name))
		status = CLI_BAD_INPUT;
	return status;
}

/* Is @to known to be enough, since something weaker is? */
static bool is_implied(const struct barriers_row *r, int to)
{
	for (int i = 0; i < r->nr_enough; i++)
		if (flx_is_weaker(r->place, r->enough[i], to))
			return true;
	return false;
}

static int try_row(struct barriers *b, struct barriers_row *r, struct flx_weakening *w)
{
	int to[FLX_MAX_WEAKER], n = flx_weaker(r->place, to), status;

	for (int i = 0; i < n && !b->interrupted(); i++) {
		struct barriers_try *t = &r->try[r->nr_tries];
		char name[64];

		if (is_implied(r, to[i]))
			continue;
		t->to = to[i];
		snprintf(name, sizeof(name), "%d-%s", (int)(r - b->row) + 1,
			 flx_ordering_name(r->place, t->to));
		status = explore(b, w, weaken_row(w, 0, r, t->to), t, name);
		if (status)
			return status;
		r->nr_tries++;
		if (t->result.verdict == FL_VERDICT_VERIFIED)
			r->enough[r->nr_enough++] = t->to;
		else if (t->result.verdict == FL_VERDICT_INCONCLUSIVE)
			r->undecided = true;
	}
	/* What was not tried may be enough. */
	r->undecided |= b->interrupted();
	b->undecided += r->undecided;
	return CLI_OK;
}

/* Room for every place at once. */
static struct flx_weakening *new_weakenings(const struct barriers *b)
{
	int n = b->found.places.n;

	return calloc(n ? n : 1, sizeof(struct flx_weakening));
}

int barriers_try_rows(struct barriers *b)
{
	struct flx_weakening *w = new_weakenings(b);
	int status = w ? CLI_OK : cli_error("out of memory");

	for (; b->rows_done < b->nr_rows && !status && !b->interrupted(); b->rows_done++) {
		b->begin(b->arg, "", b->rows_done + 1, b->nr_rows);
		status = try_row(b, &b->row[b->rows_done], w);
	}
	free(w);
	return status;
}

/* ---- more than one at a time ---- */

/* A set of rows: a flag for each. */
static int count(const struct barriers *b, const bool *in)
{
	int n = 0;

	for (int i = 0; i < b->nr_rows; i++)
		n += in[i];
	return n;
}

static int explore_set(struct barriers *b, const bool *in, struct flx_weakening *w,
		       struct barriers_try *t, const char *name)
{
	int n = 0;

	for (int i = 0; i < b->nr_rows; i++)
		if (in[i])
			n = weaken_row(w, n, &b->row[i], b->row[i].enough[0]);
	return explore(b, w, n, t, name);
}

static bool fill_group(struct barriers_group *g, const struct barriers *b, const bool *in)
{
	g->row = calloc(b->nr_rows, sizeof(*g->row));
	g->n = 0;
	for (int i = 0; g->row && i < b->nr_rows; i++)
		if (in[i])
			g->row[g->n++] = i;
	return g->row;
}

/* Takes over what @t has. */
static int add_group(struct barriers *b, const bool *in, const struct barriers_try *t)
{
	struct barriers_group *grown = realloc(b->group, (b->nr_groups + 1) * sizeof(*grown));

	if (!grown)
		return cli_error("out of memory");
	b->group = grown;
	if (!fill_group(&grown[b->nr_groups], b, in))
		return cli_error("out of memory");
	grown[b->nr_groups++].try = *t;
	b->undecided += t->result.verdict == FL_VERDICT_INCONCLUSIVE;
	return CLI_OK;
}

/* The user has ended this exploration: it says nothing. */
static bool was_ended(const struct barriers *b, const struct barriers_try *t)
{
	return t->result.verdict == FL_VERDICT_INCONCLUSIVE && b->interrupted();
}

static int try_pair(struct barriers *b, int x, int y, struct flx_weakening *w)
{
	bool in[b->nr_rows];
	struct barriers_try t = { 0 };
	char name[48];
	int status;

	memset(in, 0, sizeof(in));
	in[x] = in[y] = true;
	snprintf(name, sizeof(name), "%d-and-%d", x + 1, y + 1);
	status = explore_set(b, in, w, &t, name);
	if (!status && t.result.verdict != FL_VERDICT_VERIFIED && !was_ended(b, &t))
		status = add_group(b, in, &t);
	else
		fl_run_result_free(&t.result);
	return status;
}

static int try_each_pair(struct barriers *b, const bool *weaker, struct flx_weakening *w)
{
	int k = count(b, weaker), done = 0, status = CLI_OK;

	for (int x = 0; x < b->nr_rows; x++)
		for (int y = x + 1; y < b->nr_rows; y++) {
			if (status || b->interrupted())
				return status;
			if (!weaker[x] || !weaker[y])
				continue;
			b->begin(b->arg, "pair ", ++done, k * (k - 1) / 2);
			status = try_pair(b, x, y, w);
		}
	return status;
}

/* Of the trace: the last one with it is of the smallest group. */
static const char *group_name(const struct barriers *b, char name[32])
{
	snprintf(name, 32, "group-%d", b->nr_groups + 1);
	return name;
}

/*
 * Leaves rows out of @in, whose exploration @t is a violation, for as long as it remains one: those that are
 * left are the reason for each other.
 */
static int shrink(struct barriers *b, bool *in, struct flx_weakening *w, struct barriers_try *t)
{
	int status = CLI_OK;

	for (int i = 0; i < b->nr_rows && !status && !b->interrupted(); i++) {
		struct barriers_try less = { 0 };
		char name[32];

		if (!in[i])
			continue;
		in[i] = false;
		status = explore_set(b, in, w, &less, group_name(b, name));
		if (!status && less.result.verdict == FL_VERDICT_VIOLATION) {
			fl_run_result_free(&t->result);
			*t = less;
		} else {
			in[i] = true;
			fl_run_result_free(&less.result);
		}
	}
	return status;
}

static void leave_last_out(bool *in, const struct barriers_group *g)
{
	in[g->row[g->n - 1]] = false;
}

static bool has_all(const bool *in, const struct barriers_group *g)
{
	for (int i = 0; i < g->n; i++)
		if (!in[g->row[i]])
			return false;
	return true;
}

/* Each group that is found in @in loses a row, until what is left is no violation. */
static int find_together(struct barriers *b, bool *in, struct flx_weakening *w)
{
	int status = CLI_OK;

	while (!status && !b->interrupted()) {
		struct barriers_try t = { 0 };
		bool group[b->nr_rows];
		char name[32];

		b->begin(b->arg, "together, of ", count(b, in), b->nr_rows);
		memcpy(group, in, sizeof(group));
		status = explore_set(b, group, w, &t, group_name(b, name));
		if (status)
			return status;
		if (was_ended(b, &t)) {
			fl_run_result_free(&t.result);
			return CLI_OK;
		}
		if (t.result.verdict != FL_VERDICT_VIOLATION) {
			b->undecided += t.result.verdict == FL_VERDICT_INCONCLUSIVE;
			b->together.try = t;
			return fill_group(&b->together, b, in) ? CLI_OK
							       : cli_error("out of memory");
		}
		status = shrink(b, group, w, &t);
		if (!status)
			status = add_group(b, group, &t);
		if (!status)
			leave_last_out(in, &b->group[b->nr_groups - 1]);
	}
	return status;
}

static int try_groups(struct barriers *b, bool *in, struct flx_weakening *w)
{
	struct barriers_try all = { 0 };
	int status;

	b->begin(b->arg, "together, of ", count(b, in), b->nr_rows);
	status = explore_set(b, in, w, &all, NULL);
	if (!status && all.result.verdict == FL_VERDICT_VERIFIED) {
		b->together.try = all;
		return fill_group(&b->together, b, in) ? CLI_OK : cli_error("out of memory");
	}
	fl_run_result_free(&all.result);
	if (!status)
		status = try_each_pair(b, in, w);
	for (int i = 0; i < b->nr_groups; i++)
		if (has_all(in, &b->group[i]))
			leave_last_out(in, &b->group[i]);
	return status ? status : find_together(b, in, w);
}

int barriers_try_groups(struct barriers *b)
{
	bool in[b->nr_rows + 1];
	struct flx_weakening *w;
	int status;

	for (int i = 0; i < b->nr_rows; i++)
		in[i] = b->row[i].nr_enough > 0;
	if (count(b, in) < 2 || b->interrupted())
		return CLI_OK;
	w = new_weakenings(b);
	status = w ? try_groups(b, in, w) : cli_error("out of memory");
	free(w);
	return status;
}

static void free_group(struct barriers_group *g)
{
	fl_run_result_free(&g->try.result);
	free(g->row);
}

void barriers_free(struct barriers *b)
{
	for (int i = 0; i < b->nr_rows; i++) {
		for (int k = 0; k < b->row[i].nr_tries; k++)
			fl_run_result_free(&b->row[i].try[k].result);
		free(b->row[i].place);
	}
	for (int i = 0; i < b->nr_groups; i++)
		free_group(&b->group[i]);
	free_group(&b->together);
	fl_run_result_free(&b->baseline);
	free(b->row);
	free(b->group);
	fl_weaken_forget(&b->found);
}
