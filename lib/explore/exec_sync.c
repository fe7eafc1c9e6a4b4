/* SPDX-License-Identifier: MIT */
/*
 * exec_sync.c - how far threads have run, and whether that is still a part of the graph.
 *
 * A thread runs on as long as the graph has an event for what it does next; before it passes a load, the store that
 * this reads from is passed by its own thread. Once the search has cut the graph back, what has run may be part of
 * another one: then all threads start again.
 */
#include "exec_internal.h"
#include "memory.h"
#include "object_end.h"

bool exec_probing;

static bool begun;   /* threads are somewhere on their ways, and what they have passed is known */
static bool in_sync; /* what has run is known to be a part of G */

void exec_restart(void)
{
	memory_reset_thread_zones();
	for (int i = 0; i < exec_nr_known; i++)
		exec_restart_thread(i);
	begun = true;
	object_ends_forget();
	exec_reset_cpus();
	if (program->reset)
		program->reset(program->common);
}

static bool at_frontier(const struct thread *t, int thread)
{
	const struct ev *e;

	if (t->ended || t->stop)
		return true;
	if (!t->waiting)
		return false;
	if (t->pos >= G.tn[thread])
		return true;
	e = &G.ev[G.tev[thread][t->pos]];
	if (e->flags & EVF_BLOCKED)
		return true;
	return (e->kind == EV_READ && (e->flags & EVF_RMW)) && t->pos + 1 >= G.tn[thread] &&
	       !exec_probing;
}

static void pass_event(int t, int idx);

/* A thread that was created by another can run once its creator is past that. */
static bool exists(int t)
{
	if (!T[t].fn && G.spawn[t] != EV_NONE)
		pass_event(G.ev[G.spawn[t]].thread, G.ev[G.spawn[t]].idx);
	return T[t].fn;
}

/* One stretch of @t; first whatever it waits for. */
static void advance(int t)
{
	if (!exists(t))
		return;
	if (T[t].wait_thread >= 0) {
		int u = T[t].wait_thread;

		T[t].wait_thread = -1;
		pass_event(u, T[t].wait_idx);
	}
	if (!exec_error[0])
		exec_resume(t);
}

static void pass_event(int t, int idx)
{
	while (T[t].pos <= idx && !T[t].stop && !exec_error[0])
		advance(t);
	if (T[t].pos <= idx && !exec_error[0])
		exec_did_not_repeat(t, "ends early");
}

void exec_to_frontier(int t)
{
	if (!exists(t))
		return;
	while (!at_frontier(&T[t], t) && !exec_error[0])
		advance(t);
}

void exec_moved(void)
{
	in_sync = false;
}

void exec_probe(bool on)
{
	exec_probing = on;
	/* The thread may run past what is in the graph. */
	if (!on)
		in_sync = false;
}

static bool has_passed(const struct passed *p, const struct ev *e)
{
	return p->op == e->op && p->flags == e->flags && p->value == value_of(e);
}

/* Is what thread @t has passed still the beginning of its part of G? */
static bool is_part_of_graph(int t)
{
	if (T[t].pos > G.tn[t])
		return false;
	for (int i = 0; i < T[t].pos; i++)
		if (!has_passed(&T[t].passed[i], &G.ev[G.tev[t][i]]))
			return false;
	return true;
}

/* Threads have run along a graph that may have been another one. */
void exec_get_in_sync(void)
{
	bool same = program->ordinary && begun;

	if (in_sync)
		return;
	for (int t = 0; t < exec_nr_known && same; t++)
		same = is_part_of_graph(t);
	if (!same)
		exec_restart();
	for (int t = 0; t < exec_nr_known && same; t++)
		T[t].wait_thread = -1; /* it asks again */
	in_sync = true;
}

void exec_sync_forget(void)
{
	begun = in_sync = false;
}
