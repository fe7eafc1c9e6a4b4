// SPDX-License-Identifier: MIT
/*
 * stress_start.c - runs faultline-stress, in as many processes as there are cores for, and adds up.
 *
 * Each process says a few times a second all that it knows, as a line of JSON; the newest line counts. A process
 * that crashes or hangs has found something: a run of the scenario did that.
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
#include "progress.h"

#define LINE 32768
#define POLL_MS 100
#define GRACE 20 /* seconds beyond the limit, for a process that does not end */

/* One process. */
struct process {
	pid_t pid;
	int fd; /* what it says; -1: it has said all */
	uint64_t first, step;
	char line[LINE];
	size_t used;
	json_t *known;	       /* its newest line; NULL: none */
	int64_t crashed, hung; /* the number of the run that did; -1: none */
	int status;	       /* as wait() has it */
};

/* ---- the program ---- */

/* In the folder of this one, where both were built; else where both are installed. */
bool stress_find_program(char *path, size_t size)
{
	char self[1024], *slash;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	snprintf(path, size, "%s/faultline-stress", self);
	if (!access(path, X_OK))
		return true;
	snprintf(path, size, "%s/" STRESS_FROM_BIN "/faultline-stress", self);
	if (!access(path, X_OK))
		return true;
	cli_error("can't find faultline-stress, neither in %s nor in %s/" STRESS_FROM_BIN
		  "; it is built and installed with this command",
		  self, self);
	return false;
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
	snprintf(seconds, sizeof(a->text[0]), "%.6f", run->limit);
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
	p->fd = -1;
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

static void add_hits(struct stress_run *run, const char *name, const char *message, uint64_t hits,
		     uint64_t first_run, double first_second)
{
	struct stress_oracle *o = oracle_of(run, name);

	if (!o)
		return;
	o->hits += hits;
	if (o->first_second >= 0 && o->first_second <= first_second)
		return;
	snprintf(o->message, sizeof(o->message), "%s", message);
	o->first_run = first_run;
	o->first_second = first_second;
}

static void add_known(struct stress_run *run, const json_t *known)
{
	json_t *oracles = json_object_get(known, "oracles"), *o;
	size_t i;

	run->runs += count(known, "runs");
	run->hits += count(known, "hits");
	snprintf(run->used_kernel, sizeof(run->used_kernel), "%s",
		 json_string_value(json_object_get(known, "kernel")));
	json_array_foreach(oracles, i, o)
		add_hits(run, json_string_value(json_object_get(o, "oracle")),
			 json_string_value(json_object_get(o, "message")), count(o, "hits"),
			 count(o, "first_run"), number(o, "first_second"));
}

/* A run that did not come to its end is one, too, and a hit. */
static void add_end(struct stress_run *run, const struct process *p)
{
	char message[256];

	if (p->hung >= 0) {
		run->runs++;
		run->hits++;
		run->cut_short = true;
		add_hits(run, "deadlock", "the run does not end", 1, (uint64_t)p->hung,
			 run->seconds);
	} else if (WIFSIGNALED(p->status) && p->crashed >= 0) {
		run->runs++;
		run->hits++;
		run->cut_short = true;
		snprintf(message, sizeof(message), "the process ends: %s",
			 strsignal(WTERMSIG(p->status)));
		add_hits(run, "crash", message, 1, (uint64_t)p->crashed, run->seconds);
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

static void show(struct progress *progress, const struct process *p, unsigned int n, double seconds,
		 double limit)
{
	uint64_t runs = 0;

	for (unsigned int i = 0; i < n; i++)
		if (p[i].known)
			runs += count(p[i].known, "runs");
	progress_report_runs(progress, runs, seconds, seconds / limit);
}

/* Until all have said all. */
static void listen_to(const struct stress_run *run, struct process *p, unsigned int n)
{
	struct progress progress = {
		.scenario = run->scenario->name,
		.variant = run->variant ? run->variant->name : NULL,
	};
	double begin = now();
	unsigned int open = n;
	bool asked = false;

	while (open) {
		struct pollfd fds[STRESS_PROCESSES];
		bool hit = false;

		for (unsigned int i = 0; i < n; i++)
			fds[i] = (struct pollfd){ .fd = p[i].fd, .events = POLLIN };
		poll(fds, n, POLL_MS);
		open = 0;
		for (unsigned int i = 0; i < n; i++) {
			if (p[i].fd >= 0 && fds[i].revents)
				hear(&p[i]);
			open += p[i].fd >= 0;
			hit |= is_hit(&p[i]);
		}
		show(&progress, p, n, now() - begin, run->limit);
		if (!asked && (progress_interrupted() || (run->until_hit && hit))) {
			send(p, n, SIGTERM);
			asked = true;
		}
		if (now() - begin > run->limit + GRACE)
			send(p, n, SIGKILL);
	}
	progress_end(&progress);
}

static bool end_process(struct process *p)
{
	if (p->pid <= 0)
		return false;
	while (waitpid(p->pid, &p->status, 0) < 0 && errno == EINTR)
		;
	return WIFSIGNALED(p->status) || !WEXITSTATUS(p->status);
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
	listen_to(run, p, n);
	run->processes = n;
	run->seconds = now() - begin;
	for (unsigned int i = 0; i < n; i++) {
		ok &= end_process(&p[i]);
		if (p[i].known)
			add_known(run, p[i].known);
		add_end(run, &p[i]);
		json_decref(p[i].known);
	}
	sort_oracles(run);
	free(p);
	return ok;
}
