// SPDX-License-Identifier: MIT
/* early.c - see early.h. The loader can't be left in the middle, so there is nothing to go on with afterwards. */
#define _GNU_SOURCE
#include "early.h"

#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define PERIOD_MS 100
#define PATIENCE_MS 5000

static struct {
	const struct program_options *opt;
	unsigned int ms;
	struct sigaction former;
} early;

static _Noreturn void give_up(const char *why)
{
	ssize_t n = write(STDERR_FILENO, why, strlen(why));

	(void)n;
	_exit(3);
}

static void on_tick(int signal)
{
	const struct program_options *o = early.opt;
	bool limited = o->timeout > 0 && o->timeout * 1000 < PATIENCE_MS;

	(void)signal;
	early.ms += PERIOD_MS;
	/* After no time at all nothing is printed. */
	if (o->progress && o->progress(o->progress_arg, 0, 0, 0))
		give_up("faultline: interrupted in a constructor\n");
	if (limited && early.ms > o->timeout * 1000)
		give_up("faultline: the time is up (--timeout), and the program is in a "
			"constructor\n");
	if (early.ms > PATIENCE_MS)
		give_up("faultline: a constructor of the program does not come to its end in 5 "
			"seconds\n");
}

static void set_timer(unsigned int ms)
{
	const struct itimerval t = {
		.it_interval.tv_usec = ms * 1000,
		.it_value.tv_usec = ms * 1000,
	};

	setitimer(ITIMER_REAL, &t, NULL);
}

void early_begin(const struct program_options *opt)
{
	struct sigaction sa = { .sa_handler = on_tick, .sa_flags = SA_RESTART };

	early.opt = opt;
	early.ms = 0;
	sigemptyset(&sa.sa_mask);
	sigaction(SIGALRM, &sa, &early.former);
	set_timer(PERIOD_MS);
}

void early_end(void)
{
	set_timer(0);
	sigaction(SIGALRM, &early.former, NULL);
}
