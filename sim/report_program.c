// SPDX-License-Identifier: MIT
/* report_program.c - see report_program.h. */
#include "report_program.h"

#include <inttypes.h>
#include <stdio.h>

#include <jansson.h>

#include "cli.h"
#include "searched.h"

static const char *verdict_name(enum fl_verdict verdict)
{
	return verdict == FL_VERDICT_VERIFIED	 ? "verified"
	       : verdict == FL_VERDICT_VIOLATION ? "violation"
						 : "inconclusive";
}

/* Why there is no verdict. */
static const char *limit_of(const struct report_program *p)
{
	const struct fl_run_result *r = p->result;

	if (p->interrupted)
		return "interrupted";
	if (r->message[0])
		return r->message;
	if (p->options->timeout > 0 && r->seconds >= p->options->timeout)
		return "the time is up (--timeout)";
	if (r->runs)
		return r->note; /* it has a number of runs, and that is no limit met */
	if (p->options->max_executions && r->executions >= p->options->max_executions)
		return "the number of executions is reached (--max-executions)";
	return r->note[0] ? r->note : "the engine met a limit of its own";
}

static void print_counts(const struct report_program *p)
{
	const struct fl_run_result *r = p->result;
	bool stats = p->options->stats;
	char time[32], counts[160];
	int n;

	n = searched_counts(counts, sizeof(counts), r);
	if (stats || (r->blocked && r->verdict != FL_VERDICT_VIOLATION))
		n += snprintf(counts + n, sizeof(counts) - n, ", blocked %" PRIu64, r->blocked);
	if (stats)
		n += snprintf(counts + n, sizeof(counts) - n,
			      ", duplicates %" PRIu64 ", at most %" PRIu32 " events", r->duplicates,
			      r->events);
	snprintf(counts + n, sizeof(counts) - n, ", %s", cli_time(time, sizeof(time), r->seconds));
	if (stats && r->seconds > 0)
		printf("  %s, %.0f executions a second\n", counts,
		       (double)(r->executions + r->blocked) / r->seconds);
	else if (!p->trace)
		printf("  %s\n", counts);
	if (p->trace)
		printf("  %-30s replay: faultline replay %s\n", stats ? "" : counts, p->trace);
	if (p->html)
		printf("  page: %s\n", p->html);
}

void report_program_text(const struct report_program *p)
{
	const struct fl_run_result *r = p->result;
	bool violation = r->verdict == FL_VERDICT_VIOLATION;

	printf("%s   %s   %s%s%s\n", p->file, r->model,
	       violation ? "VIOLATION" : verdict_name(r->verdict), violation ? "  " : "",
	       violation ? r->oracle : "");
	if (violation)
		printf("  %s\n", r->message);
	else if (r->verdict == FL_VERDICT_INCONCLUSIVE)
		searched_print_open(r, limit_of(p));
	else
		printf(r->executions
			       ? "  no execution is a violation\n"
			       : "  no execution meets the assumptions, and none is a violation\n");
	if (r->unseen[0])
		printf("  not seen: what these do to the program's memory: %s\n", r->unseen);
	searched_print_odds(r);
	print_counts(p);
	if (r->trace) {
		putchar('\n');
		(p->all_events ? fl_trace_print_all : fl_trace_print)(r->trace, stdout);
	}
}

static void put_string(json_t *o, const char *key, const char *s)
{
	json_object_set_new(o, key, s ? json_string(s) : json_null());
}

static void put_count(json_t *o, const char *key, uint64_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

void report_program_json(const struct report_program *p)
{
	const struct fl_run_result *r = p->result;
	bool violation = r->verdict == FL_VERDICT_VIOLATION;
	json_t *o = json_object();

	put_string(o, "file", p->file);
	put_string(o, "model", r->model);
	searched_json(o, r);
	put_string(o, "verdict", verdict_name(r->verdict));
	put_string(o, "oracle", violation ? r->oracle : NULL);
	put_string(o, "message", violation ? r->message : NULL);
	put_string(o, "limit", r->verdict == FL_VERDICT_INCONCLUSIVE ? limit_of(p) : NULL);
	put_string(o, "unseen", r->unseen[0] ? r->unseen : NULL);
	put_count(o, "executions", r->executions);
	put_count(o, "blocked", r->blocked);
	json_object_set_new(o, "duplicates",
			    p->options->stats ? json_integer((json_int_t)r->duplicates)
					      : json_null());
	put_count(o, "events", r->events);
	json_object_set_new(o, "seconds", json_real(r->seconds));
	put_string(o, "trace", p->trace);
	put_string(o, "html", p->html);
	json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(o);
}
