// SPDX-License-Identifier: MIT
/* options.c - the options of `faultline differential`, and what they are when nothing is said. */
#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../cli.h"

#define COUNT 1000
#define STEPS 100
#define MOST_DIVERGENCES 1000

enum key {
	KEY_SEED = 1,
	KEY_COUNT,
	KEY_FIRST,
	KEY_SECONDS,
	KEY_STOP,
	KEY_HANDS_OFF,
	KEY_STEPS,
	KEY_JOBS,
	KEY_SHRINK,
	KEY_NO_SHRINK,
	KEY_JSON,
	KEY_KEEP,
	KEY_KERNEL,
	KEY_SET,
	KEY_RECORD,
	KEY_PRINT,
};

static const struct argp_option options[] = {
	{ NULL, 0, NULL, 0, "What to run", 1 },
	{ "seed", KEY_SEED, "N", 0, "Seed of the sequences; default: 0", 1 },
	{ "count", KEY_COUNT, "N", 0, "How many; default: 1000, with --seconds no limit", 1 },
	{ "first", KEY_FIRST, "N", 0, "Number of the first one; default: 0", 1 },
	{ "steps", KEY_STEPS, "N", 0, "Calls in each; default: 100", 1 },
	{ "seconds", KEY_SECONDS, "SECONDS", 0, "Stop after so long", 1 },
	{ "stop-after", KEY_STOP, "N", 0, "Stop after so many differences; default: 10", 1 },
	{ "hands-off", KEY_HANDS_OFF, NULL, 0,
	  "Change no setting of this host for the time of the run: no swap file, no KSM", 1 },
	{ "jobs", KEY_JOBS, "N", 0, "Processes at once; default: as many as there are cores", 1 },
	{ "kernel", KEY_KERNEL, "RELEASE", 0,
	  "The simulator's release; default: the nearest to this kernel", 1 },
	{ "set", KEY_SET, "FIELD=VALUE", 0, "Change one policy field; may be repeated", 1 },
	{ NULL, 0, NULL, 0, "What to show", 2 },
	{ "shrink", KEY_SHRINK, NULL, 0,
	  "Reduce what differs to the fewest and simplest calls; the default", 2 },
	{ "no-shrink", KEY_NO_SHRINK, NULL, 0, "Show it as it was found", 2 },
	{ "keep", KEY_KEEP, "FOLDER", 0, "Where scripts of what differs go; default: here", 2 },
	{ "record", KEY_RECORD, "FILE", 0,
	  "Of one script: write down what the host did, so that it can be compared elsewhere", 2 },
	{ "print", KEY_PRINT, NULL, 0,
	  "The calls of one sequence (--seed, --first), as a script; nothing runs", 2 },
	{ "json", KEY_JSON, NULL, 0, "One JSON object at the end", 2 },
	{ 0 },
};

bool is_log(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && !strcmp(name + n - 4, ".log");
}

static bool take_number(uint64_t *out, const char *option, const char *text, uint64_t min,
			uint64_t max)
{
	if (!cli_number(out, option, text, min))
		return false;
	return *out <= max || !cli_error("%s \"%s\" is more than %" PRIu64, option, text, max);
}

static bool take_small(unsigned int *out, const char *option, const char *text, unsigned int max)
{
	uint64_t value;

	if (!take_number(&value, option, text, 1, max))
		return false;
	*out = (unsigned int)value;
	return true;
}

static bool add_file(struct input *in, const char *name)
{
	if (in->nr_files == MAX_FILES)
		return !cli_error("more than %d files", MAX_FILES);
	in->file[in->nr_files++] = name;
	return true;
}

static bool parse_value(struct input *in, int key, char *arg)
{
	struct options *o = &in->o;

	switch (key) {
	case KEY_SEED:
		return take_number(&o->seed, "--seed", arg, 0, UINT64_MAX);
	case KEY_COUNT:
		return take_number(&o->count, "--count", arg, 1, UINT64_MAX);
	case KEY_FIRST:
		return take_number(&o->first, "--first", arg, 0, UINT64_MAX);
	case KEY_STEPS:
		return take_small(&o->steps, "--steps", arg, MAX_STEPS);
	case KEY_SECONDS:
		return cli_seconds(&o->seconds, "--seconds", arg);
	case KEY_STOP:
		return take_small(&o->stop_after, "--stop-after", arg, MOST_DIVERGENCES);
	case KEY_JOBS:
		return cli_jobs(&o->jobs, arg);
	case KEY_SET:
		return cli_setting(in->set, sizeof(in->set), arg);
	default:
		return add_file(in, arg);
	}
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct input *in = state->input;

	switch (key) {
	case KEY_SHRINK:
		in->o.shrink = true;
		return 0;
	case KEY_NO_SHRINK:
		in->o.shrink = false;
		return 0;
	case KEY_JSON:
		in->o.json = true;
		return 0;
	case KEY_HANDS_OFF:
		in->o.hands_off = true;
		return 0;
	case KEY_PRINT:
		in->print = true;
		return 0;
	case KEY_KEEP:
		in->o.keep = arg;
		return 0;
	case KEY_KERNEL:
		in->o.kernel = arg;
		return 0;
	case KEY_RECORD:
		in->o.record = arg;
		return 0;
	default:
		if (!arg)
			return ARGP_ERR_UNKNOWN;
		return parse_value(in, key, arg) ? 0 : CLI_REPORTED;
	}
}

static bool can_keep(const char *folder)
{
	struct stat st;
	int err = 0;

	if (stat(folder, &st) || access(folder, W_OK | X_OK))
		err = errno;
	else if (!S_ISDIR(st.st_mode))
		err = ENOTDIR;
	return !err || !cli_error("--keep \"%s\": %s", folder, strerror(err));
}

/* What was not said. */
static void add_defaults(struct input *in)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct options *o = &in->o;

	if (!o->count)
		o->count = o->seconds > 0 ? UINT64_MAX / 2 : COUNT;
	if (!o->jobs)
		o->jobs = cores < 1 ? 1 : (unsigned int)cores;
	if (o->jobs > MAX_JOBS)
		o->jobs = MAX_JOBS;
	if (in->set[0])
		o->set = in->set;
}

int options_parse(struct input *in, int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[FILE...]",
		.doc = "Makes the same calls (mmap, fork, userfaultfd, ...) on the simulator and "
		       "in "
		       "processes of this host, and compares all that user space can see after "
		       "each.\vWith FILEs: scripts of calls (.steps), or what a host did with one "
		       "(.log), which needs no such host. What this host lacks is left out, and "
		       "named; "
		       "root sees most. Exit status: 0 no difference, 1 a difference, 2 bad input, "
		       "3 "
		       "interrupted, or the host did not answer.",
	};
	int err;

	*in = (struct input){
		.o = { .steps = STEPS, .stop_after = 10, .shrink = true, .keep = "." }
	};
	err = cli_parse(&argp, argc, argv, in);
	if (err)
		return err;
	if (in->o.record && (in->nr_files != 1 || is_log(in->file[0])))
		return cli_error("--record is for one script (.steps): name it");
	if (in->o.record && !is_log(in->o.record))
		return cli_error("--record \"%s\": end its name in .log, by which it is known "
				 "when it is read",
				 in->o.record);
	if (!cli_can_write("log", in->o.record, "--record") || !can_keep(in->o.keep))
		return CLI_BAD_INPUT;
	add_defaults(in);
	return 0;
}
