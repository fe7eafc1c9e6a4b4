/* SPDX-License-Identifier: MIT */
/*
 * pct.c - runs by random priorities, with a probability of detection.
 *
 * After S. Burckhardt, P. Kothari, M. Musuvathi, S. Nagarakatte, "A randomized scheduler with probabilistic
 * guarantees of finding bugs", ASPLOS 2010. Threads have random priorities, and the one with the
 * highest that can go on does. At D - 1 steps, chosen at random, the thread that took the step falls below all
 * others. With n threads and k steps, a run finds a bug of depth D (which D orders between two steps suffice for)
 * with probability 1 / (n k^(D-1)) at least.
 *
 * That is about sequentially consistent executions. Under a weaker model every second run leaves them, in the
 * manner of M. Gao, S. Chakraborty, B. K. Ozkan, "Probabilistic concurrency testing for weak memory programs",
 * ASPLOS 2023: loads see what their thread knows already, the oldest store they may read, but for a few
 * accesses, chosen at random, that see any of them, or go to any place in co. No probability is claimed for these.
 */
#include <string.h>

#include "forward.h"

struct plan { /* of one run */
	struct chance chance;
	bool weak;
	int priority[FLX_MAX_THREADS];
	uint32_t change[FLX_MAX_DEPTH]; /* after which steps */
	uint32_t free[FLX_MAX_DEPTH];	/* which accesses see or do anything, counted from 1 */
	unsigned int nr_changes, nr_free;
	uint32_t steps, accesses; /* so far */
	double choices;		  /* in how many ways fl_choose() and the like could have gone */
};

/* The most accesses that a weak run had, not counting read-modify-writes. */
static uint32_t most_accesses;

static void make_plan(struct plan *p, uint64_t number)
{
	unsigned int depth = S.opt->bound;

	memset(p, 0, sizeof(*p));
	p->chance = chance_of_run(S.opt->seed, number);
	p->weak = S.opt->model != FLX_SC && number % 2;
	p->choices = 1;
	p->nr_changes = depth - 1;
	for (unsigned int i = 0; i < p->nr_changes; i++)
		p->change[i] = 1 + (uint32_t)chance_below(&p->chance, S.res->pct.steps);
	/* Threads that nobody has seen yet have theirs, too. */
	for (int t = 0; t < FLX_MAX_THREADS; t++) {
		int k = (int)chance_below(&p->chance, (uint64_t)t + 1);

		p->priority[t] = p->priority[k];
		p->priority[k] = (int)depth + t;
	}
	if (!p->weak)
		return;
	p->nr_free = (unsigned int)chance_below(&p->chance, depth + 1);
	for (unsigned int i = 0; i < p->nr_free; i++)
		p->free[i] = 1 + (uint32_t)chance_below(&p->chance, most_accesses + 1);
}

/* A grace period waits for the reader sections that are open. */
static bool others_read(int t)
{
	for (int u = 0; u < G.nthreads; u++)
		if (u != t && search_reader_section_open(u))
			return true;
	return false;
}

static bool enabled(const struct step *s)
{
	return s->pace == PACE_GOES_ON || (s->pace == PACE_GRACE && !others_read(s->thread));
}

/* The step of the thread with the highest priority that can go on; NULL: nobody can. */
static const struct step *highest(const struct plan *p, const struct step *step, int n)
{
	const struct step *best = NULL;

	for (int i = 0; i < n; i++)
		if (enabled(&step[i]) &&
		    (!best || p->priority[step[i].thread] > p->priority[best->thread]))
			best = &step[i];
	return best;
}

static bool next_is_free(struct plan *p)
{
	p->accesses++;
	for (unsigned int i = 0; i < p->nr_free; i++)
		if (p->free[i] == p->accesses)
			return true;
	return false;
}

static uint64_t choose_way(struct plan *p, const struct step *s, const struct options *o)
{
	const struct label *l = s->label;

	if (l->kind == EV_CHOICE) {
		p->choices *= (double)o->n;
		return chance_below(&p->chance, o->n);
	}
	/* A read-modify-write reads the newest store in most executions whatever chance does. */
	if (!p->weak || l->kind > EV_WRITE || (l->flags & EVF_COND))
		return 0;
	if (next_is_free(p))
		return chance_below(&p->chance, o->n);
	return l->kind == EV_READ ? o->n - 1 : 0;
}

static void take(struct plan *p, const struct step *s)
{
	struct options o = forward_options(s, false, !p->weak);

	if (o.n)
		forward_take(s, &o, choose_way(p, s, &o));
	forward_give_back(&o);
	p->steps++;
	for (unsigned int i = 0; i < p->nr_changes; i++)
		if (p->change[i] == p->steps)
			p->priority[s->thread] = (int)(p->nr_changes - i);
}

/* Nobody goes on: who is left waits for ever. */
static void wait_for_ever(const struct step *s)
{
	struct options o = forward_options(s, true, true);

	/* Waiting is reading the newest store, the first way; a grace period has it as its last. */
	forward_take(s, &o, s->pace == PACE_GRACE ? o.n - 1 : 0);
	forward_give_back(&o);
}

/* The bound is for the most threads and steps that a sequentially consistent run had. */
static void measure(const struct plan *p)
{
	struct flx_pct *m = &S.res->pct;

	if (p->weak) {
		most_accesses = p->accesses > most_accesses ? p->accesses : most_accesses;
		return;
	}
	m->runs++;
	if (G.nthreads <= m->threads && p->steps <= m->steps && p->choices <= m->choices)
		return;
	/* Earlier runs had their change points among fewer steps. */
	m->runs = 0;
	m->threads = G.nthreads > m->threads ? G.nthreads : m->threads;
	m->steps = p->steps > m->steps ? p->steps : m->steps;
	m->choices = p->choices > m->choices ? p->choices : m->choices;
}

static bool pct_run(uint64_t number)
{
	struct plan p;

	make_plan(&p, number);
	while (!runs_cut_short()) {
		struct step step[FLX_MAX_THREADS];
		bool stuck;
		int n = forward_steps(step, &stuck);
		const struct step *s = highest(&p, step, n);

		if (forward_failed())
			return false;
		if (!n) {
			measure(&p);
			return true;
		}
		if (s)
			take(&p, s);
		else
			wait_for_ever(&step[0]);
	}
	return false;
}

static void restart(void)
{
	memset(&S.res->pct, 0, sizeof(S.res->pct));
	S.res->pct.steps = 1;
	most_accesses = 0;
}

static double power(double x, uint64_t n)
{
	double y = 1;

	for (; n; n >>= 1, x *= x)
		if (n & 1)
			y *= x;
	return y;
}

void forward_pct(void)
{
	struct flx_pct *m = &S.res->pct;

	runs_until_limit(pct_run, restart);
	if (!m->threads)
		return;
	m->per_run = 1 / (m->threads * power(m->steps, S.opt->bound - 1) * m->choices);
	m->all_runs = 1 - power(1 - m->per_run, m->runs);
}
