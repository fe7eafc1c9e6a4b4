// SPDX-License-Identifier: MIT
/*
 * cmd_check.c - faultline check: explores scenarios and says what was found.
 *
 * Two ways to ask. Without --variant, --kernel and --set each declared variant runs, and its verdict is
 * held against the declared one. With one of them a chosen kernel runs, and the verdict is the answer.
 */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <faultline/run.h>
#include <faultline/scenario.h>

#include "progress.h"
#include "report.h"
#include "searched.h"

#define MAX_SCENARIOS 256

enum key {
	KEY_ALL = 1,
	KEY_VARIANT,
	KEY_KERNEL,
	KEY_SET,
	KEY_MODEL,
	KEY_SEARCH,
	KEY_SEED,
	KEY_MAX_EXECUTIONS,
	KEY_TIMEOUT,
	KEY_JOBS,
	KEY_CHECKPOINT,
	KEY_RESUME,
	KEY_TRACE,
	KEY_HTML,
	KEY_ALL_EVENTS,
	KEY_JSON,
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "What to check", 1 },
	{ "all", KEY_ALL, NULL, 0, "All scenarios; so without any argument", 1 },
	{ "variant", KEY_VARIANT, "NAME", 0, "One of the scenario's variants ('faultline show')",
	  1 },
	{ "kernel", KEY_KERNEL, "RELEASE", 0, "The policies of a release, as 6.0", 1 },
	{ "set", KEY_SET, "FIELD=VALUE", 0, "Change one policy field; may be repeated", 1 },
	{ "model", KEY_MODEL, "MODEL", 0, "Memory model: sc, tso or lkmm", 1 },
	{ NULL, 0, NULL, 0, "How far to go", 2 },
	{ "search", KEY_SEARCH, "HOW", 0,
	  "exhaustive (the default), random, pct:D (random priorities, for bugs of depth D), "
	  "preemptions:N (all with at most N preemptions)",
	  2 },
	{ "seed", KEY_SEED, "N", 0, "Seed of random and pct:D; default: 0", 2 },
	{ "max-executions", KEY_MAX_EXECUTIONS, "N", 0,
	  "Give up after N executions; of random and pct:D: how many runs, default: 10000 in 10 s",
	  2 },
	{ "timeout", KEY_TIMEOUT, "SECONDS", 0, "Give up a run after this time", 2 },
	{ "jobs", KEY_JOBS, "N", 0, "N processes share a long exhaustive search; default 1", 2 },
	{ "checkpoint", KEY_CHECKPOINT, "FILE", 0,
	  "Where the search of one run is saved if it is cut short; default: SCENARIO.checkpoint, "
	  "if "
	  "it took more than a minute",
	  2 },
	{ "resume", KEY_RESUME, "FILE", 0,
	  "Go on from a checkpoint of the same run, which is removed when the search has come to "
	  "its "
	  "end",
	  2 },
	{ NULL, 0, NULL, 0, "What to show", 3 },
	{ "trace", KEY_TRACE, "FILE", 0,
	  "Where the violating execution goes; default: SCENARIO.trace if a kernel was chosen. "
	  "Further "
	  "ones go to FILE.2, FILE.3, ...",
	  3 },
	{ "html", KEY_HTML, "FILE", 0, "The violating execution as a page for a browser", 3 },
	{ "all-events", KEY_ALL_EVENTS, NULL, 0,
	  "All events of the violating execution, not only those that matter", 3 },
	{ "json", KEY_JSON, NULL, 0, "One JSON object per run and line", 3 },
	{ "verbose", 'v', NULL, 0, "More about each run", 3 },
	{ 0 },
};

struct check {
	const char *name[MAX_SCENARIOS];
	size_t nr_names;
	bool all, json, verbose, all_events;
	const char *variant, *kernel, *model, *search, *trace, *html;
	char set[512];
	uint64_t max_executions, seed;
	unsigned int jobs;
	const char *checkpoint, *resume;
	double timeout;

	bool table;
	struct report_table layout;
	unsigned int traces, pages;	     /* written so far */
	bool violated, undecided, bad_input; /* what the exit status is made of */
};

static bool add_name(struct check *c, const char *name)
{
	if (c->nr_names == MAX_SCENARIOS) {
		cli_error("more than %d scenarios named; --all takes all", MAX_SCENARIOS);
		return false;
	}
	c->name[c->nr_names++] = name;
	return true;
}

static bool parse_value(struct check *c, int key, char *arg)
{

	switch (key) {
	case KEY_SET:
		return cli_setting(c->set, sizeof(c->set), arg);
	case KEY_SEED:
		return cli_number(&c->seed, "--seed", arg, 0);
	case KEY_MAX_EXECUTIONS:
		return cli_number(&c->max_executions, "--max-executions", arg, 1);
	case KEY_TIMEOUT:
		return cli_seconds(&c->timeout, "--timeout", arg);
	case KEY_JOBS:
		return cli_jobs(&c->jobs, arg);
	default:
		return add_name(c, arg);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct check *c = state->input;

	switch (key) {
	case KEY_ALL:
		c->all = true;
		return 0;
	case KEY_VARIANT:
		c->variant = arg;
		return 0;
	case KEY_KERNEL:
		c->kernel = arg;
		return 0;
	case KEY_MODEL:
		c->model = arg;
		return 0;
	case KEY_SEARCH:
		c->search = arg;
		return 0;
	case KEY_TRACE:
		c->trace = arg;
		return 0;
	case KEY_HTML:
		c->html = arg;
		return 0;
	case KEY_CHECKPOINT:
		c->checkpoint = arg;
		return 0;
	case KEY_RESUME:
		c->resume = arg;
		return 0;
	case KEY_ALL_EVENTS:
		c->all_events = true;
		return 0;
	case KEY_JSON:
		c->json = true;
		return 0;
	case 'v':
		c->verbose = true;
		return 0;
	case KEY_SET:
	case KEY_SEED:
	case KEY_MAX_EXECUTIONS:
	case KEY_TIMEOUT:
	case KEY_JOBS:
	case ARGP_KEY_ARG:
		return parse_value(c, key, arg) ? 0 : CLI_REPORTED;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Was a kernel chosen, so that its verdict is asked for? */
static bool is_chosen(const struct check *c)
{
	return c->variant || c->kernel || c->set[0];
}

/* A declared expectation is for the variant as declared. */
static bool applies(const struct check *c, const struct fl_variant *variant)
{
	if (!variant || c->kernel || c->set[0])
		return false;
	return !c->model || (variant->model && !strcmp(c->model, variant->model));
}

/* @path with the number @n in it, before its suffix if that is @suffix; nothing for the first. */
static void number_path(char *buf, size_t size, const char *path, unsigned int n,
			const char *suffix)
{
	size_t len = strlen(path), end = strlen(suffix);
	bool has = end && len > end && !strcmp(path + len - end, suffix);

	if (n == 1)
		snprintf(buf, size, "%s", path);
	else
		snprintf(buf, size, "%.*s.%u%s", (int)(has ? len - end : len), path, n,
			 has ? suffix : "");
}

/* Writes the trace where it belongs, if anywhere: to @path, the run's own memory. 0 or -errno. */
static int write_trace(struct check *c, struct report_run *run, char *path, size_t size)
{
	int err;

	if (!run->result.trace || (c->table && !c->trace))
		return 0;
	if (!c->trace)
		snprintf(path, size, "%s.trace", run->scenario->name);
	else
		number_path(path, size, c->trace, c->traces + 1, "");
	err = fl_trace_save(run->result.trace, path);
	if (err)
		return err;
	c->traces++;
	run->trace = path;
	return 0;
}

/* The command that shows the run's execution again. */
static void name_command(const struct check *c, const struct report_run *run, char *buf,
			 size_t size)
{
	if (run->trace)
		snprintf(buf, size, "faultline replay %s", run->trace);
	else if (run->variant && !c->kernel && !c->set[0])
		snprintf(buf, size, "faultline check %s --variant %s", run->scenario->name,
			 run->variant->name);
	else
		snprintf(buf, size, "faultline check %s --kernel %s%s%s", run->scenario->name,
			 run->result.kernel, c->set[0] ? " --set " : "", c->set);
}

static int write_page(struct check *c, struct report_run *run, char *path, size_t size)
{
	char command[2048];
	int err;

	if (!run->result.trace || !c->html)
		return 0;
	number_path(path, size, c->html, c->pages + 1, ".html");
	name_command(c, run, command, sizeof(command));
	err = fl_trace_save_html(run->result.trace, path, command);
	if (err)
		return err;
	c->pages++;
	run->html = path;
	return 0;
}

static void count_verdict(struct check *c, const struct report_run *run)
{
	enum fl_verdict verdict = run->result.verdict;

	if (verdict == FL_VERDICT_INCONCLUSIVE)
		c->undecided = true;
	else if (run->compare && !is_chosen(c) ? !report_as_expected(run)
					       : verdict == FL_VERDICT_VIOLATION)
		c->violated = true;
}

static void options_of(const struct check *c, const struct fl_variant *variant,
		       struct fl_run_options *opt)
{
	*opt = (struct fl_run_options){
		.variant = variant ? variant->name : c->variant,
		.kernel = c->kernel,
		.set = c->set[0] ? c->set : NULL,
		.model = c->model,
		.search = c->search,
		.max_executions = c->max_executions,
		.jobs = c->jobs,
		.timeout = c->timeout,
		.seed = c->seed,
		.progress = progress_report,
	};
}

/* Of the many runs of a table, none is saved. */
static void choose_checkpoint(const struct check *c, const struct fl_scenario *s,
			      struct fl_run_options *opt, char *name, size_t size)
{
	if (c->table)
		return;
	opt->resume = c->resume;
	opt->checkpoint = c->checkpoint;
	cli_choose_checkpoint(&opt->checkpoint, &opt->checkpoint_after, c->resume, name, size,
			      s->name);
}

/* False: nothing more should run. */
static bool run_one(struct check *c, const struct fl_scenario *s, const struct fl_variant *variant)
{
	struct progress progress = { .scenario = s->name,
				     .variant = variant ? variant->name : NULL };
	struct fl_run_options opt;
	struct report_run run = {
		.scenario = s,
		.variant = variant,
		.set = c->set[0] ? c->set : NULL,
		.compare = applies(c, variant),
		.all_events = c->all_events,
		.options = &opt,
	};
	char path[1024], page[1024], saved_in[256], err[1024];
	int ret, page_ret;

	options_of(c, variant, &opt);
	opt.progress_arg = &progress;
	choose_checkpoint(c, s, &opt, saved_in, sizeof(saved_in));
	ret = fl_run_check(s, &opt, &run.result, err, sizeof(err));
	progress_end(&progress);
	if (ret) {
		cli_error("%s", err);
		c->bad_input = true;
		return ret != -EINVAL; /* what is wrong with the options stays wrong */
	}
	run.interrupted = progress_interrupted();
	count_verdict(c, &run);
	ret = write_trace(c, &run, path, sizeof(path));
	page_ret = write_page(c, &run, page, sizeof(page));
	if (c->json)
		report_json(&run);
	else if (c->table)
		report_table_row(&c->layout, &run, c->verbose);
	else
		report_single(&run, c->verbose);
	if (!cli_was_written(ret, "trace", path, "--trace") ||
	    !cli_was_written(page_ret, "page", page, "--html") ||
	    !searched_print_checkpoint(&run.result, opt.checkpoint, c->json))
		c->bad_input = true;
	fl_run_result_free(&run.result);
	return !progress_interrupted();
}

static bool run_scenario(struct check *c, const struct fl_scenario *s)
{
	if (is_chosen(c))
		return run_one(c, s, cli_find_variant(s, c->variant));
	for (size_t i = 0; i < s->nr_variants; i++)
		if (!run_one(c, s, &s->variants[i]))
			return false;
	return true;
}

static void plan_scenario(struct check *c, const struct fl_scenario *s)
{
	struct fl_run_options opt;
	struct report_run run = { .scenario = s, .options = &opt };

	for (size_t i = 0; i < s->nr_variants; i++) {
		run.variant = is_chosen(c) ? cli_find_variant(s, c->variant) : &s->variants[i];
		options_of(c, run.variant, &opt);
		report_table_plan(&c->layout, &run);
	}
}

static int run_all(struct check *c, const struct fl_scenario *const *s, size_t n)
{
	c->table = n != 1 || !is_chosen(c);
	if (c->table && (c->checkpoint || c->resume)) {
		cli_error("--checkpoint and --resume are for one run: name one scenario, and a "
			  "--variant or --kernel of it");
		return CLI_BAD_INPUT;
	}
	if (!cli_can_write("trace", c->trace, "--trace") ||
	    !cli_can_write("page", c->html, "--html") ||
	    !cli_can_write("checkpoint", c->checkpoint, "--checkpoint"))
		return CLI_BAD_INPUT;
	if (c->table && !c->json) {
		c->layout = (struct report_table){ .scenario = 8, .variant = 7, .kernel = 6 };
		for (size_t i = 0; i < n; i++)
			plan_scenario(c, s[i]);
	}
	progress_catch_signals();
	for (size_t i = 0; i < n; i++)
		if (!run_scenario(c, s[i]))
			break;
	if (c->table && !c->json && c->layout.runs)
		report_table_end(&c->layout);
	if (c->bad_input)
		return CLI_BAD_INPUT;
	if (c->violated)
		return CLI_VIOLATION;
	return c->undecided || progress_interrupted() ? CLI_INCONCLUSIVE : CLI_OK;
}

/* The chosen scenarios, each checked for before any runs. */
static int select_scenarios(const struct check *c, const struct fl_scenario **s, size_t *n)
{
	if (c->all && c->nr_names)
		return cli_error("either scenario names or --all, not both");
	for (size_t i = 0; i < c->nr_names; i++) {
		s[*n] = cli_find_scenario(c->name[i]);
		if (!s[(*n)++])
			return CLI_BAD_INPUT;
	}
	if (c->nr_names)
		return CLI_OK;
	for (const struct fl_scenario *next = fl_scenario_first(); next && *n < MAX_SCENARIOS;
	     next = next->next)
		s[(*n)++] = next;
	return *n ? CLI_OK : cli_error("there are no scenarios in this build");
}

int cmd_check(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[SCENARIO...]",
		.doc = "Explores every execution of the scenarios' threads that the memory model "
		       "allows.\vWithout --variant, --kernel and --set, each declared variant runs "
		       "and its verdict is compared with the declared one. Exit status: 0 "
		       "verified, "
		       "or all as expected; 1 violation, or not as expected; 2 bad input; "
		       "3 inconclusive, a limit was reached.",
	};
	const struct fl_scenario *scenarios[MAX_SCENARIOS];
	struct check c = { 0 };
	size_t n = 0;
	int err = cli_parse(&argp, argc, argv, &c);

	if (!err)
		err = select_scenarios(&c, scenarios, &n);
	return err ? err : run_all(&c, scenarios, n);
}
