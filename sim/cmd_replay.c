// SPDX-License-Identifier: MIT
/* cmd_replay.c - faultline replay: one recorded execution again, on its own or under gdb. */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <faultline/run.h>
#include <faultline/scenario.h>

#include "../lib/explore/weaken.h"
#include "../lib/program/program.h"
#include "../lib/trace/json.h"
#include "gdb.h"

enum key { KEY_GDB = 1, KEY_ALL_EVENTS, KEY_HTML, KEY_JSON, KEY_STOP_AT };

static const struct argp_option options[] = {
	{ "gdb", KEY_GDB, NULL, 0, "In gdb, stopped at the violating event", 0 },
	{ "all-events", KEY_ALL_EVENTS, NULL, 0, "All events, not only those that matter", 0 },
	{ "html", KEY_HTML, "FILE", 0, "The execution as a page for a browser", 0 },
	{ "json", KEY_JSON, NULL, 0, "One JSON object: the verdict and the events", 0 },
	{ "stop-at", KEY_STOP_AT, "WHERE", OPTION_HIDDEN, NULL, 0 }, /* from --gdb to itself */
	{ 0 },
};

struct replay {
	const char *file, *html;
	bool gdb, all_events, json;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct replay *replay = state->input;

	switch (key) {
	case KEY_GDB:
		replay->gdb = true;
		return 0;
	case KEY_ALL_EVENTS:
		replay->all_events = true;
		return 0;
	case KEY_HTML:
		replay->html = arg;
		return 0;
	case KEY_JSON:
		replay->json = true;
		return 0;
	case KEY_STOP_AT:
		if (gdb_stop_at(arg))
			return 0;
		cli_error("--stop-at \"%s\" is no place", arg);
		return CLI_REPORTED;
	case ARGP_KEY_ARG:
		if (replay->file) {
			cli_error("replay takes one trace file, got \"%s\" and \"%s\"",
				  replay->file, arg);
			return CLI_REPORTED;
		}
		replay->file = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void print_title(const struct fl_trace_info *info, const char *outcome, const char *oracle)
{
	printf("%s   ", info->program ? info->program : info->scenario);
	if (info->variant)
		printf("%s   ", info->variant);
	if (info->kernel)
		printf("kernel %s   ", info->kernel);
	if (info->set)
		printf("%s   ", info->set);
	printf("%s   %s%s%s\n", info->model, outcome, oracle ? "  " : "", oracle ? oracle : "");
}

static int exit_status(const struct fl_run_result *result)
{
	if (result->verdict == FL_VERDICT_INCONCLUSIVE && result->oracle[0])
		return CLI_INCONCLUSIVE;
	return result->verdict == FL_VERDICT_VIOLATION ? CLI_VIOLATION : CLI_OK;
}

/* The code ran with other orderings than it has. An ordering that was compiled more than once is named once. */
static void print_weakened(const struct fl_trace_info *info)
{
	for (int i = 0; i < info->nr_weakened; i++) {
		const struct flx_weakening *w = &info->weakened[i];
		const struct flx_place *p = &w->place;

		if (i && p->site == w[-1].place.site && p->ordering == w[-1].place.ordering)
			continue;
		printf("  weakened: %s:%d %s: %s instead of %s\n",
		       p->site->file ? p->site->file : "?", p->site->line, p->site->text,
		       flx_ordering_name(p, w->to), flx_ordering_name(p, p->written));
	}
}

/* @page: was written, or NULL. */
static void report(const struct replay *replay, const struct fl_trace *want,
		   const struct fl_run_result *result, const char *page)
{
	const struct fl_trace_info *info = fl_trace_info(want);

	switch (exit_status(result)) {
	case CLI_INCONCLUSIVE:
		print_title(info, "inconclusive", NULL);
		printf("  perhaps %s: %s\n", result->oracle, result->message);
		return;
	case CLI_OK:
		print_title(info, "clean", NULL);
		printf("  the execution of %s ran again and %s now; it was %s: %s\n", replay->file,
		       info->program ? "is no violation" : "breaks no oracle", info->oracle,
		       info->message);
		return;
	default:
		break;
	}
	print_title(info, "VIOLATION", result->oracle);
	printf("  %s\n", result->message);
	if (strcmp(result->oracle, info->oracle))
		printf("  (recorded as %s: %s)\n", info->oracle, info->message);
	printf("  replayed from %s\n", replay->file);
	print_weakened(info);
	if (page)
		printf("  page: %s\n", page);
	if (result->trace) {
		putchar('\n');
		(replay->all_events ? fl_trace_print_all : fl_trace_print)(result->trace, stdout);
	}
}

static void put(json_t *o, const char *key, const char *text)
{
	json_object_set_new(o, key, fl_trace_json_text(text));
}

static void report_as_json(const struct replay *replay, const struct fl_trace *want,
			   const struct fl_run_result *result, const char *page)
{
	static const char *const verdict[] = {
		[CLI_OK] = "clean",
		[CLI_VIOLATION] = "violation",
		[CLI_INCONCLUSIVE] = "inconclusive",
	};
	const struct fl_trace_info *info = fl_trace_info(want);
	int status = exit_status(result);
	json_t *o = json_object();

	put(o, "file", replay->file);
	if (info->program)
		put(o, "program", info->program);
	put(o, "scenario", info->scenario);
	put(o, "id", info->id);
	put(o, "variant", info->variant);
	put(o, "kernel", info->kernel);
	put(o, "set", info->set);
	put(o, "model", info->model);
	put(o, "verdict", verdict[status]);
	put(o, "oracle", status == CLI_OK ? NULL : result->oracle);
	put(o, "message", status == CLI_OK ? NULL : result->message);
	put(o, "recorded_oracle", info->oracle);
	put(o, "recorded_message", info->message);
	put(o, "html", page);
	if (result->trace)
		json_object_set_new(o, "events",
				    fl_trace_rows_to_json(result->trace, replay->all_events));
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(o);
}

static int write_page(const struct replay *replay, const struct fl_run_result *result)
{
	char again[1100];
	int err;

	if (!replay->html || !result->trace)
		return 0;
	snprintf(again, sizeof(again), "faultline replay %s", replay->file);
	err = fl_trace_save_html(result->trace, replay->html, again);
	return cli_was_written(err, "page", replay->html, "--html") ? 0 : CLI_BAD_INPUT;
}

/* 0, or the status after an error message. */
static int run_again(const struct replay *replay, const struct fl_trace *want,
		     struct fl_run_result *result)
{
	const struct fl_trace_info *info = fl_trace_info(want);
	const struct fl_scenario *s = info->program ? NULL : fl_scenario_find(info->scenario);
	char err[1024];
	int ret;

	if (info->program)
		ret = program_replay(want, result, err, sizeof(err));
	else if (s)
		ret = fl_run_replay(s, want, result, err, sizeof(err));
	else
		return cli_error("%s: it is of scenario \"%s\", which this build does not have",
				 replay->file, info->scenario);
	if (ret == -ESTALE)
		return cli_error("%s no longer fits the code: %s; run %s again", replay->file, err,
				 info->nr_weakened ? "barriers"
				 : info->program   ? "program"
						   : "check");
	if (ret)
		return cli_error("%s: %s", replay->file, err);
	return 0;
}

static int replay_trace(const struct replay *replay, const struct fl_trace *want)
{
	struct fl_run_result result;
	int ret = run_again(replay, want, &result);

	if (ret)
		return ret;
	if (replay->gdb && result.trace) {
		ret = gdb_replay(replay->file, result.trace);
	} else {
		const char *page;

		ret = write_page(replay, &result);
		page = result.trace && !ret ? replay->html : NULL;
		if (replay->json)
			report_as_json(replay, want, &result, page);
		else
			report(replay, want, &result, page);
		if (!ret)
			ret = exit_status(&result);
	}
	fl_run_result_free(&result);
	return ret;
}

int cmd_replay(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "FILE",
		.doc = "Runs exactly the execution again that 'faultline check' or 'faultline "
		       "program' wrote to FILE. A program is compiled again, as it was then.\v"
		       "Exit status: 1 if the violation shows again, 0 if the execution is clean "
		       "now, 2 if FILE is no trace or no longer fits the code, 3 if it is still "
		       "not "
		       "known to be a violation. With --gdb, it is gdb's own: 0 after 'quit'.",
	};
	struct replay replay = { 0 };
	struct fl_trace *want;
	char err[1024];
	int ret = cli_parse(&argp, argc, argv, &replay);

	if (ret)
		return ret;
	if (!replay.file)
		return cli_error("replay needs a trace file, as 'faultline check --trace FILE' "
				 "writes it");
	if (!cli_can_write("page", replay.html, "--html"))
		return CLI_BAD_INPUT;
	if (fl_trace_load(&want, replay.file, err, sizeof(err)))
		return cli_error("%s", err);
	ret = replay_trace(&replay, want);
	fl_trace_free(want);
	return ret;
}
