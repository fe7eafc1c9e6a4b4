// SPDX-License-Identifier: MIT
/*
 * main.c - faultline-differential: sequences of calls on the simulator and on this host, for `faultline differential`.
 *
 * A program of its own, since the command is linked with the check engine: that becomes this one (native_program.c).
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "generate.h"
#include "options.h"
#include "settings.h"
#include "../cli.h"

/* ---- the release ---- */

/* "6.18.44-..." as 618; 0: no release. */
static unsigned int release_number(const char *name)
{
	unsigned int major, minor;

	return sscanf(name, "%u.%u", &major, &minor) == 2 ? major * 100 + minor : 0;
}

/* The newest profile that is not newer than the kernel; else the oldest. */
static const char *nearest_release(const char *kernel)
{
	const char *best = fl_policy_profile(0)->name;

	for (size_t i = 0; i < fl_policy_nr_profiles(); i++)
		if (release_number(fl_policy_profile(i)->name) <= release_number(kernel))
			best = fl_policy_profile(i)->name;
	return best;
}

/* ---- what came of it ---- */

/* Logs need none. */
static bool needs_host(const struct input *in)
{
	bool scripts = !in->nr_files;

	for (unsigned int i = 0; i < in->nr_files; i++)
		scripts |= !is_log(in->file[i]);
	return scripts;
}

static void put_skipped(const struct abilities *able)
{
	bool any = false;

	printf("[");
	for (int i = 0; i < NR_ABILITIES; i++) {
		if (able->has[i])
			continue;
		printf("%s\"%s\"", any ? ", " : "", ability_name((enum ability)i));
		any = true;
	}
	printf("]");
}

static void report_json(const struct input *in, const struct abilities *able,
			const struct shared *shared, const char *kernel, double seconds)
{
	printf("{\"seed\": %" PRIu64 ", \"sequences\": %" PRIu64 ", \"steps\": %" PRIu64
	       ", \"divergences\": %u, \"hangs\": %u, \"interrupted\": %s, \"skipped\": ",
	       in->o.seed, shared->sequences, shared->steps, shared->divergences, shared->hangs,
	       work_interrupted() ? "true" : "false");
	put_skipped(able);
	printf(", \"kernel\": \"%s\", \"host\": \"%s\", \"seconds\": %.3f}\n", kernel,
	       able->release, seconds);
}

static void report(const struct input *in, const struct abilities *able,
		   const struct shared *shared, const char *kernel, double seconds)
{
	if (in->o.json) {
		report_json(in, able, shared, kernel, seconds);
		return;
	}
	if (work_interrupted())
		printf("interrupted; up to then: ");
	printf("host %s, simulator %s: %" PRIu64 " sequences, %" PRIu64 " steps, %u divergence%s, "
	       "%.1f s\n",
	       able->release, kernel, shared->sequences, shared->steps, shared->divergences,
	       shared->divergences == 1 ? "" : "s", seconds);
	for (int i = 0; needs_host(in) && i < NR_ABILITIES; i++)
		if (!able->has[i])
			printf("skipped: %s\n", ability_name((enum ability)i));
}

static int status_of(const struct shared *shared, bool all)
{
	if (shared->divergences)
		return CLI_VIOLATION;
	return shared->hangs || shared->broken || !all ? CLI_INCONCLUSIVE : CLI_OK;
}

/* ---- files ---- */

static bool read_script(struct script *script, const char *name)
{
	FILE *f = fopen(name, "re");
	bool ok;

	if (!f) {
		fprintf(stderr, "faultline: %s: %s\n", name, strerror(errno));
		return false;
	}
	ok = script_read(script, f, name);
	fclose(f);
	return ok;
}

/* A log's own release; that of @kernel if one was asked for. */
static struct fl_policy *policy_of_log(const struct input *in, FILE *f, const char *name)
{
	struct log_reader reader;
	struct fl_policy *policy;
	char err[1024];

	if (!log_open(&reader, f, name))
		return NULL;
	rewind(f);
	if (!fl_policy_create(&policy,
			      in->o.kernel ? in->o.kernel : nearest_release(reader.release),
			      in->o.set, err, sizeof(err)))
		return policy;
	fprintf(stderr, "faultline: %s\n", err);
	return NULL;
}

static bool run_log_file(const struct input *in, const char *name, enum verdict *verdict,
			 uint64_t *steps)
{
	FILE *f = fopen(name, "re");
	struct fl_policy *policy;

	if (!f) {
		fprintf(stderr, "faultline: %s: %s\n", name, strerror(errno));
		return false;
	}
	policy = policy_of_log(in, f, name);
	if (policy)
		*verdict = work_log(&in->o, policy, f, name, steps);
	fl_policy_free(policy);
	fclose(f);
	return policy && *verdict != BROKEN;
}

static bool run_file(const struct input *in, const struct abilities *able,
		     const struct fl_policy *policy, const char *name, enum verdict *verdict,
		     uint64_t *steps)
{
	static struct script script;

	if (is_log(name))
		return run_log_file(in, name, verdict, steps);
	if (!read_script(&script, name))
		return false;
	*verdict = work_one(&in->o, able, policy, &script, name, steps);
	return true;
}

static bool run_files(const struct input *in, const struct abilities *able,
		      const struct fl_policy *policy, struct shared *shared)
{
	for (unsigned int i = 0; i < in->nr_files && !work_interrupted(); i++) {
		enum verdict verdict = BROKEN;
		uint64_t steps = 0;

		if (!run_file(in, able, policy, in->file[i], &verdict, &steps))
			return false;
		shared->sequences++;
		shared->steps += steps;
		shared->divergences += verdict == DIFFERS;
		shared->hangs += verdict == HANGS;
		shared->broken += verdict == BROKEN;
	}
	return true;
}

static void print_script(const struct options *o, const struct abilities *able)
{
	static struct script script;

	generate(&script, o->seed, o->first, o->steps, able);
	printf("# seed %" PRIu64 ", sequence %" PRIu64 "\n", o->seed, o->first);
	script_write(&script, stdout);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
	static struct abilities able;
	static struct input in;
	struct fl_policy *policy;
	struct shared *shared;
	double begin = now();
	const char *kernel;
	char err[1024];
	int status = options_parse(&in, argc, argv);

	if (status)
		return status;
	ability_probe(&able);
	work_catch_signals();
	if (in.print) {
		print_script(&in.o, &able);
		return CLI_OK;
	}
	kernel = in.o.kernel ? in.o.kernel : nearest_release(able.release);
	if (fl_policy_create(&policy, kernel, in.o.set, err, sizeof(err))) {
		fprintf(stderr, "faultline: %s\n", err);
		return CLI_BAD_INPUT;
	}
	if (!in.o.hands_off && needs_host(&in))
		settings_begin(&able.has[ABLE_SWAP], &able.has[ABLE_KSM]);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED) {
		fprintf(stderr, "faultline: out of memory\n");
		return CLI_INCONCLUSIVE;
	}
	if (!in.nr_files)
		work(&in.o, &able, policy, shared);
	else if (!run_files(&in, &able, policy, shared))
		status = CLI_BAD_INPUT;
	settings_end();
	if (status)
		return status;
	report(&in, &able, shared, kernel, now() - begin);
	fl_policy_free(policy);
	return status_of(shared, !work_interrupted());
}
