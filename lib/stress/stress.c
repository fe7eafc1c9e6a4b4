// SPDX-License-Identifier: MIT
/*
 * stress.c - see stress.h.
 *
 *   leader, thread 0                        thread i
 *   build a fresh world, plan the run
 *   number++      ------------------------> number is new
 *   bind to CPU 0, meet the others          bind to CPU i, meet the others
 *   the scenario's thread                   the scenario's thread
 *   unbind                                  unbind
 *   all are over  <------------------------ over
 *   ask the oracles, count, tear down
 *
 * Nobody sleeps on the way from one run to the next. A watcher, which mostly sleeps, sends those home who
 * wait for user space for ever, and finds runs that hang.
 */
#include "stress/stress.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <faultline/inject.h>

#include "oracle/native_report.h"
#include "oracle/oracle.h"
#include "rt/thread.h"
#include "run/setup.h"
#include "stress/arena.h"
#include "stress/delay.h"
#include "stress/learn.h"
#include "stress/places.h"

#define SPINS 200	  /* before a thread that waits for the next run yields */
#define PROGRESS_EVERY .2 /* seconds */
#define WATCH_NS 500000
#define HANG_LOOKS 2000

struct stress {
	struct fl_run run;
	const struct fl_stress_options *opt;
	struct fl_stress_result *result;
	struct fl_delay_threads *delays;
	struct fl_learn *learn;
	pthread_t thread[FL_MAX_THREADS], watcher;
	uint64_t number;	/* of the run in hand, from 1; changes when it may begin */
	int met;		/* threads that are bound and ready */
	int running;		/* threads that have not ended */
	int over;		/* no further run: go home */
	pthread_mutex_t waking; /* who sends home those who wait for ever */
	double begin;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- the threads ---- */

static void spin(unsigned int *step)
{
	if (++*step < SPINS)
		cpu_relax();
	else
		sched_yield();
}

static void run_thread(struct stress *s, int number)
{
	struct fl_cpu *cpu = fl_machine_cpu(s->run.machine, (unsigned int)number);
	unsigned int step = 0;

	fl_cpu_bind(cpu);
	__atomic_fetch_add(&s->met, 1, __ATOMIC_ACQ_REL);
	while (__atomic_load_n(&s->met, __ATOMIC_ACQUIRE) < s->run.nthreads)
		spin(&step);
	fl_delay_begin(s->delays, number);
	s->run.scenario->threads[number].run(cpu, s->run.state);
	fl_inject_fail(NULL); /* a rule of its own goes with its thread */
	fl_cpu_unbind(cpu);
	fl_delay_end(s->delays, number);
	/* Release: pairs with the acquire of the leader, who then owns the world. */
	__atomic_fetch_sub(&s->running, 1, __ATOMIC_ACQ_REL);
}

struct work {
	struct stress *s;
	int number;
};

static void *work(void *arg)
{
	struct work w = *(struct work *)arg;
	struct stress *s = w.s;
	uint64_t seen = 0, number;

	free(arg);
	for (;;) {
		unsigned int step = 0;

		while ((number = __atomic_load_n(&s->number, __ATOMIC_ACQUIRE)) == seen)
			spin(&step);
		if (__atomic_load_n(&s->over, __ATOMIC_RELAXED))
			return NULL;
		seen = number;
		run_thread(s, w.number);
	}
}

/* Waiting for user space for ever is a legal end: then all that still run are sent home. */
static void send_home(struct stress *s)
{
	int running;

	if (pthread_mutex_trylock(&s->waking))
		return;
	running = __atomic_load_n(&s->running, __ATOMIC_RELAXED);
	if (running && fl_rt_nr_waiting() >= running)
		fl_rt_stop_waiting(true);
	pthread_mutex_unlock(&s->waking);
}

static void *watch(void *arg)
{
	static const struct timespec pause = { .tv_nsec = WATCH_NS };
	struct stress *s = arg;
	uint64_t seen = 0, number;
	double since = now();
	unsigned int looks = 0; /* at the same run: if we get no time, nor do the threads */

	while (!__atomic_load_n(&s->over, __ATOMIC_RELAXED)) {
		nanosleep(&pause, NULL);
		send_home(s);
		number = __atomic_load_n(&s->number, __ATOMIC_RELAXED);
		if (number != seen) {
			since = now();
			looks = 0;
		} else if (++looks > HANG_LOOKS && now() - since > s->opt->hang_after) {
			s->opt->hung(s->opt->arg, s->result);
		}
		seen = number;
	}
	return NULL;
}

/* ---- one run ---- */

static double elapsed(const struct stress *s)
{
	return now() - s->begin;
}

static void count_failure(struct stress *s, const struct fl_native_failure *f)
{
	struct fl_stress_result *r = s->result;
	struct fl_stress_failure *known = r->failure;

	while (known < &r->failure[r->nr_failures] && strcmp(known->oracle, f->oracle))
		known++;
	if (known == &r->failure[FL_STRESS_ORACLES])
		return;
	if (known == &r->failure[r->nr_failures]) {
		r->nr_failures++;
		strcpy(known->oracle, f->oracle);
		strcpy(known->message, f->message);
		known->first_run = r->run;
		known->first_second = elapsed(s);
		if (r->upon)
			fl_plan_text(known->stalls, r->upon, r->nr_threads);
	}
	known->hits++;
}

static void count(struct stress *s)
{
	struct fl_native_failure failed[FL_NATIVE_REPORTS];
	int n = fl_native_report_oracles(failed);

	s->result->runs++;
	s->result->hits += n > 0;
	for (int i = 0; i < n; i++)
		count_failure(s, &failed[i]);
}

static int run_once(struct stress *s)
{
	unsigned int step = 0;
	int err;

	fl_native_report_clear();
	fl_delay_forget_callbacks(s->delays);
	fl_arena_reset();
	err = fl_run_build(&s->run);
	if (err)
		return err;
	fl_delay_set_up_callbacks();
	fl_oracle_reset(); /* set-up is over */
	fl_rt_stop_waiting(false);
	fl_delay_ready(s->delays);
	__atomic_store_n(&s->met, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&s->running, s->run.nthreads, __ATOMIC_RELAXED);
	__atomic_fetch_add(&s->number, 1, __ATOMIC_RELEASE);
	run_thread(s, 0);
	while (__atomic_load_n(&s->running, __ATOMIC_ACQUIRE)) {
		if (step >= SPINS)
			send_home(s);
		spin(&step);
	}
	fl_oracle_finish();
	count(s);
	fl_run_tear_down(&s->run);
	return 0;
}

/* ---- many ---- */

static bool enough(const struct stress *s)
{
	if (s->opt->stop && *s->opt->stop)
		return true;
	if (s->opt->until_hit && s->result->hits)
		return true;
	return elapsed(s) >= s->opt->seconds;
}

static void tell(struct stress *s, double *told)
{
	double at = elapsed(s);

	if (!s->opt->progress || at - *told < PROGRESS_EVERY)
		return;
	s->result->seconds = at;
	s->opt->progress(s->opt->arg, s->result);
	*told = at;
}

static int run_counted(void *arg)
{
	return run_once(arg);
}

/* -EINVAL: the stalls that are asked for are none. */
static int plan(struct stress *s)
{
	struct fl_stress_result *r = s->result;
	const struct fl_stress_options *opt = s->opt;
	int n = s->run.nthreads;

	r->upon = NULL;
	if (opt->stalls) {
		r->upon = s->delays->plan;
		return fl_plan_parse(s->delays->plan, n, opt->stalls, opt->seed, r->run) ? 0
											 : -EINVAL;
	}
	if (opt->step && fl_plan_is_upon(r->run) && fl_learn_plan(s->learn, opt->seed, r->run))
		r->upon = s->delays->plan;
	else
		fl_plan_run(s->delays->plan, n, r->places, opt->seed, r->run);
	return 0;
}

/* Runs what is planned, and learns from it. */
static int run_planned(struct stress *s)
{
	bool looks = s->opt->step && s->delays->plan[0].kind == FL_PLAN_STALLS;
	uint64_t hits = s->result->hits;
	int err;

	fl_learn_look(s->learn, looks);
	err = run_once(s);
	if (err || !looks || s->result->hits != hits || !fl_learn_saw(s->learn))
		return err;
	s->result->kept++;
	return fl_learn_keep(s->learn, run_counted, s);
}

static int run_all(struct stress *s)
{
	struct fl_stress_result *r = s->result;
	double told = 0;
	int err;

	r->run = s->opt->first;
	s->learn = fl_learn_new(s->delays);
	err = s->learn ? fl_places_count(s->delays, r->places, run_counted, s) : -ENOMEM;
	while (!err && !enough(s)) {
		err = plan(s);
		if (!err)
			err = run_planned(s);
		r->run += s->opt->step;
		tell(s, &told);
	}
	r->upon = NULL;
	fl_learn_free(s->learn);
	return err;
}

static void stop_threads(struct stress *s, int n, bool watched)
{
	__atomic_store_n(&s->over, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&s->number, 1, __ATOMIC_RELEASE);
	for (int i = 1; i < n; i++)
		pthread_join(s->thread[i], NULL);
	if (watched)
		pthread_join(s->watcher, NULL);
}

static int start_threads(struct stress *s)
{
	int err = 0, n = 1;

	for (; n < s->run.nthreads && !err; n++) {
		struct work *w = malloc(sizeof(*w));

		if (!w) {
			err = ENOMEM;
			break;
		}
		*w = (struct work){ s, n };
		err = pthread_create(&s->thread[n], NULL, work, w);
		if (err)
			free(w);
	}
	if (err)
		n--;
	else
		err = pthread_create(&s->watcher, NULL, watch, s);
	if (err)
		stop_threads(s, n, false);
	return -err;
}

static int run_chosen(struct stress *s)
{
	int err;

	s->delays = aligned_alloc(_Alignof(struct fl_delay_threads), sizeof(*s->delays));
	if (!s->delays)
		return -ENOMEM;
	memset(s->delays, 0, sizeof(*s->delays));
	s->delays->n = s->run.nthreads;
	fl_delay_init();
	s->result->nr_threads = s->run.nthreads;
	s->begin = now();
	err = fl_arena_init();
	if (!err)
		err = start_threads(s);
	if (!err) {
		fl_oracle_watch_accesses(true);
		err = run_all(s);
		fl_oracle_watch_accesses(false);
		stop_threads(s, s->run.nthreads, true);
		s->result->seconds = elapsed(s);
	}
	fl_places_free(s->result->places);
	fl_arena_exit();
	free(s->delays);
	return err;
}

int fl_stress(const struct fl_scenario *scenario, const struct fl_stress_options *opt,
	      struct fl_stress_result *result, char *err, size_t err_size)
{
	const struct fl_run_options chosen = {
		.variant = opt->variant,
		.kernel = opt->kernel,
		.set = opt->set,
	};
	struct stress s = { .opt = opt, .result = result, .waking = PTHREAD_MUTEX_INITIALIZER };
	int ret;

	memset(result, 0, sizeof(*result));
	err[0] = '\0';
	ret = fl_run_choose(&s.run, scenario, &chosen, err, err_size);
	if (ret)
		return ret;
	s.run.small = true;
	result->kernel = s.run.kernel;
	ret = run_chosen(&s);
	if (ret == -EINVAL && opt->stalls)
		snprintf(err, err_size, "--stalls \"%s\" is no list as 0@12,1@40", opt->stalls);
	if (ret && !err[0])
		snprintf(err, err_size, "%s can't be run: %s", scenario->name, strerror(-ret));
	fl_run_forget(&s.run);
	return ret;
}
