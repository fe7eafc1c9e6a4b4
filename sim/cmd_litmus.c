// SPDX-License-Identifier: MIT
/* cmd_litmus.c - `faultline litmus`: the final states of litmus tests, as herd7 prints them. */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/litmus/litmus.h"

struct args {
	enum flx_model model;
	const char *model_name;
	bool json;
	double timeout;
	const char **files;
	size_t nfiles;
};

enum { KEY_MODEL = 0x200, KEY_JSON, KEY_TIMEOUT };

static const struct argp_option options[] = {
	{ "model", KEY_MODEL, "NAME", 0, "sc, tso or lkmm (the default)", 0 },
	{ "json", KEY_JSON, NULL, 0, "One JSON object per file", 0 },
	{ "timeout", KEY_TIMEOUT, "SECONDS", 0, "Stop exploring a test after this time", 0 },
	{ 0 },
};

static bool set_model(struct args *a, const char *name)
{
	static const char *const names[] = {
		[FLX_SC] = "sc", [FLX_TSO] = "tso", [FLX_LKMM] = "lkmm"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(name, names[i])) {
			a->model = (enum flx_model)i;
			a->model_name = names[i];
			return true;
		}
	cli_error("no model \"%s\"; known are sc, tso, lkmm", name);
	return false;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case KEY_MODEL:
		return set_model(a, arg) ? 0 : CLI_REPORTED;
	case KEY_JSON:
		a->json = true;
		return 0;
	case KEY_TIMEOUT:
		return cli_seconds(&a->timeout, "--timeout", arg) ? 0 : CLI_REPORTED;
	case ARGP_KEY_ARG:
		a->files[a->nfiles++] = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* herd7's words say nothing of this, and whoever reads them by a script would take them for herd7's answer. */
static void warn(const struct lt_result *r, const char *file)
{
	if (!r->covered)
		cli_error("%s: not covered: \"%s\" may be otherwise with load buffering", file,
			  lt_observation(r));
}

static int run_file(const struct args *a, const char *file)
{
	struct lt_options o = { .model = a->model, .timeout = a->timeout };
	struct lt_result r = { 0 };
	struct lt_test *t;
	char err[512];
	int status = CLI_OK;

	t = lt_read(file, err, sizeof(err));
	if (!t)
		return cli_error("%s", err);
	if (lt_run(t, &o, &r, err, sizeof(err))) {
		status = cli_error("%s", err);
	} else {
		if (a->json)
			lt_print_json(stdout, t, &r, a->model_name);
		else
			lt_print(stdout, t, &r);
		if (!a->json)
			warn(&r, file);
		if (!r.complete)
			status = CLI_INCONCLUSIVE;
	}
	lt_release(&r);
	lt_free(t);
	return status;
}

int cmd_litmus(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = "FILE...",
		.doc = "Explores litmus tests in the kernel's C format and prints their final "
		       "states.\v"
		       "Executions with a cycle in program order and reads-from (load buffering) "
		       "are "
		       "not explored: where they may change the answer, a line \"Not covered\" "
		       "follows "
		       "the observation, stderr says so, and --json has \"covered\": false. Exit "
		       "status: 0; 2 if a file can't be read or has a construct that is not "
		       "understood; 3 if a test took longer than --timeout.",
	};
	struct args a = { .model = FLX_LKMM, .model_name = "lkmm" };
	int status = CLI_OK;
	bool usage;

	a.files = calloc((size_t)argc + 1, sizeof(*a.files));
	if (!a.files)
		return cli_error("out of memory");
	if (cli_parse(&argp, argc, argv, &a)) {
		status = CLI_BAD_INPUT;
	} else if (!a.nfiles) {
		status = cli_error("litmus needs a FILE; see 'faultline litmus --help'");
	}
	usage = status != CLI_OK;
	/* Bad input is what a script must hear of first, then a limit. */
	for (size_t i = 0; i < a.nfiles && !usage; i++) {
		int s = run_file(&a, a.files[i]);

		if (s == CLI_BAD_INPUT || status == CLI_OK)
			status = s;
	}
	free(a.files);
	return status;
}
