// SPDX-License-Identifier: MIT
/*
 * run_check.c - a scenario under the check engine: its threads and its world become a program for
 * lib/explore, the result becomes a verdict with a trace.
 *
 * The world lies in the engine's arena and is gone when the exploration ends, so the trace puts values
 * into words in tear_down().
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "run/failure.h"
#include "run/checkpoint.h"
#include "run/searched.h"
#include "run/setup.h"
#include "run/weaken.h"
#include "run/witness.h"
#include "explore/explore.h"
#include "mmu/describe.h"
#include "oracle/oracle.h"
#include "rt/lacks.h"
#include "trace/trace.h"

struct thread_slot {
	struct check *check;
	int number;
};

struct check {
	struct fl_run run;
	struct thread_slot slot[FL_MAX_THREADS];
	struct flx_program program;
	const char *search; /* as the options have it */
	struct fl_weaken *weaken;
	struct fl_trace_info info;
	struct fl_trace *trace;
	int set_up_err; /* why there is no world; the engine has errors of its own */
};

static void run_thread(void *arg)
{
	const struct thread_slot *slot = arg;
	const struct fl_run *run = &slot->check->run;

	run->scenario->threads[slot->number].run(fl_machine_cpu(run->machine, slot->number),
						 run->state);
}

static int set_up(void *arg)
{
	struct check *c = arg;

	c->set_up_err = fl_run_build(&c->run);
	return c->set_up_err;
}

static void reset(void *arg)
{
	fl_failure_forget();
	fl_witness_forget();
	fl_oracle_reset();
}

static void finish(void *arg)
{
	fl_oracle_finish();
	fl_witness_look();
}

/* Only lib/mmu/tlb.c accesses a frame for a program. */
static const char *name_use(const struct fl_site *site)
{
	const char *slash = site && site->file ? strrchr(site->file, '/') : NULL;

	return slash && !strcmp(slash, "/tlb.c") ? "stale-tlb" : NULL;
}

static void record_trace(struct check *c, const struct flx_record *record,
			 fl_trace_describe_fn describe)
{
	const char *names[FL_MAX_THREADS];

	for (int i = 0; i < c->run.nthreads; i++)
		names[i] = c->run.scenario->threads[i].name;
	/* without memory for it there is a verdict without a trace */
	fl_trace_create(&c->trace, &c->info, c->run.nthreads, names, record, describe);
}

static void tear_down(void *arg, const struct flx_record *record)
{
	struct check *c = arg;

	if (record && !c->trace)
		record_trace(c, record, fl_describe_value);
	/* Without memory for it the places are not found. */
	if (c->weaken && c->weaken->look && !c->weaken->source)
		fl_weaken_find_source(c->weaken, &c->info);
	fl_run_tear_down(&c->run);
}

/* @record: of the execution that has just been run. */
static void note_failure(struct check *c, const struct flx_record *record)
{
	int thread, passed;

	fl_witness_end();
	if (c->trace && fl_failure_position(&thread, &passed))
		fl_trace_set_violating(c->trace, thread, passed);
	if (c->trace && record)
		fl_witness_tell(c->trace, record);
}

static enum flx_model model_of(const char *name)
{
	return !strcmp(name, "sc") ? FLX_SC : !strcmp(name, "tso") ? FLX_TSO : FLX_LKMM;
}

static int begin(struct check *c, const struct fl_scenario *s, const struct fl_run_options *opt,
		 struct flx_options *fo, char *err, size_t err_size)
{
	int ret;

	memset(c, 0, sizeof(*c));
	err[0] = '\0';
	ret = fl_run_choose(&c->run, s, opt, err, err_size);
	if (ret)
		return ret;
	c->info = (struct fl_trace_info){
		.scenario = s->name,
		.id = s->id,
		.variant = c->run.variant ? c->run.variant->name : NULL,
		.kernel = c->run.kernel,
		.set = c->run.set[0] ? c->run.set : NULL,
		.model = c->run.model,
	};
	c->program = (struct flx_program){
		.nthreads = c->run.nthreads,
		.set_up = set_up,
		.finish = finish,
		.reset = reset,
		.tear_down = tear_down,
		.name_use = name_use,
		.common = c,
	};
	for (int i = 0; i < c->run.nthreads; i++) {
		c->slot[i] = (struct thread_slot){ c, i };
		c->program.thread[i] = run_thread;
		c->program.arg[i] = &c->slot[i];
		c->program.name[i] = s->threads[i].name;
	}
	*fo = (struct flx_options){
		.model = model_of(c->run.model),
		.seed = opt->seed,
		.random_first = true,
		.races = !strcmp(c->run.model, "lkmm"),
		.max_executions = opt->max_executions,
		.jobs = (int)opt->jobs,
		.timeout = opt->timeout,
		.progress = opt->progress,
		.progress_arg = opt->progress_arg,
	};
	c->weaken = opt->weaken;
	if (c->weaken) {
		fo->weaken = c->info.weakened = c->weaken->weaken;
		fo->nr_weaken = c->info.nr_weakened = c->weaken->nr_weaken;
		fo->places = c->weaken->look ? &c->weaken->places : NULL;
	}
	c->search = opt->search;
	ret = flx_search_parse(fo, opt->search, err, err_size);
	if (ret)
		fl_run_forget(&c->run);
	return ret;
}

static void copy_result(struct check *c, struct fl_run_result *result, struct flx_result *r)
{
	static const enum fl_verdict verdict[] = {
		[FLX_VERIFIED] = FL_VERDICT_VERIFIED,
		[FLX_VIOLATION] = FL_VERDICT_VIOLATION,
		[FLX_INCONCLUSIVE] = FL_VERDICT_INCONCLUSIVE,
	};

	memset(result, 0, sizeof(*result));
	result->verdict = verdict[r->verdict];
	result->kernel = c->run.kernel;
	result->model = c->run.model;
	fl_copy_searched(result, c->search, r);
	snprintf(result->oracle, sizeof(result->oracle), "%s", r->oracle);
	snprintf(result->message, sizeof(result->message), "%s", r->message);
	if (r->verdict == FLX_VIOLATION && r->record && !c->trace)
		record_trace(c, r->record, NULL);
	if (c->trace)
		fl_trace_set_outcome(c->trace, r->oracle, r->message, r->executions, r->seconds);
	result->trace = c->trace;
}

/*
 * The search keeps the violating execution's events, not where in it the oracle failed: the
 * execution is run once more to see, and to hear what oracles are told of. Without an answer the
 * trace shows more than it needs. What is shown is that run, so that a replay, which is another
 * one, shows the same: threads that the search had stopped have gone on in it.
 */
static void find_failure(struct check *c, const struct flx_options *fo, const char *oracle)
{
	struct fl_trace *searched = c->trace;
	struct flx_result r = { 0 };
	char err[256];

	fl_failure_forget();
	fl_witness_begin(c->run.scenario);
	c->trace = NULL;
	if (!flx_replay(&c->program, fo, &searched->record, &r, err, sizeof(err)) && c->trace &&
	    r.verdict == FLX_VIOLATION && !strcmp(r.oracle, oracle)) {
		note_failure(c, r.record);
		fl_trace_free(searched);
	} else {
		fl_trace_free(c->trace);
		c->trace = searched;
	}
	fl_witness_end();
	flx_record_free(r.record);
}

static int end(struct check *c, struct fl_run_result *result, struct flx_result *r, int ret,
	       char *err, size_t err_size)
{
	if (!ret)
		copy_result(c, result, r);
	else
		fl_trace_free(c->trace);
	if (ret && fl_rt_lacked()[0])
		snprintf(err, err_size, "%s: %s", c->run.scenario->name, fl_rt_lacked());
	else if (ret && (!err[0] || c->set_up_err))
		snprintf(err, err_size, "%s can't be set up: %s", c->run.scenario->name,
			 strerror(-ret));
	flx_record_free(r->record);
	fl_run_forget(&c->run);
	return ret;
}

static void identify(struct checkpoint *cp, const struct check *c)
{
	struct stat self;

	/* The scenario is a part of the executable. */
	if (stat("/proc/self/exe", &self))
		memset(&self, 0, sizeof(self));
	snprintf(cp->identity, sizeof(cp->identity),
		 "scenario %s, kernel %s, %s, model %s, built %lld.%09ld", c->info.scenario,
		 c->run.kernel ? c->run.kernel : "-", c->run.set, c->run.model,
		 (long long)self.st_mtim.tv_sec, self.st_mtim.tv_nsec);
}

int fl_run_check(const struct fl_scenario *s, const struct fl_run_options *opt,
		 struct fl_run_result *result, char *err, size_t err_size)
{
	struct flx_result r = { 0 };
	struct checkpoint cp;
	struct flx_options fo;
	struct check c;
	int ret = begin(&c, s, opt, &fo, err, err_size);

	if (ret)
		return ret;
	cp = (struct checkpoint){
		.file = opt->checkpoint,
		.resume = opt->resume,
		.at_least = opt->checkpoint_after,
	};
	identify(&cp, &c);
	ret = checkpoint_begin(&cp, &fo, err, err_size);
	if (ret)
		return end(&c, result, &r, ret, err, err_size);
	ret = flx_explore(&c.program, &fo, &r, err, err_size);
	if (ret == -EINVAL && !c.set_up_err)
		ret = -ENOTSUP; /* the options are fine, the engine can't take the program */
	checkpoint_end(&cp, !ret && r.verdict != FLX_INCONCLUSIVE);
	if (!ret && c.trace && r.verdict == FLX_VIOLATION)
		find_failure(&c, &fo, r.oracle);
	ret = end(&c, result, &r, ret, err, err_size);
	if (!ret) {
		checkpoint_result(&cp, result);
	}
	return ret;
}

int fl_run_replay(const struct fl_scenario *s, const struct fl_trace *want,
		  struct fl_run_result *result, char *err, size_t err_size)
{
	struct fl_weaken weaken = {
		.weaken = want->info.weakened,
		.nr_weaken = want->info.nr_weakened,
	};
	const struct fl_run_options opt = {
		.kernel = want->info.kernel,
		.set = want->info.set,
		.model = want->info.model,
		.weaken = &weaken,
	};
	struct flx_result r = { 0 };
	struct flx_options fo;
	struct check c;
	int ret = begin(&c, s, &opt, &fo, err, err_size);

	if (ret)
		return ret;
	c.info.variant = want->info.variant;
	fl_witness_begin(s);
	ret = flx_replay(&c.program, &fo, &want->record, &r, err, err_size);
	if (!ret)
		note_failure(&c, r.record);
	fl_witness_end();
	return end(&c, result, &r, ret, err, err_size);
}

void fl_run_result_free(struct fl_run_result *result)
{
	fl_trace_free(result->trace);
	result->trace = NULL;
}
