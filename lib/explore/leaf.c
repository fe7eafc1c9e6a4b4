/* SPDX-License-Identifier: MIT */
/* leaf.c - what a finished execution says: complete, blocked, deadlocked, violated. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lifetime.h"
#include "memory.h"
#include "object_end.h"
#include "search.h"
#include "symmetry.h"

void search_fail(const char *oracle, const char *message)
{
	if (S.failed)
		return;
	S.failed = true;
	snprintf(S.oracle, sizeof(S.oracle), "%s", oracle);
	snprintf(S.message, sizeof(S.message), "%s", message);
}

enum end { END_COMPLETE, END_BLOCKED, END_DEADLOCK, END_VOID };

/*
 * A read-modify-write in a round has stored what it has read, and so may others have since: those are all as new. A load
 * that does not store reads the last of them in another execution.
 */
static bool reads_newest(const struct ev *e)
{
	int w = graph_co_next(&G, e->loc, e->rf);

	while ((e->flags & EVF_RMW) && w != EV_NONE && (G.ev[w].flags & EVF_RMW) &&
	       ev_is_silent(&G.ev[graph_po_prev(&G, w)]))
		w = G.ev[w].co_next;
	return w == EV_NONE;
}

/*
 * Has thread @t, which waits at its last load, or has come to the end of a round that leads nowhere (@end), read the newest
 * stores in that round? If it could have come here with fewer rounds, that is for another execution to say.
 */
static bool waits_on_newest(int t, const struct label *end)
{
	const struct ev *e = &G.ev[G.tev[t][G.tn[t] - 1]];

	if (!end && (e->flags & EVF_AWAIT))
		return reads_newest(e);
	if (!end)
		for (end = e->op->child; end && end->via != e->rval;)
			end = end->sibling;
	if (S.opt->mutant == FLX_MUT_ROUND_STALE)
		return true;
	if (!end || end->stop != LABEL_SPINS)
		return false;
	for (int i = G.tn[t] - 1; i >= 0; i--) {
		e = &G.ev[G.tev[t][i]];
		if (e->kind == EV_READ && !reads_newest(e))
			return false;
		if (e->op == end->back)
			break;
	}
	return true;
}

static bool leads_nowhere(const struct label *l)
{
	return l && (l->stop == LABEL_SPINS || l->stop == LABEL_AGAIN);
}

/* How the threads ended; *who: one that waits for ever. */
static enum end judge_threads(int *who)
{
	bool waits = false, stale = false, grace_period = false, reader = false, over = false;

	for (int t = 0; t < G.nthreads; t++) {
		int last = G.tn[t] ? G.tev[t][G.tn[t] - 1] : EV_NONE;
		const struct ev *e = last == EV_NONE ? NULL : &G.ev[last];
		const struct label *l;

		if (e && e->kind == EV_END)
			continue;
		if (e && (e->flags & EVF_MIXED)) {
			stale = true;
			continue;
		}
		l = exec_label(t);
		if (exec_error[0])
			return END_VOID;
		if (l && l->stop && !leads_nowhere(l)) {
			stale |= (l->stop == LABEL_PRUNED &&
				  S.opt->mutant != FLX_MUT_COUNT_PRUNED) ||
				 l->stop == LABEL_BOUND;
			if (l->stop == LABEL_BOUND && !S.res->loop_pc)
				S.res->loop_pc = l->pc;
			over |= l->stop == LABEL_EXITED;
			if (l->stop == LABEL_STOPPED)
				search_fail(l->oracle, l->message);
			continue;
		}
		if (!l && !e)
			continue; /* never created */
		reader |= search_reader_section_open(t);
		if (e && e->kind == EV_FENCE && (e->flags & EVF_BLOCKED)) {
			grace_period = true;
			*who = t;
		} else if (!leads_nowhere(l) && (!e || !(e->flags & EVF_BLOCKED))) {
			/* Waits for another thread's end. */
			waits = true;
		} else if (!waits_on_newest(t, l) && S.opt->mutant != FLX_MUT_WAIT_ON_STALE) {
			stale = true;
		} else if (!(e->flags & EVF_MAY_WAIT)) {
			waits = true;
			*who = t;
		}
	}
	/* Nobody to wait for: the graph in which it is over has all that this one has. */
	if (grace_period && !reader && S.opt->mutant != FLX_MUT_GP_LASTS_ALONE)
		return END_VOID;
	/* A load that waits on an older store would see the newer one some day. */
	if (stale)
		return END_BLOCKED;
	if (grace_period)
		return END_DEADLOCK;
	return waits && !over ? END_DEADLOCK : END_COMPLETE;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	h ^= v + 0x9e3779b97f4a7c15ull + (h << 6) + (h >> 2);
	return h * 0xff51afd7ed558ccdull;
}

static uint64_t name_of(int e)
{
	return e < 0 ? (uint64_t)(e + 1000000) : (uint64_t)G.ev[e].thread << 32 | G.ev[e].idx;
}

uint64_t search_graph_hash(void)
{
	uint64_t h = 0;

	for (int t = 0; t < G.nthreads; t++)
		for (int i = 0; i < G.tn[t]; i++) {
			const struct ev *e = &G.ev[G.tev[t][i]];

			h = mix(h, (uint64_t)t << 32 | (unsigned int)i);
			h = mix(h, e->kind | (e->flags & EVF_BLOCKED) << 8);
			if (e->kind == EV_CHOICE)
				h = mix(h, e->rval);
			if (e->kind > EV_WRITE)
				continue;
			h = mix(h, e->loc);
			/* In the end it does not matter which store a load waits on. */
			if (e->kind == EV_READ && !(e->flags & EVF_BLOCKED))
				h = mix(h, name_of(e->rf));
			else if (e->kind == EV_WRITE)
				h = mix(h, name_of(e->co_prev));
		}
	return h ? h : 1;
}

static void grow(struct hash_set *set)
{
	struct hash_set bigger = { .cap = set->cap ? set->cap * 2 : 4096 };

	bigger.hash = calloc(bigger.cap, sizeof(*bigger.hash));
	if (!bigger.hash)
		abort();
	for (size_t k = 0; k < set->cap; k++)
		if (set->hash[k])
			search_seen(&bigger, set->hash[k]);
	free(set->hash);
	*set = bigger;
}

bool search_seen(struct hash_set *set, uint64_t h)
{
	size_t i;

	if (set->n * 2 >= set->cap)
		grow(set);
	for (i = h & (set->cap - 1); set->hash[i]; i = (i + 1) & (set->cap - 1))
		if (set->hash[i] == h)
			return true;
	set->hash[i] = h;
	set->n++;
	return false;
}

static void keep_if_better(int rank, const char *oracle, const char *message, const int racing[2])
{
	struct finding *b = &S.best;

	if (b->found && rank >= b->rank && (rank > b->rank || G.n >= b->n))
		return;
	if (S.opt->model == FLX_LKMM && S.opt->mutant != FLX_MUT_ALWAYS_SURE &&
	    !lkmm_allows_with_dependencies(&G, S.opt->mutant))
		rank += RANK_UNSURE;
	if (!b->found) {
		S.executions_at_find = S.res->executions;
		S.found_at = now_seconds();
	} else if (rank > b->rank || (rank == b->rank && G.n >= b->n)) {
		return;
	} else if (rank < b->rank) {
		S.executions_at_find = S.res->executions;
		S.found_at = now_seconds();
	}
	b->found = true;
	b->rank = rank;
	snprintf(b->oracle, sizeof(b->oracle), "%s", oracle);
	snprintf(b->message, sizeof(b->message), "%s", message);
	b->racing[0] = racing[0];
	b->racing[1] = racing[1];
	b->ev = realloc(b->ev, sizeof(*b->ev) * (G.n + 1));
	if (!b->ev)
		abort();
	memcpy(b->ev, G.ev, sizeof(*b->ev) * G.n);
	b->n = G.n;
	b->path = realloc(b->path, sizeof(*b->path) * (S.path_len + 1));
	if (!b->path)
		abort();
	if (S.path_len)
		memcpy(b->path, S.path, sizeof(*b->path) * S.path_len);
	b->path_len = S.path_len;
}

static bool freed_object_used(bool all_dependencies, int pair[2])
{
	if (!G.nr[HAS_FREE] || S.opt->mutant == FLX_MUT_NO_FREE)
		return false;
	if (S.clocks)
		return hb_use_after_free(&G, pair);
	return model_use_after_free(&G, S.opt->model, S.opt->mutant, all_dependencies, pair);
}

static void describe_race(char *buf, size_t size, const int racing[2])
{
	const struct ev *a = &G.ev[racing[0]], *b = &G.ev[racing[1]];

	snprintf(buf, size, "CPU%d's %s %s and CPU%d's %s %s of the same location race", a->thread,
		 a->order == FL_PLAIN ? "plain" : "marked", a->kind == EV_WRITE ? "store" : "load",
		 b->thread, b->order == FL_PLAIN ? "plain" : "marked",
		 b->kind == EV_WRITE ? "store" : "load");
}

/* Operations that fail by themselves, whoever looks. */
static void label_failures(void)
{
	for (int i = 0; G.nr[HAS_FAILURE] && i < G.n && !S.failed; i++)
		if (G.ev[i].op->oracle)
			search_fail(G.ev[i].op->oracle, G.ev[i].op->message);
}

static bool race_free(void)
{
	/* A shortcut, as in lkmm.c. */
	if (S.opt->model == FLX_LKMM &&
	    (S.opt->mutant == FLX_MUT_NONE || S.opt->mutant == FLX_MUT_SYNC_RFI))
		return lkmm_synchronised(&G, S.opt->mutant);
	return false;
}

static bool find_race(bool all_dependencies, int racing[2])
{
	if (S.opt->model == FLX_LKMM)
		return lkmm_race(&G, S.opt->mutant, all_dependencies, racing);
	return hb_race(&G, racing) || (S.mixed[0] && hb_race_of_parts(&G, racing));
}

static bool use_after_free_found(void)
{
	int pair[2] = { EV_NONE, EV_NONE }, sure[2];
	char message[256];
	bool is_sure, again;

	if (!freed_object_used(false, pair))
		return false;
	is_sure = freed_object_used(true, sure);
	if (is_sure)
		memcpy(pair, sure, sizeof(sure));
	again = G.ev[pair[1]].flags & EVF_FREE;
	snprintf(message, sizeof(message), "CPU%d %s an object that CPU%d has freed",
		 G.ev[pair[1]].thread, again ? "frees" : "uses", G.ev[pair[0]].thread);
	keep_if_better(is_sure ? 0 : RANK_UNSURE, again ? "double-free" : "use-after-free", message,
		       pair);
	return true;
}

/* Only if all threads have run along this very graph. */
static bool ended_object_used(void)
{
	int pair[2] = { EV_NONE, EV_NONE }, sure[2];
	const struct object_end *ends;
	int nr = object_ends(&ends);
	const char *name = NULL;
	char message[256];
	bool is_sure;

	if (!nr || S.opt->mutant == FLX_MUT_NO_FREE || S.opt->model == FLX_RC11 ||
	    !model_use_after_end(&G, S.opt->model, S.opt->mutant, false, ends, nr, pair))
		return false;
	is_sure = model_use_after_end(&G, S.opt->model, S.opt->mutant, true, ends, nr, sure);
	if (is_sure)
		memcpy(pair, sure, sizeof(sure));
	if (program->name_use)
		name = program->name_use(G.ev[pair[1]].op->site);
	snprintf(message, sizeof(message), "CPU%d uses memory that CPU%d may have freed before",
		 G.ev[pair[1]].thread, G.ev[pair[0]].thread);
	keep_if_better(is_sure ? 0 : RANK_UNSURE, name ? name : "use-after-free", message, pair);
	return true;
}

static bool lifetime_error_found(void)
{
	struct lifetime_error err;

	if (S.opt->mutant == FLX_MUT_NO_FREE || !lifetime_error(&err))
		return false;
	keep_if_better(0, err.oracle, err.message, err.pair);
	return true;
}

static bool race_found(int rank)
{
	int pair[2] = { EV_NONE, EV_NONE }, sure[2];
	char message[256];
	bool is_sure;

	if (!S.opt->races || S.opt->mutant == FLX_MUT_NO_RACES || !G.nr[HAS_PLAIN] ||
	    (S.best.found && S.best.rank < rank) || race_free() || !find_race(false, pair))
		return false;
	/* A race that is there whatever depends on what, if there is one, else any. */
	is_sure = find_race(true, sure);
	if (is_sure)
		memcpy(pair, sure, sizeof(sure));
	describe_race(message, sizeof(message), pair);
	keep_if_better(is_sure ? rank : RANK_UNSURE + rank, "data-race", message, pair);
	return true;
}

/* A race names both places, so it is looked for before what may be one more consequence of it. */
static bool undefined_found(void)
{
	return use_after_free_found() || race_found(0) || lifetime_error_found();
}

/*
 * Also of an execution in which a thread does not go on, because it could have come here with less
 * or an assumption does not hold: what has happened until then can happen.
 *
 * In the kernel a race is one finding among others, and the least. In C it makes the rest of the execution
 * meaningless, what failed there too.
 */
static void judge_memory(void)
{
	static const int nobody[2] = { EV_NONE, EV_NONE };

	if (program->ordinary && undefined_found())
		return;
	if (S.failed)
		keep_if_better(0, S.oracle, S.message, nobody);
	else if (!program->ordinary && !use_after_free_found())
		race_found(2);
}

/* Threads also wait for ever for one that has failed. */
static void judge_deadlock(int who)
{
	static const int nobody[2] = { EV_NONE, EV_NONE };
	char message[256];

	if (S.failed) {
		judge_memory();
		return;
	}
	if (program->ordinary && undefined_found())
		return;
	snprintf(message, sizeof(message), "CPU%d (%s) waits for ever", who,
		 who < program->nthreads && program->name[who] ? program->name[who] : "?");
	keep_if_better(1, "deadlock", message, nobody);
}

void search_leaf(void)
{
	enum end end;
	int who = 0;

	S.failed = false;
	end = judge_threads(&who);
	if (end == END_VOID || (!S.forward && symmetry_elsewhere()))
		return;
	if (G.nr[HAS_SYNC] && !model_consistent(&G, S.opt->model, S.opt->mutant, true)) {
		S.res->blocked++;
		return;
	}
	if (end == END_BLOCKED) {
		S.res->blocked++;
		label_failures();
		judge_memory();
		return;
	}
	if (search_remembers() && search_seen(&S.complete, search_graph_hash())) {
		S.res->duplicates++;
		/* Forward, several schedules lead to one execution. */
		if (S.forward)
			return;
	}
	/* Threads that needed no new event have not been run so far; oracles want to hear of all. */
	if (S.observed) {
		S.failed = false;
		exec_restart();
		for (int t = 0; t < G.nthreads; t++)
			exec_to_frontier(t);
		exec_moved();
		if (exec_error[0])
			return;
	}
	label_failures();
	S.res->executions++;
	if ((uint32_t)G.n > S.res->events)
		S.res->events = G.n;
	if (end == END_DEADLOCK) {
		judge_deadlock(who);
		return;
	}
	memory_write_back(&G);
	if (program->finish)
		program->finish(program->common);
	if (S.opt->on_execution)
		S.opt->on_execution(S.opt->on_execution_arg);
	memory_restore();
	if (!S.failed && S.observed && !program->ordinary && ended_object_used())
		return;
	judge_memory();
}
