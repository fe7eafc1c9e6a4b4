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

static void print_line(const struct progress *p, uint64_t executions, double seconds)
{
	char time[32];

	fprintf(stderr, "\r\033[K%s%s%s: %" PRIu64 " executions, %.0f a second, %s", p->scenario,
		p->variant ? " " : "", p->variant ? p->variant : "", executions,
		(double)executions / seconds, cli_time(time, sizeof(time), seconds));
	fflush(stderr);
}

bool progress_report(void *arg, uint64_t executions, double seconds)
{
	struct progress *p = arg;

	if (seconds > QUIET_SECONDS && seconds - p->shown > PERIOD && isatty(STDERR_FILENO)) {
		print_line(p, executions, seconds);
		p->shown = seconds;
	}
	return stop;
}

void progress_end(struct progress *p)
{
	if (p->shown > 0)
		fputs("\r\033[K", stderr);
	p->shown = 0;
}
