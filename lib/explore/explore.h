/* SPDX-License-Identifier: MIT */
/*
 * explore.h - the check engine: every execution of a few threads that a memory model allows.
 *
 * Knows threads, events and memory; nothing of what the threads compute. The caller gives functions
 * to run; what these do through include/faultline/rt/check/ (lib/rt/check) becomes the events of
 * execution graphs, which the search enumerates without repetition (docs/internals/engine.md).
 *
 * Not thread-safe: one exploration at a time per process.
 */
#ifndef FL_EXPLORE_H
#define FL_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <faultline/rt/site.h>
#include <faultline/rt/types.h>

#include "mutant.h"

#define FLX_MAX_THREADS 32
#define FLX_MAX_DEPTH 32 /* of bugs that FLX_PCT is asked for */

enum flx_model { FLX_SC, FLX_TSO, FLX_LKMM, FLX_RC11 };

enum flx_search {
	FLX_EXHAUSTIVE,
	FLX_RANDOM,	 /* runs that are left to chance */
	FLX_PCT,	 /* runs by random priorities; .bound: the depth of the bugs to be found */
	FLX_PREEMPTIONS, /* all executions with at most .bound preemptions */
};

struct flx_record;
struct flx_weakening;
struct flx_places;

struct flx_program {
	int nthreads;
	void (*thread[FLX_MAX_THREADS])(void *arg);
	void *arg[FLX_MAX_THREADS];
	const char *name[FLX_MAX_THREADS];
	/* Before each exploration, once, alone, outside of any thread; may allocate. 0 or -errno. */
	int (*set_up)(void *arg);
	/* After each complete execution, alone, with the final values in memory; for oracles. */
	void (*finish)(void *arg);
	/* Before each (re)play of an execution: forget what oracles recorded outside the arena. */
	void (*reset)(void *arg);
	void *common; /* argument of the three */
	/*
	 * What an access at @site to memory that has ended (flx_object_ends()) is called: an oracle's name. NULL, or
	 * if it returns NULL: "use-after-free".
	 */
	const char *(*name_use)(const struct fl_site *site);
	/*
	 * An ordinary program: what its threads do depends on memory alone, nobody looks at executions from
	 * outside, the engine finds out which memory is shared (learn.h) and which loops only wait.
	 */
	bool ordinary;
	/* Of an ordinary one: is @pc in its own code? Called from signal handlers. NULL: not known. */
	bool (*has_code)(uintptr_t pc);
	/* Of an ordinary one: all its stores are announced; a plain load that is announced is one whose value it uses. */
	bool sees_stores, loads_are_uses;
	/* Of an ordinary one: a replay has found out which memory is shared, and goes on to the execution. */
	void (*learnt)(void *arg);
	/*
	 * Last, alone, while the arena and what set_up() made in it are still there: @record is the
	 * violation's or NULL. For values in words and for the caller's statics. May be NULL.
	 */
	void (*tear_down)(void *arg, const struct flx_record *record);
};

/*
 * The calling thread has just given the memory back with its last access, a store, to whoever takes it next. It
 * has just taken it. Accesses that may come after the end, with nobody having taken it since, are reported. From hooks;
 * nothing in set-up code.
 */
void flx_object_ends(const void *start, size_t size);
void flx_object_begins(const void *start);

/* A way through the search: which alternative was taken at each choice. */
struct flx_path {
	int n;
	uint32_t *choice;
	double weight; /* of what lies behind it, as a part of the whole */
};

/*
 * What a search that is not finished has come to, for another one of the same program with the same options to go
 * on from. .known: where it learnt what it did not know at first; .left: what is still to be explored.
 */
struct flx_left {
	uint64_t executions, blocked, duplicates;
	uint32_t events;
	double done, seconds;
	bool partial; /* something was not explored, and won't be: a loop's bound, say */
	int nr_known, nr_left;
	struct flx_path *known, *left;
};

struct flx_options {
	enum flx_model model;
	enum flx_mutant mutant;
	bool races;	    /* report data races (lkmm) */
	bool hash;	    /* hash complete graphs and count duplicates */
	int jobs;	    /* processes that share an exhaustive search without hash; 0: 1 */
	bool no_symmetry;   /* equal threads of an ordinary program count as different */
	bool no_commute;    /* additions to a counter of an ordinary program have an order */
	bool stop_at_first; /* do not look for a shorter or better violation */
	int loop_bound; /* of ordinary programs: how often a thread may do the same load; 0: 1000 */
	enum flx_search search;
	unsigned int bound;
	uint64_t seed;	   /* of searches that are random */
	bool random_first; /* a few random runs before an exhaustive search */
	/* Both 0: no limit; FLX_RANDOM and FLX_PCT then have limits of their own. The first counts runs there. */
	uint64_t max_executions;
	double timeout;
	/* @done: the part of the search that is finished, below 0 if that is not known. */
	bool (*progress)(void *arg, uint64_t executions, double seconds, double done);
	void *progress_arg;
	/* weaken.h: orderings that are weaker than in the source; a list to which places are added, or NULL. */
	const struct flx_weakening *weaken;
	int nr_weaken;
	struct flx_places *places;
	/*
	 * Of an exhaustive search: called every @save_every seconds, and at a limit that ends it. @left is only valid
	 * during the call. NULL: not called.
	 */
	void (*save)(void *arg, const struct flx_left *left);
	void *save_arg;
	double save_every;	       /* 0: never before the end */
	const struct flx_left *resume; /* what to go on from; NULL: from the start */
	/* Called for each complete execution, after finish(); for tests that collect outcomes. */
	void (*on_execution)(void *arg);
	void *on_execution_arg;
};

enum flx_kind { FLX_READ, FLX_WRITE, FLX_RMW, FLX_FENCE, FLX_OTHER };

#define FLX_INIT (-1) /* reads the initial value */
#define FLX_NONE (-2) /* reads nothing (yet) */

/* One event of a recorded execution. */
struct flx_event {
	int thread;
	int index; /* place in the thread's order */
	enum flx_kind kind;
	enum fl_order order;
	enum fl_fence fence;	    /* FLX_FENCE */
	bool failed;		    /* a RMW whose condition did not hold (then kind is FLX_READ) */
	bool blocked;		    /* waits for ever */
	const struct fl_site *site; /* NULL for a plain access */
	const struct fl_site *step; /* outermost FL_STEP around it, or NULL */
	uintptr_t pc;		    /* of a plain access, else 0 */
	uintptr_t addr;
	unsigned int size;
	uint64_t rval, wval; /* value read; value written */
	int rf;		     /* record index of the store read, FLX_INIT or FLX_NONE */
	int co_after;	     /* record index of the store just before this one, or FLX_INIT */
	int newer; /* a load: record index of the newest store shown above it, if not rf; else FLX_NONE */
	int occurrence; /* how many events of the same site came before in this thread */
	bool relevant;	/* conflicts with another thread, or labelled */
	char why[320];	/* a load with newer: what order is missing; may be empty */
};

struct flx_record {
	int n;
	struct flx_event *ev; /* in an order that extends program order and reads-from */
	int racing[2];	      /* of a data race: the two events; else -1 */
};

enum flx_verdict { FLX_VERIFIED, FLX_VIOLATION, FLX_INCONCLUSIVE };

/* FLX_PCT: what the probability is made of. All 0 before the first run is complete. */
struct flx_pct {
	int threads; /* the most that a sequentially consistent run had */
	uint32_t steps;
	double choices;	 /* in how many ways a run's own choices can go */
	uint64_t runs;	 /* sequentially consistent ones, since the three above are known */
	double per_run;	 /* at least so likely does one of these find a bug */
	double all_runs; /* and one of all of them */
};

struct flx_result {
	enum flx_verdict verdict;
	char oracle[32], message[256];
	uint64_t executions, blocked, duplicates;
	uint32_t events;
	double seconds;
	uint64_t runs;	   /* FLX_RANDOM, FLX_PCT; .executions are the different ones among them */
	uint64_t found_in; /* the run, counted from 1, in which the first violation was found */
	struct flx_pct pct;
	bool within_bound; /* FLX_PREEMPTIONS: all that the bound allows was explored */
	char note
		[160]; /* what a search that was not exhaustive can say, if it found nothing; or "" */
	bool stopped; /* by the progress callback */
	uintptr_t
		loop_pc; /* a load at which loop_bound was reached, or 0; then nothing is verified */
	bool endless; /* a thread went on without doing anything, here if that is known, else 0 */
	uintptr_t endless_pc;
	bool too_long;		   /* an execution had more events than the engine follows */
	struct flx_record *record; /* of a violation; flx_record_free() */
};

/*
 * Sets .search and .bound from "exhaustive", "random", "pct:D" or "preemptions:N"; NULL: leaves them. 0, or
 * -EINVAL with a one-line reason in @err.
 */
int flx_search_parse(struct flx_options *o, const char *text, char *err, size_t err_size);

/* 0, -errno of set_up, -EINVAL/-E2BIG with @err for a program that the engine can't take. */
int flx_explore(const struct flx_program *p, const struct flx_options *o, struct flx_result *r,
		char *err, size_t err_size);

/*
 * Runs exactly the execution that @want describes: events are found by thread, site (function and
 * text, not line) and occurrence. -ESTALE with @err naming the first event that does not fit.
 * @r->record is the execution as it ran.
 */
int flx_replay(const struct flx_program *p, const struct flx_options *o,
	       const struct flx_record *want, struct flx_result *r, char *err, size_t err_size);

void flx_record_free(struct flx_record *r);

/* An oracle's verdict on the execution in hand. Called by fl_oracle_fail(). */
void flx_fail(const char *oracle, const char *message);

#endif
