// SPDX-License-Identifier: MIT
/*
 * run.c - see program.h. The program's main() is the engine's only thread at first; what it creates become
 * further ones. The shared object is there from set_up() to tear_down(), so the trace is made, its places
 * and names looked up, in the latter.
 */
#include "program.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "call.h"
#include "early.h"
#include "load.h"
#include "name.h"
#include "rt/check/stop.h"
#include "run/checkpoint.h"
#include "run/searched.h"
#include "run/weaken.h"
#include "trace/trace.h"
#include "unseen.h"

#define DEFAULT_UNROLL 1000

struct program {
	const char *file;
	struct build build;
};

struct check {
	const struct program_options *opt;
	const struct fl_trace *want; /* to be replayed */
	const struct program *built;
	struct flx_weakening *weaken; /* with addresses of the program as it is loaded */
	struct flx_program program;
	struct fl_trace_info info;
	struct flx_result found;
	struct fl_trace *trace;
	struct checkpoint saved;
	/* While the program is loaded, in words. */
	char thread[FLX_MAX_THREADS][64], place[320], unseen[160];
	char err[512]; /* of loading */
};

static const struct {
	const char *name;
	enum flx_model model;
} models[] = {
	{ "sc", FLX_SC },
	{ "tso", FLX_TSO },
	{ "rc11", FLX_RC11 },
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
	snprintf(err, err_size,
		 "unknown memory model \"%s\" for C11 programs. There are: rc11, sc, tso", *name);
	return -EINVAL;
}

/* Addresses are recorded as counted from the program's beginning, and become those of the loaded program. */
static int place_weakenings(struct check *c)
{
	for (int i = 0; i < c->info.nr_weakened; i++) {
		struct flx_place *p = &c->weaken[i].place;
		char now[320], then[320];

		p->pc += loaded_base();
		if (!c->want || !p->site || !p->site->file)
			continue;
		snprintf(then, sizeof(then), "%s:%d in %s()", p->site->file, p->site->line,
			 p->site->func);
		if (fl_trace_place_of(now, sizeof(now), p->pc) && !strcmp(now, then))
			continue;
		snprintf(c->err, sizeof(c->err), "%s has changed, where an ordering was weakened",
			 then);
		return -ESTALE;
	}
	return 0;
}

static int set_up(void *arg)
{
	struct check *c = arg;
	uintptr_t start;
	size_t size;
	int err;

	early_begin(c->opt);
	err = load_program(c->built->build.object, c->err, sizeof(c->err));
	early_end();

	for (int i = 0; !err && loaded_variables(i, &start, &size); i++)
		err = memory_track(start, size);
	if (!err)
		find_unseen(c->unseen, sizeof(c->unseen), c->built->build.assembly);
	c->program.sees_stores = !c->unseen[0];
	/* Of a bit-field, Clang announces loads of the bits around what is stored. */
	c->program.loads_are_uses = !c->built->build.clang;
	return err ? err : place_weakenings(c);
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

static void name_threads(struct check *c)
{
	snprintf(c->thread[0], sizeof(c->thread[0]), "main");
	for (int i = 1; i < FLX_MAX_THREADS; i++) {
		const char *name = symbol_name(thread_start_routine(i));

		snprintf(c->thread[i], sizeof(c->thread[i]), "%s", name ? name : "");
	}
}

/* Of the access that the message is about, if it names an address; else 0. */
static uintptr_t message_pc(const char *message)
{
	const char *at = strstr(message, ", at pc ");
	uintptr_t pc = 0;

	return at && sscanf(at, ", at pc %" SCNxPTR, &pc) == 1 ? pc : 0;
}

static void find_place_of(struct check *c, uintptr_t pc)
{
	if (!pc || fl_trace_place_of(c->place, sizeof(c->place), pc))
		return;
	snprintf(c->place, sizeof(c->place), "%s()", symbol_name(pc) ? symbol_name(pc) : "?");
}

/* Where something was given up, or went wrong. */
static void find_place(struct check *c)
{
	uintptr_t said = message_pc(c->found.message);
	uintptr_t pc = said		       ? said
		       : c->found.endless      ? c->found.endless_pc
		       : c->found.loop_pc      ? c->found.loop_pc
		       : timed_out_too_often() ? timed_out_too_often()
					       : timed_out_unnoticed();

	find_place_of(c, pc);
}

static void make_trace(struct check *c, const struct flx_record *record)
{
	const char *names[FLX_MAX_THREADS] = { NULL };
	int n = 1;

	for (int i = 0; i < record->n; i++)
		if (record->ev[i].thread >= n)
			n = record->ev[i].thread + 1;
	for (int t = 0; t < n; t++)
		names[t] = c->thread[t][0] ? c->thread[t] : NULL;
	name_reset();
	/* Without memory for it there is a verdict without a trace. */
	if (fl_trace_create(&c->trace, &c->info, n, names, record, describe))
		return;
	fl_trace_set_names(c->trace, name_address);
	fl_trace_resolve(c->trace);
}

static void find_places(struct check *c)
{
	struct fl_weaken *w = c->opt->weaken;

	if (!w || !w->look || w->source)
		return;
	name_reset();
	if (fl_weaken_find_source(w, &c->info))
		return;
	fl_trace_set_names(w->source, name_address);
	fl_trace_resolve(w->source);
	for (int i = 0; i < w->places.n; i++)
		w->places.at[i].pc -= loaded_base();
}

static void tear_down(void *arg, const struct flx_record *record)
{
	struct check *c = arg;

	find_places(c);
	name_threads(c);
	find_place(c);
	if (record && !c->trace)
		make_trace(c, record);
	tls_forget();
	exit_forget();
	threads_forget();
	unload_program();
}

/* The engine speaks of CPUs, and does not know the names of threads that others have created. */
static void speak_of_threads(const struct check *c, char *buf, size_t size, const char *text)
{
	size_t n = 0;

	while (*text && n + sizeof(c->thread[0]) + 16 < size) {
		unsigned int t = 0;
		int used = 0;

		if (sscanf(text, "CPU%u%n", &t, &used) != 1 || t >= FLX_MAX_THREADS) {
			buf[n++] = *text++;
			continue;
		}
		text += used;
		if (!strncmp(text, " (", 2))
			text += strcspn(text, ")") + 1;
		n += (size_t)snprintf(buf + n, size - n, "thread %u", t);
		if (c->thread[t][0])
			n += (size_t)snprintf(buf + n, size - n, " (%s)", c->thread[t]);
	}
	buf[n] = '\0';
}

/* The engine does not know the source. */
static void name_place(const struct check *c, char *message, size_t size)
{
	char *at = message_pc(message) ? strstr(message, ", at pc ") : NULL;

	if (at)
		snprintf(at, size - (size_t)(at - message), ", at %s", c->place);
}

/* The engine does not know the names of variables. */
static void name_location(const struct check *c, char *message, size_t size)
{
	static const char unnamed[] = " of the same location race";
	char *at = strstr(message, unnamed);
	const char *name = NULL;

	if (at && c->trace && c->trace->record.racing[0] >= 0)
		name = c->trace->note[c->trace->record.racing[0]].name;
	if (name)
		snprintf(at, size - (size_t)(at - message), " of '%s' race", name);
}

/* Why not all was explored, if it was the program. */
static void explain_limit(const struct check *c, struct fl_run_result *result,
			  const struct flx_result *r)
{
	if (c->found.endless)
		snprintf(result->message, sizeof(result->message),
			 "a thread goes on without touching shared memory, and does not end, at "
			 "%.120s",
			 c->place[0] ? c->place : "?");
	else if (c->found.loop_pc)
		snprintf(result->message, sizeof(result->message),
			 "the loop at %.120s goes round more than %u times; --unroll N follows it "
			 "further",
			 c->place, c->opt->unroll ? c->opt->unroll : DEFAULT_UNROLL);
	else if (timed_out_too_often())
		snprintf(result->message, sizeof(result->message),
			 "the timed wait at %.120s times out again and again, each time in a new "
			 "state",
			 c->place);
	else if (timed_out_unnoticed())
		snprintf(result->message, sizeof(result->message),
			 "the timed wait at %.120s may time out and lock again any number of "
			 "times, which those who try to lock notice",
			 c->place);
	else if (r->verdict == FLX_VERIFIED && !r->executions && timed_out_in_vain())
		snprintf(result->message, sizeof(result->message),
			 "no execution comes to its end: a timed wait times out for ever");
	else if (r->verdict == FLX_VERIFIED && c->built->build.assembly[0])
		snprintf(result->message, sizeof(result->message),
			 "what is done there is not seen: %s; atomic operations are seen",
			 c->built->build.assembly);
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
	snprintf(result->unseen, sizeof(result->unseen), "%s", c->unseen);
	fl_copy_searched(result, c->opt->search, r);
	snprintf(result->oracle, sizeof(result->oracle), "%s", r->oracle);
	speak_of_threads(c, result->message, sizeof(result->message), r->message);
	name_location(c, result->message, sizeof(result->message));
	name_place(c, result->message, sizeof(result->message));
	if (result->verdict == FL_VERDICT_VERIFIED &&
	    ((!r->executions && timed_out_in_vain()) || timed_out_too_often() ||
	     timed_out_unnoticed() || c->built->build.assembly[0]))
		result->verdict = FL_VERDICT_INCONCLUSIVE;
	if (result->verdict == FL_VERDICT_INCONCLUSIVE && !r->oracle[0] && !r->stopped)
		explain_limit(c, result, r);
	if (c->trace)
		fl_trace_set_outcome(c->trace, result->oracle, result->message, r->executions,
				     r->seconds);
	result->trace = c->trace;
	checkpoint_result(&c->saved, result);
}

static void options_of(struct flx_options *fo, const struct program_options *opt,
		       enum flx_model model)
{
	*fo = (struct flx_options){
		.model = model,
		.seed = opt->seed,
		.random_first = true,
		.hash = opt->stats,
		.no_symmetry = opt->no_symmetry,
		.no_commute = opt->no_commute,
		.loop_bound = (int)opt->unroll,
		/* A race is a property of the language, and these two are models of machines. */
		.races = !opt->no_races && model != FLX_SC && model != FLX_TSO,
		.max_executions = opt->max_executions,
		.jobs = (int)opt->jobs,
		.timeout = opt->timeout,
		.progress = opt->progress,
		.progress_arg = opt->progress_arg,
	};
}

typedef int (*explore_fn)(struct check *c, const struct flx_options *fo, char *err,
			  size_t err_size);

static int explore(struct check *c, const struct flx_options *fo, char *err, size_t err_size)
{
	return flx_explore(&c->program, fo, &c->found, err, err_size);
}

/* FNV-1a; a program that is not the same file is not the same program. */
static uint64_t hash_file(const char *path)
{
	uint64_t h = 0xcbf29ce484222325ull;
	FILE *f = fopen(path, "rb");
	int c;

	while (f && (c = getc(f)) != EOF)
		h = (h ^ (uint64_t)c) * 0x100000001b3ull;
	if (f)
		fclose(f);
	return h;
}

static void identify(struct checkpoint *cp, const struct check *c)
{
	const struct program_options *opt = c->opt;

	snprintf(cp->identity, sizeof(cp->identity),
		 "program %016" PRIx64 ", model %s, nondet %d..%d, unroll %u%s%s%s",
		 hash_file(c->built->build.object), c->info.model, opt->nondet_min, opt->nondet_max,
		 opt->unroll, opt->no_races ? ", no races" : "",
		 opt->no_symmetry ? ", no symmetry" : "", opt->no_commute ? ", no commuting" : "");
}

static int explore_and_save(struct check *c, const struct flx_options *options,
			    struct fl_run_result *result, char *err, size_t err_size)
{
	struct flx_options fo = *options;
	struct checkpoint *cp = &c->saved;
	int ret;

	cp->file = c->opt->checkpoint;
	cp->resume = c->opt->resume;
	cp->at_least = c->opt->checkpoint_after;
	identify(cp, c);
	ret = checkpoint_begin(cp, &fo, err, err_size);
	if (ret)
		return ret;
	ret = explore(c, &fo, err, err_size);
	checkpoint_end(cp, !ret && c->found.verdict != FLX_INCONCLUSIVE);
	return ret;
}

/* A debugger wants to stop in the recorded execution, not before. */
static int stop_thread;

static void learnt(void *arg)
{
	(void)arg;
	fl_stop_thread = stop_thread;
}

static int replay(struct check *c, const struct flx_options *fo, char *err, size_t err_size)
{
	c->program.learnt = learnt;
	stop_thread = fl_stop_thread;
	fl_stop_thread = FL_STOP_NOWHERE;
	return flx_replay(&c->program, fo, &c->want->record, &c->found, err, err_size);
}

static int run(struct check *c, explore_fn how, const struct flx_options *fo,
	       struct fl_run_result *result, char *err, size_t err_size)
{
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
		.has_code = loaded_has,
	};
	if (!timeout_begin())
		return -ENOMEM;
	nondet_min = c->opt->nondet_min;
	nondet_max = c->opt->nondet_max;
	ret = how == explore ? explore_and_save(c, fo, result, err, err_size)
			     : how(c, fo, err, err_size);
	if (c->err[0])
		snprintf(err, err_size, "%s", c->err);
	if (!ret)
		copy_result(c, result, &c->found);
	else
		fl_trace_free(c->trace);
	if (ret && message_pc(err)) {
		find_place_of(c, message_pc(err));
		name_place(c, err, err_size);
	}
	if (ret && !c->err[0] && c->built->build.assembly[0])
		snprintf(err + strlen(err), err_size - strlen(err), "; not seen: %s",
			 c->built->build.assembly);
	if (ret == -EINVAL)
		ret = -ENOTSUP;
	flx_record_free(c->found.record);
	return ret;
}

static int choose(struct check *c, struct flx_options *fo, char *err, size_t err_size)
{
	struct fl_weaken *w = c->opt->weaken;
	enum flx_model model;
	int ret;

	err[0] = '\0';
	c->info.program = c->built->file;
	c->info.model = c->opt->model;
	c->info.cc_args = c->opt->cc_args;
	c->info.nondet_min = c->opt->nondet_min;
	c->info.nondet_max = c->opt->nondet_max;
	ret = choose_model(&c->info.model, &model, err, err_size);
	if (ret)
		return ret;
	options_of(fo, c->opt, model);
	if (w) {
		c->info.weakened = w->weaken;
		c->info.nr_weakened = w->nr_weaken;
		fo->places = w->look ? &w->places : NULL;
	}
	return flx_search_parse(fo, c->opt->search, err, err_size);
}

static int run_weakened(struct check *c, explore_fn how, struct fl_run_result *result, char *err,
			size_t err_size)
{
	struct flx_options fo;
	int ret, n;

	ret = choose(c, &fo, err, err_size);
	if (ret)
		return ret;
	n = c->info.nr_weakened;
	c->weaken = calloc(n ? n : 1, sizeof(*c->weaken));
	if (!c->weaken)
		return -ENOMEM;
	for (int i = 0; i < n; i++)
		c->weaken[i] = c->info.weakened[i];
	fo.weaken = c->weaken;
	fo.nr_weaken = n;
	ret = run(c, how, &fo, result, err, err_size);
	if (ret && !err[0])
		snprintf(err, err_size, "%s can't be set up: %s", c->info.program, strerror(-ret));
	free(c->weaken);
	return ret;
}

/* Wrong options are quicker to find than wrong programs. */
static int check_options(const struct program_options *opt, char *err, size_t err_size)
{
	const char *name = opt->model;
	struct flx_options fo;
	enum flx_model model;
	int ret = choose_model(&name, &model, err, err_size);

	return ret ? ret : flx_search_parse(&fo, opt->search, err, err_size);
}

int program_build(struct program **out, const char *file, const struct program_options *opt,
		  char *err, size_t err_size)
{
	struct program *p = calloc(1, sizeof(*p));
	int ret = -ENOMEM;

	err[0] = '\0';
	if (p)
		ret = check_options(opt, err, err_size);
	if (!ret)
		ret = build_program(&p->build, file, opt->cc_args, err, err_size);
	if (ret) {
		free(p);
		return ret;
	}
	p->file = file;
	*out = p;
	return 0;
}

void program_close(struct program *p)
{
	build_close(&p->build);
	free(p);
}

int program_explore(struct program *p, const struct program_options *opt,
		    struct fl_run_result *result, char *err, size_t err_size)
{
	struct check c = { .opt = opt, .built = p };

	return run_weakened(&c, explore, result, err, err_size);
}

int program_check(const char *file, const struct program_options *opt, struct fl_run_result *result,
		  char *err, size_t err_size)
{
	struct program *p;
	int ret = program_build(&p, file, opt, err, err_size);

	if (ret)
		return ret;
	ret = program_explore(p, opt, result, err, err_size);
	program_close(p);
	return ret;
}

int program_replay(const struct fl_trace *want, struct fl_run_result *result, char *err,
		   size_t err_size)
{
	struct fl_weaken weaken = {
		.weaken = want->info.weakened,
		.nr_weaken = want->info.nr_weakened,
	};
	const struct program_options opt = {
		.model = want->info.model,
		.cc_args = want->info.cc_args,
		.nondet_min = want->info.nondet_min,
		.nondet_max = want->info.nondet_max,
		.unroll = want->record.n,
		.no_symmetry = true, /* whichever of some equal executions it is */
		.weaken = &weaken,
	};
	struct check c = { .opt = &opt, .want = want };
	struct program *p;
	int ret = program_build(&p, want->info.program, &opt, err, err_size);

	if (ret)
		return ret;
	c.built = p;
	ret = run_weakened(&c, replay, result, err, err_size);
	program_close(p);
	return ret;
}
