/* SPDX-License-Identifier: MIT */
/*
 * forward.h - one step further, for the searches that never go back to a load: random.c, pct.c, preempt.c.
 *
 * A load reads a store that is there already, so it matters who goes on when. Choosing that in all ways, and
 * at each step every store to read and every place in co, reaches each graph whose program order and
 * reads-from have no cycle together; several orders lead to the same graph.
 */
#ifndef FL_FORWARD_H
#define FL_FORWARD_H

#include "search.h"

enum pace {
	PACE_GOES_ON,
	PACE_WAITS, /* the newest store does not end its waiting; an older one may */
	PACE_GRACE, /* a grace period: it may also last for ever */
};

/* What a thread does next. */
struct step {
	int thread;
	enum pace pace;
	struct label *label;
};

/* The ways in which a step can be taken: the store to read, the place in co, a chosen value. */
struct options {
	size_t first;
	uint64_t n;
	bool values; /* of a choice: each number below n */
};

/*
 * Who can take a step, by thread number; @step has room for FLX_MAX_THREADS. None also when forward_failed().
 * @stuck: nobody goes on other than by what waiting threads can do.
 */
int forward_steps(struct step *step, bool *stuck);
/*
 * How @s can be taken, newest store first. Waiting for ever is among them only if @stuck: elsewhere it is taken
 * later. @newest: only as sequential consistency has it, reading the newest store, going last in co. G is as before
 * on return. Options are given back in the opposite order.
 */
struct options forward_options(const struct step *s, bool stuck, bool newest);
void forward_give_back(const struct options *o);
/* Takes @s in the way number @i: G grows by one or two events. */
void forward_take(const struct step *s, const struct options *o, uint64_t i);

/* G without any event. */
void forward_start(void);
/*
 * A load waits for ever on a store that is no longer the newest: what G can become is reached with its waiting
 * put off, too. Graphs' hashes don't tell the two apart.
 */
bool forward_in_vain(void);
/* The program can't be explored, or has to be from the start (learn.h). */
bool forward_failed(void);
void forward_free(void);

/* What the searches need of chance: from a seed, the same everywhere. */
struct chance {
	uint64_t state;
};

/* The chance of run number @run: a run does not depend on those before it. */
struct chance chance_of_run(uint64_t seed, uint64_t run);
uint64_t chance_below(struct chance *c, uint64_t n);

/* The searches: forward_search() is what S.opt->search asks for. */
void forward_search(void);
/* Says in r->note what came of it. */
void forward_note(struct flx_result *r, const struct flx_options *o);
void forward_random(void);
void forward_pct(void);
void forward_preemptions(void);
/* Before the exhaustive search: what it finds is in S.lucky. Leaves nothing else behind. */
void forward_first_pass(void);
/* Has the exhaustive search gone on for long enough without a violation of its own, after that? */
bool forward_lucky_enough(void);
/* Makes the better of S.best and S.lucky S.best. */
void forward_compare_lucky(void);

/*
 * Runs until a limit, the first one number 0. @run: one run from the empty graph, true if it came to its end;
 * @restart, which may be NULL: all starts again, and what was learnt from runs counts no more.
 */
void runs_until_limit(bool (*run)(uint64_t number), void (*restart)(void));
/* The run in hand has to end here, without a verdict. */
bool runs_cut_short(void);

#endif
