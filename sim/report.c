// SPDX-License-Identifier: MIT
/* report.c - see report.h. */
#include "report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "cli.h"
#include "searched.h"

#define UNEXPECTED "NOT "

static const char *verdict_name(enum fl_verdict verdict)
{
	switch (verdict) {
	case FL_VERDICT_VERIFIED:
		return "verified";
	case FL_VERDICT_VIOLATION:
		return "violation";
	default:
		return "inconclusive";
	}
}

/* For people: what needs attention stands out. */
static const char *verdict_shout(enum fl_verdict verdict)
{
	return verdict == FL_VERDICT_VIOLATION ? "VIOLATION" : verdict_name(verdict);
}

bool report_as_expected(const struct report_run *run)
{
	const char *expect = run->variant->expect;

	switch (run->result.verdict) {
	case FL_VERDICT_VERIFIED:
		return !expect;
	case FL_VERDICT_VIOLATION:
		return expect && !strcmp(expect, run->result.oracle);
	default:
		return false;
	}
}

/* Why there is no verdict. */
static const char *limit_of(const struct report_run *run)
{
	if (run->interrupted)
		return "interrupted";
	if (run->result.message[0])
		return run->result.message; /* a violation that the engine is not sure of */
	if (run->options->timeout > 0 && run->result.seconds >= run->options->timeout)
		return "the time is up (--timeout)";
	if (run->result.runs)
		return run->result.note; /* it has a number of runs, and that is no limit met */
	if (run->options->max_executions && run->result.executions >= run->options->max_executions)
		return "the number of executions is reached (--max-executions)";
	return run->result.note[0] ? run->result.note : "the engine met a limit of its own";
}

/* ---- one run ---- */

static void print_title(const struct report_run *run)
{
	const struct fl_run_result *r = &run->result;

	printf("%s   ", run->scenario->name);
	if (run->variant)
		printf("%s   ", run->variant->name);
	printf("kernel %s   ", r->kernel);
	if (run->set)
		printf("%s   ", run->set);
	printf("%s   %s", r->model, verdict_shout(r->verdict));
	if (r->verdict == FL_VERDICT_VIOLATION)
		printf("  %s", r->oracle);
	putchar('\n');
}

static void print_counts(const struct report_run *run, bool verbose)
{
	const struct fl_run_result *r = &run->result;
	char time[32], counts[160];
	int n;

	n = searched_counts(counts, sizeof(counts), r);
	if (verbose || (r->blocked && r->verdict != FL_VERDICT_VIOLATION))
		n += snprintf(counts + n, sizeof(counts) - n, ", blocked %" PRIu64, r->blocked);
	if (verbose)
		n += snprintf(counts + n, sizeof(counts) - n, ", at most %" PRIu32 " events",
			      r->events);
	snprintf(counts + n, sizeof(counts) - n, ", %s", cli_time(time, sizeof(time), r->seconds));
	if (run->trace)
		printf("  %-30s replay: faultline replay %s\n", counts, run->trace);
	else
		printf("  %s\n", counts);
	if (run->html)
		printf("  page: %s\n", run->html);
}

void report_single(const struct report_run *run, bool verbose)
{
	const struct fl_run_result *r = &run->result;

	print_title(run);
	if (r->verdict == FL_VERDICT_VIOLATION)
		printf("  %s\n", r->message);
	else if (r->verdict == FL_VERDICT_INCONCLUSIVE)
		searched_print_open(r, limit_of(run));
	else if (!strcmp(r->model, "lkmm"))
		printf("  no execution breaks an oracle (load buffering is not explored)\n");
	else
		printf("  no execution breaks an oracle\n");
	searched_print_odds(r);
	print_counts(run, verbose);
	if (r->trace) {
		putchar('\n');
		(run->all_events ? fl_trace_print_all : fl_trace_print)(r->trace, stdout);
	}
}

/* ---- JSON ---- */

static void put_string(json_t *o, const char *key, const char *s)
{
	json_object_set_new(o, key, s ? json_string(s) : json_null());
}

static void put_count(json_t *o, const char *key, uint64_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

void report_json(const struct report_run *run)
{
	const struct fl_run_result *r = &run->result;
	bool violation = r->verdict == FL_VERDICT_VIOLATION;
	const char *expect = run->compare ? run->variant->expect : NULL;
	json_t *o = json_object();

	put_string(o, "scenario", run->scenario->name);
	put_string(o, "id", run->scenario->id);
	put_string(o, "variant", run->variant ? run->variant->name : NULL);
	put_string(o, "kernel", r->kernel);
	put_string(o, "set", run->set);
	put_string(o, "model", r->model);
	searched_json(o, r);
	put_string(o, "verdict", verdict_name(r->verdict));
	put_string(o, "expected", !run->compare ? NULL : expect ? "violation" : "verified");
	put_string(o, "expected_oracle", expect);
	json_object_set_new(o, "as_expected",
			    run->compare && r->verdict != FL_VERDICT_INCONCLUSIVE
				    ? json_boolean(report_as_expected(run))
				    : json_null());
	put_string(o, "oracle", violation ? r->oracle : NULL);
	put_string(o, "message", violation ? r->message : NULL);
	put_string(o, "limit", r->verdict == FL_VERDICT_INCONCLUSIVE ? limit_of(run) : NULL);
	put_count(o, "executions", r->executions);
	put_count(o, "blocked", r->blocked);
	put_count(o, "duplicates", r->duplicates);
	put_count(o, "events", r->events);
	json_object_set_new(o, "seconds", json_real(r->seconds));
	put_string(o, "trace", run->trace);
	put_string(o, "html", run->html);
	json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
	putchar('\n');
	fflush(stdout);
	json_decref(o);
}

/* ---- many runs ---- */

static int larger(int a, int b)
{
	return a > b ? a : b;
}

static const char *variant_name(const struct report_run *run)
{
	return run->variant ? run->variant->name : "-";
}

void report_table_plan(struct report_table *t, const struct report_run *run)
{
	const char *kernel = run->options->kernel;

	if (!kernel && run->variant)
		kernel = run->variant->kernel;
	t->scenario = larger(t->scenario, (int)strlen(run->scenario->name));
	t->variant = larger(t->variant, (int)strlen(variant_name(run)));
	t->kernel = larger(t->kernel, kernel ? (int)strlen(kernel) : 0);
	t->oracle = larger(t->oracle, (int)strlen("as expected") - (int)strlen(UNEXPECTED));
	if (run->variant && run->variant->expect)
		t->oracle = larger(t->oracle, (int)strlen(run->variant->expect));
}

static int expectation_width(const struct report_table *t)
{
	return t->oracle + (int)strlen(UNEXPECTED);
}

static void print_head(const struct report_table *t)
{
	printf("%-*s  %-*s  %-*s  %-5s  %-12s  %-*s  %-*s  %10s  %8s  %9s\n", t->scenario,
	       "scenario", t->variant, "variant", t->kernel, "kernel", "model", "verdict",
	       t->oracle, "oracle", expectation_width(t), "expectation", "executions", "blocked",
	       "time");
}

static void expectation(char *buf, size_t size, const struct report_run *run)
{
	if (!run->compare)
		snprintf(buf, size, "-");
	else if (run->result.verdict == FL_VERDICT_INCONCLUSIVE)
		snprintf(buf, size, "undecided");
	else if (report_as_expected(run))
		snprintf(buf, size, "as expected");
	else if (run->variant->expect)
		snprintf(buf, size, UNEXPECTED "%s", run->variant->expect);
	else
		snprintf(buf, size, UNEXPECTED "verified");
}

static void count_run(struct report_table *t, const struct report_run *run)
{
	t->runs++;
	t->violations += run->result.verdict == FL_VERDICT_VIOLATION;
	t->verified += run->result.verdict == FL_VERDICT_VERIFIED;
	t->inconclusive += run->result.verdict == FL_VERDICT_INCONCLUSIVE;
	if (!run->compare || run->result.verdict == FL_VERDICT_INCONCLUSIVE)
		t->uncompared++;
	else if (report_as_expected(run))
		t->as_expected++;
	t->executions += run->result.executions;
	t->seconds += run->result.seconds;
}

void report_table_row(struct report_table *t, const struct report_run *run, bool verbose)
{
	const struct fl_run_result *r = &run->result;
	bool violation = r->verdict == FL_VERDICT_VIOLATION;
	char expected[64], time[32];

	if (!t->runs)
		print_head(t);
	count_run(t, run);
	expectation(expected, sizeof(expected), run);
	printf("%-*s  %-*s  %-*s  %-5s  %-12s  %-*s  %-*s  %10" PRIu64 "  %8" PRIu64 "  %9s\n",
	       t->scenario, run->scenario->name, t->variant, variant_name(run), t->kernel,
	       r->kernel, r->model, verdict_shout(r->verdict), t->oracle,
	       violation ? r->oracle : "-", expectation_width(t), expected, r->executions,
	       r->blocked, cli_time(time, sizeof(time), r->seconds));
	if (verbose && violation)
		printf("    %s\n", r->message);
	if (verbose && run->variant && run->variant->why)
		printf("    why: %s\n", run->variant->why);
	if (r->verdict == FL_VERDICT_INCONCLUSIVE)
		printf("    %s\n", limit_of(run));
	if (run->trace)
		printf("    replay: faultline replay %s\n", run->trace);
	if (run->html)
		printf("    page: %s\n", run->html);
	if (run->compare && !report_as_expected(run) && violation)
		printf("    %s: faultline check %s --variant %s\n", r->message, run->scenario->name,
		       run->variant->name);
	fflush(stdout);
}

void report_table_end(const struct report_table *t)
{
	char time[32];

	printf("\n%u %s: ", t->runs, t->runs == 1 ? "run" : "runs");
	if (t->uncompared < t->runs)
		printf("%u as expected, %u not; ", t->as_expected,
		       t->runs - t->uncompared - t->as_expected);
	printf("%u violated, %u verified, %u inconclusive; %" PRIu64 " executions, %s\n",
	       t->violations, t->verified, t->inconclusive, t->executions,
	       cli_time(time, sizeof(time), t->seconds));
}
