// SPDX-License-Identifier: MIT
/*
 * main.c - soak [OPTION...]: rounds until the time is over, or something is wrong.
 *
 *   --seconds N     how long (60)
 *   --round N       seconds of a round, at most (2)
 *   --seed N        of all random choices (the time)
 *   --threads N     (twice the number of cores)
 *   --profile NAME  a release of Linux, instead of a random one
 *   --set F=V,...   further policy fields
 *   --lock NAME     a lock strategy, and
 *   --rwlock NAME   a reader-writer lock, instead of random ones
 *   --only N        round number N of the seed, over and over
 *   --without OP,.. leaves these calls out (--verbose names them)
 *   --trace ADDR    prints all that oracles hear of the page at ADDR
 *   --verbose       a line per round
 *
 * Exit status: 0, 1 if something was wrong, 2 if it could not be tried.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <faultline/lock.h>
#include <faultline/rwlock.h>

#include "soak.h"

#include "oracle/native_report.h"
#include "oracle/oracle.h"

struct options options = { .seconds = 60, .round = 2 };

double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void soak_fail(const char *fmt, ...)
{
	char message[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	fl_oracle_fail("soak", "%s", message);
}

/* Ends with 0. */
void check_errno(const char *call, long err, ...)
{
	va_list ap;
	int allowed;

	if (err >= 0)
		return;
	va_start(ap, err);
	while ((allowed = va_arg(ap, int)) && allowed != err)
		;
	va_end(ap);
	if (!allowed)
		soak_fail("%s answers %ld (%s), which it does not document", call, err,
			  strerror((int)-err));
}

void print_round(const struct round *r, FILE *f)
{
	const struct fl_machine_config *c = &r->config;

	fprintf(f,
		"  linux-%s, %s\n"
		"  %u threads, %u CPUs, %llu frames of %u words, %u levels of %u bits, TLB %u x "
		"%u, "
		"LRU batch %d, %u swap slots, migration %u, %u huge pages%s%s\n"
		"  locks: %s, %s\n  calls:",
		r->kernel, r->set, r->nr_threads, c->cpus, (unsigned long long)c->frames,
		c->page_words, c->levels, c->level_bits, c->tlb_sets, c->tlb_ways,
		(int)c->lru_batch, c->swap_slots, c->migration, c->huge_pages,
		c->mempolicy ? ", policies" : "", c->mmu_notifiers ? ", notifiers" : "",
		c->lock ? c->lock->name : "the release's", c->rwlock ? c->rwlock->name : "rwsem");
	for (unsigned int i = 0; i < nr_ops; i++) {
		if (r->weights[i])
			fprintf(f, " %s", ops[i].name);
	}
	fprintf(f, "\n");
}

static void report(const struct round *r)
{
	struct fl_native_failure failed[FL_NATIVE_REPORTS];
	int n = fl_native_report_oracles(failed);

	printf("\nround %llu failed:\n", (unsigned long long)r->number);
	for (int i = 0; i < n; i++)
		printf("VIOLATION  %s\n  %s\n", failed[i].oracle, failed[i].message);
	print_round(r, stdout);
	printf("again: soak --seed %llu --only %llu --threads %u --round %g%s%s%s%s%s%s%s%s\n",
	       (unsigned long long)options.seed, (unsigned long long)r->number, options.threads,
	       options.round, options.profile ? " --profile " : "",
	       options.profile ? options.profile : "", options.set ? " --set " : "",
	       options.set ? options.set : "", options.lock ? " --lock " : "",
	       options.lock ? options.lock->name : "", options.rwlock ? " --rwlock " : "",
	       options.rwlock ? options.rwlock->name : "");
}

static uint64_t calls_of(const struct round *r)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < r->nr_threads; i++)
		n += r->threads[i].ops;
	return n;
}

/* --- options --- */

static void usage(FILE *f)
{
	fprintf(f,
		"usage: soak [--seconds N] [--round N] [--seed N] [--threads N] [--profile "
		"NAME] [--set FIELD=VALUE,...] [--lock NAME] [--rwlock NAME] [--only N] [--without "
		"CALL,...] [--trace ADDR] [--verbose]\n");
	exit(f == stdout ? 0 : 2);
}

static void read_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "round", required_argument, NULL, 'r' },
		{ "seed", required_argument, NULL, 'S' },
		{ "threads", required_argument, NULL, 't' },
		{ "profile", required_argument, NULL, 'p' },
		{ "set", required_argument, NULL, 'P' },
		{ "lock", required_argument, NULL, 'l' },
		{ "rwlock", required_argument, NULL, 'w' },
		{ "only", required_argument, NULL, 'o' },
		{ "without", required_argument, NULL, 'W' },
		{ "trace", required_argument, NULL, 'T' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	bool known = true;
	int c;

	options.seed = (uint64_t)time(NULL);
	options.threads = 2 * (unsigned int)sysconf(_SC_NPROCESSORS_ONLN);
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			options.seconds = atof(optarg);
			break;
		case 'r':
			options.round = atof(optarg);
			break;
		case 'S':
			options.seed = strtoull(optarg, NULL, 0);
			break;
		case 't':
			options.threads = (unsigned int)atoi(optarg);
			break;
		case 'p':
			options.profile = optarg;
			break;
		case 'P':
			options.set = optarg;
			break;
		case 'o':
			options.one_round = true;
			options.first_round = strtoull(optarg, NULL, 0);
			break;
		case 'l':
			options.lock = fl_lock_strategy_find(optarg);
			known &= options.lock != NULL;
			break;
		case 'w':
			options.rwlock = fl_rwlock_find(optarg);
			known &= options.rwlock != NULL;
			break;
		case 'W':
			options.without = optarg;
			break;
		case 'T':
			trace_page(strtoull(optarg, NULL, 0));
			break;
		case 'v':
			options.verbose = true;
			break;
		case 'h':
			usage(stdout);
			break;
		default:
			usage(stderr);
		}
	}
	if (!known || optind < argc || options.seconds <= 0 || options.round <= 0)
		usage(stderr);
	if (options.threads < 1)
		options.threads = 1;
	/* An own region each, and a CPU more for the handler. */
	if (options.threads > MAX_CPUS - 1)
		options.threads = MAX_CPUS - 1;
}

int main(int argc, char **argv)
{
	static struct round round;
	double begin = now(), last = 0;
	uint64_t calls = 0, done = 0;
	int err = 0;

	read_options(argc, argv);
	fl_oracle_watch_accesses(true);
	for (uint64_t n = options.first_round; now() - begin < options.seconds; n++) {
		uint64_t random;

		memset(&round, 0, sizeof(round));
		round.number = options.one_round ? options.first_round : n;
		round.seed = random_state(options.seed, round.number);
		random = round.seed;
		fl_native_report_clear();
		/* Some are short: then more is still known of what is there at the end. */
		err = run_round(&round, options.round / (1U << below(&random, 5)));
		if (err && err != -ENOMEM) {
			fprintf(stderr, "soak: round %llu: %s\n", (unsigned long long)round.number,
				strerror(-err));
			return 2;
		}
		calls += calls_of(&round);
		done++;
		if (options.verbose) {
			printf("round %llu: %llu calls\n", (unsigned long long)round.number,
			       (unsigned long long)calls_of(&round));
			print_round(&round, stdout);
		}
		if (fl_native_report_count()) {
			report(&round);
			return 1;
		}
		if (isatty(2) && now() - last > 0.2) {
			last = now();
			fprintf(stderr, "\r%.0f s, %llu rounds, %llu calls ", last - begin,
				(unsigned long long)done, (unsigned long long)calls);
		}
	}
	printf("%s%llu rounds, %llu calls, seed %llu: nothing was wrong\n", isatty(2) ? "\r" : "",
	       (unsigned long long)done, (unsigned long long)calls,
	       (unsigned long long)options.seed);
	return 0;
}
