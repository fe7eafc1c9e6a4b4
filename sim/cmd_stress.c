// SPDX-License-Identifier: MIT
/*
 * cmd_stress.c - faultline stress: scenarios on real threads, over and over, and how often each oracle failed.
 *
 * Two ways to ask, as of `faultline check`: every declared variant, held against what it declares as far as
 * this host can show it; or one variant or kernel.
 */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <faultline/run.h>
#include <faultline/scenario.h>

#include "../lib/run/setup.h"
#include "progress.h"
#include "stress.h"

#define MAX_SCENARIOS 256
#define SECONDS 5
#define MAX_THREADS 512

enum key {
	KEY_ALL = 1,
	KEY_VARIANT,
	KEY_KERNEL,
	KEY_SET,
	KEY_SECONDS,
	KEY_UNTIL_HIT,
	KEY_THREADS,
	KEY_SEED,
	KEY_RUN,
	KEY_STALLS,
	KEY_JSON,
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "What to run", 1 },
	{ "all", KEY_ALL, NULL, 0, "All scenarios", 1 },
	{ "variant", KEY_VARIANT, "NAME", 0, "One of the scenario's variants ('faultline show')",
	  1 },
	{ "kernel", KEY_KERNEL, "RELEASE", 0, "The policies of a release, as 6.0", 1 },
	{ "set", KEY_SET, "FIELD=VALUE", 0, "Change one policy field; may be repeated", 1 },
	{ NULL, 0, NULL, 0, "How long, and how", 2 },
	{ "seconds", KEY_SECONDS, "SECONDS", 0, "For each variant; default: 5", 2 },
	{ "until-hit", KEY_UNTIL_HIT, NULL, 0, "A variant ends when an oracle has failed", 2 },
	{ "threads", KEY_THREADS, "N", 0,
	  "About so many threads in all, by running the scenario in several processes at once; "
	  "default: as many as there are cores",
	  2 },
	{ "seed", KEY_SEED, "N", 0, "Seed of the delays; default: 0", 2 },
	{ "run", KEY_RUN, "N", 0, "The delays of run N, over and over", 2 },
	{ "stalls", KEY_STALLS, "LIST", 0, "Of that run, where it was said to have some", 2 },
	{ NULL, 0, NULL, 0, "What to show", 3 },
	{ "json", KEY_JSON, NULL, 0, "One JSON object per variant and line", 3 },
	{ 0 },
};

struct stress {
	const char *name[MAX_SCENARIOS];
	size_t nr_names;
	bool all, json, until_hit, only;
	const char *variant, *kernel, *stalls;
	char set[512], program[1200];
	double seconds;
	uint64_t seed, run, threads;

	struct stress_table table;
	bool hit, missed, undecided, bad_input; /* what the exit status is made of */
};

static bool add_name(struct stress *c, const char *name)
{
	if (c->nr_names == MAX_SCENARIOS)
		return !cli_error("more than %d scenarios named; --all takes all", MAX_SCENARIOS);
	c->name[c->nr_names++] = name;
	return true;
}

static bool take_threads(struct stress *c, const char *text)
{
	if (!cli_number(&c->threads, "--threads", text, 1))
		return false;
	if (c->threads > MAX_THREADS)
		return !cli_error("--threads \"%s\" is more than %d", text, MAX_THREADS);
	return true;
}

static bool parse_value(struct stress *c, int key, char *arg)
{
	switch (key) {
	case KEY_SET:
		return cli_setting(c->set, sizeof(c->set), arg);
	case KEY_SECONDS:
		return cli_seconds(&c->seconds, "--seconds", arg);
	case KEY_THREADS:
		return take_threads(c, arg);
	case KEY_SEED:
		return cli_number(&c->seed, "--seed", arg, 0);
	case KEY_RUN:
		c->only = true;
		return cli_number(&c->run, "--run", arg, 0);
	default:
		return add_name(c, arg);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct stress *c = state->input;

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
	case KEY_UNTIL_HIT:
		c->until_hit = true;
		return 0;
	case KEY_JSON:
		c->json = true;
		return 0;
	case KEY_STALLS:
		c->stalls = arg;
		return 0;
	case KEY_SET:
	case KEY_SECONDS:
	case KEY_THREADS:
	case KEY_SEED:
	case KEY_RUN:
	case ARGP_KEY_ARG:
		return parse_value(c, key, arg) ? 0 : CLI_REPORTED;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Was a kernel chosen, so that what it shows is asked for? */
static bool is_chosen(const struct stress *c)
{
	return c->variant || c->kernel || c->set[0];
}

static void prepare(const struct stress *c, const struct fl_scenario *s,
		    const struct fl_variant *variant, struct stress_run *run)
{
	*run = (struct stress_run){
		.scenario = s,
		.variant = variant,
		.kernel = c->kernel,
		.set = c->set[0] ? c->set : NULL,
		.compare = variant && !c->kernel && !c->set[0],
		.seed = c->seed,
		.only = c->only,
		.only_run = c->run,
		.stalls = c->stalls,
		.limit = c->seconds,
		.until_hit = c->until_hit,
		.threads = (unsigned int)c->threads,
		.host = STRESS_UNKNOWN,
	};
}

/* The options, before any process is started for them. */
static bool options_fit(const struct stress *c, const struct fl_scenario *s)
{
	const struct fl_run_options opt = {
		.variant = c->variant,
		.kernel = c->kernel,
		.set = c->set[0] ? c->set : NULL,
	};
	struct fl_run run;
	char err[1024];

	if (fl_run_choose(&run, s, &opt, err, sizeof(err)))
		return !cli_error("%s", err);
	fl_run_forget(&run);
	return true;
}

static void count_result(struct stress *c, const struct stress_run *run)
{
	bool known, as_expected = stress_as_expected(run, &known);

	if (is_chosen(c))
		c->hit |= run->hits > 0;
	else if (!as_expected && run->hits)
		c->hit = true;
	else if (!as_expected)
		c->missed = true;
	c->undecided |= !run->skipped && !run->runs;
}

/* False: nothing more should run. */
static bool run_one(struct stress *c, const struct fl_scenario *s, const struct fl_variant *variant)
{
	struct stress_run run;

	prepare(c, s, variant, &run);
	stress_ask_host(&run, !is_chosen(c));
	/* Nobody asked for this one, and nothing would be seen. */
	run.skipped = !is_chosen(c) && run.host == STRESS_HOLDS && variant->expect;
	if (!run.skipped && !stress_start(&run, c->program)) {
		c->bad_input = true;
		return false;
	}
	if (is_chosen(c) && !run.hits && !progress_interrupted())
		stress_ask_host(&run, true);
	if (!is_chosen(c) && !run.skipped && !run.hits && !progress_interrupted())
		stress_ask_luck(&run);
	count_result(c, &run);
	if (c->json)
		stress_report_json(&run);
	else
		stress_table_row(&c->table, &run);
	return !progress_interrupted();
}

static bool run_scenario(struct stress *c, const struct fl_scenario *s)
{
	if (is_chosen(c))
		return run_one(c, s, cli_find_variant(s, c->variant));
	for (size_t i = 0; i < s->nr_variants; i++)
		if (!run_one(c, s, &s->variants[i]))
			return false;
	return true;
}

static void plan_scenario(struct stress *c, const struct fl_scenario *s)
{
	struct stress_run run;

	for (size_t i = 0; i < s->nr_variants; i++) {
		prepare(c, s, is_chosen(c) ? cli_find_variant(s, c->variant) : &s->variants[i],
			&run);
		stress_table_plan(&c->table, &run);
	}
}

static int run_all(struct stress *c, const struct fl_scenario *const *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_chosen(c) && !options_fit(c, s[i]))
			return CLI_BAD_INPUT;
		plan_scenario(c, s[i]);
	}
	if (!stress_find_program(c->program, sizeof(c->program)))
		return CLI_BAD_INPUT;
	progress_catch_signals();
	for (size_t i = 0; i < n; i++)
		if (!run_scenario(c, s[i]))
			break;
	if (c->bad_input)
		return CLI_BAD_INPUT;
	if (c->hit)
		return CLI_VIOLATION;
	return c->missed || c->undecided || progress_interrupted() ? CLI_INCONCLUSIVE : CLI_OK;
}

/* The chosen scenarios, each checked for before any runs. */
static int select_scenarios(const struct stress *c, const struct fl_scenario **s, size_t *n)
{
	if (c->all && c->nr_names)
		return cli_error("either scenario names or --all, not both");
	if (!c->all && !c->nr_names)
		return cli_error("stress needs a scenario; 'faultline list' shows all, --all takes "
				 "them");
	if (c->only && !is_chosen(c))
		return cli_error("--run is for one variant: name it with --variant");
	if (c->stalls && !c->only)
		return cli_error("--stalls is for the run of --run");
	for (size_t i = 0; i < c->nr_names; i++) {
		s[*n] = cli_find_scenario(c->name[i]);
		if (!s[(*n)++])
			return CLI_BAD_INPUT;
	}
	for (const struct fl_scenario *next = c->all ? fl_scenario_first() : NULL;
	     next && *n < MAX_SCENARIOS; next = next->next)
		s[(*n)++] = next;
	return CLI_OK;
}

int cmd_stress(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "SCENARIO...",
		.doc = "Runs scenarios on real threads, a great many times, with delays at marked "
		       "accesses that a seed chooses, and says how often each oracle "
		       "failed.\vWithout --variant, --kernel and --set, each declared variant "
		       "runs, "
		       "but for those that only a weaker memory model than this machine's breaks. "
		       "The seed gives the same delays again, not the same order of events. "
		       "Exit status: 0 no oracle failed, or all as expected; 1 one failed, or "
		       "failed "
		       "where none should; 2 bad input; 3 an oracle that should have failed did "
		       "not.",
	};
	const struct fl_scenario *scenarios[MAX_SCENARIOS];
	struct stress c = { .seconds = SECONDS };
	size_t n = 0;
	int err;

	c.threads = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
	err = cli_parse(&argp, argc, argv, &c);
	if (!err)
		err = select_scenarios(&c, scenarios, &n);
	return err ? err : run_all(&c, scenarios, n);
}
