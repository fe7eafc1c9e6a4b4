// SPDX-License-Identifier: MIT
/*
 * run_native.c - a scenario on real threads, over and over, and how often an oracle failed.
 *
 *   runner                                  worker i (kept for all iterations)
 *   build a fresh world
 *   start  -------------------------------> start
 *                                           bind to CPU i, meet the others, wait a seeded moment
 *   watch for a run in which all wait       the scenario's thread
 *                                           unbind
 *   done  <-------------------------------- done
 *   ask the oracles, count a hit, tear down
 */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "run/setup.h"
#include "oracle/native_report.h"
#include "oracle/oracle.h"
#include "rt/lacks.h"
#include "rt/thread.h"

#define MAX_DELAY 2000 /* turns of an empty loop: a few microseconds */
#define WATCH_NS 20000
#define PROGRESS_EVERY 64

struct worker {
	struct native *n;
	int number;
	uint64_t random;
	pthread_t thread;
};

struct native {
	struct fl_run run;
	struct worker worker[FL_MAX_THREADS];
	sem_t start[FL_MAX_THREADS], done;
	atomic_int met;	    /* threads bound and ready, of this iteration */
	atomic_int running; /* threads that have not ended */
	bool over;	    /* once started: go home */
};

/* xorshift64*: seeded delays, nothing more. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1du;
}

static void wait_a_moment(struct worker *w)
{
	uint64_t turns = next_random(&w->random) % MAX_DELAY;

	/* mostly a close race, sometimes a wide one */
	turns >>= next_random(&w->random) % 12;
	for (volatile uint64_t i = 0; i < turns;)
		i = i + 1;
}

static void run_once(struct worker *w)
{
	struct native *n = w->n;
	struct fl_cpu *cpu = fl_machine_cpu(n->run.machine, (unsigned int)w->number);

	fl_cpu_bind(cpu);
	atomic_fetch_add(&n->met, 1);
	while (atomic_load(&n->met) < n->run.nthreads)
		sched_yield();
	wait_a_moment(w);
	n->run.scenario->threads[w->number].run(cpu, n->run.state);
	fl_cpu_unbind(cpu);
	atomic_fetch_sub(&n->running, 1);
}

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem))
		; /* a signal */
}

static void *work(void *arg)
{
	struct worker *w = arg;

	for (;;) {
		wait_for(&w->n->start[w->number]);
		if (w->n->over)
			return NULL;
		run_once(w);
		sem_post(&w->n->done);
	}
}

/* Waiting for user space for ever is a legal end: then all that still run are sent home. */
static void watch(struct native *n)
{
	static const struct timespec pause = { .tv_nsec = WATCH_NS };
	int running;

	while ((running = atomic_load(&n->running))) {
		if (fl_rt_nr_waiting() >= running)
			fl_rt_stop_waiting(true);
		nanosleep(&pause, NULL);
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int iterate(struct native *n, struct fl_run_result *result)
{
	int err;

	fl_native_report_clear();
	err = fl_run_build(&n->run);
	if (err)
		return err;
	fl_oracle_reset(); /* set-up is over */
	fl_rt_stop_waiting(false);
	atomic_store(&n->met, 0);
	atomic_store(&n->running, n->run.nthreads);
	for (int i = 0; i < n->run.nthreads; i++)
		sem_post(&n->start[i]);
	watch(n);
	for (int i = 0; i < n->run.nthreads; i++)
		wait_for(&n->done);
	fl_oracle_finish();
	result->executions++;
	if (fl_native_report_count()) {
		if (!result->hits++)
			fl_native_report_first(result->oracle, sizeof(result->oracle),
					       result->message, sizeof(result->message));
	}
	fl_run_tear_down(&n->run);
	return fl_rt_lacked()[0] ? -EOPNOTSUPP : 0;
}

static void stop_workers(struct native *n, int count)
{
	n->over = true;
	for (int i = 0; i < count; i++)
		sem_post(&n->start[i]);
	for (int i = 0; i < count; i++) {
		pthread_join(n->worker[i].thread, NULL);
		sem_destroy(&n->start[i]);
	}
	sem_destroy(&n->done);
}

static int start_workers(struct native *n, uint64_t seed)
{
	int err;

	sem_init(&n->done, 0, 0);
	for (int i = 0; i < n->run.nthreads; i++) {
		struct worker *w = &n->worker[i];

		w->n = n;
		w->number = i;
		w->random = (seed + 1) * 0x9e3779b97f4a7c15u + (uint64_t)i + 1;
		sem_init(&n->start[i], 0, 0);
		err = pthread_create(&w->thread, NULL, work, w);
		if (err) {
			stop_workers(n, i);
			return -err;
		}
	}
	return 0;
}

int fl_run_native(const struct fl_scenario *s, const struct fl_run_options *opt,
		  struct fl_run_result *result, char *err, size_t err_size)
{
	uint64_t iterations = opt->iterations ? opt->iterations : 1;
	struct native n = { 0 };
	double begin = now();
	int ret;

	memset(result, 0, sizeof(*result));
	err[0] = '\0';
	ret = fl_run_choose(&n.run, s, opt, err, err_size);
	if (ret)
		return ret;
	result->kernel = n.run.kernel;
	result->model = "host";
	result->search = "native";
	ret = start_workers(&n, opt->seed);
	if (ret)
		goto forget;
	fl_oracle_watch_accesses(true);
	for (uint64_t i = 0; i < iterations && !ret; i++) {
		double seconds = now() - begin;

		if (opt->timeout > 0 && seconds >= opt->timeout)
			break;
		if (opt->progress && i % PROGRESS_EVERY == 0 &&
		    opt->progress(opt->progress_arg, i, seconds, (double)i / (double)iterations))
			break;
		ret = iterate(&n, result);
	}
	stop_workers(&n, n.run.nthreads);
	fl_oracle_watch_accesses(false);
	/* real threads show that a bug is there, never that it is not */
	result->verdict = result->hits ? FL_VERDICT_VIOLATION : FL_VERDICT_INCONCLUSIVE;
	result->seconds = now() - begin;
forget:
	if (ret && fl_rt_lacked()[0])
		snprintf(err, err_size, "%s: %s", s->name, fl_rt_lacked());
	else if (ret && !err[0])
		snprintf(err, err_size, "%s can't be run: %s", s->name, strerror(-ret));
	fl_run_forget(&n.run);
	return ret;
}

void fl_run_result_free(struct fl_run_result *result)
{
	/* there is no trace of a native run */
}
