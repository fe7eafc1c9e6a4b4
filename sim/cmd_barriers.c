// SPDX-License-Identifier: MIT
/*
 * cmd_barriers.c - faultline barriers: which orderings of a scenario's kernel code, or of a C11 program, are
 * needed.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <faultline/scenario.h>

#include "../lib/program/program.h"
#include "barriers.h"
#include "cli.h"
#include "progress.h"
#include "report_barriers.h"

enum key {
	KEY_VARIANT = 0x200,
	KEY_KERNEL,
	KEY_SET,
	KEY_MODEL,
	KEY_NO_RACES,
	KEY_NONDET,
	KEY_UNROLL,
	KEY_MAX_EXECUTIONS,
	KEY_TIMEOUT,
	KEY_NO_PAIRS,
	KEY_TRACE,
	KEY_JSON,
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "What to look at", 1 },
	{ "model", KEY_MODEL, "MODEL", 0,
	  "Memory model; default: lkmm, of a program rc11 ('faultline program --help')", 1 },
	{ NULL, 0, NULL, 0, "Which kernel a scenario has", 2 },
	{ "variant", KEY_VARIANT, "NAME", 0,
	  "One of the scenario's variants; default: the first that is declared to be correct", 2 },
	{ "kernel", KEY_KERNEL, "RELEASE", 0, "The policies of a release, as 6.1", 2 },
	{ "set", KEY_SET, "FIELD=VALUE", 0, "Change one policy field; may be repeated", 2 },
	{ NULL, 0, NULL, 0, "Of a program", 3 },
	{ "no-races", KEY_NO_RACES, NULL, 0, "Data races are no violations", 3 },
	{ "nondet", KEY_NONDET, "MIN..MAX", 0,
	  "What __VERIFIER_nondet_int() and the like return; default: -1..2, unsigned 0..3", 3 },
	{ "unroll", KEY_UNROLL, "N", 0,
	  "Follow a loop that does more than wait for N rounds; default: 1000", 3 },
	{ NULL, 0, NULL, 0, "How far to go", 4 },
	{ "max-executions", KEY_MAX_EXECUTIONS, "N", 0,
	  "Give up each exploration after N executions", 4 },
	{ "timeout", KEY_TIMEOUT, "SECONDS", 0,
	  "Give up each exploration after this time; default: 60", 4 },
	{ "no-pairs", KEY_NO_PAIRS, NULL, 0, "Weaken nothing but one ordering at a time", 4 },
	{ NULL, 0, NULL, 0, "What to show", 5 },
	{ "trace", KEY_TRACE, "FOLDER", 0,
	  "Write each violating execution into it, for 'faultline replay'", 5 },
	{ "json", KEY_JSON, NULL, 0, "One JSON object per ordering and line", 5 },
	{ "verbose", 'v', NULL, 0, "The violating executions, too", 5 },
	{ 0 },
};

struct args {
	const char *target, *folder, *variant, *kernel;
	char set[512];
	struct program_options opt; /* a scenario has its limits and its model from here, too */
	const char **cc_args;
	int nr_cc_args;
	bool json, verbose, no_pairs, of_scenario, of_program; /* the last two: options given */

	const struct fl_scenario *scenario;
	struct program *program;
	struct progress progress;
	char step[64]; /* which exploration */
	double spent;  /* in those before it, which had: */
	uint64_t executions;
};

/* ---- arguments ---- */

static bool add_argument(struct args *a, const char *arg, const struct argp_state *state)
{
	if (state->quoted && state->next > state->quoted) {
		a->cc_args[a->nr_cc_args++] = arg;
		return true;
	}
	if (a->target) {
		cli_error("barriers takes one scenario or FILE.c, got \"%s\" and \"%s\"; arguments "
			  "for the compiler come after --",
			  a->target, arg);
		return false;
	}
	a->target = arg;
	return true;
}

static bool parse_unroll(struct args *a, const char *text)
{
	uint64_t n;

	a->of_program = true;
	if (!cli_number(&n, "--unroll", text, 1))
		return false;
	a->opt.unroll = n > INT_MAX ? INT_MAX : (unsigned int)n;
	return true;
}

static bool parse_value(struct args *a, int key, const char *arg)
{
	switch (key) {
	case KEY_SET:
		a->of_scenario = true;
		return cli_setting(a->set, sizeof(a->set), arg);
	case KEY_NONDET:
		a->of_program = true;
		return cli_range(&a->opt.nondet_min, &a->opt.nondet_max, "--nondet", arg);
	case KEY_UNROLL:
		return parse_unroll(a, arg);
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
	case KEY_VARIANT:
		a->variant = arg;
		a->of_scenario = true;
		return 0;
	case KEY_KERNEL:
		a->kernel = arg;
		a->of_scenario = true;
		return 0;
	case KEY_MODEL:
		a->opt.model = arg;
		return 0;
	case KEY_NO_RACES:
		a->opt.no_races = a->of_program = true;
		return 0;
	case KEY_NO_PAIRS:
		a->no_pairs = true;
		return 0;
	case KEY_TRACE:
		a->folder = arg;
		return 0;
	case KEY_JSON:
		a->json = true;
		return 0;
	case 'v':
		a->verbose = true;
		return 0;
	case KEY_SET:
	case KEY_NONDET:
	case KEY_UNROLL:
	case KEY_MAX_EXECUTIONS:
	case KEY_TIMEOUT:
		return parse_value(a, key, arg) ? 0 : CLI_REPORTED;
	case ARGP_KEY_ARG:
		return add_argument(a, arg, state) ? 0 : CLI_REPORTED;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- explorations ---- */

/* Each may be short, all of them long. How much remains of one says nothing. */
static bool show_progress(void *arg, uint64_t executions, double seconds, double done)
{
	struct args *a = arg;

	(void)done;
	return progress_report(&a->progress, a->executions + executions, a->spent + seconds, -1);
}

/* After one exploration. */
static int finish(struct args *a, int ret, const struct fl_run_result *result, const char *err)
{
	if (!ret) {
		a->spent += result->seconds;
		a->executions += result->executions;
		return CLI_OK;
	}
	progress_end(&a->progress);
	return cli_error("%s", err);
}

static int explore_scenario(void *arg, struct fl_weaken *w, struct fl_run_result *result)
{
	struct args *a = arg;
	const struct fl_run_options opt = {
		.variant = a->variant,
		.kernel = a->kernel,
		.set = a->set[0] ? a->set : NULL,
		.model = a->opt.model,
		.max_executions = a->opt.max_executions,
		.timeout = a->opt.timeout,
		.progress = show_progress,
		.progress_arg = a,
		.weaken = w,
	};
	char err[1024];
	int ret = fl_run_check(a->scenario, &opt, result, err, sizeof(err));

	return finish(a, ret, result, err);
}

static int explore_program(void *arg, struct fl_weaken *w, struct fl_run_result *result)
{
	struct args *a = arg;
	char err[1024];
	int ret;

	a->opt.weaken = w;
	ret = program_explore(a->program, &a->opt, result, err, sizeof(err));
	return finish(a, ret, result, err);
}

static void begin(void *arg, const char *what, int i, int n)
{
	struct args *a = arg;

	snprintf(a->step, sizeof(a->step), "%s%d of %d", what, i, n);
}

static bool keep(void *arg, struct barriers_try *t, const char *name)
{
	struct args *a = arg;
	char plain[64];
	size_t n = 0;
	int err;

	if (!a->folder || !t->result.trace)
		return true;
	/* A file's name, without what belongs to "smp_rmb()" only. */
	for (; *name && n + 1 < sizeof(plain); name++)
		if (!strchr("()", *name))
			plain[n++] = *name == ' ' ? '-' : *name;
	plain[n] = '\0';
	snprintf(t->trace, sizeof(t->trace), "%.900s/%s.trace", a->folder, plain);
	err = fl_trace_save(t->result.trace, t->trace);
	if (err)
		cli_error("can't write the trace to \"%s\": %s; --trace FOLDER chooses another "
			  "place",
			  t->trace, strerror(-err));
	return !err;
}

/* ---- the command ---- */

static int exit_status(const struct barriers *b)
{
	if (b->baseline.verdict == FL_VERDICT_VIOLATION)
		return CLI_VIOLATION;
	if (b->baseline.verdict == FL_VERDICT_INCONCLUSIVE || b->undecided ||
	    progress_interrupted())
		return CLI_INCONCLUSIVE;
	return CLI_OK;
}

static const char *limit_of(const struct args *a)
{
	if (a->opt.max_executions)
		return "the executions (--max-executions) or the time (--timeout) are used up";
	return "the time is up (--timeout)";
}

static void report(const struct args *a, const struct barriers *b)
{
	const struct report_barriers r = {
		.found = b,
		.title = a->target,
		.scenario = a->scenario ? a->scenario->name : NULL,
		.file = a->program ? a->target : NULL,
		.variant = a->variant,
		.set = a->set[0] ? a->set : NULL,
		.pictures = a->verbose,
		.interrupted = progress_interrupted(),
		.limit = limit_of(a),
	};

	if (b->baseline.verdict != FL_VERDICT_VERIFIED)
		report_barriers_baseline(&r, a->json);
	else if (a->json)
		report_barriers_json(&r);
	else
		report_barriers_text(&r);
}

static int look_at(struct args *a)
{
	struct barriers b = {
		.explore = a->program ? explore_program : explore_scenario,
		.begin = begin,
		.keep = keep,
		.interrupted = progress_interrupted,
		.arg = a,
	};
	int status;

	a->progress = (struct progress){ .scenario = a->target, .variant = a->step };
	snprintf(a->step, sizeof(a->step), "as written");
	status = barriers_look(&b);
	if (!status && b.baseline.verdict == FL_VERDICT_VERIFIED) {
		status = barriers_try_rows(&b);
		if (!status && !a->no_pairs)
			status = barriers_try_groups(&b);
	}
	progress_end(&a->progress);
	if (!status) {
		report(a, &b);
		status = exit_status(&b);
	}
	barriers_free(&b);
	return status;
}

static int look_at_program(struct args *a)
{
	char err[1024];
	int status;

	if (a->of_scenario)
		return cli_error("--variant, --kernel and --set are for scenarios, and \"%s\" is a "
				 "program",
				 a->target);
	a->opt.cc_args = a->cc_args;
	a->opt.progress = show_progress;
	a->opt.progress_arg = a;
	if (program_build(&a->program, a->target, &a->opt, err, sizeof(err)))
		return cli_error("%s", err);
	status = look_at(a);
	program_close(a->program);
	return status;
}

/* The first that is correct, under a model that can show what an ordering is for. */
static const char *correct_variant(const struct fl_scenario *s)
{
	for (size_t i = 0; i < s->nr_variants; i++) {
		const struct fl_variant *v = &s->variants[i];

		if (!v->expect && (!v->model || !strcmp(v->model, "lkmm")))
			return v->name;
	}
	return NULL;
}

static int look_at_scenario(struct args *a)
{
	if (a->of_program || a->nr_cc_args)
		return cli_error("--no-races, --nondet, --unroll and arguments for a compiler are "
				 "for programs, and \"%s\" is a scenario",
				 a->target);
	a->scenario = cli_find_scenario(a->target);
	if (!a->scenario)
		return CLI_BAD_INPUT;
	if (!a->variant && !a->kernel && !a->set[0])
		a->variant = correct_variant(a->scenario);
	if (!a->variant && !a->kernel && !a->set[0])
		return cli_error("%s has no variant that is declared to be correct; --variant or "
				 "--kernel chooses one",
				 a->target);
	return look_at(a);
}

static bool is_file(const char *target)
{
	size_t n = strlen(target);

	return strchr(target, '/') || (n > 2 && !strcmp(target + n - 2, ".c"));
}

static int run(struct args *a)
{
	if (!a->target)
		return cli_error("barriers needs a scenario or a FILE.c; see 'faultline barriers "
				 "--help'");
	if (a->folder && mkdir(a->folder, 0777) && errno != EEXIST)
		return cli_error("can't make the folder \"%s\": %s; --trace FOLDER chooses another",
				 a->folder, strerror(errno));
	progress_catch_signals();
	return is_file(a->target) ? look_at_program(a) : look_at_scenario(a);
}

int cmd_barriers(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "SCENARIO | FILE.c [-- CC-ARGUMENT...]",
		.doc = "Weakens each barrier, acquire and release on the path of a scenario, or of "
		       "a "
		       "C11 program, one at a time, and says which are needed: with a violation "
		       "that "
		       "the weaker one lets happen, or \"not needed\" if all executions were "
		       "explored "
		       "and none is one. Then those that can be weaker, two at a time."
		       "\v"
		       "What locks and library functions order is left as it is. The answer is "
		       "about "
		       "this scenario or program, within its bounds: what another caller needs it "
		       "does not say. Exit status: 0 all rows are decided, 1 it is a violation as "
		       "it is written, 2 bad input, 3 some are inconclusive, a limit was reached.",
	};
	/* A weaker ordering can make a small search a very large one, and there are many. */
	struct args a = { .opt.timeout = 60 };
	int status;

	a.cc_args = calloc((size_t)argc + 1, sizeof(*a.cc_args));
	if (!a.cc_args)
		return cli_error("out of memory");
	status = cli_parse(&argp, argc, argv, &a);
	if (!status)
		status = run(&a);
	free(a.cc_args);
	return status;
}
