// SPDX-License-Identifier: MIT
/* cli.c - messages, options and numbers, the same in every subcommand. */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <faultline/scenario.h>

#include "../lib/run/nearest.h"

#define MAX_NAMES 256
#define MAX_OPTIONS 48

int cli_error(const char *fmt, ...)
{
	va_list ap;

	fflush(stdout);
	fputs("faultline: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return CLI_BAD_INPUT;
}

/* ---- options ---- */

#define KEY_HELP 0x100

struct parse {
	const struct argp *user;
	void *input;
	const char *bad; /* the argument that getopt choked on */
	bool reported;
};

static const struct argp_option help_options[] = {
	{ "help", KEY_HELP, NULL, 0, "Show this text", -1 },
	{ 0 },
};

/* "-x", or several in one; of one letter each. */
static bool is_unknown_letter(const struct argp *argp, const char *arg)
{
	const struct argp_option *o = argp->options;

	if (!arg || arg[0] != '-' || !arg[1] || arg[1] == '-')
		return false;
	for (; o->name || o->key || o->doc; o++)
		if (o->key == arg[1])
			return false;
	return true;
}

/* getopt has passed what it choked on, unless that has further letters. */
static void note_bad_argument(struct parse *p, const struct argp_state *state)
{
	if (state->next < state->argc && is_unknown_letter(p->user, state->argv[state->next]))
		p->bad = state->argv[state->next];
	else if (state->next > 0 && state->next <= state->argc)
		p->bad = state->argv[state->next - 1];
}

/* Hands everything to the command's parser, and notes which argument was wrong. */
static error_t parse_one(int key, char *arg, struct argp_state *state)
{
	struct parse *p = state->input;

	switch (key) {
	case KEY_HELP:
		argp_help(state->root_argp, stdout, ARGP_HELP_STD_HELP & ~ARGP_HELP_EXIT_OK,
			  state->name);
		exit(fflush(stdout) ? CLI_BAD_INPUT : CLI_OK);
	case ARGP_KEY_INIT:
		state->child_inputs[0] = p->input;
		return 0;
	case ARGP_KEY_ERROR:
		note_bad_argument(p, state);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option *find_option(const struct argp *argp, const char *name, size_t len)
{
	const struct argp_option *o = argp->options;

	for (; o && (o->name || o->key || o->doc); o++)
		if (o->name && strlen(o->name) == len && !strncmp(o->name, name, len))
			return o;
	return NULL;
}

static int report_bad_option(const struct parse *p, const char *command)
{
	char dashed[MAX_OPTIONS][48];
	const char *known[MAX_OPTIONS];
	const char *name = p->bad ? p->bad : "?";
	const struct argp_option *o;
	char near[256], typed[128];
	size_t len, n = 0;

	if (is_unknown_letter(p->user, name) && strstr(p->user->args_doc, "CC-ARGUMENT"))
		return cli_error("unknown option \"%s\"; arguments for the compiler come after --, "
				 "as in 'FILE.c -- %s'",
				 name, name);
	if (strncmp(name, "--", 2))
		return cli_error("unknown option \"%s\"; '%s --help' shows all", name, command);
	len = strcspn(name + 2, "=");
	o = find_option(p->user, name + 2, len);
	if (o && o->arg)
		return cli_error("option \"%s\" needs a value, %s; see '%s --help'", name, o->arg,
				 command);
	if (o)
		return cli_error("option \"--%s\" takes no value", o->name);
	for (o = p->user->options; o && (o->name || o->key || o->doc) && n < MAX_OPTIONS; o++) {
		if (!o->name)
			continue;
		snprintf(dashed[n], sizeof(dashed[n]), "--%s", o->name);
		known[n] = dashed[n];
		n++;
	}
	snprintf(typed, sizeof(typed), "%.*s", (int)len + 2, name);
	fl_nearest(near, sizeof(near), typed, known, n);
	return cli_error("unknown option \"%s\"%s '%s --help' shows all", typed,
			 near[0] ? near : ";", command);
}

int cli_parse(const struct argp *argp, int argc, char **argv, void *input)
{
	struct parse p = { .user = argp, .input = input };
	const struct argp_child children[] = { { .argp = argp }, { 0 } };
	const struct argp outer = {
		.options = help_options,
		.parser = parse_one,
		.children = children,
	};
	char command[128];
	char *own[] = { command };
	error_t err;

	snprintf(command, sizeof(command), "faultline %s", argv[0]);
	argv[0] = own[0];
	/* ARGP_NO_ERRS: getopt's own messages take two lines and lack the nearest name */
	err = argp_parse(&outer, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP | ARGP_IN_ORDER, NULL, &p);
	if (!err)
		return CLI_OK;
	if (err == CLI_REPORTED)
		return CLI_BAD_INPUT;
	if (err == ENOMEM)
		return cli_error("out of memory");
	return report_bad_option(&p, command);
}

const struct fl_scenario *cli_find_scenario(const char *name)
{
	const struct fl_scenario *s = fl_scenario_find(name);
	const char *known[MAX_NAMES];
	char near[256];
	size_t n = 0;

	if (s)
		return s;
	for (s = fl_scenario_first(); s && n < MAX_NAMES; s = s->next)
		known[n++] = s->name;
	fl_nearest(near, sizeof(near), name, known, n);
	cli_error("no scenario \"%s\"%s 'faultline list' shows all", name, near[0] ? near : ";");
	return NULL;
}

const struct fl_variant *cli_find_variant(const struct fl_scenario *s, const char *name)
{
	for (size_t i = 0; name && i < s->nr_variants; i++)
		if (!strcmp(s->variants[i].name, name))
			return &s->variants[i];
	return NULL;
}

/* ---- numbers ---- */

bool cli_number(uint64_t *out, const char *option, const char *text, uint64_t min)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (!errno && text[0] >= '0' && text[0] <= '9' && !*end && *out >= min)
		return true;
	cli_error("%s \"%s\" is not a whole number%s", option, text, min ? " above 0" : "");
	return false;
}

#define MOST_JOBS 64

bool cli_jobs(unsigned int *out, const char *text)
{
	uint64_t n;

	if (!cli_number(&n, "--jobs", text, 1))
		return false;
	if (n <= MOST_JOBS) {
		*out = (unsigned int)n;
		return true;
	}
	cli_error("--jobs \"%s\" is more than %d processes", text, MOST_JOBS);
	return false;
}

#define LONG_SEARCH 60 /* seconds: worth a file that nobody has asked for */

void cli_choose_checkpoint(const char **file, double *after, const char *resume, char *name,
			   size_t size, const char *base)
{
	if (!*file)
		*file = resume;
	if (*file)
		return;
	snprintf(name, size, "%.200s.checkpoint", base);
	*file = name;
	*after = LONG_SEARCH;
}

/* ---- files ---- */

/* What keeps a file from being written at @path: an errno, or 0. */
static int why_not_writable(const char *path)
{
	struct stat st;
	int fd;

	if (!stat(path, &st))
		return S_ISDIR(st.st_mode) ? EISDIR : access(path, W_OK) ? errno : 0;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return errno == EEXIST ? 0
				       : errno; /* a link to nowhere, which writing makes a file */
	close(fd);
	unlink(path);
	return 0;
}

bool cli_can_write(const char *what, const char *path, const char *option)
{
	return !path || cli_was_written(-why_not_writable(path), what, path, option);
}

bool cli_was_written(int err, const char *what, const char *path, const char *option)
{
	if (err)
		cli_error("can't write the %s to \"%s\": %s; %s FILE chooses another place", what,
			  path, strerror(-err), option);
	return !err;
}

bool cli_setting(char *set, size_t size, const char *text)
{
	size_t used = strlen(set);

	if (!strchr(text, '=')) {
		cli_error("--set \"%s\" is not of the form field=value", text);
		return false;
	}
	if (used + strlen(text) + 2 > size) {
		cli_error("--set \"%s\": more settings than fit", text);
		return false;
	}
	sprintf(set + used, "%s%s", used ? "," : "", text);
	return true;
}

bool cli_range(int *min, int *max, const char *option, const char *text)
{
	int n = 0;

	if (sscanf(text, "%d..%d%n", min, max, &n) == 2 && !text[n] && *min <= *max &&
	    (*min || *max))
		return true;
	cli_error("%s \"%s\" is not of the form MIN..MAX, with numbers such as -1..2", option,
		  text);
	return false;
}

/* ---- times ---- */

bool cli_seconds(double *out, const char *option, const char *text)
{
	char *end;

	errno = 0;
	*out = strtod(text, &end);
	if (!errno && end != text && !*end && isfinite(*out) && *out > 0)
		return true;
	cli_error("%s \"%s\" is not a number of seconds above 0", option, text);
	return false;
}

const char *cli_time(char *buf, size_t size, double seconds)
{
	if (seconds < 0.1)
		snprintf(buf, size, "%.1f ms", seconds * 1e3);
	else if (seconds < 120)
		snprintf(buf, size, seconds < 10 ? "%.2f s" : "%.1f s", seconds);
	else
		snprintf(buf, size, "%d min %d s", (int)(seconds / 60), (int)seconds % 60);
	return buf;
}
