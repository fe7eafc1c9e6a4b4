// SPDX-License-Identifier: MIT
/* work.c - see work.h. */
#define _GNU_SOURCE /* CPU affinity */
#include "work.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "generate.h"
#include "report.h"
#include "shrink.h"

#define SEQUENCE_SECONDS 40 /* then the simulator hangs */
#define POLL_NS 50000000L

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = 1;
}

void work_catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

bool work_interrupted(void)
{
	return interrupted;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- one process ---- */

static bool open_sides(struct sides *s, const struct abilities *able,
		       const struct fl_policy *policy)
{
	memset(s, 0, sizeof(*s));
	s->host = host_create(able);
	s->ours = (struct ours){ .policy = policy, .swap = able->has[ABLE_SWAP] };
	s->see = see_of(able);
	return s->host != NULL;
}

/* Makes it small, if asked for, and runs it once more for what there is to say. */
static enum verdict make_small(const struct options *o, struct sides *s, struct script *script,
			       enum verdict verdict, unsigned int *at)
{
	static struct script before;
	uint64_t steps = 0;

	script->n = *at + 1;
	if (verdict != DIFFERS || !o->shrink)
		return verdict;
	before = *script;
	shrink(s, script, verdict);
	if (run_script(s, script, at, &steps) == verdict)
		return verdict;
	*script = before;
	return run_script(s, script, at, &steps);
}

static void lock(struct shared *shared)
{
	while (atomic_exchange(&shared->lock, 1))
		nanosleep(&(struct timespec){ .tv_nsec = POLL_NS }, NULL);
}

/* What a script has to be run with to end in the same way. */
static const char *options_again(const struct options *o, char *text, size_t size)
{
	snprintf(text, size, "%s%s%s%s%s", o->kernel ? " --kernel " : "",
		 o->kernel ? o->kernel : "", o->set ? " --set " : "", o->set ? o->set : "",
		 o->hands_off ? " --hands-off" : "");
	return text;
}

static void tell(const struct options *o, const struct sides *s, struct shared *shared,
		 const struct script *script, unsigned int at, enum verdict verdict,
		 uint64_t number)
{
	char name[96], file[512], again[1024];

	snprintf(name, sizeof(name), "seed %" PRIu64 ", sequence %" PRIu64, o->seed, number);
	snprintf(file, sizeof(file), "%s/differential-%" PRIu64 "-%" PRIu64 ".steps", o->keep,
		 o->seed, number);
	lock(shared);
	report_divergence(o->json ? stderr : stdout, s, script, at, verdict, name, file,
			  options_again(o, again, sizeof(again)));
	atomic_store(&shared->lock, 0);
}

static void count_verdict(struct shared *shared, enum verdict verdict)
{
	if (verdict == DIFFERS)
		atomic_fetch_add(&shared->divergences, 1);
	else if (verdict == HANGS)
		atomic_fetch_add(&shared->hangs, 1);
	else if (verdict == BROKEN)
		atomic_fetch_add(&shared->broken, 1);
}

static void run_number(const struct options *o, const struct abilities *able, struct sides *s,
		       struct shared *shared, uint64_t number)
{
	static struct script script;
	enum verdict verdict;
	unsigned int at = 0;
	uint64_t steps = 0;

	s->limit = SEQUENCE_SECONDS;
	generate(&script, o->seed, number, o->steps, able);
	verdict = run_script(s, &script, &at, &steps);
	atomic_fetch_add(&shared->sequences, 1);
	atomic_fetch_add(&shared->steps, steps);
	s->limit = 0;
	alarm(0);
	if (verdict == SAME)
		return;
	verdict = make_small(o, s, &script, verdict, &at);
	if (verdict == SAME) /* it does not show again: something of the host's own */
		return;
	count_verdict(shared, verdict);
	tell(o, s, shared, &script, at, verdict, number);
}

static void bind_to_cpu(unsigned int job)
{
	cpu_set_t allowed, one;
	unsigned int n;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return;
	n = job % (unsigned int)CPU_COUNT(&allowed);
	for (unsigned int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &allowed) || n--)
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		return;
	}
}

static void run_job(const struct options *o, const struct abilities *able,
		    const struct fl_policy *policy, struct shared *shared, unsigned int job)
{
	struct sides *s = calloc(1, sizeof(*s));
	uint64_t number;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGINT, SIG_IGN); /* who started it says when to stop */
	signal(SIGHUP, SIG_IGN);
	signal(SIGTERM, SIG_DFL);
	bind_to_cpu(job);
	if (!s || !open_sides(s, able, policy))
		_exit(1);
	while (!atomic_load(&shared->stop)) {
		number = atomic_fetch_add(&shared->next, 1);
		if (number >= o->first + o->count)
			break;
		atomic_store(&shared->now[job], number);
		run_number(o, able, s, shared, number);
	}
	host_destroy(s->host);
	_exit(0);
}

/* ---- all of them ---- */

static pid_t start(const struct options *o, const struct abilities *able,
		   const struct fl_policy *policy, struct shared *shared, unsigned int job)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (!pid)
		run_job(o, able, policy, shared, job);
	return pid;
}

/* It died: by the sequence that it had in hand. */
static void tell_crash(const struct options *o, struct shared *shared, unsigned int job, int status)
{
	uint64_t number = atomic_load(&shared->now[job]);

	fprintf(o->json ? stderr : stdout,
		"seed %" PRIu64 ", sequence %" PRIu64 ": the simulator %s\n", o->seed, number,
		WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? "hangs" : "crashes");
	atomic_fetch_add(&shared->divergences, 1);
	atomic_store(&shared->lock, 0);
}

static void show_progress(const struct options *o, const struct shared *shared, double seconds)
{
	static double shown;

	if (seconds - shown < 0.5 || !isatty(STDERR_FILENO))
		return;
	shown = seconds;
	fprintf(stderr, "\r\033[Kseed %" PRIu64 "  %" PRIu64 " of %" PRIu64 " sequences  %.0f s",
		o->seed, atomic_load(&shared->sequences), o->count, seconds);
}

static bool is_over(const struct options *o, const struct shared *shared, double seconds)
{
	return interrupted || (o->seconds > 0 && seconds >= o->seconds) ||
	       atomic_load(&shared->divergences) >= o->stop_after;
}

/* How many still run. One that died is started again. */
static unsigned int look_after(const struct options *o, const struct abilities *able,
			       const struct fl_policy *policy, struct shared *shared, pid_t *pid)
{
	unsigned int running = 0;
	int status;

	for (unsigned int i = 0; i < o->jobs; i++) {
		if (pid[i] > 0 && waitpid(pid[i], &status, WNOHANG) == pid[i]) {
			pid[i] = 0;
			if (WIFSIGNALED(status) && !atomic_load(&shared->stop)) {
				tell_crash(o, shared, i, status);
				pid[i] = start(o, able, policy, shared, i);
			}
		}
		running += pid[i] > 0;
	}
	return running;
}

bool work(const struct options *o, const struct abilities *able, const struct fl_policy *policy,
	  struct shared *shared)
{
	pid_t pid[MAX_JOBS] = { 0 };
	double begin = now();

	atomic_store(&shared->next, o->first);
	for (unsigned int i = 0; i < o->jobs; i++)
		pid[i] = start(o, able, policy, shared, i);
	while (look_after(o, able, policy, shared, pid)) {
		show_progress(o, shared, now() - begin);
		if (is_over(o, shared, now() - begin))
			atomic_store(&shared->stop, 1);
		nanosleep(&(struct timespec){ .tv_nsec = POLL_NS }, NULL);
	}
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	return true;
}

/* False after a message. */
static bool open_record(struct sides *s, const struct options *o, struct log_writer *log,
			const struct abilities *able)
{
	if (!o->record)
		return true;
	s->log_file = fopen(o->record, "we");
	if (!s->log_file) {
		fprintf(stderr, "faultline: can't write %s: %s\n", o->record, strerror(errno));
		return false;
	}
	s->log = log;
	s->release = able->release;
	return true;
}

static bool close_record(struct sides *s, const struct options *o)
{
	bool ok = !s->log_file || (!ferror(s->log_file) && !fclose(s->log_file));

	s->log = NULL;
	if (!ok)
		fprintf(stderr, "faultline: can't write %s\n", o->record);
	return ok;
}

/* "a/b.steps" -> "KEEP/b-small.steps" */
static void name_of_small(const struct options *o, const char *name, char *file, size_t size)
{
	const char *base = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
	const char *dot = strrchr(base, '.');

	snprintf(file, size, "%s/%.*s-small.steps", o->keep,
		 (int)(dot && dot > base ? dot - base : (ptrdiff_t)strlen(base)), base);
}

/* A file of its own for what is smaller than @name. */
static void tell_small(const struct options *o, struct sides *s, struct script *script,
		       unsigned int *at, enum verdict *verdict, const char *name)
{
	static struct script before;
	char file[512], again[1024];
	bool smaller;

	before = *script;
	*verdict = make_small(o, s, script, *verdict, at);
	smaller = script->n < before.n ||
		  memcmp(script->step, before.step, script->n * sizeof(script->step[0]));
	name_of_small(o, name, file, sizeof(file));
	report_divergence(o->json ? stderr : stdout, s, script, *at, *verdict, name,
			  smaller ? file : NULL, options_again(o, again, sizeof(again)));
}

enum verdict work_one(const struct options *o, const struct abilities *able,
		      const struct fl_policy *policy, struct script *script, const char *name,
		      uint64_t *steps)
{
	static struct log_writer log;
	struct sides *s = calloc(1, sizeof(*s));
	enum verdict verdict = BROKEN;
	unsigned int at = 0;

	bind_to_cpu(0);
	if (s && open_sides(s, able, policy) && open_record(s, o, &log, able)) {
		verdict = run_script(s, script, &at, steps);
		if (!close_record(s, o))
			verdict = BROKEN;
		if (verdict == SAME)
			report_left_out(s, script, name);
		else
			tell_small(o, s, script, &at, &verdict, name);
	}
	if (s && s->host)
		host_destroy(s->host);
	free(s);
	return verdict;
}

enum verdict work_log(const struct options *o, const struct fl_policy *policy, FILE *f,
		      const char *name, uint64_t *steps)
{
	static struct script script;
	static struct sides s;
	struct log_reader reader;
	enum verdict verdict;
	unsigned int at;

	memset(&s, 0, sizeof(s));
	s.ours.policy = policy;
	if (!log_open(&reader, f, name))
		return BROKEN;
	verdict = run_log(&s, &reader, &script, &at, steps);
	if (verdict == DIFFERS)
		report_divergence(o->json ? stderr : stdout, &s, &script, at, verdict, name, NULL,
				  "");
	return verdict;
}
