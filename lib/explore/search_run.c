/* SPDX-License-Identifier: MIT */
/*
 * search_run.c - a search as a whole: its limits, its beginning and end, what was found, what is learnt on the way, and
 * who does which part of it.
 */
#include "search.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commute.h"
#include "forward.h"
#include "jobs.h"
#include "learn.h"
#include "lifetime.h"
#include "memory.h"
#include "record.h"
#include "retry.h"
#include "symmetry.h"
#include "watch.h"
#include "weaken.h"

double now_seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

/*
 * How long to look on for a better violation after the first one. By executions, so that the same is found
 * on a busy machine; the time is only for programs whose executions are very long.
 */
static bool looked_long_enough(void)
{
	uint64_t more = S.res->executions - S.executions_at_find;

	if (S.opt->stop_at_first)
		return true;
	return more >= search_more(S.best.rank) || now_seconds() - S.found_at > 20;
}

bool search_time_is_up(double timeout, uint64_t executions, double done)
{
	double spent = now_seconds() - S.started;

	if (timeout > 0 && spent > timeout)
		return true;
	if (S.opt->progress && S.opt->progress(S.opt->progress_arg, executions, spent, done))
		return S.res->stopped = true;
	return false;
}

/* Most bugs show in the first executions, and many programs have no more: nothing beats the search there. */
#define PAUSE_AFTER 30

bool search_save_is_due(void)
{
	double now;

	if (!S.opt->save || !S.opt->save_every || S.best.found)
		return false;
	now = now_seconds();
	return S.save_due = S.save_due || now - S.saved_at > S.opt->save_every;
}

bool search_limit_reached(void)
{
	if (jobs_want_break())
		return true;
	if (S.best.found && S.best.rank < RANK_UNSURE)
		return looked_long_enough();
	if (S.opt->max_executions && S.res->executions >= S.opt->max_executions)
		return true;
	if (S.pause_at && S.res->executions + S.res->blocked >= S.pause_at)
		return S.paused = true;
	if (S.res->endless || forward_lucky_enough())
		return true;
	if (!(S.every & 63) && search_save_is_due())
		return true;
	/* A race, if there is one, is seldom far. */
	if (S.mixed[0] && S.res->executions + S.res->blocked > search_more(1))
		return true;
	/* Each step of a large graph takes its time. */
	return (!(S.every++ & 63) || G.n > SEARCH_LARGE) &&
	       search_time_is_up(S.opt->timeout, S.res->executions, S.done);
}

int search_set_up(const struct flx_program *p, const struct flx_options *o, struct flx_result *r)
{
	int err;

	memset(r, 0, sizeof(*r));
	memset(&S, 0, sizeof(S));
	S.opt = o;
	S.res = r;
	S.started = S.saved_at = now_seconds();
	weaken_begin(o);
	exec_loop_bound = o->loop_bound ? o->loop_bound : 1000;
	S.clocks = o->model == FLX_RC11 || (o->races && o->model != FLX_LKMM);
	S.observed = p->finish || (p->reset && !p->ordinary) || o->on_execution;
	commute_begin(p->ordinary && !o->no_commute && o->model == FLX_RC11 &&
		      o->search == FLX_EXHAUSTIVE);
	symmetry_begin(p->ordinary && !o->no_symmetry && o->search == FLX_EXHAUSTIVE);
	err = memory_init(p->ordinary);
	if (!err)
		err = exec_init(p);
	exec_catch_faults();
	if (!err && p->set_up)
		err = p->set_up(p->common);
	return err;
}

void search_tear_down(const struct flx_record *record)
{
	exec_release_faults();
	if (program && program->tear_down && !exec_error[0])
		program->tear_down(program->common, record);
	while (S.depth)
		free(S.stack[--S.depth].choice);
	free(S.stack);
	free(S.path);
	free(S.lesson);
	while (S.nr_known)
		free(S.known[--S.nr_known].choice);
	free(S.known);
	free(S.best.ev);
	free(S.best.path);
	free(S.lucky.ev);
	free(S.lucky.path);
	free(S.complete.hash);
	search_free_graphs();
	lifetime_forget();
	exec_exit();
	memory_exit();
}

void search_result(bool complete)
{
	struct flx_result *r = S.res;

	r->seconds = now_seconds() - S.started + S.spent_before;
	r->verdict = complete && !S.partial && !r->loop_pc && !r->endless ? FLX_VERIFIED
									  : FLX_INCONCLUSIVE;
	forward_compare_lucky();
	if (r->too_long)
		snprintf(r->message, sizeof(r->message),
			 "an execution has more than %d events: the threads do not end, or do too "
			 "much",
			 EV_CAP);
	if (!S.best.found)
		return;
	memcpy(r->oracle, S.best.oracle, sizeof(r->oracle));
	if (S.best.rank < RANK_UNSURE) {
		r->verdict = FLX_VIOLATION;
		memcpy(r->message, S.best.message, sizeof(r->message));
	} else {
		/* Not known to be allowed, so not a violation; not known to be forbidden either. */
		r->verdict = FLX_INCONCLUSIVE;
		snprintf(r->message, sizeof(r->message),
			 "%.180s, but only if a store depends on no load before it",
			 S.best.message);
	}
	graph_clear(&G, program->nthreads);
	graph_load(&G, S.best.ev, S.best.n);
	if (G.nr[HAS_ADDITION]) {
		hb_clocks(&G, S.opt->mutant);
		commute_expand(S.best.racing);
	}
	r->record = record_create(&G, S.opt, S.best.racing);
}

void search_forget_results(void)
{
	S.done = 0;
	S.best.found = false;
	S.complete.n = 0;
	if (S.complete.hash)
		memset(S.complete.hash, 0, S.complete.cap * sizeof(*S.complete.hash));
	S.res->executions = S.res->blocked = S.res->duplicates = S.executions_at_find = 0;
	S.res->events = 0;
	S.res->runs = S.res->loop_pc = 0;
	search_unwind(0);
}

void search_begin_again(void)
{
	while (S.depth)
		free(S.stack[--S.depth].choice);
	free(S.lesson);
	S.lesson = NULL;
	S.stop = false;
	search_forget_results();
	S.lucky.found = S.paused = false;
	S.mixed[0] = 0;
	exec_forget();
	exec_error[0] = 0;
	memory_forget_locations();
	learn_again = false;
}

void search_item(const struct flx_path *it)
{
	graph_clear(&G, program->nthreads);
	exec_moved();
	S.path_len = 0;
	S.follow = it->choice;
	S.follow_len = it->n;
	search_branch(1);
	search_unwind(0);
	S.follow_len = 0;
}

void search_rest(void)
{
	while (S.depth && !S.stop) {
		struct flx_path it = S.stack[--S.depth];

		search_item(&it);
		free(it.choice);
	}
}

static void search_from_start(void)
{
	S.path_len = 0;
	S.weight = 1;
	search_leave();
	search_rest();
}

/* As if nothing had come between: what was put off last had been begun first. */
static void search_on(void)
{
	for (int i = 0, k = S.depth - 1; i < k; i++, k--) {
		struct flx_path it = S.stack[i];

		S.stack[i] = S.stack[k];
		S.stack[k] = it;
	}
	S.stop = S.paused = false;
	search_rest();
}

/* Less than this is not worth a process. */
#define ALONE_UNTIL 1000

static bool is_for_many(void)
{
	return S.opt->jobs > 1 && !search_remembers();
}

static void save(void)
{
	const struct flx_result *r = S.res;
	const struct flx_left left = {
		.executions = r->executions,
		.blocked = r->blocked,
		.duplicates = r->duplicates,
		.events = r->events,
		.done = S.done,
		.partial = S.partial || r->loop_pc || r->endless || S.mixed[0],
		.seconds = now_seconds() - S.started + S.spent_before,
		.nr_known = S.nr_known,
		.nr_left = S.depth,
		.known = S.known,
		.left = S.stack,
	};

	S.opt->save(S.opt->save_arg, &left);
	S.saved_at = now_seconds();
	S.save_due = false;
}

/* Explores what is on the stack, by many if it is worth it. */
static void search_to_end(bool many)
{
	for (;;) {
		S.stop = S.paused = false;
		if (!many || S.best.found || S.lucky.found || !jobs_search(S.opt->jobs))
			search_on();
		if (!S.save_due || !S.depth || learn_again || exec_error[0])
			return;
		save();
	}
}

static void search_by_many(void)
{
	S.pause_at = 0;
	search_to_end(true);
}

/* The first executions, some random ones, and again whenever something is learnt: all as it was the last time. */
static void search_begin(void)
{
	/* Who looks at each execution is not to see those of the random pass, too. */
	bool random_first = S.opt->random_first && !S.opt->on_execution;

	do {
		search_begin_again();
		S.pause_at = random_first ? PAUSE_AFTER : 0;
		S.begun = !random_first;
		search_from_start();
		if (S.paused && random_first && !learn_again) {
			forward_first_pass();
			random_first = learn_again;
		}
	} while (learn_again && random_first);
	S.begun = true;
}

/* What was left by a search that had learnt more than this one so far. */
static void take_up(const struct flx_left *left)
{
	for (int i = 0; i < left->nr_known && !exec_error[0]; i++) {
		search_begin_again();
		S.only_follow = true;
		search_item(&left->known[i]);
		S.only_follow = false;
	}
	if (exec_error[0])
		return;
	search_begin_again();
	for (int i = 0; i < left->nr_left; i++) {
		struct flx_path it = left->left[i];

		it.choice = malloc((it.n + 1) * sizeof(*it.choice));
		if (!it.choice)
			abort();
		memcpy(it.choice, left->left[i].choice, it.n * sizeof(*it.choice));
		search_put_off(&it);
	}
	S.res->executions = left->executions;
	S.res->blocked = left->blocked;
	S.res->duplicates = left->duplicates;
	S.res->events = left->events;
	S.done = left->done;
	S.partial = left->partial;
	S.spent_before = left->seconds;
	S.pause_at = 0;
}

static void search_all(void)
{
	search_begin();
	if (S.opt->resume && !exec_error[0]) {
		take_up(S.opt->resume);
		search_to_end(is_for_many());
	} else if (S.paused && !learn_again) {
		S.pause_at = is_for_many() ? ALONE_UNTIL : 0;
		search_to_end(false);
		if (S.paused && !learn_again)
			search_by_many();
	}
	while (learn_again) {
		if (S.lesson)
			search_add_known(S.lesson, S.lesson_len);
		S.lesson = NULL;
		search_begin_again();
		S.pause_at = is_for_many() ? ALONE_UNTIL : 0;
		search_from_start();
		if (S.save_due && S.depth && !learn_again)
			save();
		if (S.depth && !S.paused && !learn_again && !S.best.found)
			search_to_end(false);
		if (S.paused && !learn_again)
			search_by_many();
	}
	if (S.opt->save && S.depth && !S.best.found && !exec_error[0])
		save();
}

#define SEARCH_STACK ((size_t)1 << 30) /* of address space; what is not used costs nothing */

static struct fibre searcher;
static void *caller_sp;

static void searcher_main(void *arg)
{
	void (*fn)(void) = *(void (**)(void))arg;

	fn();
	fibre_switch(&searcher.sp, caller_sp);
}

/* The recursion is as deep as an execution has choices. */
static void search_on_own_stack(void (*fn)(void))
{
	if (fibre_create(&searcher, SEARCH_STACK)) {
		fn();
		return;
	}
	fibre_start(&searcher, searcher_main, &fn);
	fibre_will_start(&searcher);
	fibre_switch(&caller_sp, searcher.sp);
	fibre_destroy(&searcher);
}

#define LEARNING_EXECUTIONS 1000
#define LEARNING_SECONDS 2

void search_learn(void)
{
	const struct flx_options *whole = S.opt;
	struct flx_options brief = *whole;

	brief.random_first = true;
	brief.stop_at_first = true;
	brief.max_executions = LEARNING_EXECUTIONS;
	brief.timeout = LEARNING_SECONDS;
	S.opt = &brief;
	search_on_own_stack(search_all);
	S.opt = whole;
}

int flx_explore(const struct flx_program *p, const struct flx_options *o, struct flx_result *r,
		char *err, size_t err_size)
{
	int ret = search_set_up(p, o, r);

	if (ret) {
		snprintf(err, err_size, "set-up failed: %s", strerror(-ret));
		search_tear_down(NULL);
		return ret;
	}
	if (p->ordinary)
		watch_begin();
	search_on_own_stack(o->search == FLX_EXHAUSTIVE ? search_all : forward_search);
	if (p->ordinary)
		watch_end();
	if (!exec_error[0] && S.mixed[0] && !(S.best.found && S.best.rank < RANK_UNSURE))
		memcpy(exec_error, S.mixed, sizeof(exec_error));
	if (exec_error[0]) {
		snprintf(err, err_size, "%s", exec_error);
		ret = -EINVAL;
	}
	if (!ret) {
		search_result(!S.depth);
		forward_note(r, o);
	}
	search_tear_down(r->record);
	return ret;
}

void flx_fail(const char *oracle, const char *message)
{
	search_fail(oracle, message);
}
