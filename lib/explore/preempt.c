/* SPDX-License-Identifier: MIT */
/*
 * preempt.c - all executions with a bounded number of preemptions.
 *
 * After M. Musuvathi, S. Qadeer, "Iterative context bounding for systematic testing of multithreaded programs",
 * PLDI 2007: many bugs need few switches away from a thread that could have gone on, whatever the number of
 * threads and steps. Under a model weaker than sc each step is taken in all its ways: that a store comes late to
 * others costs no preemption.
 *
 * Several schedules lead to one graph. A graph is entered again only with more preemptions left than before,
 * or with another thread that could go on.
 */
#include <stdlib.h>
#include <string.h>

#include "forward.h"
#include "learn.h"

/* Graph and thread -> the most preemptions that were left. By open addressing; key 0 is free. */
struct visited {
	struct place {
		uint64_t key;
		uint32_t left;
	} * place;
	size_t n, cap;
};

static struct visited visited;

static struct place *find(const struct visited *v, uint64_t key)
{
	size_t i = key & (v->cap - 1);

	while (v->place[i].key && v->place[i].key != key)
		i = (i + 1) & (v->cap - 1);
	return &v->place[i];
}

static void grow(struct visited *v)
{
	struct visited bigger = { .n = v->n, .cap = v->cap ? 2 * v->cap : 4096 };

	bigger.place = calloc(bigger.cap, sizeof(*bigger.place));
	if (!bigger.place)
		abort();
	for (size_t i = 0; i < v->cap; i++)
		if (v->place[i].key)
			*find(&bigger, v->place[i].key) = v->place[i];
	free(v->place);
	*v = bigger;
}

static void forget(struct visited *v)
{
	free(v->place);
	memset(v, 0, sizeof(*v));
}

/* Was G entered before with @current and at least @left preemptions? */
static bool entered(int current, uint32_t left)
{
	uint64_t key = search_graph_hash() ^ (uint64_t)(current + 1) * 0x9e3779b97f4a7c15ull;
	struct place *p;

	if (2 * visited.n >= visited.cap)
		grow(&visited);
	p = find(&visited, key ? key : 1);
	if (p->key && p->left >= left)
		return true;
	visited.n += !p->key;
	*p = (struct place){ key ? key : 1, left };
	return false;
}

static bool ended_early(void)
{
	if (!S.stop && search_limit_reached())
		S.stop = true;
	if (forward_failed() || search_too_long())
		S.stop = true;
	return S.stop;
}

static void enter(int current, uint32_t left, double weight);

/*
 * What a load may read and still count as of this schedule. Sequential consistency is schedules and nothing else: a
 * load of an older store would be one of another schedule, with its own preemptions.
 */
static struct options ways_of(const struct step *s, bool stuck)
{
	return forward_options(s, stuck, S.opt->model == FLX_SC);
}

/* All ways of one step. */
static bool take_all_ways(const struct step *s, bool stuck, uint32_t left, double weight)
{
	struct options o = ways_of(s, stuck);
	int n = G.n;

	for (uint64_t i = 0; i < o.n && !S.stop; i++) {
		forward_take(s, &o, i);
		enter(s->thread, left, weight / (double)o.n);
		search_unwind(n);
	}
	forward_give_back(&o);
	if (!o.n)
		S.done += weight;
	return o.n;
}

static bool can_be_taken(const struct step *s, bool stuck)
{
	struct options o = ways_of(s, stuck);

	forward_give_back(&o);
	return o.n;
}

/* Puts @current's step, if it goes on, in front of the others: *@goes_on. */
static void current_first(struct step *step, int n, int current, bool *goes_on)
{
	*goes_on = false;
	for (int i = 0; i < n; i++) {
		struct step s = step[i];

		if (s.thread != current || s.pace != PACE_GOES_ON)
			continue;
		memmove(step + 1, step, sizeof(*step) * (size_t)i);
		step[0] = s;
		*goes_on = true;
	}
}

/* G is what @current's last step has made of it. */
static void enter(int current, uint32_t left, double weight)
{
	struct step step[FLX_MAX_THREADS];
	bool stuck, goes_on, any = false;
	int n;

	if (ended_early())
		return;
	if (forward_in_vain()) {
		S.res->blocked++;
		S.done += weight;
		return;
	}
	n = forward_steps(step, &stuck);
	current_first(step, n, current, &goes_on);
	if (entered(goes_on ? current : -1, left)) {
		S.done += weight;
		return;
	}
	for (int i = 0; i < n && !S.stop; i++) {
		bool costs = goes_on && i;

		if (costs && !left) {
			S.partial = S.partial || can_be_taken(&step[i], stuck);
			S.done += weight / n;
		} else {
			any |= take_all_ways(&step[i], stuck, left - costs, weight / n);
		}
	}
	if (any || ended_early())
		return;
	search_leaf();
	if (!n)
		S.done += weight;
}

void forward_preemptions(void)
{
	do {
		search_begin_again();
		forget(&visited);
		S.partial = false;
		forward_start();
		enter(-1, S.opt->bound, 1);
	} while (learn_again);
	S.res->within_bound = !S.stop;
	S.partial |= S.stop;
	forget(&visited);
}
