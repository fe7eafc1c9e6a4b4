// SPDX-License-Identifier: MIT
/* cmd_program.c - faultline program: explores an ordinary C11 + pthreads program from its main(). */
#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "../lib/program/program.h"
#include "progress.h"
#include "searched.h"

enum key {
	KEY_MODEL = 0x200,
	KEY_NONDET,
	KEY_UNROLL,
	KEY_SEARCH,
	KEY_SEED,
	KEY_MAX_EXECUTIONS,
	KEY_TIMEOUT,
	KEY_NO_SYMMETRY,
	KEY_NO_COMMUTE,
	KEY_NO_RACES,
	KEY_JSON,
	KEY_STATS,
	KEY_TRACE,
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "What to check", 1 },
	{ "model", KEY_MODEL, "NAME", 0, "Memory model: rc11 (the default), sc, tso or lkmm", 1 },
	{ "no-races", KEY_NO_RACES, NULL, 0, "Data races are no violations", 1 },
	{ "nondet", KEY_NONDET, "MIN..MAX", 0,
	  "What __VERIFIER_nondet_int() and the like return; default: -1..2, unsigned 0..3", 1 },
	{ NULL, 0, NULL, 0, "How far to go", 2 },
	{ "unroll", KEY_UNROLL, "N", 0,
	  "Do not follow a thread that comes more than N times to the same atomic operation", 2 },
	{ "search", KEY_SEARCH, "HOW", 0,
	  "exhaustive (the default), random, pct:D (random priorities, for bugs of depth D), "
	  "preemptions:N (all with at most N preemptions)",
	  2 },
	{ "seed", KEY_SEED, "N", 0, "Seed of random and pct:D; default: 0", 2 },
	{ "max-executions", KEY_MAX_EXECUTIONS, "N", 0,
	  "Give up after N executions; of random and pct:D: how many runs, default: 10000 in 10 s",
	  2 },
	{ "timeout", KEY_TIMEOUT, "SECONDS", 0, "Give up after exploring for this time", 2 },
	{ "no-symmetry", KEY_NO_SYMMETRY, NULL, 0, "Equal threads count as different", 2 },
	{ "no-commute", KEY_NO_COMMUTE, NULL, 0,
	  "Read-modify-writes whose results are unused are ordered, too", 2 },
	{ NULL, 0, NULL, 0, "What to show", 3 },
	{ "trace", KEY_TRACE, "FILE", 0, "Where the violating execution goes", 3 },
	{ "json", KEY_JSON, NULL, 0, "One JSON object", 3 },
	{ "stats", KEY_STATS, NULL, 0, "More about the exploration", 3 },
	{ 0 },
};

struct args {
	struct program_options opt;
	const char *file, *trace;
	const char **cc_args;
	int nr_cc_args;
	bool json, stats;
};

static bool add_argument(struct args *a, const char *arg, const struct argp_state *state)
{
	if (state->quoted && state->next > state->quoted) {
		a->cc_args[a->nr_cc_args++] = arg;
		return true;
	}
	if (a->file) {
		cli_error("program takes one FILE.c, got \"%s\" and \"%s\"; arguments for the "
			  "compiler come after --",
			  a->file, arg);
		return false;
	}
	a->file = arg;
	return true;
}

static bool parse_range(struct args *a, const char *text)
{
	int n = 0;

	if (sscanf(text, "%d..%d%n", &a->opt.nondet_min, &a->opt.nondet_max, &n) == 2 && !text[n] &&
	    a->opt.nondet_min <= a->opt.nondet_max && (a->opt.nondet_min || a->opt.nondet_max))
		return true;
	cli_error("--nondet \"%s\" is not of the form MIN..MAX, with numbers such as -1..2", text);
	return false;
}

static bool parse_value(struct args *a, int key, const char *arg)
{
	uint64_t n;

	switch (key) {
	case KEY_NONDET:
		return parse_range(a, arg);
	case KEY_UNROLL:
		if (!cli_number(&n, "--unroll", arg, 1))
			return false;
		a->opt.unroll = n > UINT32_MAX ? UINT32_MAX : (unsigned int)n;
		return true;
	case KEY_SEED:
		return cli_number(&a->opt.seed, "--seed", arg, 0);
	case KEY_MAX_EXECUTIONS:
		return cli_number(&a->opt.max_executions, "--max-executions", arg, 1);
	default:
		return cli_seconds(&a->opt.timeout, "--timeout", arg);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case KEY_MODEL:
		a->opt.model = arg;
		return 0;
	case KEY_SEARCH:
		a->opt.search = arg;
		return 0;
	case KEY_NO_SYMMETRY:
		a->opt.no_symmetry = true;
		return 0;
	case KEY_NO_COMMUTE:
		a->opt.no_commute = true;
		return 0;
	case KEY_NO_RACES:
		a->opt.no_races = true;
		return 0;
	case KEY_JSON:
		a->json = true;
		return 0;
	case KEY_STATS:
		a->stats = true;
		return 0;
	case KEY_TRACE:
		a->trace = arg;
		return 0;
	case KEY_NONDET:
	case KEY_UNROLL:
	case KEY_SEED:
	case KEY_MAX_EXECUTIONS:
	case KEY_TIMEOUT:
		return parse_value(a, key, arg) ? 0 : CLI_REPORTED;
	case ARGP_KEY_ARG:
		return add_argument(a, arg, state) ? 0 : CLI_REPORTED;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const char *verdict_name(enum fl_verdict verdict)
{
	return verdict == FL_VERDICT_VERIFIED	 ? "verified"
	       : verdict == FL_VERDICT_VIOLATION ? "violation"
						 : "inconclusive";
}

/* Why there is no verdict. */
static const char *limit_of(const struct args *a, const struct fl_run_result *r)
{
	if (progress_interrupted())
		return "interrupted";
	if (r->message[0])
		return r->message;
	if (a->opt.timeout > 0 && r->seconds >= a->opt.timeout)
		return "the time is up (--timeout)";
	if (r->runs)
		return r->note; /* it has a number of runs, and that is no limit met */
	if (a->opt.max_executions && r->executions >= a->opt.max_executions)
		return "the number of executions is reached (--max-executions)";
	return r->note[0] ? r->note : "the engine met a limit of its own";
}

static void print_counts(const struct args *a, const struct fl_run_result *r, const char *trace)
{
	char time[32], counts[160];
	int n;

	n = searched_counts(counts, sizeof(counts), r);
	if (a->stats || (r->blocked && r->verdict != FL_VERDICT_VIOLATION))
		n += snprintf(counts + n, sizeof(counts) - n, ", blocked %" PRIu64, r->blocked);
	if (a->stats)
		n += snprintf(counts + n, sizeof(counts) - n,
			      ", duplicates %" PRIu64 ", at most %" PRIu32 " events", r->duplicates,
			      r->events);
	snprintf(counts + n, sizeof(counts) - n, ", %s", cli_time(time, sizeof(time), r->seconds));
	if (a->stats && r->seconds > 0)
		printf("  %s, %.0f executions a second\n", counts,
		       (double)(r->executions + r->blocked) / r->seconds);
	else if (trace)
		printf("  %-30s trace: %s\n", counts, trace);
	else
		printf("  %s\n", counts);
}

static void report_text(const struct args *a, const struct fl_run_result *r, const char *trace)
{
	bool violation = r->verdict == FL_VERDICT_VIOLATION;

	printf("%s   %s   %s%s%s\n", a->file, r->model,
	       violation ? "VIOLATION" : verdict_name(r->verdict), violation ? "  " : "",
	       violation ? r->oracle : "");
	if (violation)
		printf("  %s\n", r->message);
	else if (r->verdict == FL_VERDICT_INCONCLUSIVE)
		searched_print_open(r, limit_of(a, r));
	else
		printf("  no execution is a violation%s\n", r->message);
	searched_print_odds(r);
	print_counts(a, r, trace);
	if (r->trace) {
		putchar('\n');
		fl_trace_print(r->trace, stdout);
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

static void report_json(const struct args *a, const struct fl_run_result *r, const char *trace)
{
	bool violation = r->verdict == FL_VERDICT_VIOLATION;
	json_t *o = json_object();

	put_string(o, "file", a->file);
	put_string(o, "model", r->model);
	searched_json(o, r);
	put_string(o, "verdict", verdict_name(r->verdict));
	put_string(o, "oracle", violation ? r->oracle : NULL);
	put_string(o, "message", violation ? r->message : NULL);
	put_string(o, "limit", r->verdict == FL_VERDICT_INCONCLUSIVE ? limit_of(a, r) : NULL);
	put_count(o, "executions", r->executions);
	put_count(o, "blocked", r->blocked);
	put_count(o, "duplicates", r->duplicates);
	put_count(o, "events", r->events);
	json_object_set_new(o, "seconds", json_real(r->seconds));
	put_string(o, "trace", trace);
	json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
	putchar('\n');
	json_decref(o);
}

static int exit_status(const struct fl_run_result *r)
{
	return r->verdict == FL_VERDICT_VERIFIED    ? CLI_OK
	       : r->verdict == FL_VERDICT_VIOLATION ? CLI_VIOLATION
						    : CLI_INCONCLUSIVE;
}

static int check(struct args *a)
{
	struct progress progress = { .scenario = a->file };
	struct fl_run_result r;
	const char *trace = NULL;
	char err[1024];
	int ret, status;

	a->opt.progress = progress_report;
	a->opt.progress_arg = &progress;
	progress_catch_signals();
	ret = program_check(a->file, &a->opt, &r, err, sizeof(err));
	progress_end(&progress);
	if (ret)
		return cli_error("%s", err);
	status = exit_status(&r);
	ret = a->trace && r.trace ? fl_trace_save(r.trace, a->trace) : 0;
	if (a->trace && r.trace && !ret)
		trace = a->trace;
	if (a->json)
		report_json(a, &r, trace);
	else
		report_text(a, &r, trace);
	if (ret)
		status = cli_error("can't write the trace to \"%s\": %s; --trace FILE chooses "
				   "another place",
				   a->trace, strerror(-ret));
	fl_run_result_free(&r);
	return status;
}

int cmd_program(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "FILE.c [-- CC-ARGUMENT...]",
		.doc = "Compiles a C11 + pthreads program, explores every execution of its main() "
		       "that the memory model allows, and says whether one is a violation: a "
		       "failed assertion, a data race, a deadlock, a use after free, ..."
		       "\v"
		       "The compiler is $CC, else cc, gcc or clang; what comes after -- is for "
		       "it, as in -- -DN=4. A program may include <faultline/verifier.h>, or "
		       "GenMC's <genmc.h>. Exit status: 0 verified, 1 violation, 2 bad input, 3 "
		       "inconclusive, a limit was reached.",
	};
	struct args a = { 0 };
	int status;

	a.cc_args = calloc((size_t)argc + 1, sizeof(*a.cc_args));
	if (!a.cc_args)
		return cli_error("out of memory");
	a.opt.cc_args = a.cc_args;
	status = cli_parse(&argp, argc, argv, &a);
	if (!status && !a.file)
		status = cli_error("program needs a FILE.c; see 'faultline program --help'");
	if (!status)
		status = check(&a);
	free(a.cc_args);
	return status;
}
