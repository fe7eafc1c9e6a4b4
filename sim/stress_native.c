// SPDX-License-Identifier: MIT
/*
 * stress_native.c - faultline-stress: one variant of a scenario on real threads, for `faultline stress`.
 *
 * A program of its own, since the command is linked with the check engine, and since real threads that
 * race can crash or hang: the command sees that, and goes on. It is no command for people. One line of
 * JSON a few times a second says all that is known so far, so that nothing is lost whatever happens; a
 * last one has "over", or the number of the run that did not end or crashed. Bad input is one line on stderr and
 * exit status 2.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "../lib/stress/stress.h"

#define BAD_INPUT 2

enum key {
	KEY_VARIANT = 1,
	KEY_KERNEL,
	KEY_SET,
	KEY_SEED,
	KEY_FIRST,
	KEY_STEP,
	KEY_STALLS,
	KEY_SECONDS,
	KEY_UNTIL_HIT,
	KEY_HANG_AFTER,
};

static const struct argp_option options[] = {
	{ "variant", KEY_VARIANT, "NAME", 0, "One of the scenario's variants", 0 },
	{ "kernel", KEY_KERNEL, "RELEASE", 0, "The policies of a release", 0 },
	{ "set", KEY_SET, "FIELD=VALUE,...", 0, "What differs from it", 0 },
	{ "seed", KEY_SEED, "N", 0, "Seed of the delays; default: 0", 0 },
	{ "first", KEY_FIRST, "N", 0, "Number of the first run; default: 0", 0 },
	{ "step", KEY_STEP, "N", 0, "Between the numbers of runs; default: 1", 0 },
	{ "stalls", KEY_STALLS, "LIST", 0, "Of all runs, instead of what the seed gives", 0 },
	{ "seconds", KEY_SECONDS, "SECONDS", 0, "How long; default: 1", 0 },
	{ "until-hit", KEY_UNTIL_HIT, NULL, 0, "Or until an oracle fails", 0 },
	{ "hang-after", KEY_HANG_AFTER, "SECONDS", 0, "A run that takes longer hangs; default: 5",
	  0 },
	{ 0 },
};

struct input {
	const char *scenario;
	struct fl_stress_options opt;
};

static volatile sig_atomic_t stop;
/* For signal handlers: what is known, and its run in hand. */
static const struct fl_stress_result *known;

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct input *in = state->input;

	switch (key) {
	case KEY_VARIANT:
		in->opt.variant = arg;
		return 0;
	case KEY_KERNEL:
		in->opt.kernel = arg;
		return 0;
	case KEY_SET:
		in->opt.set = arg;
		return 0;
	case KEY_SEED:
		in->opt.seed = strtoull(arg, NULL, 10);
		return 0;
	case KEY_FIRST:
		in->opt.first = strtoull(arg, NULL, 10);
		return 0;
	case KEY_STEP:
		in->opt.step = strtoull(arg, NULL, 10);
		return 0;
	case KEY_STALLS:
		in->opt.stalls = arg;
		return 0;
	case KEY_SECONDS:
		in->opt.seconds = strtod(arg, NULL);
		return 0;
	case KEY_UNTIL_HIT:
		in->opt.until_hit = true;
		return 0;
	case KEY_HANG_AFTER:
		in->opt.hang_after = strtod(arg, NULL);
		return 0;
	case ARGP_KEY_ARG:
		if (in->scenario)
			return ARGP_ERR_UNKNOWN;
		in->scenario = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* ---- what is known, as JSON ---- */

static void put_text(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		putchar((unsigned char)*s < ' ' ? ' ' : *s);
	}
	putchar('"');
}

static void put_failure(const struct fl_stress_failure *f)
{
	printf("{\"oracle\":");
	put_text(f->oracle);
	printf(",\"message\":");
	put_text(f->message);
	printf(",\"hits\":%" PRIu64 ",\"first_run\":%" PRIu64
	       ",\"stalls\":\"%s\",\"first_second\":%.6f}",
	       f->hits, f->first_run, f->stalls, f->first_second);
}

static void put_result(const struct fl_stress_result *r, const char *end)
{
	printf("{\"kernel\":");
	put_text(r->kernel);
	printf(",\"runs\":%" PRIu64 ",\"hits\":%" PRIu64
	       ",\"seconds\":%.6f,\"kept\":%d,\"places\":[",
	       r->runs, r->hits, r->seconds, r->kept);
	for (int i = 0; i < r->nr_threads; i++)
		printf("%s[%u,%u]", i ? "," : "", r->places[i].n[FL_PLACES_SHARED],
		       r->places[i].n[0]);
	printf("],\"oracles\":[");
	for (int i = 0; i < r->nr_failures; i++) {
		if (i)
			putchar(',');
		put_failure(&r->failure[i]);
	}
	printf("]%s}\n", end);
	fflush(stdout);
}

static void progress(void *arg, const struct fl_stress_result *r)
{
	put_result(r, "");
}

/* Of the run in hand, as a result has it. For signal handlers, too. */
static void stalls_of(char text[FL_PLAN_TEXT], const struct fl_stress_result *r)
{
	text[0] = '\0';
	if (r->upon)
		fl_plan_text(text, r->upon, r->nr_threads);
}

static void hung(void *arg, const struct fl_stress_result *r)
{
	char end[64 + FL_PLAN_TEXT], stalls[FL_PLAN_TEXT];

	stalls_of(stalls, r);
	snprintf(end, sizeof(end), ",\"hung\":%" PRIu64 ",\"stalls\":\"%s\"", r->run, stalls);
	put_result(r, end);
	_exit(EXIT_SUCCESS);
}

/* ---- signals ---- */

static void on_stop(int number)
{
	stop = 1;
}

#ifndef SANITIZED /* which say more of a crash */
/* In a signal handler: no stdio. */
static void put_crash(const struct fl_stress_result *r)
{
	static const char begin[] = "{\"crashed\":", then[] = ",\"stalls\":\"", end[] = "\"}\n";
	char text[64 + FL_PLAN_TEXT], stalls[FL_PLAN_TEXT], digits[24], *to = text;
	uint64_t run = r->run;
	size_t nr = 0;

	to = stpcpy(to, begin);
	do {
		digits[nr++] = (char)('0' + run % 10);
		run /= 10;
	} while (run);
	while (nr)
		*to++ = digits[--nr];
	stalls_of(stalls, r);
	to = stpcpy(stpcpy(stpcpy(to, then), stalls), end);
	if (write(STDOUT_FILENO, text, (size_t)(to - text)) < 0)
		return;
}

static void on_crash(int number)
{
	put_crash(known);
	signal(number, SIG_DFL);
	raise(number);
}
#endif

static void catch_signals(void)
{
	static const int stops[] = { SIGINT, SIGTERM };
	struct sigaction action = { .sa_handler = on_stop };

	for (size_t i = 0; i < FL_ARRAY_SIZE(stops); i++)
		sigaction(stops[i], &action, NULL);
#ifndef SANITIZED
	static const int crashes[] = { SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL };

	action.sa_handler = on_crash;
	action.sa_flags = (int)SA_RESETHAND;
	for (size_t i = 0; i < FL_ARRAY_SIZE(crashes); i++)
		sigaction(crashes[i], &action, NULL);
#endif
}

int main(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "SCENARIO",
		.doc = "Runs one variant of a scenario on real threads. 'faultline stress' is what "
		       "you want.",
	};
	static struct fl_stress_result result;
	struct input in = {
		.opt = { .step = 1,
			 .seconds = 1,
			 .hang_after = 5,
			 .stop = &stop,
			 .progress = progress,
			 .hung = hung },
	};
	const struct fl_scenario *s;
	char err[1024];

	if (argp_parse(&argp, argc, argv, 0, NULL, &in))
		return BAD_INPUT;
	s = in.scenario ? fl_scenario_find(in.scenario) : NULL;
	if (!s) {
		fprintf(stderr, "no scenario \"%s\"\n", in.scenario ? in.scenario : "");
		return BAD_INPUT;
	}
	prctl(PR_SET_TIMERSLACK, 1UL);
	known = &result;
	catch_signals();
	if (fl_stress(s, &in.opt, &result, err, sizeof(err))) {
		fprintf(stderr, "%s\n", err);
		return BAD_INPUT;
	}
	put_result(&result, ",\"over\":true");
	return ferror(stdout) ? BAD_INPUT : EXIT_SUCCESS;
}
