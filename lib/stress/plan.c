// SPDX-License-Identifier: MIT
/* plan.c - see plan.h. */
#include "stress/plan.h"

#include <stdlib.h>
#include <string.h>

#define START_BITS 11	 /* turns before a thread begins: up to a few microseconds */
#define MAX_GAP_BITS 6	 /* noise: at every place, or at one in 64 */
#define MIN_TURN_BITS 4	 /* noise: some ten nanoseconds */
#define MAX_TURN_BITS 12 /* or some microseconds */
#define BRIEFLY 8	 /* one stall in so many */
#define ANYWHERE 4	 /* one has any places, not only shared ones */
#define PLAIN 3		 /* one run with stalls in so many has plain accesses as places */
#define DROP 4		 /* one run upon another one in so many leaves out one of its stalls */
#define LATER 2		 /* one in so many stalls only after those of the other one */
#define LATER_TRIES 8

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

static int nr_stalls(const struct fl_plan *plan, int nthreads)
{
	int n = 0;

	for (int i = 0; i < nthreads; i++)
		n += plan[i].nr_stalls;
	return n;
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

/* Any one of all threads'. */
static void drop_stall(struct fl_plan *plan, int nthreads, uint64_t *state)
{
	int i = (int)below(state, (uint64_t)nr_stalls(plan, nthreads));

	while (i >= plan->nr_stalls)
		i -= plan++->nr_stalls;
	plan->nr_stalls--;
	memmove(&plan->stall[i], &plan->stall[i + 1],
		(size_t)(plan->nr_stalls - i) * sizeof(plan->stall[0]));
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

static int choose_list(uint64_t *state)
{
	int plain = below(state, PLAIN) ? 0 : FL_PLACES_PLAIN;

	return plain | (below(state, ANYWHERE) ? FL_PLACES_SHARED : 0);
}

struct chosen {
	int thread;
	uint64_t at;
};

/* From all threads' lists of one kind. Before a thread begins is a place, too. */
static struct chosen choose(int nthreads, const struct fl_places *places, int list, uint64_t *state)
{
	struct chosen c = { 0 };
	uint64_t all = 0;

	for (int i = 0; i < nthreads; i++)
		all += 1 + places[i].n[list];
	c.at = below(state, all);
	for (; c.at > places[c.thread].n[list]; c.thread++)
		c.at -= 1 + places[c.thread].n[list];
	if (c.at)
		c.at = places[c.thread].at[list][c.at - 1];
	return c;
}

static void set_start(struct fl_plan *plan, int nthreads)
{
	for (int i = 0; i < nthreads; i++)
		plan[i].start.stalls = plan[i].nr_stalls && !plan[i].stall[0].at;
}

static void plan_stalls(struct fl_plan *plan, int nthreads, const struct fl_places *places,
			uint64_t *state)
{
	int list = choose_list(state), n = how_many(state, nthreads);

	while (n--) {
		struct chosen c = choose(nthreads, places, list, state);

		add_stall(&plan[c.thread], c.at, is_brief(state, nthreads));
	}
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

/* One of eight, at random: processes that share the runs have every nth one. */
static unsigned int turn_of(uint64_t run)
{
	return (unsigned int)(mix(run) % 8);
}

static enum fl_plan_kind choose_kind(uint64_t run)
{
	switch (turn_of(run)) {
	case 0:
		return FL_PLAN_CLOSE;
	case 1:
		return FL_PLAN_NOISE;
	default:
		return FL_PLAN_STALLS;
	}
}

static void plan_starts(struct fl_plan *plan, int nthreads, enum fl_plan_kind kind, uint64_t *state)
{
	memset(plan, 0, (size_t)nthreads * sizeof(*plan));
	for (int i = 0; i < nthreads; i++) {
		plan[i].kind = kind;
		plan[i].random = next_random(state);
		plan[i].start.turns = some_turns(state, START_BITS);
	}
}

void fl_plan_run(struct fl_plan *plan, int nthreads, const struct fl_places *places, uint64_t seed,
		 uint64_t run)
{
	uint64_t state = mix(mix(seed) ^ run);
	enum fl_plan_kind kind = choose_kind(run);

	plan_starts(plan, nthreads, kind, &state);
	if (kind == FL_PLAN_STALLS)
		plan_stalls(plan, nthreads, places, &state);
	else if (kind == FL_PLAN_NOISE)
		plan_noise(plan, nthreads, &state);
	set_start(plan, nthreads);
}

/* ---- upon another run ---- */

uint64_t fl_plan_random(uint64_t seed, uint64_t run)
{
	return mix(mix(mix(seed) ^ run));
}

bool fl_plan_is_upon(uint64_t run)
{
	return turn_of(run) >= 5;
}

static void take_stalls(struct fl_plan *plan, int nthreads, const struct fl_plan *base)
{
	for (int i = 0; i < nthreads; i++) {
		plan[i].nr_stalls = base[i].nr_stalls;
		memcpy(plan[i].stall, base[i].stall, sizeof(base[i].stall));
	}
}

static bool is_later(const struct fl_plan *plan, uint64_t at)
{
	return !plan->nr_stalls || plan->stall[plan->nr_stalls - 1].at < at;
}

static void stall_more(struct fl_plan *plan, int nthreads, const struct fl_places *places,
		       uint64_t *state)
{
	int list = choose_list(state), tries = below(state, LATER) ? 1 : LATER_TRIES;
	struct chosen c;

	do
		c = choose(nthreads, places, list, state);
	while (!is_later(&plan[c.thread], c.at) && --tries);
	add_stall(&plan[c.thread], c.at, is_brief(state, nthreads));
}

void fl_plan_upon(struct fl_plan *plan, int nthreads, const struct fl_plan *base,
		  const struct fl_places *places, uint64_t seed, uint64_t run)
{
	uint64_t state = mix(mix(seed) ^ run);
	int more;

	plan_starts(plan, nthreads, FL_PLAN_STALLS, &state);
	take_stalls(plan, nthreads, base);
	more = 1 + (below(&state, 3) == 0);
	if (nr_stalls(plan, nthreads) && !below(&state, DROP))
		drop_stall(plan, nthreads, &state);
	while (nr_stalls(plan, nthreads) + more > FL_PLAN_MAX_STALLS)
		drop_stall(plan, nthreads, &state);
	while (more--)
		stall_more(plan, nthreads, places, &state);
	set_start(plan, nthreads);
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

/* ---- as a text ---- */

static char *put_number(char *to, uint64_t n)
{
	char digits[24];
	int nr = 0;

	do {
		digits[nr++] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	while (nr)
		*to++ = digits[--nr];
	return to;
}

void fl_plan_text(char text[FL_PLAN_TEXT], const struct fl_plan *plan, int nthreads)
{
	char *to = text;

	for (int i = 0; i < nthreads; i++)
		for (int k = 0; k < plan[i].nr_stalls; k++) {
			if (to > text)
				*to++ = ',';
			to = put_number(to, (uint64_t)i);
			*to++ = '@';
			to = put_number(to, plan[i].stall[k].at);
			if (plan[i].stall[k].briefly)
				*to++ = 'b';
		}
	*to = '\0';
}

static bool take_number(const char **text, uint64_t *n, uint64_t limit)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	*n = strtoull(*text, &end, 10);
	*text = end;
	return *n < limit;
}

static bool take_stall(struct fl_plan *plan, int nthreads, const char **text)
{
	uint64_t thread, at;
	bool briefly;

	if (!take_number(text, &thread, (uint64_t)nthreads) || *(*text)++ != '@' ||
	    !take_number(text, &at, UINT32_MAX))
		return false;
	briefly = **text == 'b';
	*text += briefly;
	add_stall(&plan[thread], at, briefly);
	return true;
}

bool fl_plan_parse(struct fl_plan *plan, int nthreads, const char *text, uint64_t seed,
		   uint64_t run)
{
	uint64_t state = mix(mix(seed) ^ run);

	plan_starts(plan, nthreads, FL_PLAN_STALLS, &state);
	for (int i = 0; i < FL_PLAN_MAX_STALLS; i++) {
		if (!take_stall(plan, nthreads, &text))
			return false;
		if (!*text) {
			set_start(plan, nthreads);
			return true;
		}
		if (*text++ != ',')
			return false;
	}
	return false;
}
