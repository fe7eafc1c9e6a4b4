// SPDX-License-Identifier: MIT
/* progress.c - see progress.h. */
#include "progress.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cli.h"

#define QUIET_SECONDS 0.5 /* what takes less needs no progress line */
#define PERIOD 0.2

/* From here on an estimate of what remains is worth something; what takes weeks is told apart from hours no more. */
#define ESTIMATE_SECONDS 1
#define ESTIMATE_DONE 0.005
#define ESTIMATE_MAX (30 * 86400.0)

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	stop = 1;
}

void progress_catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

bool progress_interrupted(void)
{
	return stop;
}

static void put_left(char *buf, size_t size, double seconds)
{
	if (seconds < 100)
		snprintf(buf, size, "%.0f s", seconds);
	else if (seconds < 100 * 60)
		snprintf(buf, size, "%.0f min", seconds / 60);
	else if (seconds < 48 * 3600)
		snprintf(buf, size, "%.0f h", seconds / 3600);
	else
		snprintf(buf, size, "%.0f days", seconds / 86400);
}

/* ", about 12% done, 40 s left"; nothing while that would be a mere guess. */
static void put_estimate(char *buf, size_t size, double seconds, double done)
{
	double left = done > 0 ? seconds * (1 - done) / done : ESTIMATE_MAX;
	char time[32];

	buf[0] = '\0';
	if (seconds < ESTIMATE_SECONDS || done < ESTIMATE_DONE || done >= 1 || left >= ESTIMATE_MAX)
		return;
	put_left(time, sizeof(time), left);
	snprintf(buf, size, ", about %.*f%% done, %s left", done < 0.1, done * 100, time);
}

static void print_line(const struct progress *p, uint64_t executions, const char *what,
		       double seconds, double done)
{
	char time[32], estimate[64];

	put_estimate(estimate, sizeof(estimate), seconds, done);
	fprintf(stderr, "\r\033[K%s%s%s: %" PRIu64 " %s, %.0f a second, %s%s", p->scenario,
		p->variant ? " " : "", p->variant ? p->variant : "", executions, what,
		(double)executions / seconds, cli_time(time, sizeof(time), seconds), estimate);
	fflush(stderr);
}

static bool is_due(const struct progress *p, double seconds)
{
	return seconds > QUIET_SECONDS && seconds - p->shown > PERIOD && isatty(STDERR_FILENO);
}

static void report(struct progress *p, uint64_t n, const char *what, double seconds, double done)
{
	if (!is_due(p, seconds))
		return;
	print_line(p, n, what, seconds, done);
	p->shown = seconds;
}

bool progress_report(void *arg, uint64_t executions, double seconds, double done)
{
	report(arg, executions, "executions", seconds, done);
	return stop;
}

void progress_report_runs(struct progress *p, uint64_t runs, double seconds, double done)
{
	report(p, runs, "runs", seconds, done);
}

void progress_report_text(struct progress *p, const char *what, double seconds, double done)
{
	char time[32], estimate[64];

	if (!is_due(p, seconds))
		return;
	put_estimate(estimate, sizeof(estimate), seconds, done);
	fprintf(stderr, "\r\033[K%s, %s%s", what, cli_time(time, sizeof(time), seconds), estimate);
	fflush(stderr);
	p->shown = seconds;
}

void progress_end(struct progress *p)
{
	if (p->shown > 0)
		fputs("\r\033[K", stderr);
	p->shown = 0;
}
