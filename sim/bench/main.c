// SPDX-License-Identifier: MIT
/*
 * main.c - faultline-bench: lock strategies under load, for `faultline bench`, which becomes this program.
 *
 * A program of its own, since the command is linked with the check engine. It uses the public API alone: what it measures
 * a user can measure.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cells.h"
#include "choice.h"
#include "latency.h"
#include "report.h"
#include "../cli.h"
#include "../progress.h"

#define SECONDS 1.0
#define SECONDS_OF_MANY 0.5 /* if no workload is named */
#define RUNS 5
#define VMAS 100
#define MAX_VMAS 1000000
#define THETA 0.99
#define MAX_NAMED 128

enum key {
	KEY_STRATEGY = 1,
	KEY_RWLOCK,
	KEY_THREADS,
	KEY_VMAS,
	KEY_MIX,
	KEY_THETA,
	KEY_SECONDS,
	KEY_RUNS,
	KEY_SEED,
	KEY_NO_HOST,
	KEY_JSON,
	KEY_CSV,
	KEY_PLOT,
	KEY_LIST,
	KEY_LOAD,
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "What to compare", 1 },
	{ "strategy", KEY_STRATEGY, "NAME,...", 0, "Lock strategies, or \"all\"; default: all", 1 },
	{ "rwlock", KEY_RWLOCK, "NAME,...", 0,
	  "Reader-writer locks below mmap_lock, or \"all\"; default: the first of --list", 1 },
	{ "threads", KEY_THREADS, "N,...", 0,
	  "Threads, beside a writer; default: 1, 2, 4 ... up to the cores", 1 },
	{ "load", KEY_LOAD, "FILE.so", 0, "Load it: it can register strategies (faultline/lock.h)",
	  1 },
	{ "list", KEY_LIST, NULL, 0, "Show what there is, and end", 1 },
	{ NULL, 0, NULL, 0, "What they do", 2 },
	{ "vmas", KEY_VMAS, "N", 0,
	  "Other VMAs in the address space, of zipf-mix those that it works on; default: 100", 2 },
	{ "mix", KEY_MIX, "KIND=PART,...", 0,
	  "Of zipf-mix: parts of touch, dontneed, mprotect, mmap, gup, fork", 2 },
	{ "theta", KEY_THETA, "X", 0, "Of zipf-mix: 0 is uniform, 0.99 the default", 2 },
	{ "seed", KEY_SEED, "N", 0, "Of random choices; default: 0", 2 },
	{ NULL, 0, NULL, 0, "How long", 3 },
	{ "seconds", KEY_SECONDS, "SECONDS", 0,
	  "For each cell, all its runs; default: 1, or 0.5 if no workload is named", 3 },
	{ "runs", KEY_RUNS, "N", 0, "For each cell; medians are shown; default: 5", 3 },
	{ "no-host", KEY_NO_HOST, NULL, 0, "Do not measure the host kernel beside it", 3 },
	{ NULL, 0, NULL, 0, "What to show", 4 },
	{ "json", KEY_JSON, NULL, 0, "One JSON object per cell and line, in place of the table",
	  4 },
	{ "csv", KEY_CSV, "FILE", 0, "Write the cells to FILE as well", 4 },
	{ "plot", KEY_PLOT, "FILE", 0, "Draw them by gnuplot: FILE.svg or FILE.png", 4 },
	{ 0 },
};

struct bench {
	struct options opt;
	struct choice choice;
	bool json, no_host, list;
	const char *zipf; /* an option that is zipf-mix's alone, if there was one */
	const char *csv, *plot;
	/* What names something: a key and its value. Loaded objects have a say in what there is. */
	struct {
		int key;
		const char *text;
	} named[MAX_NAMED];
	size_t nr_named;

	FILE *csv_file;
	struct table table;
	struct cell *cells; /* of all groups */
	size_t nr_cells;
	struct progress progress;
	double begin, planned, done; /* planned, done: seconds of runs */
	const struct cell *now;
	char doing[160];
	int status;
};

/* ---- options ---- */

static bool take_mix(struct bench *b, const char *text)
{
	char err[256];

	b->zipf = "--mix";
	return mix_parse(&b->opt.mix, text, err, sizeof(err)) ||
	       !cli_error("--mix \"%s\": %s", text, err);
}

static bool take_theta(struct bench *b, const char *text)
{
	char *end;

	b->zipf = "--theta";
	b->opt.theta = strtod(text, &end);
	if (end != text && !*end && b->opt.theta >= 0 && b->opt.theta <= 10)
		return true;
	return !cli_error("--theta \"%s\" is not a number from 0 to 10", text);
}

static bool take_runs(struct bench *b, const char *text)
{
	uint64_t n;

	if (!cli_number(&n, "--runs", text, 1))
		return false;
	if (n > BENCH_MAX_RUNS)
		return !cli_error("--runs \"%s\" is more than %d", text, BENCH_MAX_RUNS);
	b->opt.runs = (unsigned int)n;
	return true;
}

static bool take_vmas(struct bench *b, const char *text)
{
	uint64_t n;

	if (!cli_number(&n, "--vmas", text, 1))
		return false;
	if (n > MAX_VMAS)
		return !cli_error("--vmas \"%s\" is more than %d", text, MAX_VMAS);
	b->opt.vmas = (unsigned int)n;
	return true;
}

static bool keep_named(struct bench *b, int key, const char *text)
{
	if (b->nr_named == MAX_NAMED)
		return !cli_error("more than %d names; one option takes several: a,b,c", MAX_NAMED);
	b->named[b->nr_named].key = key;
	b->named[b->nr_named++].text = text;
	return true;
}

/* It stays: what it registers is its own memory. */
static bool load(const char *file)
{
	char path[1024];

	/* Without a slash dlopen() would look elsewhere. */
	snprintf(path, sizeof(path), "%s%s", strchr(file, '/') ? "" : "./", file);
	return dlopen(path, RTLD_NOW | RTLD_LOCAL) ||
	       !cli_error("--load \"%s\": %s", file, dlerror());
}

static bool load_all(const struct bench *b)
{
	for (size_t i = 0; i < b->nr_named; i++)
		if (b->named[i].key == KEY_LOAD && !load(b->named[i].text))
			return false;
	return true;
}

static bool choose_all(struct bench *b)
{
	bool ok = true;

	for (size_t i = 0; ok && i < b->nr_named; i++) {
		const char *text = b->named[i].text;

		if (b->named[i].key == KEY_STRATEGY)
			ok = choose_strategies(&b->choice, text);
		else if (b->named[i].key == KEY_RWLOCK)
			ok = choose_rwlocks(&b->choice, text);
		else if (b->named[i].key == ARGP_KEY_ARG)
			ok = choose_workload(&b->choice, text);
	}
	if (!b->opt.seconds)
		b->opt.seconds = b->choice.nr_workloads ? SECONDS : SECONDS_OF_MANY;
	choose_rest(&b->choice);
	if (ok && b->zipf && !choice_has(&b->choice, &zipf_mix))
		return !cli_error("%s is an option of zipf-mix, which is not to be run", b->zipf);
	return ok && choice_fits(&b->choice);
}

static bool parse_value(struct bench *b, int key, char *arg)
{
	switch (key) {
	case KEY_THREADS:
		return choose_threads(&b->choice, arg);
	case KEY_VMAS:
		return take_vmas(b, arg);
	case KEY_MIX:
		return take_mix(b, arg);
	case KEY_THETA:
		return take_theta(b, arg);
	case KEY_SEED:
		return cli_number(&b->opt.seed, "--seed", arg, 0);
	case KEY_SECONDS:
		return cli_seconds(&b->opt.seconds, "--seconds", arg);
	case KEY_RUNS:
		return take_runs(b, arg);
	default:
		return keep_named(b, key, arg);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct bench *b = state->input;

	switch (key) {
	case KEY_NO_HOST:
		b->no_host = true;
		return 0;
	case KEY_JSON:
		b->json = true;
		return 0;
	case KEY_LIST:
		b->list = true;
		return 0;
	case KEY_CSV:
		b->csv = arg;
		return 0;
	case KEY_PLOT:
		b->plot = arg;
		return 0;
	case KEY_STRATEGY:
	case KEY_RWLOCK:
	case KEY_LOAD:
	case KEY_THREADS:
	case KEY_VMAS:
	case KEY_MIX:
	case KEY_THETA:
	case KEY_SEED:
	case KEY_SECONDS:
	case KEY_RUNS:
	case ARGP_KEY_ARG:
		return parse_value(b, key, arg) ? 0 : CLI_REPORTED;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- the cells ---- */

static bool wants_host(const struct bench *b, const struct workload *w)
{
	return !b->no_host && w->host.step;
}

static void add_cell(struct bench *b, const struct workload *w, unsigned int threads,
		     const char *strategy, const char *rwlock, bool host)
{
	b->cells[b->nr_cells++] = (struct cell){
		.workload = w,
		.kernel = { strategy, rwlock },
		.host = host,
		.threads = threads,
	};
	table_widen(&b->table, w->name, strategy, rwlock);
	b->table.writers |= w->writer != NULL;
}

static void add_group(struct bench *b, const struct workload *w, unsigned int threads)
{
	const struct choice *c = &b->choice;

	for (size_t s = 0; s < c->nr_strategies; s++)
		for (size_t l = 0; l < c->nr_rwlocks; l++)
			add_cell(b, w, threads, c->strategy[s], c->rwlock[l], false);
	if (wants_host(b, w))
		add_cell(b, w, threads, "host", "host", true);
}

static int plan(struct bench *b)
{
	const struct choice *c = &b->choice;

	b->cells = calloc(c->nr_workloads * c->nr_threads * (c->nr_strategies * c->nr_rwlocks + 1),
			  sizeof(*b->cells));
	if (!b->cells)
		return cli_error("out of memory");
	for (size_t w = 0; w < c->nr_workloads; w++)
		for (size_t t = 0; t < c->nr_threads; t++)
			add_group(b, c->workload[w], c->threads[t]);
	b->planned = (double)b->nr_cells * b->opt.seconds;
	return CLI_OK;
}

/* ---- running them ---- */

static bool go_on(void *arg, double seconds)
{
	struct bench *b = arg;
	double done = b->done + seconds;

	progress_report_text(&b->progress, b->doing, bench_now() - b->begin,
			     b->planned > 0 ? done / b->planned : 0);
	return !progress_interrupted();
}

static void say_what(struct bench *b, const struct cell *c)
{
	if (c->nr < b->opt.runs)
		snprintf(b->doing, sizeof(b->doing), "%s, %u thread%s, %s: run %u of %u",
			 c->workload->name, c->threads, c->threads > 1 ? "s" : "",
			 c->kernel.strategy, c->nr + 1, b->opt.runs);
	else
		snprintf(b->doing, sizeof(b->doing), "%s, %u thread%s, %s: a disturbed run again",
			 c->workload->name, c->threads, c->threads > 1 ? "s" : "",
			 c->kernel.strategy);
}

static int run_cell(struct bench *b, struct cell *c)
{
	struct run run = {
		.workload = c->workload,
		.side = c->host ? &c->workload->host : &c->workload->ours,
		.kernel = c->host ? NULL : &c->kernel,
		.opt = &b->opt,
		.threads = c->threads,
		.seconds = b->opt.seconds / b->opt.runs,
		.seed = b->opt.seed + c->nr + c->again,
		.go_on = go_on,
		.arg = b,
	};
	struct figures f;
	int err;

	say_what(b, c);
	err = c->host ? host_run(&run, &f) : engine_run(&run, &f);
	if (err == -EINTR)
		return 0;
	if (err) {
		progress_end(&b->progress);
		cli_error("%s with %s, %u thread%s, %u other VMAs: %s", c->workload->name,
			  c->kernel.strategy, c->threads, c->threads > 1 ? "s" : "", b->opt.vmas,
			  strerror(-err));
		return err;
	}
	if (!progress_interrupted() || !c->nr)
		cell_add(c, b->opt.runs, &f);
	if (c->nr + c->again <= b->opt.runs)
		b->done += run.seconds;
	return 0;
}

static int run_group(struct bench *b, struct cell *cells, size_t n)
{
	struct cell *c;
	int err = 0;

	while (!err && !progress_interrupted() && (c = cells_next(cells, n, b->opt.runs)))
		err = run_cell(b, c);
	progress_end(&b->progress);
	if (b->json)
		json_group(cells, n);
	else
		table_group(&b->table, cells, n);
	if (b->csv_file)
		csv_group(b->csv_file, cells, n);
	return err;
}

static bool same_group(const struct cell *a, const struct cell *b)
{
	return a->workload == b->workload && a->threads == b->threads;
}

static int run_all(struct bench *b)
{
	size_t i = 0, n;
	int err = 0;

	b->begin = bench_now();
	for (; !err && i < b->nr_cells && !progress_interrupted(); i += n) {
		for (n = 1; i + n < b->nr_cells && same_group(&b->cells[i], &b->cells[i + n]); n++)
			;
		err = run_group(b, &b->cells[i], n);
	}
	if (!b->json)
		table_end(&b->table);
	if (!b->json && b->table.begun && progress_interrupted())
		printf("Interrupted: rows are missing, and the last ones may be of fewer than %u "
		       "runs.\n",
		       b->opt.runs);
	return err ? CLI_BAD_INPUT : progress_interrupted() ? CLI_INCONCLUSIVE : CLI_OK;
}

/* ---- files ---- */

static bool files_fit(struct bench *b)
{
	char err[256];

	if (!cli_can_write("table", b->csv, "--csv") || !cli_can_write("plot", b->plot, "--plot"))
		return false;
	if (b->plot && !plot_can(b->plot, err, sizeof(err)))
		return !cli_error("--plot \"%s\": %s", b->plot, err);
	return true;
}

static bool open_csv(struct bench *b)
{
	if (!b->csv)
		return true;
	b->csv_file = fopen(b->csv, "we");
	if (!b->csv_file)
		return cli_was_written(-errno, "table", b->csv, "--csv");
	csv_head(b->csv_file);
	return true;
}

static bool close_csv(const struct bench *b)
{
	int err = 0;

	if (!b->csv_file)
		return true;
	if (ferror(b->csv_file))
		err = -EIO;
	if (fclose(b->csv_file))
		err = -errno;
	return cli_was_written(err, "table", b->csv, "--csv");
}

static bool draw(const struct bench *b)
{
	char err[256];

	if (!b->plot || !plot_write(b->plot, b->cells, b->nr_cells, err, sizeof(err)))
		return true;
	return !cli_error("can't draw \"%s\": %s", b->plot, err);
}

static int bench(struct bench *b)
{
	int status;

	if (!choose_all(b) || !files_fit(b))
		return CLI_BAD_INPUT;
	status = plan(b);
	if (status)
		return status;
	/* Before there is another thread. Without it there is no row of the host. */
	if (!b->no_host && host_begin(&b->opt))
		return cli_error("can't measure the host kernel beside it; --no-host goes without");
	if (!open_csv(b))
		return CLI_BAD_INPUT;
	progress_catch_signals();
	status = run_all(b);
	host_end();
	if (!close_csv(b) || !draw(b))
		status = CLI_BAD_INPUT;
	return status;
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[WORKLOAD...]",
		.doc = "Lock strategies of page faults under load, on real threads: how many "
		       "operations a second, how "
		       "long they take, and what they cost others.\vWithout a workload: all of "
		       "them. The cells that "
		       "are compared take turns, run by run; a run that others disturbed is made "
		       "again, and "
		       "marked if that did not help. Where the host kernel can do the same, it is "
		       "measured in turn "
		       "with the others. Exit status: 0; 2 bad input; 3 interrupted: the table has "
		       "what is known.",
	};
	struct bench b = {
		.opt = { .runs = RUNS, .vmas = VMAS, .theta = THETA },
	};
	char name[] = "bench";
	char err[64];
	int status;

	argv[0] = name;
	mix_parse(&b.opt.mix, NULL, err, sizeof(err));
	if (!cores_init())
		return cli_error("out of memory");
	latency_init();
	status = cli_parse(&argp, argc, argv, &b);
	if (!status && !load_all(&b))
		status = CLI_BAD_INPUT;
	if (!status && b.list)
		choice_list();
	else if (!status)
		status = bench(&b);
	free(b.cells);
	cores_exit();
	if (fflush(stdout) || ferror(stdout))
		return cli_error("can't write the output");
	return status;
}
