/* SPDX-License-Identifier: MIT */
/*
 * random.c - runs that are left to chance: any thread that can go on, any store that it may read, any place in
 * co. Stores and places are each as likely as the others. Threads go at paces that are drawn for each run: at
 * equal ones a short thread would nearly always be over before a long one comes to the point. Also the runs of
 * pct.c, and the short pass before an exhaustive search.
 */
#include "forward.h"

#include <stdlib.h>

#include "learn.h"

/* Unless the user says how long. */
#define DEFAULT_RUNS 10000
#define DEFAULT_SECONDS 10

/*
 * The first pass is over in a millisecond or two. Counted in steps, and in how often code had to be run, and not by
 * the clock, so that the same is found on a busy machine.
 */
#define FIRST_RUNS 100
#define FIRST_STEPS 4000
#define FIRST_STRETCHES 1000

/* A thread's pace in a run is 1, 4, 16 or 64. */
#define NR_PACES 4

struct paces {
	uint64_t of[FLX_MAX_THREADS];
};

static void draw_paces(struct chance *c, struct paces *paces)
{
	for (int t = 0; t < FLX_MAX_THREADS; t++)
		paces->of[t] = 1ULL << 2 * chance_below(c, NR_PACES);
}

static int pick_thread(struct chance *c, const struct step *step, int n, const struct paces *paces)
{
	uint64_t sum = 0, at;
	int k = 0;

	for (int i = 0; i < n; i++)
		sum += paces->of[step[i].thread];
	at = chance_below(c, sum);
	while (at >= paces->of[step[k].thread])
		at -= paces->of[step[k++].thread];
	return k;
}

/* One of the steps that can be taken, by the threads' paces: *@o has its ways. -1: there is none. */
static int pick_step(struct chance *c, struct step *step, int n, bool stuck,
		     const struct paces *paces, struct options *o)
{
	while (n) {
		int k = pick_thread(c, step, n, paces);

		*o = forward_options(&step[k], stuck, false);
		if (o->n)
			return k;
		forward_give_back(o);
		step[k] = step[--n];
	}
	return -1;
}

static uint64_t max_runs(void)
{
	if (S.opt->max_executions)
		return S.opt->max_executions;
	return S.opt->timeout > 0 ? UINT64_MAX : DEFAULT_RUNS;
}

static bool limit_reached(void)
{
	double seconds = S.opt->timeout > 0	 ? S.opt->timeout
			 : S.opt->max_executions ? 0
						 : DEFAULT_SECONDS;

	return S.res->endless ||
	       search_time_is_up(seconds, S.res->runs, (double)S.res->runs / (double)max_runs());
}

bool runs_cut_short(void)
{
	if (forward_failed() || G.n > EV_CAP - 4)
		return true;
	if (!(S.every++ & 63) && limit_reached())
		S.stop = true;
	return S.stop;
}

static uint64_t steps_left;

static bool random_run(uint64_t number)
{
	struct chance c = chance_of_run(S.opt->seed, number);
	struct paces paces;

	draw_paces(&c, &paces);
	while (!runs_cut_short() && steps_left) {
		struct step step[FLX_MAX_THREADS];
		struct options o;
		bool stuck;
		int n = forward_steps(step, &stuck), k;

		if (forward_failed())
			return false;
		k = pick_step(&c, step, n, stuck, &paces, &o);
		if (k < 0)
			return true;
		forward_take(&step[k], &o, chance_below(&c, o.n));
		forward_give_back(&o);
		steps_left--;
	}
	return false;
}

/* One run, from the start to its end, which is judged. */
static void do_run(bool (*run)(uint64_t number))
{
	bool found = S.best.found;

	forward_start();
	if (run(S.res->runs))
		search_leaf();
	S.res->runs++;
	if (S.best.found && !found)
		S.res->found_in = S.res->runs;
}

static bool looked_long_enough(void)
{
	if (!S.best.found || S.best.rank >= RANK_UNSURE)
		return false;
	return S.opt->stop_at_first || S.res->runs - S.res->found_in >= search_more(S.best.rank);
}

void runs_until_limit(bool (*run)(uint64_t number), void (*restart)(void))
{
	do {
		search_begin_again();
		S.res->runs = S.res->found_in = 0;
		if (restart)
			restart();
		while (!S.stop && !forward_failed() && S.res->runs < max_runs() &&
		       !looked_long_enough())
			do_run(run);
	} while (learn_again && !S.stop);
	if (learn_again)
		search_begin_again();
	S.partial = true;
}

void forward_random(void)
{
	steps_left = UINT64_MAX;
	runs_until_limit(random_run, NULL);
}

static void first_runs(void)
{
	uint64_t until = exec_stretches + FIRST_STRETCHES;

	steps_left = FIRST_STEPS;
	for (int i = 0; i < FIRST_RUNS && !forward_failed() && !S.best.found; i++)
		if (steps_left && exec_stretches < until)
			do_run(random_run);
}

void forward_first_pass(void)
{
	struct flx_result before = *S.res;
	struct hash_set complete = S.complete;
	struct finding best = S.best;
	double done = S.done;

	S.complete = (struct hash_set){ 0 };
	S.best = (struct finding){ 0 };
	S.stop = false;
	S.forward = true;
	first_runs();
	S.forward = false;
	S.lucky = S.best;
	free(S.complete.hash);
	/* The search goes on as if this had not been. */
	before.endless |= S.res->endless;
	*S.res = before;
	S.complete = complete;
	S.best = best;
	S.done = done;
}

bool forward_lucky_enough(void)
{
	if (!S.lucky.found || S.lucky.rank >= RANK_UNSURE || S.best.found)
		return false;
	return S.opt->stop_at_first || S.res->executions >= search_more(S.lucky.rank);
}

void forward_compare_lucky(void)
{
	const struct finding *b = &S.best, *l = &S.lucky;
	struct finding swap = S.best;

	if (!l->found || (b->found && (b->rank < l->rank || (b->rank == l->rank && b->n <= l->n))))
		return;
	S.best = S.lucky;
	S.lucky = swap;
}
