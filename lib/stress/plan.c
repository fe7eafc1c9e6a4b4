// SPDX-License-Identifier: MIT
/* plan.c - see plan.h. */
#include "stress/plan.h"

#include <string.h>

#define START_BITS 11	 /* turns before a thread begins: up to a few microseconds */
#define MAX_GAP_BITS 6	 /* noise: at every place, or at one in 64 */
#define MIN_TURN_BITS 4	 /* noise: some ten nanoseconds */
#define MAX_TURN_BITS 12 /* or some microseconds */
#define BRIEFLY 8	 /* one stall in so many */
#define ANYWHERE 4	 /* one has any places, not only shared ones */
#define PLAIN 3		 /* one run with stalls in so many has plain accesses as places */

/* splitmix64: all bits of @x count. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static uint64_t next_random(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15u;
	return mix(*state);
}

static uint64_t below(uint64_t *state, uint64_t n)
{
	return (next_random(state) >> 32) % n;
}

/* Mostly a close race, sometimes a wide one. */
static unsigned int some_turns(uint64_t *state, unsigned int bits)
{
	return (unsigned int)below(state, 1U << below(state, bits + 1));
}

static void add_stall(struct fl_plan *plan, uint64_t at, bool briefly)
{
	int i = plan->nr_stalls;

	for (; i && plan->stall[i - 1].at > at; i--)
		plan->stall[i] = plan->stall[i - 1];
	plan->stall[i].at = at;
	plan->stall[i].briefly = briefly;
	plan->nr_stalls++;
}

/* Few mostly do, and are soon found; with more threads it takes more. */
static int how_many(uint64_t *state, int nthreads)
{
	static const int two[] = { 1, 2, 2, 3, 3, 3, 3, 4 }, more[] = { 1, 2, 2, 3, 3, 4, 4, 4 };

	return (nthreads > 2 ? more : two)[below(state, 8)];
}

/* Of two threads, the one that stalled last would go on at once. */
static bool is_brief(uint64_t *state, int nthreads)
{
	return !below(state, BRIEFLY) && nthreads > 2;
}

static const struct fl_place_list *list_of(const struct fl_plan *plan,
					   const struct fl_places *places)
{
	return plan->plain ? &places->all : &places->marked;
}

/* Before the thread begins is one, too. */
static uint64_t count(const struct fl_place_list *list, bool shared)
{
	return 1 + (shared ? list->nr_shared : list->n);
}

static uint64_t number_of(const struct fl_place_list *list, bool shared, uint64_t i)
{
	return i && shared ? list->shared[i - 1] : i;
}

static void plan_stalls(struct fl_plan *plan, int nthreads, const struct fl_places *places,
			uint64_t *state)
{
	bool plain = !below(state, PLAIN), shared = below(state, ANYWHERE) != 0;
	uint64_t all = 0, at;
	int i, n = how_many(state, nthreads);

	for (i = 0; i < nthreads; i++) {
		plan[i].plain = plain;
		all += count(list_of(&plan[i], &places[i]), shared);
	}
	while (n--) {
		const struct fl_place_list *list;

		at = below(state, all);
		for (i = 0;; i++) {
			list = list_of(&plan[i], &places[i]);
			if (at < count(list, shared))
				break;
			at -= count(list, shared);
		}
		add_stall(&plan[i], number_of(list, shared, at), is_brief(state, nthreads));
	}
	for (i = 0; i < nthreads; i++)
		plan[i].start.stalls = plan[i].nr_stalls && !plan[i].stall[0].at;
}

static void plan_noise(struct fl_plan *plan, int nthreads, uint64_t *state)
{
	unsigned int gap = 1U << below(state, MAX_GAP_BITS + 1);
	unsigned int turns =
		1U << (MIN_TURN_BITS + below(state, MAX_TURN_BITS - MIN_TURN_BITS + 1));

	for (int i = 0; i < nthreads; i++) {
		plan[i].gap = gap;
		plan[i].turns = turns;
	}
}

static enum fl_plan_kind choose_kind(uint64_t run)
{
	switch (run % 8) {
	case 0:
		return FL_PLAN_CLOSE;
	case 1:
		return FL_PLAN_NOISE;
	default:
		return FL_PLAN_STALLS;
	}
}

void fl_plan_run(struct fl_plan *plan, int nthreads, const struct fl_places *places, uint64_t seed,
		 uint64_t run)
{
	uint64_t state = mix(mix(seed) ^ run);
	enum fl_plan_kind kind = choose_kind(run);

	memset(plan, 0, (size_t)nthreads * sizeof(*plan));
	for (int i = 0; i < nthreads; i++) {
		plan[i].kind = kind;
		plan[i].random = next_random(&state);
		plan[i].start.turns = some_turns(&state, START_BITS);
	}
	if (kind == FL_PLAN_STALLS)
		plan_stalls(plan, nthreads, places, &state);
	else if (kind == FL_PLAN_NOISE)
		plan_noise(plan, nthreads, &state);
}

uint64_t fl_plan_next(struct fl_plan *plan, uint64_t passed, struct fl_late *late)
{
	memset(late, 0, sizeof(*late));
	if (plan->kind == FL_PLAN_NOISE) {
		late->turns = (unsigned int)below(&plan->random, plan->turns);
		return passed + 1 + below(&plan->random, 2 * plan->gap - 1);
	}
	for (int i = 0; i < plan->nr_stalls; i++) {
		if (plan->stall[i].at <= passed)
			continue;
		late->stalls = true;
		late->briefly = plan->stall[i].briefly;
		return plan->stall[i].at;
	}
	return 0;
}
