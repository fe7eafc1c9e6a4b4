// SPDX-License-Identifier: MIT
/* report_barriers.c - see report_barriers.h. */
#include "report_barriers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "../lib/trace/trace.h"
#include "cli.h"

#define MAX_TEXT 60

/* ---- words ---- */

static const char *name_of(const struct barriers_row *row, int value)
{
	return flx_ordering_name(row->place, value);
}

static bool is_barrier(const struct barriers_row *row)
{
	return row->place->ordering == FLX_OF_BARRIER;
}

/* Is it as good as not there: no barrier, no order? */
static bool is_nothing(const struct barriers_row *row, int value)
{
	return value == (is_barrier(row) ? (int)FL_FENCE_BARRIER : (int)FL_ONCE);
}

static bool is_needed(const struct barriers_row *row)
{
	return !row->nr_enough && !row->undecided;
}

static bool is_needless(const struct barriers_row *row)
{
	return row->nr_enough && is_nothing(row, row->enough[0]);
}

/* For scripts. */
static const char *verdict_of(const struct barriers_row *row)
{
	return row->undecided	  ? "inconclusive"
	       : is_needed(row)	  ? "needed"
	       : is_needless(row) ? "not-needed"
				  : "weaker";
}

/* "release", "acquire or release" */
static void put_enough(char *buf, size_t size, const struct barriers_row *row)
{
	size_t n = 0;

	buf[0] = '\0';
	for (int i = 0; i < row->nr_enough && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s", i ? " or " : "",
				      name_of(row, row->enough[i]));
}

static void put_verdict(char *buf, size_t size, const struct barriers_row *row)
{
	char enough[96];

	put_enough(enough, sizeof(enough), row);
	if (row->nr_enough && is_barrier(row) && is_needless(row))
		snprintf(buf, size, "not needed");
	else if (row->nr_enough)
		snprintf(buf, size, "%s is enough%s", enough,
			 row->undecided ? ", weaker ones are inconclusive" : "");
	else
		snprintf(buf, size, "%s", row->undecided ? "inconclusive" : "needed");
}

static void put_place(char *buf, size_t size, const struct barriers_row *row)
{
	const struct fl_site *w = row->where;

	if (w->line)
		snprintf(buf, size, "%s:%d", w->file ? w->file : "?", w->line);
	else
		snprintf(buf, size, "%s", w->file ? w->file : "?");
}

static bool differ(const char *a, const char *b)
{
	return a != b && (!a || !b || strcmp(a, b));
}

/* Is there another operation, or one of another variable, in the line? */
static bool shares_line(const struct barriers *b, const struct barriers_row *row)
{
	for (int i = 0; i < b->nr_rows; i++) {
		const struct barriers_row *r = &b->row[i];

		if (r->where == row->where &&
		    (differ(r->operation, row->operation) || differ(r->name, row->name)))
			return true;
	}
	return false;
}

/* "x: atomic load", "atomic store": the row is about a variable or an array, and about all objects of the heap. */
static void put_operation(char *buf, size_t size, const struct barriers_row *row)
{
	bool named = row->name && strncmp(row->name, "malloc#", 7);
	char name[96];

	snprintf(name, sizeof(name), "%.*s", named ? (int)strcspn(row->name, "[+") : 0, row->name);
	fl_trace_access(buf, size, row->operation, named ? name : NULL);
}

/* The line as written, if it tells which ordering is meant. */
static void put_text(char *buf, size_t size, const struct barriers *b,
		     const struct barriers_row *row)
{
	const char *text = row->where->text ? row->where->text : "?";
	bool cut = strlen(text) > MAX_TEXT;

	if (row->operation && (shares_line(b, row) || fl_trace_has_several_statements(text)))
		put_operation(buf, size, row);
	else
		snprintf(buf, size, "%.*s%s", cut ? MAX_TEXT - 3 : MAX_TEXT, text,
			 cut ? "..." : "");
}

/* The names of rt.h say their orders themselves. */
static void put_order(char *buf, size_t size, const struct barriers_row *row)
{
	buf[0] = '\0';
	if (row->place->pc)
		snprintf(buf, size, "%s%s", name_of(row, row->place->written),
			 row->place->ordering == FLX_OF_FAILURE ? " if it fails" : "");
}

/* ---- text ---- */

struct widths {
	int number, place, text, order;
};

static void widen(int *width, const char *text)
{
	if ((int)strlen(text) > *width)
		*width = (int)strlen(text);
}

static struct widths measure(const struct barriers *b)
{
	struct widths w = { 0 };
	char buf[512];

	snprintf(buf, sizeof(buf), "%d", b->nr_rows);
	widen(&w.number, buf);
	for (int i = 0; i < b->nr_rows; i++) {
		put_place(buf, sizeof(buf), &b->row[i]);
		widen(&w.place, buf);
		put_text(buf, sizeof(buf), b, &b->row[i]);
		widen(&w.text, buf);
		put_order(buf, sizeof(buf), &b->row[i]);
		widen(&w.order, buf);
	}
	return w;
}

static void print_picture(const struct report_barriers *r, const struct barriers_try *t)
{
	if (!r->pictures || !t->result.trace)
		return;
	putchar('\n');
	fl_trace_print(t->result.trace, stdout);
	putchar('\n');
}

static void print_witness(const struct report_barriers *r, const struct barriers_try *t, int indent)
{
	printf("%s: %s\n", t->result.oracle, t->result.message);
	if (t->trace[0])
		printf("%*sreplay: faultline replay %s\n", indent, "", t->trace);
	print_picture(r, t);
}

/* The last one is the mildest, which says most about why the ordering is as it is. */
static const struct barriers_try *last_try(const struct barriers_row *row, enum fl_verdict verdict)
{
	for (int k = row->nr_tries - 1; k >= 0; k--)
		if (row->try[k].result.verdict == verdict)
			return &row->try[k];
	return NULL;
}

/* What the exploration knows of it; a limit of the command line is told once, at the end. */
static void print_open(const struct barriers_row *row, int indent)
{
	const struct barriers_try *t = last_try(row, FL_VERDICT_INCONCLUSIVE);

	if (!t || !t->result.message[0])
		return;
	printf("%*swith %s, ", indent, "", name_of(row, t->to));
	if (t->result.oracle[0])
		printf("perhaps %s: ", t->result.oracle);
	printf("%s\n", t->result.message);
}

static void print_row(const struct report_barriers *r, const struct widths *w, int i)
{
	const struct barriers_row *row = &r->found->row[i];
	const struct barriers_try *t = last_try(row, FL_VERDICT_VIOLATION);
	char place[160], text[160], order[48], verdict[160];
	int indent = 2 + w->number + 2;

	put_place(place, sizeof(place), row);
	put_text(text, sizeof(text), r->found, row);
	put_order(order, sizeof(order), row);
	put_verdict(verdict, sizeof(verdict), row);
	printf("  %*d  %-*s  %-*s  %-*s%s%s\n", w->number, i + 1, w->place, place, w->text, text,
	       w->order, order, w->order ? "  " : "", verdict);
	print_open(row, indent);
	if (!t)
		return;
	printf("%*swith %s, ", indent, "", name_of(row, t->to));
	print_witness(r, t, indent);
}

/* "7 and 8", "1, 2 and 3" */
static void put_numbers(char *buf, size_t size, const struct barriers_group *g)
{
	size_t n = 0;

	for (int i = 0; i < g->n && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%d",
				      !i	     ? ""
				      : i + 1 < g->n ? ", "
						     : " and ",
				      g->row[i] + 1);
}

static void print_group(const struct report_barriers *r, const struct barriers_group *g)
{
	char numbers[512];

	put_numbers(numbers, sizeof(numbers), g);
	printf("  %s: ", numbers);
	if (g->try.result.verdict == FL_VERDICT_INCONCLUSIVE) {
		printf("inconclusive%s%s\n", g->try.result.message[0] ? ", " : "",
		       g->try.result.message);
		return;
	}
	printf("%s, ", g->n == 2 ? "not both" : "not all");
	for (int i = 0; i < g->n; i++) {
		const struct barriers_row *row = &r->found->row[g->row[i]];

		printf("%s%s", i ? " and " : "with ", name_of(row, row->enough[0]));
	}
	printf(", ");
	print_witness(r, &g->try, 4);
}

static void print_together(const struct report_barriers *r)
{
	const struct barriers *b = r->found;
	char numbers[512];

	if (b->nr_groups || b->together.n > 1)
		printf("\nAt once:\n");
	for (int i = 0; i < b->nr_groups; i++)
		print_group(r, &b->group[i]);
	if (b->together.n < 2)
		return;
	put_numbers(numbers, sizeof(numbers), &b->together);
	printf("  %s: %s\n", numbers,
	       b->together.try.result.verdict == FL_VERDICT_VERIFIED ? "verified with all of these "
								       "weaker"
								     : "inconclusive");
}

/* Of the groups, and of the set that was to be verified. */
static int open_at_once(const struct barriers *b)
{
	int n = b->together.n > 1 && b->together.try.result.verdict == FL_VERDICT_INCONCLUSIVE;

	for (int i = 0; i < b->nr_groups; i++)
		n += b->group[i].try.result.verdict == FL_VERDICT_INCONCLUSIVE;
	return n;
}

static void print_summary(const struct report_barriers *r)
{
	const struct barriers *b = r->found;
	int needed = 0, weaker = 0, needless = 0, undecided = b->nr_rows - b->rows_done;
	char time[32];

	for (int i = 0; i < b->rows_done; i++) {
		undecided += b->row[i].undecided;
		needed += is_needed(&b->row[i]);
		needless += !b->row[i].undecided && is_needless(&b->row[i]);
		weaker += !b->row[i].undecided && b->row[i].nr_enough && !is_needless(&b->row[i]);
	}
	printf("\n%d ordering%s: %d needed as written, %d can be weaker, %d not needed, "
	       "%d inconclusive",
	       b->nr_rows, b->nr_rows == 1 ? "" : "s", needed, weaker, needless, undecided);
	if (open_at_once(b))
		printf(", %d inconclusive at once", open_at_once(b));
	printf("; %d exploration%s, %s\n", b->explorations, b->explorations == 1 ? "" : "s",
	       cli_time(time, sizeof(time), b->seconds));
	if (r->interrupted)
		printf("interrupted: this is not all\n");
	else if (undecided || b->undecided)
		printf("inconclusive: %s\n", r->limit);
}

static void print_title(const struct report_barriers *r)
{
	const struct fl_run_result *base = &r->found->baseline;

	printf("%s   ", r->title);
	if (r->variant)
		printf("%s   ", r->variant);
	if (base->kernel)
		printf("kernel %s   ", base->kernel);
	if (r->set)
		printf("%s   ", r->set);
	printf("%s   ", base->model);
}

void report_barriers_text(const struct report_barriers *r)
{
	const struct barriers *b = r->found;
	struct widths w = measure(b);
	char time[32];

	print_title(r);
	printf("verified as written: executions %" PRIu64 ", %s\n\n", b->baseline.executions,
	       cli_time(time, sizeof(time), b->baseline.seconds));
	for (int i = 0; i < b->rows_done; i++)
		print_row(r, &w, i);
	if (!b->nr_rows)
		printf("  nothing to weaken: no barrier, acquire or release of its own on its "
		       "path\n");
	print_together(r);
	print_summary(r);
}

/* ---- JSON ---- */

static void put_string(json_t *o, const char *key, const char *s)
{
	json_object_set_new(o, key, s ? json_string(s) : json_null());
}

static const char *word_of(enum fl_verdict verdict)
{
	return verdict == FL_VERDICT_VERIFIED	 ? "verified"
	       : verdict == FL_VERDICT_VIOLATION ? "violation"
						 : "inconclusive";
}

static void put_try(json_t *o, const struct barriers_try *t)
{
	bool violation = t->result.verdict == FL_VERDICT_VIOLATION;

	put_string(o, "verdict", word_of(t->result.verdict));
	put_string(o, "oracle", violation ? t->result.oracle : NULL);
	put_string(o, "message", violation ? t->result.message : NULL);
	json_object_set_new(o, "executions", json_integer((json_int_t)t->result.executions));
	json_object_set_new(o, "seconds", json_real(t->result.seconds));
	put_string(o, "trace", t->trace[0] ? t->trace : NULL);
}

static json_t *new_object(const struct report_barriers *r, const char *kind)
{
	json_t *o = json_object();

	put_string(o, "kind", kind);
	put_string(o, r->file ? "file" : "scenario", r->file ? r->file : r->scenario);
	if (!r->file) {
		put_string(o, "variant", r->variant);
		put_string(o, "kernel", r->found->baseline.kernel);
	}
	put_string(o, "model", r->found->baseline.model);
	return o;
}

static void print_object(json_t *o)
{
	json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(o);
}

static void print_row_json(const struct report_barriers *r, int i)
{
	const struct barriers_row *row = &r->found->row[i];
	json_t *o = new_object(r, "ordering"), *list = json_array();
	char buf[160];

	json_object_set_new(o, "number", json_integer(i + 1));
	put_place(buf, sizeof(buf), row);
	put_string(o, "place", buf);
	put_string(o, "function", row->where->func);
	put_string(o, "text", row->where->text);
	put_string(o, "variable", row->name);
	put_string(o, "operation", row->operation);
	put_string(o, "written", name_of(row, row->place->written));
	json_object_set_new(o, "on_failure", json_boolean(row->place->ordering == FLX_OF_FAILURE));
	put_string(o, "verdict", verdict_of(row));
	for (int k = 0; k < row->nr_enough; k++)
		json_array_append_new(list, json_string(name_of(row, row->enough[k])));
	json_object_set_new(o, "enough", list);
	list = json_array();
	for (int k = 0; k < row->nr_tries; k++) {
		json_t *t = json_object();

		put_string(t, "order", name_of(row, row->try[k].to));
		put_try(t, &row->try[k]);
		json_array_append_new(list, t);
	}
	json_object_set_new(o, "tried", list);
	print_object(o);
}

static void print_group_json(const struct report_barriers *r, const struct barriers_group *g)
{
	json_t *o = new_object(r, "at-once"), *list = json_array();

	for (int i = 0; i < g->n; i++)
		json_array_append_new(list, json_integer(g->row[i] + 1));
	json_object_set_new(o, "numbers", list);
	put_try(o, &g->try);
	print_object(o);
}

void report_barriers_json(const struct report_barriers *r)
{
	const struct barriers *b = r->found;

	for (int i = 0; i < b->rows_done; i++)
		print_row_json(r, i);
	for (int i = 0; i < b->nr_groups; i++)
		print_group_json(r, &b->group[i]);
	if (b->together.n)
		print_group_json(r, &b->together);
}

void report_barriers_baseline(const struct report_barriers *r, bool json)
{
	const struct fl_run_result *base = &r->found->baseline;
	bool violation = base->verdict == FL_VERDICT_VIOLATION;

	if (json) {
		const struct barriers_try t = { .result = *base };
		json_t *o = new_object(r, "as-written");

		put_try(o, &t);
		print_object(o);
		return;
	}
	print_title(r);
	if (violation) {
		printf("VIOLATION  %s\n  %s\n", base->oracle, base->message);
		printf("  It is a violation as it is written, so nothing was weakened.\n");
	} else {
		printf("inconclusive\n");
		printf("  It is not known to be correct as it is written (%s), so nothing was "
		       "weakened.\n",
		       r->interrupted	  ? "interrupted"
		       : base->message[0] ? base->message
					  : r->limit);
	}
}
