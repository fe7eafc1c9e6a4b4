/* SPDX-License-Identifier: MIT */
/*
 * plan.h - where the threads of a run are late, and how late: chosen by the seed and the run's number.
 *
 * A place is a marked access or an operation on a lock in modelled code; in some runs each plain access to
 * modelled memory is one, too. A thread's places are counted from 1 in each run, and 0 is before the thread
 * begins. Runs are of three kinds, by turns:
 *
 *   close    nobody is late but for a moment at the start: as in life, only without its long ways between
 *   noise    each thread is late now and then, for random times
 *   stalls   at one to four places, chosen from all places of all threads alike, a thread stops until
 *            no other one can go on (delay.h); of several that stall the first one mostly goes on first
 *
 * The third kind is that of PCT (Burckhardt et al., ASPLOS 2010) on real threads: a bug that needs D orders
 * between steps of different threads shows if D places are the right ones, so with K places in all about
 * one in K^D of such runs hits it, whatever the odds of the interleaving are when nobody is late. Most of
 * these runs choose from places at which the thread meets another one: one of them stores there.
 */
#ifndef FL_STRESS_PLAN_H
#define FL_STRESS_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#define FL_PLAN_MAX_STALLS 4

enum fl_plan_kind { FL_PLAN_CLOSE, FL_PLAN_NOISE, FL_PLAN_STALLS };

/* How late. */
struct fl_late {
	unsigned int turns; /* of an empty loop */
	bool stalls;
	bool briefly; /* of all that stall it goes on first, whoever came before */
	int turn;     /* not 0: of those that stall at the start, the lowest goes on first */
};

/* One thread's part in a run. */
struct fl_plan {
	enum fl_plan_kind kind;
	bool plain; /* places are plain accesses, too */
	uint64_t random;
	struct fl_late start;	 /* before the thread begins */
	unsigned int gap, turns; /* noise: between places, and how long at most */
	int nr_stalls;
	struct {
		uint64_t at;
		bool briefly;
	} stall[FL_PLAN_MAX_STALLS]; /* in order */
};

/* Places of a thread; the others come to the same memory at those that are shared. */
struct fl_place_list {
	uint32_t n; /* it comes to about so many */
	uint32_t nr_shared;
	uint32_t *
		shared; /* their numbers, in order: others come there too, and one of them stores */
};

/* Of one thread. */
struct fl_places {
	struct fl_place_list marked;
	struct fl_place_list all; /* with plain accesses; the same where these are not known */
};

/*
 * Plans run @run of @nthreads threads, which come to about @places. The same arguments give the same
 * plan.
 */
void fl_plan_run(struct fl_plan *plan, int nthreads, const struct fl_places *places, uint64_t seed,
		 uint64_t run);

/* The next place, above @passed, at which the thread is late, and how late; 0: there is none. */
uint64_t fl_plan_next(struct fl_plan *plan, uint64_t passed, struct fl_late *late);

#endif
