// SPDX-License-Identifier: MIT
/*
 * watch.c - does anything go on? A thread whose call does not come back hangs, and with it the test: then what
 * each was doing is printed, and the process ends.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "soak.h"

#include "oracle/native_report.h"

#define HANG_SECONDS 30
#define LOOK_NS 10000000

struct seen {
	uint64_t ops;
	double since;
};

static void report_hang(struct round *r, const struct seen *seen)
{
	fprintf(stderr, "soak: a call does not come back (seed %llu, round %llu)\n",
		(unsigned long long)options.seed, (unsigned long long)r->number);
	for (unsigned int i = 0; i <= r->nr_threads; i++) {
		const struct thread *t = i < r->nr_threads ? &r->threads[i] : &r->handler;

		fprintf(stderr, "  thread %2u: %-16s for %.1f s, after %llu calls\n", i,
			i < r->nr_threads ? atomic_load(&t->op) : "(handler)",
			now() - seen[i].since, (unsigned long long)atomic_load(&t->ops));
	}
	print_round(r, stderr);
	if (getenv("SOAK_ABORT"))
		abort();
	_Exit(1);
}

static void look(struct round *r, struct seen *seen)
{
	double t = now();
	bool hangs = false;

	for (unsigned int i = 0; i <= r->nr_threads; i++) {
		const struct thread *thread = i < r->nr_threads ? &r->threads[i] : &r->handler;
		uint64_t n = atomic_load_explicit(&thread->ops, memory_order_relaxed);

		if (n != seen[i].ops || !seen[i].since) {
			seen[i].ops = n;
			seen[i].since = t;
		}
		hangs |= t - seen[i].since > HANG_SECONDS;
	}
	if (hangs)
		report_hang(r, seen);
}

static void pause_a_moment(void)
{
	static const struct timespec pause = { .tv_nsec = LOOK_NS };

	nanosleep(&pause, NULL);
}

void watch(struct round *r, double end)
{
	struct seen seen[MAX_CPUS + 1] = { 0 };

	while (now() < end && !fl_native_report_count()) {
		pause_a_moment();
		look(r, seen);
	}
}

void watch_until_done(struct round *r)
{
	struct seen seen[MAX_CPUS + 1];
	double begin = now();

	for (unsigned int i = 0; i <= MAX_CPUS; i++)
		seen[i].since = begin;
	while (atomic_load(&r->running)) {
		pause_a_moment();
		/* Who is done makes no more calls. */
		if (now() - begin > HANG_SECONDS)
			report_hang(r, seen);
	}
}
