/* SPDX-License-Identifier: MIT */
/*
 * plan.h - where the threads of a run are late, and how late: chosen by the seed and the run's number.
 *
 * A place is an access to modelled memory, marked or plain, or an operation on a lock in modelled code. A thread's
 * places are counted from 1 in each run, and 0 is before the thread begins. Runs are of four kinds, at random:
 *
 *   close    nobody is late but for a moment at the start: as in life, only without its long ways between
 *   noise    each thread is late now and then, for random times
 *   stalls   at one to four places, chosen from all places of all threads alike, a thread stops until
 *            no other one can go on (delay.h); of several that stall the first one mostly goes on first
 *   upon     the same stalls as an earlier run that showed something new (learn.h), and one or two more
 *
 * The third kind is that of PCT (Burckhardt et al., ASPLOS 2010) on real threads: a bug that needs D orders
 * between steps of different threads shows if D places are the right ones, so with K places in all about
 * one in K^D of such runs hits it, whatever the odds of the interleaving are when nobody is late. Most of
 * these runs choose from places at which the thread meets another one: one of them stores there. Two in three choose
 * from marked places alone. The fourth kind needs about D*K runs, where each order shows something new.
 */
#ifndef FL_STRESS_PLAN_H
#define FL_STRESS_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#define FL_PLAN_MAX_STALLS 8 /* of all threads */

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
	uint64_t random;
	struct fl_late start;	 /* before the thread begins */
	unsigned int gap, turns; /* noise: between places, and how long at most */
	int nr_stalls;
	struct {
		uint64_t at;
		bool briefly;
	} stall[FL_PLAN_MAX_STALLS]; /* in order */
};

/* Lists of a thread's places. */
#define FL_PLACES_PLAIN 1  /* with plain accesses; the same where these are not known */
#define FL_PLACES_SHARED 2 /* only those where others come, too, and one of them stores */
#define FL_PLACES_LISTS 4

struct fl_places {
	uint32_t n[FL_PLACES_LISTS];
	uint32_t *at[FL_PLACES_LISTS]; /* in order */
};

/*
 * Plans run @run of @nthreads threads, which come to about @places. The same arguments give the same
 * plan.
 */
void fl_plan_run(struct fl_plan *plan, int nthreads, const struct fl_places *places, uint64_t seed,
		 uint64_t run);

/* Is run @run one of those upon another one, if there is any? */
bool fl_plan_is_upon(uint64_t run);
/* The same for a run with the stalls of @base, which came to @places, and some more. */
void fl_plan_upon(struct fl_plan *plan, int nthreads, const struct fl_plan *base,
		  const struct fl_places *places, uint64_t seed, uint64_t run);

/* A number for run @run, of which its plan knows nothing. */
uint64_t fl_plan_random(uint64_t seed, uint64_t run);

/* The next place, above @passed, at which the thread is late, and how late; 0: there is none. */
uint64_t fl_plan_next(struct fl_plan *plan, uint64_t passed, struct fl_late *late);

/* Stalls as a text, as "0@12,1@40b": a thread and its place; b: briefly. Signal handlers may. */
#define FL_PLAN_TEXT 160
void fl_plan_text(char text[FL_PLAN_TEXT], const struct fl_plan *plan, int nthreads);
/* Run @run with the stalls of @text. False: it is no such text. */
bool fl_plan_parse(struct fl_plan *plan, int nthreads, const char *text, uint64_t seed,
		   uint64_t run);

#endif
