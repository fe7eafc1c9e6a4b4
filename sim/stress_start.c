// SPDX-License-Identifier: MIT
/*
 * stress_start.c - runs faultline-stress, in as many processes as there are cores for, and adds up.
 *
 * Each process says a few times a second all that it knows, as a line of JSON; the newest line counts. A process
 * that crashes or hangs has found something: a run of the scenario did that. Another one goes on with the run after.
 */
#define _GNU_SOURCE /* pipe2() */
#include "stress.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "cli.h"
#include "native_program.h"
#include "progress.h"

#define LINE 32768
#define POLL_MS 100
#define GRACE 20   /* seconds beyond the limit, for a process that does not end */
#define LEAST 0.05 /* seconds that are worth a process */

/* One process. */
struct process {
	pid_t pid;
	int fd; /* what it says; -1: it has said all */
	uint64_t first, step;
	double begun; /* seconds after the first one */
	char line[LINE];
	size_t used;
	json_t *known;	       /* its newest line; NULL: none */
	int64_t crashed, hung; /* the number of the run that did; -1: none */
	char stalls[192];      /* its stalls, if its number does not give them */
	int status;	       /* as wait() has it */
};

/* ---- the program ---- */

bool stress_find_program(char *path, size_t size)
{
	return native_find_program(path, size, "faultline-stress");
}

struct arguments {
	const char *argv[32];
	int n;
	char text[8][48];
	int nr_text;
};

static void add(struct arguments *a, const char *option, const char *value)
{
	a->argv[a->n++] = option;
	if (value)
		a->argv[a->n++] = value;
}

static void add_number(struct arguments *a, const char *option, uint64_t value)
{
	char *text = a->text[a->nr_text++];

	snprintf(text, sizeof(a->text[0]), "%" PRIu64, value);
	add(a, option, text);
}

static void arguments_of(struct arguments *a, const struct stress_run *run, const char *program,
			 const struct process *p)
{
	char *seconds = a->text[0];

	*a = (struct arguments){ .nr_text = 1 };
	snprintf(seconds, sizeof(a->text[0]), "%.6f", run->limit - p->begun);
	add(a, program, NULL);
	if (run->variant)
		add(a, "--variant", run->variant->name);
	if (run->kernel)
		add(a, "--kernel", run->kernel);
	if (run->set)
		add(a, "--set", run->set);
	add(a, "--seconds", seconds);
	add_number(a, "--seed", run->seed);
	add_number(a, "--first", p->first);
	add_number(a, "--step", p->step);
	if (run->stalls)
		add(a, "--stalls", run->stalls);
	if (run->until_hit)
		add(a, "--until-hit", NULL);
	add(a, run->scenario->name, NULL);
	a->argv[a->n] = NULL;
}

/* Does not return. */
static void become(const struct arguments *a, int out, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || dup2(out, STDOUT_FILENO) < 0)
		_exit(CLI_BAD_INPUT);
	execv(a->argv[0], (char *const *)(uintptr_t)a->argv);
	_exit(CLI_BAD_INPUT);
}

static bool start_process(struct process *p, const struct stress_run *run, const char *program)
{
	struct arguments a;
	pid_t self = getpid();
	int fd[2];

	arguments_of(&a, run, program, p);
	p->crashed = p->hung = -1;
	p->stalls[0] = '\0';
	p->fd = -1;
	p->used = 0;
	p->known = NULL;
	if (pipe2(fd, O_CLOEXEC)) {
		p->pid = -1;
		return false;
	}
	p->pid = fork();
	if (!p->pid)
		become(&a, fd[1], self);
	close(fd[1]);
	if (p->pid < 0)
		close(fd[0]);
	else
		p->fd = fd[0];
	return p->pid > 0;
}

/* ---- what it says ---- */

static void take_line(struct process *p, const char *line)
{
	json_t *o = json_loads(line, 0, NULL), *v;

	if (!o)
		return;
	v = json_object_get(o, "crashed");
	if (v)
		p->crashed = json_integer_value(v);
	v = json_object_get(o, "hung");
	if (v)
		p->hung = json_integer_value(v);
	v = json_object_get(o, "stalls");
	if (v)
		snprintf(p->stalls, sizeof(p->stalls), "%s", json_string_value(v));
	if (!json_object_get(o, "runs")) {
		json_decref(o);
		return;
	}
	json_decref(p->known);
	p->known = o;
}

static void take_lines(struct process *p)
{
	char *line = p->line, *end;

	p->line[p->used] = '\0';
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		take_line(p, line);
		line = end + 1;
	}
	p->used = strlen(line);
	memmove(p->line, line, p->used + 1);
	if (p->used == LINE - 1)
		p->used = 0; /* no line of ours */
}

static void hear(struct process *p)
{
	ssize_t n = read(p->fd, p->line + p->used, LINE - 1 - p->used);

	if (n < 0 && errno == EINTR)
		return;
	if (n <= 0) {
		close(p->fd);
		p->fd = -1;
		return;
	}
	p->used += (size_t)n;
	take_lines(p);
}

/* ---- the sum ---- */

static double number(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static uint64_t count(const json_t *o, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(o, key));
}

static struct stress_oracle *oracle_of(struct stress_run *run, const char *name)
{
	struct stress_oracle *o = run->oracle;

	while (o < &run->oracle[run->nr_oracles] && strcmp(o->name, name))
		o++;
	if (o == &run->oracle[STRESS_ORACLES])
		return NULL;
	if (o == &run->oracle[run->nr_oracles]) {
		run->nr_oracles++;
		snprintf(o->name, sizeof(o->name), "%s", name);
		o->first_second = -1;
	}
	return o;
}

/* The first of @hits, and its stalls, if not "". */
struct first {
	const char *message;
	uint64_t run;
	const char *stalls;
	double second;
};

static void add_hits(struct stress_run *run, const char *name, uint64_t hits,
		     const struct first *first)
{
	struct stress_oracle *o = oracle_of(run, name);

	if (!o)
		return;
	o->hits += hits;
	if (o->first_second >= 0 && o->first_second <= first->second)
		return;
	snprintf(o->message, sizeof(o->message), "%s", first->message);
	snprintf(o->stalls, sizeof(o->stalls), "%s", first->stalls);
	o->first_run = first->run;
	o->first_second = first->second;
}

static const char *text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void add_known(struct stress_run *run, const json_t *known, double begun)
{
	json_t *oracles = json_object_get(known, "oracles"), *o;
	size_t i;

	run->runs += count(known, "runs");
	run->hits += count(known, "hits");
	snprintf(run->used_kernel, sizeof(run->used_kernel), "%s",
		 json_string_value(json_object_get(known, "kernel")));
	json_array_foreach(oracles, i, o)
		add_hits(run, text(o, "oracle"), count(o, "hits"),
			 &(struct first){ text(o, "message"), count(o, "first_run"),
					  text(o, "stalls"), begun + number(o, "first_second") });
}

/* A run that did not come to its end is one, too, and a hit. */
static void add_end(struct stress_run *run, const struct process *p, double seconds)
{
	char message[256];

	if (p->hung >= 0) {
		run->runs++;
		run->hits++;
		add_hits(run, "deadlock", 1,
			 &(struct first){ "the run does not end", (uint64_t)p->hung, p->stalls,
					  seconds });
	} else if (WIFSIGNALED(p->status) && p->crashed >= 0) {
		run->runs++;
		run->hits++;
		snprintf(message, sizeof(message), "the process ends: %s",
			 strsignal(WTERMSIG(p->status)));
		add_hits(run, "crash", 1,
			 &(struct first){ message, (uint64_t)p->crashed, p->stalls, seconds });
	}
}

static void sort_oracles(struct stress_run *run)
{
	for (int i = 1; i < run->nr_oracles; i++) {
		struct stress_oracle o = run->oracle[i];
		int k = i;

		for (; k && run->oracle[k - 1].first_second > o.first_second; k--)
			run->oracle[k] = run->oracle[k - 1];
		run->oracle[k] = o;
	}
}

/* ---- all processes ---- */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void send(const struct process *p, unsigned int n, int signal_number)
{
	for (unsigned int i = 0; i < n; i++)
		if (p[i].pid > 0 && p[i].fd >= 0)
			kill(p[i].pid, signal_number);
}

static bool is_hit(const struct process *p)
{
	return p->hung >= 0 || p->crashed >= 0 || (p->known && count(p->known, "hits"));
}

static void show(struct progress *progress, const struct stress_run *run, const struct process *p,
		 unsigned int n, double seconds)
{
	uint64_t runs = run->runs;

	for (unsigned int i = 0; i < n; i++)
		if (p[i].known)
			runs += count(p[i].known, "runs");
	progress_report_runs(progress, runs, seconds, seconds / run->limit);
}

/* It has said all. False: it had an error, and has said that itself. */
static bool end_process(struct stress_run *run, struct process *p, double seconds)
{
	if (p->pid <= 0)
		return false;
	while (waitpid(p->pid, &p->status, 0) < 0 && errno == EINTR)
		;
	p->pid = -1;
	if (p->known)
		add_known(run, p->known, p->begun);
	add_end(run, p, seconds);
	json_decref(p->known);
	p->known = NULL;
	return WIFSIGNALED(p->status) || !WEXITSTATUS(p->status);
}

/* With the run after the one that was its last, if that hung or crashed and there is time. */
static void go_on(struct stress_run *run, struct process *p, const char *program, double seconds)
{
	int64_t last = p->hung >= 0 ? p->hung : p->crashed;

	if (last < 0)
		return;
	p->first = (uint64_t)last + p->step;
	p->begun = seconds;
	if (run->limit - seconds < LEAST || !start_process(p, run, program))
		run->cut_short = true;
}

/* Until all have said all. False: one of them had an error. */
static bool listen_to(struct stress_run *run, struct process *p, unsigned int n,
		      const char *program)
{
	struct progress progress = {
		.scenario = run->scenario->name,
		.variant = run->variant ? run->variant->name : NULL,
	};
	double begin = now();
	unsigned int open = n;
	bool asked = false, ok = true;

	while (open) {
		struct pollfd fds[STRESS_PROCESSES];
		bool hit = run->hits > 0;

		for (unsigned int i = 0; i < n; i++)
			fds[i] = (struct pollfd){ .fd = p[i].fd, .events = POLLIN };
		poll(fds, n, POLL_MS);
		open = 0;
		for (unsigned int i = 0; i < n; i++) {
			if (p[i].fd >= 0 && fds[i].revents)
				hear(&p[i]);
			hit |= is_hit(&p[i]);
			if (p[i].fd < 0 && p[i].pid > 0) {
				ok &= end_process(run, &p[i], now() - begin);
				if (!asked && !run->until_hit && !run->only)
					go_on(run, &p[i], program, now() - begin);
			}
			open += p[i].fd >= 0;
		}
		show(&progress, run, p, n, now() - begin);
		if (!asked && (progress_interrupted() || (run->until_hit && hit))) {
			send(p, n, SIGTERM);
			asked = true;
		}
		if (now() - begin > run->limit + GRACE)
			send(p, n, SIGKILL);
	}
	progress_end(&progress);
	return ok;
}

static unsigned int processes_for(const struct stress_run *run)
{
	unsigned int n = 0;

	while (n < FL_MAX_THREADS && run->scenario->threads[n].run)
		n++;
	n = run->threads / n;
	return n < 1 ? 1 : n > STRESS_PROCESSES ? STRESS_PROCESSES : n;
}

bool stress_start(struct stress_run *run, const char *program)
{
	unsigned int n = run->only ? 1 : processes_for(run);
	struct process *p = calloc(n, sizeof(*p));
	double begin = now();
	bool ok = p != NULL;

	if (!p)
		return !cli_error("out of memory");
	for (unsigned int i = 0; i < n; i++) {
		p[i].first = run->only ? run->only_run : i;
		p[i].step = run->only ? 0 : n;
		if (!start_process(&p[i], run, program)) {
			cli_error("can't start %s: %s", program, strerror(errno));
			ok = false;
		}
	}
	ok &= listen_to(run, p, n, program);
	run->processes = n;
	run->seconds = now() - begin;
	sort_oracles(run);
	free(p);
	return ok;
}
