/* SPDX-License-Identifier: MIT */
/*
 * search.h - state of one exploration, shared by the parts of the search.
 *
 * search_run.c is the search as a whole; search.c adds one event at a time, search_path.c keeps the choices; revisit.c lets a new store be read by loads that came before it;
 * leaf.c judges a complete execution.
 */
#ifndef FL_SEARCH_H
#define FL_SEARCH_H

#include "exec.h"
#include "models/model.h"

/*
 * A part of the search that is left for later: which alternative to take at each choice on the way to it. Whoever follows it
 * comes to the same graph, in another process, too.
 */
struct finding { /* the best violation so far */
	bool found;
	int rank; /* lower is better: a domain oracle, a deadlock, a data race; then the unsure ones */
	char oracle[32], message[256];
	struct ev *ev;
	int n, racing[2];
	uint32_t *path; /* the choices that led to it */
	int path_len;
};

struct hash_set {
	uint64_t *hash;
	size_t n, cap;
};

struct search {
	const struct flx_options *opt;
	struct flx_result *res;
	struct flx_path *stack;
	int depth, cap;
	uint32_t *path; /* the choices that led to the graph in hand */
	int path_len, path_cap;
	const uint32_t *follow; /* choices still to be followed */
	int follow_len;
	bool only_follow;	/* nothing behind that is wanted */
	struct flx_path *known; /* where something was learnt, since the first random pass */
	int nr_known;
	bool begun;	 /* that pass is over */
	double saved_at; /* time of the last call of opt->save */
	bool save_due;
	uint32_t *lesson; /* those that led to where something was learnt, or went wrong */
	int lesson_len;
	bool stop;     /* explore no further: what is left goes onto the stack */
	bool observed; /* somebody looks at complete executions from outside: the code has to be run */
	bool clocks; /* events get their happens-before clocks */
	double weight,
		done; /* of the graph in hand, as a part of the whole search; of what is finished */
	struct finding best, lucky; /* lucky: of the first random pass (forward.h) */
	uint64_t
		pause_at; /* after this many executions the exhaustive search makes way; 0: never */
	bool paused;	  /* it has */
	bool forward;	  /* what goes on is a search of forward.h */
	bool partial;	  /* it left something out */
	char mixed[256];  /* what the models have no answer for, if it was met (EVF_MIXED) */
	uint64_t executions_at_find;
	double started, found_at,
		spent_before; /* the last: of the search that this one goes on with */
	unsigned int every;   /* calls of limit_reached() */
	/* What oracles reported in the execution in hand. */
	bool failed;
	char oracle[32], message[256];
	struct hash_set complete;
};

/*
 * How many more executions are looked at after a violation of @rank, for a better one. A domain oracle's word says
 * more than "data race", which the same bug often is as well.
 */
static inline uint64_t search_more(int rank)
{
	return rank == 0 ? 200 : 5000;
}

/* From this rank on, the violation needs a store that depends on no load before it. */
#define RANK_UNSURE 10

extern struct search S;

#define SEARCH_LARGE 512 /* events of a graph for which each choice takes its time */

double now_seconds(void);

/* A limit of the exploration, or enough looked at after a violation. */
bool search_limit_reached(void);
/*
 * A limit is reached among the choices of one event of a large graph, each of which takes its time. The rest of them are not
 * explored, now or later: the search is partial.
 */
bool search_gives_up(void);
/* It is time to save what there is. */
bool search_save_is_due(void);
/* The same for time alone, and for the user's wish to end; for the progress callback: @executions and @done. */
bool search_time_is_up(double timeout, uint64_t executions, double done);
/* G is at the limit of its size, which ends the search; it is then partial. */
bool search_too_long(void);
/* Forgets what was found. */
void search_forget_results(void);
/* Forgets what was explored as well, since something was learnt (learn.h) that makes it worthless. */
void search_begin_again(void);

/* Appends @e to G, with its clocks. */
int search_add(const struct ev *e);
/* The stores that a load may read, newest first; the last one is that which coherence makes it know already. */
int search_readable(int r, int16_t *stores);
/* Has thread @t come to its end? */
bool search_ended(int t);
/* Would @t, which does @l next, still wait if it read the newest store? */
bool search_would_wait(int t, struct label *l);

/* Reads-from and co of G, complete, whatever the order in which its events were added. */
uint64_t search_graph_hash(void);
/* Adds @h; was it there before? */
bool search_seen(struct hash_set *set, uint64_t h);
/* Are complete executions remembered by their hashes? */
bool search_remembers(void);
/* Is G allowed? Grace periods count as barriers only: search_leaf() asks for the rest. */
bool search_consistent(void);

/* Explores all that G can become, now or (search.stop) later. G may have grown on return: search_unwind(). */
void search_branch(double weight);
/* A thread that no execution had so far gets its number: whoever follows the path later has to number it alike. */
void search_new_thread(void);
/* Explores what is on the stack, until search.stop. */
void search_rest(void);
/* All that can become of what lies where @it leads to. */
void search_item(const struct flx_path *it);
/* Where something was learnt; @choice is the search's then. */
void search_add_known(uint32_t *choice, int n);
/* The choices so far and those to be followed; the caller's. */
uint32_t *search_copy_path(void);
/* Leaves the graph in hand, and what can become of it, for later. */
void search_leave(void);
/* Puts @it, whose choices are the search's then, on the stack. */
void search_put_off(const struct flx_path *it);
/* G as it was when it had @n events. */
void search_unwind(int n);
/* Event @e of G is new or reads something else: its clocks. */
void search_settle(int e);

/*
 * A choice among @n alternatives, numbered from 0: the only one to take, or SEARCH_ALL of them.
 * Whoever explores alternative i calls search_take(i) first, and with what is returned search_untake() afterwards.
 */
#define SEARCH_ALL (-1)
int search_choice(int n);
int search_take(int n, int i);
void search_untake(int taken);
static inline bool search_wants(int only, int i)
{
	return only == SEARCH_ALL || only == i;
}

/*
 * G's last event is a new store @w, not yet in co: explores, for each load that may read it, the graph in
 * which it does. G is unchanged on return. @loads: from search_revisitable(). Of the @total alternatives of a choice
 * these are the last ones, and @only one may be wanted.
 */
void search_revisit(int w, const int16_t *loads, int n, double weight, int total, int only);
/* The loads that store @w, the last event, may revisit; @loads has room for G.n of them. */
int search_revisitable(int w, int16_t *loads);

/*
 * Where store @w may go in co: after which stores. @reader: a load that is to read it, or EV_NONE.
 * Newest first. @after has room for all stores of the location and EV_INIT.
 */
int search_placements(int w, int reader, int16_t *after);
/* The same for the store of a read-modify-write, which has at most one place. */
int search_rmw_placement(int w, int reader, int16_t *after);
/* Room for the stores of @loc and EV_INIT. */
int search_nr_stores(int loc);
void search_free_graphs(void);

/* The stores that event @e, at the end of its thread, can't be put before or read past. */
int search_oldest_visible(int e);

/* Lets the load @r read @w, and gives it what follows: its value, a store part, failure, waiting. */
void search_choose_rf(int r, int w);

/* Turns the load of a read-modify-write into its store. */
void search_rmw_store(struct ev *load);
/* Is thread @t between rcu_read_lock() and rcu_read_unlock()? */
bool search_reader_section_open(int t);
/* The first thread that can go on, and what it does; -1 if there is none. */
int search_next_thread(struct label **label);

/*
 * Finds out which memory of an ordinary program is shared, by a search that is short. A replay has to know beforehand,
 * as the search knew when it found the execution.
 */
void search_learn(void);
int search_set_up(const struct flx_program *p, const struct flx_options *o, struct flx_result *r);
/* Fills in the verdict; @complete: nothing was left unexplored. Replaces G by the violation's graph. */
void search_result(bool complete);
void search_tear_down(const struct flx_record *record);

/* All threads have stopped: an execution is complete, blocked, or deadlocked. */
void search_leaf(void);
void search_fail(const char *oracle, const char *message);

#endif
