// SPDX-License-Identifier: MIT
/*
 * run.c - see program.h. The program's main() is the engine's only thread at first; what it creates become
 * further ones. The shared object is there from set_up() to tear_down(), so the trace is made, its places
 * and names looked up, in the latter.
 */
#include "program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "call.h"
#include "load.h"
#include "name.h"
#include "run/searched.h"
#include "trace/trace.h"

struct check {
	const struct program_options *opt;
	struct build build;
	struct flx_program program;
	struct fl_trace_info info;
	struct fl_trace *trace;
	char err[512]; /* of loading */
};

static const struct {
	const char *name;
	enum flx_model model;
} models[] = {
	{ "sc", FLX_SC },
	{ "tso", FLX_TSO },
	{ "rc11", FLX_RC11 },
	{ "lkmm", FLX_LKMM },
};

static int choose_model(const char **name, enum flx_model *model, char *err, size_t err_size)
{
	if (!*name)
		*name = "rc11";
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		if (!strcmp(*name, models[i].name)) {
			*model = models[i].model;
			*name = models[i].name;
			return 0;
		}
	snprintf(err, err_size, "unknown memory model \"%s\". There are: sc, tso, rc11, lkmm",
		 *name);
	return -EINVAL;
}

static int set_up(void *arg)
{
	struct check *c = arg;
	int err = load_program(c->build.object, c->err, sizeof(c->err));
	uintptr_t start;
	size_t size;

	for (int i = 0; !err && loaded_variables(i, &start, &size); i++)
		err = memory_track(start, size);
	return err;
}

static void reset(void *arg)
{
	(void)arg;
	exit_reset();
}

/* Values that are addresses, by name; others as they are. */
static void describe(char *buf, size_t size, uintptr_t addr, unsigned int width, uint64_t value)
{
	char name[128];

	(void)addr;
	buf[0] = '\0';
	if (width == sizeof(void *) && name_address(name, sizeof(name), value, 0))
		snprintf(buf, size, "%s%s", strncmp(name, "malloc#", 7) ? "&" : "", name);
}

static void make_trace(struct check *c, const struct flx_record *record)
{
	const char *names[FLX_MAX_THREADS] = { "main" };
	int n = 1;

	for (int i = 0; i < record->n; i++)
		if (record->ev[i].thread >= n)
			n = record->ev[i].thread + 1;
	for (int t = 1; t < n; t++)
		names[t] = symbol_name(thread_start_routine(t));
	name_reset();
	/* Without memory for it there is a verdict without a trace. */
	if (fl_trace_create(&c->trace, &c->info, n, names, record, describe))
		return;
	fl_trace_set_names(c->trace, name_address);
	fl_trace_resolve(c->trace);
}

static void tear_down(void *arg, const struct flx_record *record)
{
	struct check *c = arg;

	if (record && !c->trace)
		make_trace(c, record);
	tls_forget();
	exit_forget();
	threads_forget();
	unload_program();
}

/* The engine speaks of CPUs. */
static void speak_of_threads(char *buf, size_t size, const char *text)
{
	size_t n = 0;

	for (; *text && n + 8 < size; text++) {
		if (strncmp(text, "CPU", 3) || text[3] < '0' || text[3] > '9') {
			buf[n++] = *text;
			continue;
		}
		n += (size_t)snprintf(buf + n, size - n, "thread ");
		text += 2;
	}
	buf[n] = '\0';
}

static void copy_result(struct check *c, struct fl_run_result *result, const struct flx_result *r)
{
	static const enum fl_verdict verdict[] = {
		[FLX_VERIFIED] = FL_VERDICT_VERIFIED,
		[FLX_VIOLATION] = FL_VERDICT_VIOLATION,
		[FLX_INCONCLUSIVE] = FL_VERDICT_INCONCLUSIVE,
	};

	memset(result, 0, sizeof(*result));
	result->verdict = verdict[r->verdict];
	result->model = c->info.model;
	fl_copy_searched(result, c->opt->search, r);
	snprintf(result->oracle, sizeof(result->oracle), "%s", r->oracle);
	speak_of_threads(result->message, sizeof(result->message), r->message);
	if (c->trace)
		fl_trace_set_outcome(c->trace, result->oracle, result->message, r->executions,
				     r->seconds);
	result->trace = c->trace;
}

static void options_of(struct flx_options *fo, const struct program_options *opt,
		       enum flx_model model)
{
	*fo = (struct flx_options){
		.model = model,
		.seed = opt->seed,
		.random_first = true,
		/* A race is a property of the language, and these two are models of machines. */
		.races = !opt->no_races && model != FLX_SC && model != FLX_TSO,
		.max_executions = opt->max_executions,
		.timeout = opt->timeout,
		.progress = opt->progress,
		.progress_arg = opt->progress_arg,
	};
}

static int explore(struct check *c, struct fl_run_result *result, const struct flx_options *fo,
		   char *err, size_t err_size)
{
	const struct program_options *opt = c->opt;
	struct flx_result r = { 0 };
	int ret;

	c->program = (struct flx_program){
		.nthreads = 1,
		.thread = { thread_run_main },
		.name = { "main" },
		.set_up = set_up,
		.reset = reset,
		.tear_down = tear_down,
		.common = c,
		.ordinary = true,
	};
	bound_reached = false;
	nondet_min = opt->nondet_min;
	nondet_max = opt->nondet_max;
	ret = flx_explore(&c->program, fo, &r, err, err_size);
	if (c->err[0])
		snprintf(err, err_size, "%s", c->err);
	if (!ret)
		copy_result(c, result, &r);
	else
		fl_trace_free(c->trace);
	if (ret == -EINVAL)
		ret = -ENOTSUP;
	flx_record_free(r.record);
	return ret;
}

int program_check(const char *file, const struct program_options *opt, struct fl_run_result *result,
		  char *err, size_t err_size)
{
	struct check c = { .opt = opt };
	struct flx_options fo;
	enum flx_model model;
	int ret;

	err[0] = '\0';
	c.info.program = file;
	c.info.model = opt->model;
	ret = choose_model(&c.info.model, &model, err, err_size);
	if (!ret) {
		options_of(&fo, opt, model);
		ret = flx_search_parse(&fo, opt->search, err, err_size);
	}
	if (!ret)
		ret = build_program(&c.build, file, opt->cc_args, err, err_size);
	if (ret)
		return ret;
	ret = explore(&c, result, &fo, err, err_size);
	if (ret && !err[0])
		snprintf(err, err_size, "%s can't be set up: %s", file, strerror(-ret));
	build_remove(&c.build);
	return ret;
}
