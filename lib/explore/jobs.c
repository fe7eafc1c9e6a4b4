/* SPDX-License-Identifier: MIT */
/* jobs.c - see jobs.h. */
#define _GNU_SOURCE
#include "jobs.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "learn.h"
#include "search.h"
#include "watch.h"

#define MAX_WORKERS 64
#define ROOM ((size_t)1 << 28) /* of address space, in words; what is not used costs nothing */
#define POLL_NS 20000000

/* What a worker adds to the result; its own until it ends, then the parent's. */
struct tally {
	uint64_t executions, blocked, duplicates;
	uint32_t events;
	double done;
	uintptr_t loop_pc, endless_pc;
	bool endless, partial, too_long;
	char mixed[sizeof(S.mixed)];
};

struct shared {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int workers, idle, ended;
	volatile bool hungry, stop; /* also looked at without the lock: sooner or later is enough */
	struct tally tally[MAX_WORKERS];
	/* A violation, or where something is to be learnt: the choices that lead there. */
	bool found;
	int rank, events, path_len;
	size_t path, lesson; /* places in word[] */
	int lesson_len;
	bool lesson_found;
	/* Parts of the search, one behind the other: choices, their number, weight. */
	size_t top;
	uint32_t word[];
};

static struct shared *shared;
static int me = -1; /* this worker, or -1 */
static bool asked;  /* the search was stopped for the sake of others */
static double last_break, patience;

static void add_words(const uint32_t *w, int n)
{
	if (shared->top + n > ROOM / 2)
		abort();
	memcpy(&shared->word[shared->top], w, n * sizeof(*w));
	shared->top += n;
}

static void give(struct flx_path *it)
{
	uint32_t tail[3] = { (uint32_t)it->n };

	memcpy(&tail[1], &it->weight, sizeof(it->weight));
	add_words(it->choice, it->n);
	add_words(tail, 3);
	free(it->choice);
}

static struct flx_path take(void)
{
	const uint32_t *tail = &shared->word[shared->top - 3];
	struct flx_path it = { .n = (int)tail[0] };

	memcpy(&it.weight, &tail[1], sizeof(it.weight));
	it.choice = malloc(sizeof(*it.choice) * (it.n + 1));
	if (!it.choice)
		abort();
	shared->top -= 3 + it.n;
	memcpy(it.choice, &shared->word[shared->top], it.n * sizeof(*it.choice));
	return it;
}

/*
 * To go on after a break costs the way from the root, so there is some work between two of them: more and more, if there
 * was nothing to give away.
 */
#define SHORTEST 0.001 /* seconds */
#define LONGEST 0.5

bool jobs_is_worker(void)
{
	return me >= 0;
}

bool jobs_want_break(void)
{
	double now;

	if (me < 0 || !(shared->stop || shared->hungry))
		return false;
	if (shared->stop)
		return asked = true;
	now = now_seconds();
	if (S.follow_len)
		last_break = now;
	return asked = now - last_break > patience;
}

/* Room behind the list of parts, from its end. */
static size_t keep_path(const uint32_t *path, int n)
{
	static const size_t end = ROOM;
	size_t at = end - (size_t)(me + 1) * (ROOM / 2 / MAX_WORKERS);

	if ((size_t)n > ROOM / 2 / MAX_WORKERS)
		abort();
	memcpy(&shared->word[at], path, n * sizeof(*path));
	return at;
}

static bool is_better(const struct finding *b)
{
	return !shared->found || b->rank < shared->rank ||
	       (b->rank == shared->rank && b->n < shared->events);
}

static void publish_violation(void)
{
	const struct finding *b = &S.best;

	/* Before a lesson there is nothing to be found; and each worker has room for one path. */
	if (shared->lesson_found || !b->path || !is_better(b))
		return;
	shared->found = true;
	shared->rank = b->rank;
	shared->events = b->n;
	shared->path = keep_path(b->path, b->path_len);
	shared->path_len = b->path_len;
}

/* What was learnt here makes all work of all worthless: the parent has to learn it, too, and begin again. */
static void publish_lesson(void)
{
	if (shared->lesson_found)
		return;
	shared->lesson_found = true;
	shared->lesson = keep_path(S.lesson, S.lesson_len);
	shared->lesson_len = S.lesson_len;
	shared->stop = true;
}

static void write_tally(void)
{
	struct tally *t = &shared->tally[me];
	const struct flx_result *r = S.res;

	t->executions = r->executions;
	t->blocked = r->blocked;
	t->duplicates = r->duplicates;
	t->events = r->events;
	t->done = S.done;
	t->loop_pc = r->loop_pc;
	t->endless = r->endless;
	t->endless_pc = r->endless_pc;
	t->partial = S.partial;
	t->too_long = r->too_long;
	memcpy(t->mixed, S.mixed, sizeof(t->mixed));
}

/* The half of the stack that lies nearest to the root, or all of it. */
static void give_away(bool all)
{
	int keep = all ? 0 : (S.depth + 1) / 2;

	for (int i = keep; i < S.depth; i++)
		give(&S.stack[i]);
	S.depth = keep;
}

/* The stack is explored, or left to others. False: that is all. */
static bool work(void)
{
	bool stop;

	S.stop = asked = false;
	search_rest();
	pthread_mutex_lock(&shared->lock);
	write_tally();
	if (learn_again || exec_error[0])
		publish_lesson();
	else if (S.stop && !asked)
		shared->stop = true; /* a violation was found and looked at long enough, say */
	/* Once: if it comes to be set later, what is kept here is given away the next time. */
	stop = shared->stop;
	last_break = now_seconds();
	patience = S.depth > 1 || patience > LONGEST ? SHORTEST : 2 * patience;
	if (S.depth) {
		give_away(stop);
		shared->hungry = shared->idle && !shared->top;
		pthread_cond_broadcast(&shared->changed);
	}
	pthread_mutex_unlock(&shared->lock);
	return !stop;
}

/* Waits for a part of the search. False: there will be none. */
static bool get_work(void)
{
	bool any;

	pthread_mutex_lock(&shared->lock);
	shared->idle++;
	while (!shared->top && !shared->stop && shared->idle < shared->workers) {
		shared->hungry = true;
		pthread_cond_wait(&shared->changed, &shared->lock);
	}
	any = shared->top && !shared->stop;
	if (any) {
		struct flx_path it = take();

		shared->idle--;
		search_put_off(&it);
		shared->hungry = shared->idle && !shared->top;
	} else {
		pthread_cond_broadcast(&shared->changed);
	}
	pthread_mutex_unlock(&shared->lock);
	return any;
}

static _Noreturn void worker(int number)
{
	static struct flx_options options;

	me = number;
	patience = SHORTEST;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The parent keeps an eye on limits. */
	options = *S.opt;
	options.progress = NULL;
	options.save = NULL;
	options.timeout = 0;
	options.max_executions = 0;
	S.opt = &options;
	S.pause_at = 0;
	S.depth = 0;
	S.res->executions = S.res->blocked = S.res->duplicates = 0;
	S.res->events = 0;
	S.done = 0;
	S.best.found = false;
	S.best.path_len = 0;
	S.executions_at_find = 0;
	if (program->ordinary)
		watch_begin();
	while (get_work())
		while (S.depth && work())
			;
	pthread_mutex_lock(&shared->lock);
	write_tally();
	if (S.best.found)
		publish_violation();
	shared->ended++;
	pthread_cond_broadcast(&shared->changed);
	pthread_mutex_unlock(&shared->lock);
	_exit(0);
}

static void add_tallies(const struct tally *before, int workers)
{
	struct flx_result *r = S.res;

	r->executions = before->executions;
	r->blocked = before->blocked;
	r->duplicates = before->duplicates;
	S.done = before->done;
	for (int i = 0; i < workers; i++) {
		const struct tally *t = &shared->tally[i];

		r->executions += t->executions;
		r->blocked += t->blocked;
		r->duplicates += t->duplicates;
		r->events = t->events > r->events ? t->events : r->events;
		S.done += t->done;
		S.partial |= t->partial;
		r->too_long |= t->too_long;
		if (t->mixed[0] && !S.mixed[0])
			memcpy(S.mixed, t->mixed, sizeof(t->mixed));
		if (t->loop_pc && !r->loop_pc)
			r->loop_pc = t->loop_pc;
		if (t->endless) {
			r->endless = true;
			r->endless_pc = t->endless_pc;
		}
	}
}

static bool limit_reached(void)
{
	return (S.opt->max_executions && S.res->executions >= S.opt->max_executions) ||
	       search_save_is_due() || search_time_is_up(S.opt->timeout, S.res->executions, S.done);
}

/* Until all workers have ended. False: one of them died. */
static bool wait_for_workers(const struct tally *before, const pid_t *pid, int n)
{
	bool died = false;

	pthread_mutex_lock(&shared->lock);
	while (shared->ended < n && !died) {
		struct timespec until;

		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += POLL_NS;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
		pthread_cond_timedwait(&shared->changed, &shared->lock, &until);
		add_tallies(before, n);
		if (limit_reached()) {
			shared->stop = true;
			pthread_cond_broadcast(&shared->changed);
		}
		for (int i = 0; i < n && shared->ended < n; i++) {
			int status;

			died |= waitpid(pid[i], &status, WNOHANG) == pid[i] &&
				!(WIFEXITED(status) && !WEXITSTATUS(status));
		}
	}
	pthread_mutex_unlock(&shared->lock);
	for (int i = 0; i < n; i++) {
		if (died)
			kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
	return !died;
}

static bool create_shared(int workers)
{
	pthread_mutexattr_t ma;
	pthread_condattr_t ca;

	shared = mmap(NULL, sizeof(*shared) + ROOM * sizeof(uint32_t), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (shared == MAP_FAILED)
		return false;
	pthread_mutexattr_init(&ma);
	pthread_mutexattr_setpshared(&ma, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->lock, &ma);
	pthread_condattr_init(&ca);
	pthread_condattr_setpshared(&ca, PTHREAD_PROCESS_SHARED);
	pthread_condattr_setclock(&ca, CLOCK_MONOTONIC);
	pthread_cond_init(&shared->changed, &ca);
	shared->workers = workers;
	return true;
}

/* Follows the choices to where a worker was: this process comes to know what the worker knew. */
static void follow(size_t at, int n)
{
	struct flx_path it = { .n = n, .choice = &shared->word[at] };

	S.stop = false;
	search_item(&it);
	S.stop = false;
}

static void take_over_results(const struct tally *before, int workers)
{
	add_tallies(before, workers);
	if (shared->lesson_found) {
		S.only_follow = true;
		follow(shared->lesson, shared->lesson_len);
		S.only_follow = false;
		learn_again = !exec_error[0];
		return;
	}
	if (shared->found && (!S.best.found || shared->rank < S.best.rank ||
			      (shared->rank == S.best.rank && shared->events < S.best.n))) {
		follow(shared->path, shared->path_len);
		add_tallies(before, workers); /* it has been counted */
	}
	while (shared->top) {
		struct flx_path it = take();

		search_put_off(&it);
	}
}

bool jobs_search(int workers)
{
	struct tally before = { S.res->executions, S.res->blocked, S.res->duplicates, S.res->events,
				S.done };
	pid_t pid[MAX_WORKERS];
	int n = 0;

	if (workers > MAX_WORKERS)
		workers = MAX_WORKERS;
	if (!create_shared(workers))
		return false;
	give_away(true);
	fflush(NULL);
	while (n < workers && (pid[n] = fork()) > 0)
		n++;
	if (n < workers && !pid[n])
		worker(n);
	pthread_mutex_lock(&shared->lock);
	shared->workers = n;
	pthread_cond_broadcast(&shared->changed);
	pthread_mutex_unlock(&shared->lock);
	if (n && !wait_for_workers(&before, pid, n))
		snprintf(exec_error, sizeof(exec_error),
			 "a worker of --jobs has crashed: try --jobs 1");
	if (!exec_error[0])
		take_over_results(&before, n);
	munmap(shared, sizeof(*shared) + ROOM * sizeof(uint32_t));
	return n;
}
