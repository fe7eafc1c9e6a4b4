/* SPDX-License-Identifier: MIT */
/*
 * stress.h - a scenario on real threads, a great many times, and how often each oracle failed.
 *
 * As fl_run_native(), but for the build with places to be late at (delay.h), and made for many short runs: the
 * threads stay, the machine is the check engine's small one, and who waits for the next run spins.
 */
#ifndef FL_STRESS_STRESS_H
#define FL_STRESS_STRESS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <faultline/scenario.h>

#include "stress/plan.h"

#define FL_STRESS_ORACLES 16

/* What failed in some of the runs. */
struct fl_stress_failure {
	char oracle[32];
	char message[256];	   /* the first one's */
	uint64_t hits;		   /* runs in which it failed */
	uint64_t first_run;	   /* the number of the first of them */
	double first_second;	   /* when that was, since the start */
	char stalls[FL_PLAN_TEXT]; /* of the first run, if it was upon another one; else "" */
};

struct fl_stress_result {
	const char *kernel;	    /* as used; the options' own */
	uint64_t runs;		    /* that are over */
	uint64_t hits;		    /* of these, in which any oracle failed */
	uint64_t run;		    /* the number of the one in hand */
	const struct fl_plan *upon; /* its plan, if it is upon another one; else NULL */
	int kept;		    /* runs that others go on from */
	double seconds;
	struct fl_places places[FL_MAX_THREADS]; /* at most, rounded up */
	int nr_threads;
	struct fl_stress_failure failure[FL_STRESS_ORACLES];
	int nr_failures;
};

struct fl_stress_options {
	const char *variant, *kernel, *set; /* as struct fl_run_options */
	uint64_t seed;
	uint64_t first,
		step; /* the numbers of the runs: first, first + step, ...; step 0: always first */
	const char *stalls;	     /* instead of the plans' own; NULL: theirs */
	double seconds;		     /* after this time no run begins */
	bool until_hit;		     /* or after a run in which an oracle failed */
	double hang_after;	     /* seconds; a run that takes longer will not end */
	volatile sig_atomic_t *stop; /* not 0: enough; NULL: none */
	/* Called a few times a second from the calling thread, between runs. NULL: none. */
	void (*progress)(void *arg, const struct fl_stress_result *result);
	/* Called by another thread when a run does not end; must not return. */
	void (*hung)(void *arg, const struct fl_stress_result *result);
	void *arg;
};

/*
 * 0, or -EINVAL with a line in @err, -ENOMEM, or another negative errno of set_up. The calling thread is the
 * scenario's first. One at a time per process.
 */
int fl_stress(const struct fl_scenario *s, const struct fl_stress_options *opt,
	      struct fl_stress_result *result, char *err, size_t err_size);

#endif
