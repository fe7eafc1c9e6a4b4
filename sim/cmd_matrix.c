// SPDX-License-Identifier: MIT
/*
 * cmd_matrix.c - faultline matrix: every scenario under every release profile. The table is history as
 * the model tells it, to be held against the releases that the bug catalogue names.
 */
#include "cli.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <faultline/policy.h>
#include <faultline/run.h>
#include <faultline/scenario.h>

#include "../lib/run/setup.h"
#include "progress.h"
#include "show.h"

#define MAX_SCENARIOS 256
#define MAX_PROFILES 64
#define CELL 5 /* characters */

enum key { KEY_MODEL = 1, KEY_TIMEOUT, KEY_JOBS, KEY_JSON, KEY_KERNEL };

static const struct argp_option options[] = {
	{ "kernel", KEY_KERNEL, "RELEASE", 0,
	  "This release alone, as 6.0; may be repeated. Default: all of them", 0 },
	{ "model", KEY_MODEL, "MODEL", 0,
	  "Memory model: sc, tso or lkmm; default: that of each scenario's first variant", 0 },
	{ "timeout", KEY_TIMEOUT, "SECONDS", 0, "Give up a cell after this time", 0 },
	{ "jobs", KEY_JOBS, "N", 0, "N processes share a long search; default 1", 0 },
	{ "json", KEY_JSON, NULL, 0, "One JSON object per cell and line", 0 },
	{ 0 },
};

struct matrix {
	const struct fl_scenario *scenario[MAX_SCENARIOS];
	size_t nr;
	bool column[MAX_PROFILES]; /* by number of profile */
	const char *model;
	double timeout;
	unsigned int jobs;
	bool json;
	bool undecided, bad_input;
	int width;
};

/* Its place in the list of profiles. */
static size_t profile_number(const char *name)
{
	size_t i = 0;

	while (i < fl_policy_nr_profiles() && strcmp(fl_policy_profile(i)->name, name))
		i++;
	return i;
}

/* False after a message. */
static bool take_kernel(struct matrix *x, const char *name)
{
	const struct fl_policy_profile *release = show_find_release(name);
	struct fl_policy *policy;
	char err[1024];

	if (!release) {
		fl_policy_create(&policy, name, NULL, err, sizeof(err));
		cli_error("%s", err);
		return false;
	}
	x->column[profile_number(release->name)] = true;
	return true;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct matrix *x = state->input;

	switch (key) {
	case KEY_KERNEL:
		return take_kernel(x, arg) ? 0 : CLI_REPORTED;
	case KEY_MODEL:
		x->model = arg;
		return 0;
	case KEY_TIMEOUT:
		return cli_seconds(&x->timeout, "--timeout", arg) ? 0 : CLI_REPORTED;
	case KEY_JOBS:
		return cli_jobs(&x->jobs, arg) ? 0 : CLI_REPORTED;
	case KEY_JSON:
		x->json = true;
		return 0;
	case ARGP_KEY_ARG:
		if (x->nr == MAX_SCENARIOS) {
			cli_error("more than %d scenarios named", MAX_SCENARIOS);
			return CLI_REPORTED;
		}
		x->scenario[x->nr] = cli_find_scenario(arg);
		return x->scenario[x->nr++] ? 0 : CLI_REPORTED;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static bool is_applicable(const struct fl_scenario *s, size_t profile)
{
	return !s->since || profile >= profile_number(s->since);
}

static const char *verdict_name(enum fl_verdict verdict)
{
	return verdict == FL_VERDICT_VERIFIED	 ? "verified"
	       : verdict == FL_VERDICT_VIOLATION ? "violated"
						 : "inconclusive";
}

static void print_cell(const struct matrix *x, const struct fl_scenario *s, const char *kernel,
		       const struct fl_run_result *r)
{
	json_t *o;

	if (!x->json) {
		printf("  %-*s", CELL,
		       !r				    ? "-"
		       : r->verdict == FL_VERDICT_VERIFIED  ? "ok"
		       : r->verdict == FL_VERDICT_VIOLATION ? "BUG"
							    : "?");
		fflush(stdout);
		return;
	}
	o = json_object();
	json_object_set_new(o, "scenario", json_string(s->name));
	json_object_set_new(o, "id", json_string(s->id));
	json_object_set_new(o, "kernel", json_string(kernel));
	json_object_set_new(o, "verdict",
			    json_string(r ? verdict_name(r->verdict) : "not-applicable"));
	if (r) {
		json_object_set_new(o, "model", json_string(r->model));
		json_object_set_new(o, "oracle",
				    r->oracle[0] ? json_string(r->oracle) : json_null());
		json_object_set_new(o, "executions", json_integer((json_int_t)r->executions));
		json_object_set_new(o, "seconds", json_real(r->seconds));
	}
	json_dumpf(o, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(o);
}

/* False: nothing more should run. */
static bool run_cell(struct matrix *x, const struct fl_scenario *s, const char *kernel)
{
	struct progress progress = { .scenario = s->name, .variant = kernel };
	const struct fl_run_options opt = {
		.kernel = kernel,
		.model = x->model ? x->model : s->variants[0].model,
		.timeout = x->timeout,
		.jobs = x->jobs,
		.progress = progress_report,
		.progress_arg = &progress,
	};
	struct fl_run_result r;
	char err[1024];
	int ret = fl_run_check(s, &opt, &r, err, sizeof(err));

	progress_end(&progress);
	if (ret) {
		if (!x->json)
			putchar('\n');
		fflush(stdout);
		cli_error("%s", err);
		x->bad_input = true;
		return false;
	}
	x->undecided |= r.verdict == FL_VERDICT_INCONCLUSIVE;
	print_cell(x, s, kernel, &r);
	fl_run_result_free(&r);
	return !progress_interrupted();
}

static bool run_row(struct matrix *x, const struct fl_scenario *s)
{
	if (!x->json)
		printf("%-*s  %-8s", x->width, s->name, s->id ? s->id : "");
	for (size_t i = 0; i < fl_policy_nr_profiles(); i++) {
		const char *kernel = fl_policy_profile(i)->name;

		if (!x->column[i])
			continue;
		if (!is_applicable(s, i))
			print_cell(x, s, kernel, NULL);
		else if (!run_cell(x, s, kernel))
			return false;
	}
	if (!x->json)
		putchar('\n');
	return true;
}

static void print_header(const struct matrix *x)
{
	printf("%-*s  %-8s", x->width, "scenario", "id");
	for (size_t i = 0; i < fl_policy_nr_profiles(); i++)
		if (x->column[i])
			printf("  %-*s", CELL, fl_policy_profile(i)->name);
	putchar('\n');
}

static void take_all(struct matrix *x)
{
	for (const struct fl_scenario *s = fl_scenario_first(); s && x->nr < MAX_SCENARIOS;
	     s = s->next)
		x->scenario[x->nr++] = s;
}

int cmd_matrix(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[SCENARIO...]",
		.doc = "Runs scenarios under every release profile: BUG violated, ok verified, - "
		       "the "
		       "release does not have what the scenario needs, ? inconclusive.\vWithout an "
		       "argument: all scenarios. This is a table, not a check: a BUG is an answer "
		       "like ok. Exit status: 0 all cells decided, 2 bad input, 3 a limit was "
		       "reached in some cell.",
	};
	struct matrix x = { 0 };
	int err = cli_parse(&argp, argc, argv, &x);
	char why[256];

	if (err)
		return err;
	if (x.model && fl_run_find_model(&x.model, x.model, why, sizeof(why)))
		return cli_error("%s", why);
	if (!x.nr)
		take_all(&x);
	assert(fl_policy_nr_profiles() <= MAX_PROFILES);
	if (!memchr(x.column, true, sizeof(x.column)))
		memset(x.column, true, sizeof(x.column));
	for (size_t i = 0; i < x.nr; i++) {
		int n = (int)strlen(x.scenario[i]->name);

		x.width = n > x.width ? n : x.width;
	}
	progress_catch_signals();
	if (!x.json)
		print_header(&x);
	for (size_t i = 0; i < x.nr && run_row(&x, x.scenario[i]); i++)
		;
	if (x.bad_input)
		return CLI_BAD_INPUT;
	return x.undecided || progress_interrupted() ? CLI_INCONCLUSIVE : CLI_OK;
}
