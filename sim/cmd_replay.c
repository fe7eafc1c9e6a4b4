// SPDX-License-Identifier: MIT
/* cmd_replay.c - faultline replay: one recorded execution again, on its own or under gdb. */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <faultline/run.h>
#include <faultline/scenario.h>

enum key { KEY_GDB = 1, KEY_ALL_EVENTS };

static const struct argp_option options[] = {
	{ "gdb", KEY_GDB, NULL, 0, "In gdb, with a breakpoint where the oracle fails", 0 },
	{ "all-events", KEY_ALL_EVENTS, NULL, 0, "Also events that concern one CPU only", 0 },
	{ 0 },
};

struct replay {
	const char *file;
	bool gdb, all_events;
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

/* Becomes gdb on this very command; returns only if that fails. */
static int run_gdb(const struct replay *replay)
{
	const char *argv[16];
	char self[1024];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	int i = 0;

	if (n <= 0)
		return cli_error("can't find this program's own file for gdb");
	self[n] = '\0';
	argv[i++] = "gdb";
	argv[i++] = "-q";
	argv[i++] = "-ex";
	argv[i++] = "set breakpoint pending on";
	argv[i++] = "-ex";
	argv[i++] = "break fl_oracle_fail";
	argv[i++] = "-ex";
	argv[i++] = "run";
	argv[i++] = "--args";
	argv[i++] = self;
	argv[i++] = "replay";
	if (replay->all_events)
		argv[i++] = "--all-events";
	argv[i++] = replay->file;
	argv[i] = NULL;
	fflush(stdout);
	execvp(argv[0], (char *const *)argv);
	return cli_error("can't start gdb: %s; is it installed?", strerror(errno));
}

static void print_title(const struct fl_trace_info *info, const char *outcome, const char *oracle)
{
	printf("%s   ", info->scenario);
	if (info->variant)
		printf("%s   ", info->variant);
	printf("kernel %s   ", info->kernel);
	if (info->set)
		printf("%s   ", info->set);
	printf("%s   %s%s%s\n", info->model, outcome, oracle ? "  " : "", oracle ? oracle : "");
}

static int report(const struct replay *replay, const struct fl_trace *want,
		  const struct fl_run_result *result)
{
	const struct fl_trace_info *info = fl_trace_info(want);

	if (result->verdict == FL_VERDICT_INCONCLUSIVE && result->oracle[0]) {
		print_title(info, "inconclusive", NULL);
		printf("  perhaps %s: %s\n", result->oracle, result->message);
		return CLI_INCONCLUSIVE;
	}
	if (result->verdict != FL_VERDICT_VIOLATION) {
		print_title(info, "clean", NULL);
		printf("  the execution of %s ran again and breaks no oracle now; it was %s: %s\n",
		       replay->file, info->oracle, info->message);
		return CLI_OK;
	}
	print_title(info, "VIOLATION", result->oracle);
	printf("  %s\n", result->message);
	if (strcmp(result->oracle, info->oracle))
		printf("  (recorded as %s: %s)\n", info->oracle, info->message);
	printf("  replayed from %s\n\n", replay->file);
	if (result->trace && replay->all_events)
		fl_trace_print_all(result->trace, stdout);
	else if (result->trace)
		fl_trace_print(result->trace, stdout);
	return CLI_VIOLATION;
}

static int replay_trace(const struct replay *replay, const struct fl_trace *want)
{
	const char *name = fl_trace_info(want)->scenario;
	const struct fl_scenario *s = fl_scenario_find(name);
	struct fl_run_result result;
	char err[1024];
	int ret;

	if (!s)
		return cli_error("%s: it is of scenario \"%s\", which this build does not have",
				 replay->file, name);
	if (replay->gdb)
		return run_gdb(replay);
	ret = fl_run_replay(s, want, &result, err, sizeof(err));
	if (ret == -ESTALE)
		return cli_error("%s no longer fits the code: %s; run check again", replay->file,
				 err);
	if (ret)
		return cli_error("%s: %s", replay->file, err);
	ret = report(replay, want, &result);
	fl_run_result_free(&result);
	return ret;
}

int cmd_replay(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "FILE",
		.doc = "Runs exactly the execution again that 'faultline check' wrote to FILE.\v"
		       "Exit status: 1 if the violation shows again, 0 if the execution is clean "
		       "now, 2 if FILE is no trace or no longer fits the code.",
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
	if (fl_trace_load(&want, replay.file, err, sizeof(err)))
		return cli_error("%s", err);
	ret = replay_trace(&replay, want);
	fl_trace_free(want);
	return ret;
}
