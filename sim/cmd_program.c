// SPDX-License-Identifier: MIT
/* cmd_program.c - faultline program: explores an ordinary C11 + pthreads program from its main(). */
#include "cli.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/program/program.h"
#include "progress.h"
#include "report_program.h"
#include "searched.h"

enum key {
	KEY_MODEL = 0x200,
	KEY_NONDET,
	KEY_UNROLL,
	KEY_SEARCH,
	KEY_SEED,
	KEY_MAX_EXECUTIONS,
	KEY_TIMEOUT,
	KEY_JOBS,
	KEY_CHECKPOINT,
	KEY_RESUME,
	KEY_NO_SYMMETRY,
	KEY_NO_COMMUTE,
	KEY_NO_RACES,
	KEY_JSON,
	KEY_STATS,
	KEY_TRACE,
	KEY_HTML,
	KEY_ALL_EVENTS,
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "What to check", 1 },
	{ "model", KEY_MODEL, "NAME", 0, "Memory model: rc11 (the default), sc or tso", 1 },
	{ "no-races", KEY_NO_RACES, NULL, 0, "Data races are no violations", 1 },
	{ "nondet", KEY_NONDET, "MIN..MAX", 0,
	  "What __VERIFIER_nondet_int() and the like return; default: -1..2, unsigned 0..3", 1 },
	{ NULL, 0, NULL, 0, "How far to go", 2 },
	{ "unroll", KEY_UNROLL, "N", 0,
	  "Follow a loop that does more than wait for N rounds; default: 1000", 2 },
	{ "search", KEY_SEARCH, "HOW", 0,
	  "exhaustive (the default), random, pct:D (random priorities, for bugs of depth D), "
	  "preemptions:N (all with at most N preemptions)",
	  2 },
	{ "seed", KEY_SEED, "N", 0, "Seed of random and pct:D; default: 0", 2 },
	{ "max-executions", KEY_MAX_EXECUTIONS, "N", 0,
	  "Give up after N executions; of random and pct:D: how many runs, default: 10000 in 10 s",
	  2 },
	{ "timeout", KEY_TIMEOUT, "SECONDS", 0, "Give up after exploring for this time", 2 },
	{ "jobs", KEY_JOBS, "N", 0, "N processes share a long search; default 1", 2 },
	{ "checkpoint", KEY_CHECKPOINT, "FILE", 0,
	  "Where a search that is cut short is saved; default: FILE.checkpoint, if it took more "
	  "than a "
	  "minute",
	  2 },
	{ "resume", KEY_RESUME, "FILE", 0,
	  "Go on from a checkpoint, which is removed when the search has come to its end", 2 },
	{ "no-symmetry", KEY_NO_SYMMETRY, NULL, 0, "Equal threads count as different", 2 },
	{ "no-commute", KEY_NO_COMMUTE, NULL, 0,
	  "Additions to a counter whose results nobody uses are ordered, too", 2 },
	{ NULL, 0, NULL, 0, "What to show", 3 },
	{ "trace", KEY_TRACE, "FILE", 0, "Write the violating execution, for 'faultline replay'",
	  3 },
	{ "html", KEY_HTML, "FILE", 0, "The violating execution as a page for a browser", 3 },
	{ "all-events", KEY_ALL_EVENTS, NULL, 0,
	  "All events of the violating execution, not only those that matter", 3 },
	{ "json", KEY_JSON, NULL, 0, "One JSON object", 3 },
	{ "stats", KEY_STATS, NULL, 0, "More about the exploration", 3 },
	{ 0 },
};

struct args {
	struct program_options opt;
	const char *file, *trace, *html;
	const char **cc_args;
	int nr_cc_args;
	bool json, all_events;
	char checkpoint[256]; /* the default */
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

static bool parse_value(struct args *a, int key, const char *arg)
{
	uint64_t n;

	switch (key) {
	case KEY_NONDET:
		return cli_range(&a->opt.nondet_min, &a->opt.nondet_max, "--nondet", arg);
	case KEY_UNROLL:
		if (!cli_number(&n, "--unroll", arg, 1))
			return false;
		a->opt.unroll = n > INT_MAX ? INT_MAX : (unsigned int)n;
		return true;
	case KEY_SEED:
		return cli_number(&a->opt.seed, "--seed", arg, 0);
	case KEY_MAX_EXECUTIONS:
		return cli_number(&a->opt.max_executions, "--max-executions", arg, 1);
	case KEY_JOBS:
		return cli_jobs(&a->opt.jobs, arg);
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
	case KEY_CHECKPOINT:
		a->opt.checkpoint = arg;
		return 0;
	case KEY_RESUME:
		a->opt.resume = arg;
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
		a->opt.stats = true;
		return 0;
	case KEY_TRACE:
		a->trace = arg;
		return 0;
	case KEY_HTML:
		a->html = arg;
		return 0;
	case KEY_ALL_EVENTS:
		a->all_events = true;
		return 0;
	case KEY_NONDET:
	case KEY_UNROLL:
	case KEY_SEED:
	case KEY_MAX_EXECUTIONS:
	case KEY_TIMEOUT:
	case KEY_JOBS:
		return parse_value(a, key, arg) ? 0 : CLI_REPORTED;
	case ARGP_KEY_ARG:
		return add_argument(a, arg, state) ? 0 : CLI_REPORTED;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int exit_status(const struct fl_run_result *r)
{
	return r->verdict == FL_VERDICT_VERIFIED    ? CLI_OK
	       : r->verdict == FL_VERDICT_VIOLATION ? CLI_VIOLATION
						    : CLI_INCONCLUSIVE;
}

/* The files that were asked for; what was written is noted in @report. False after an error message. */
static bool write_files(const struct args *a, const struct fl_trace *t,
			struct report_program *report)
{
	char again[2048];
	bool ok = true;

	if (t && a->trace) {
		ok = cli_was_written(fl_trace_save(t, a->trace), "trace", a->trace, "--trace");
		report->trace = ok ? a->trace : NULL;
	}
	if (t && a->html) {
		if (report->trace)
			snprintf(again, sizeof(again), "faultline replay %s", report->trace);
		else
			snprintf(again, sizeof(again), "faultline program %s", a->file);
		if (cli_was_written(fl_trace_save_html(t, a->html, again), "page", a->html,
				    "--html"))
			report->html = a->html;
		else
			ok = false;
	}
	return ok;
}

static void choose_checkpoint(struct args *a)
{
	const char *slash = strrchr(a->file, '/');

	cli_choose_checkpoint(&a->opt.checkpoint, &a->opt.checkpoint_after, a->opt.resume,
			      a->checkpoint, sizeof(a->checkpoint), slash ? slash + 1 : a->file);
}

static int check(struct args *a)
{
	struct progress progress = { .scenario = a->file };
	struct report_program report = {
		.file = a->file,
		.options = &a->opt,
		.all_events = a->all_events,
	};
	struct fl_run_result r;
	char err[1024];
	bool written;
	int status;

	if (!cli_can_write("trace", a->trace, "--trace") ||
	    !cli_can_write("page", a->html, "--html") ||
	    !cli_can_write("checkpoint", a->opt.checkpoint, "--checkpoint"))
		return CLI_BAD_INPUT;
	choose_checkpoint(a);
	a->opt.progress = progress_report;
	a->opt.progress_arg = &progress;
	progress_catch_signals();
	status = program_check(a->file, &a->opt, &r, err, sizeof(err));
	progress_end(&progress);
	if (status && progress_interrupted()) {
		cli_error("interrupted while %s was compiled", a->file);
		return CLI_INCONCLUSIVE;
	}
	if (status)
		return cli_error("%s", err);
	status = exit_status(&r);
	report.result = &r;
	report.interrupted = progress_interrupted();
	written = write_files(a, r.trace, &report);
	(a->json ? report_program_json : report_program_text)(&report);
	written &= searched_print_checkpoint(&r, a->opt.checkpoint, a->json);
	fl_run_result_free(&r);
	return written ? status : CLI_BAD_INPUT;
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
