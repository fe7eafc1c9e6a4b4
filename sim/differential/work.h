/* SPDX-License-Identifier: MIT */
/*
 * work.h - many sequences, in as many processes as there are cores for.
 *
 * Each process runs sequences by their numbers until there are no more. What all of them know is in shared memory. One that
 * crashes or hangs has found something too: that is the simulator's doing, since the host's is seen by its own limit.
 */
#ifndef FL_DIFFERENTIAL_WORK_H
#define FL_DIFFERENTIAL_WORK_H

#include <stdatomic.h>

#include "run.h"

#define MAX_JOBS 64

struct options {
	uint64_t seed, count, first;
	double seconds; /* 0: no limit */
	unsigned int steps, jobs;
	unsigned int stop_after; /* divergences */
	bool shrink, json;
	bool hands_off;	  /* leave the host's settings alone */
	const char *keep; /* folder for scripts that differ */
	const char *kernel, *set;
	const char *record; /* a file for what the host does; NULL: none */
};

struct shared {
	_Atomic uint64_t next, sequences, steps;
	_Atomic unsigned int divergences, hangs, broken, lock, stop;
	_Atomic uint64_t now[MAX_JOBS]; /* the sequence that each has in hand */
};

/* Until all is done or somebody interrupts. False: a message was printed. */
bool work(const struct options *o, const struct abilities *able, const struct fl_policy *policy,
	  struct shared *shared);
/* One script, reported as those of work(). */
enum verdict work_one(const struct options *o, const struct abilities *able,
		      const struct fl_policy *policy, struct script *script, const char *name,
		      uint64_t *steps);
/* What is in a log, against the simulator; BROKEN after a message: it is none. */
enum verdict work_log(const struct options *o, const struct fl_policy *policy, FILE *f,
		      const char *name, uint64_t *steps);
/* Was SIGINT or SIGTERM caught? work_catch_signals() from then on catches them. */
void work_catch_signals(void);
bool work_interrupted(void);

#endif
