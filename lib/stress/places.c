// SPDX-License-Identifier: MIT
/* places.c - see places.h. */
#include <faultline/scenario.h>

#include "stress/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stress/arena.h"

#define MAX_RUNS 24 /* all orders of four threads */

struct counting {
	struct fl_delay_threads *all;
	struct fl_delay_notes *notes;	/* of each thread */
	unsigned char *users, *writers; /* a set of threads per word of the arena */
	size_t nr_words;
	bool *shared[FL_MAX_THREADS][2]; /* by place; marked ones, all */
};

/* The threads in the order of their turns: the @nth permutation. */
static void take_turns(struct fl_delay_threads *all, unsigned int nth)
{
	int left[FL_MAX_THREADS], n = all->n;

	memset(all->plan, 0, sizeof(all->plan));
	for (int i = 0; i < n; i++)
		left[i] = i;
	for (int turn = 1; n > 0; turn++, n--) {
		int i = (int)(nth % (unsigned int)n);

		nth /= (unsigned int)n;
		all->plan[left[i]].start = (struct fl_late){ .stalls = true, .turn = turn };
		memmove(&left[i], &left[i + 1], (size_t)(n - i - 1) * sizeof(left[0]));
	}
}

static unsigned int nr_orders(int n)
{
	unsigned int orders = 1;

	for (int i = 2; i <= n && orders < MAX_RUNS; i++)
		orders *= (unsigned int)i;
	return orders < MAX_RUNS ? orders : MAX_RUNS;
}

/* The word of a place; 0: it was an address elsewhere. */
static size_t word_of(const struct counting *c, uint32_t at)
{
	return at / 8 < c->nr_words ? at / 8 : 0;
}

static uint32_t most(uint64_t n)
{
	return n < FL_DELAY_MAX_PLACES ? (uint32_t)n : FL_DELAY_MAX_PLACES;
}

static void note_users(const struct counting *c, int number)
{
	const struct fl_delay_notes *notes = &c->notes[number];
	uint32_t n = most(c->all->thread[number].delay.all_passed);

	for (uint32_t i = 1; i <= n; i++) {
		size_t word = word_of(c, notes->all[i]);

		c->users[word] |= (unsigned char)(1U << number);
		if (notes->all[i] & FL_DELAY_STORES)
			c->writers[word] |= (unsigned char)(1U << number);
	}
}

/* One of the two stores there. */
static void note_shared(const struct counting *c, int number, bool *shared, const uint32_t *at,
			uint32_t n)
{
	for (uint32_t i = 1; i <= n; i++) {
		size_t word = word_of(c, at[i]);
		unsigned int met = at[i] & FL_DELAY_STORES ? c->users[word] : c->writers[word];

		if (word && (met & ~(1U << number)))
			shared[i] = true;
	}
}

/* After a run. */
static void look_at_notes(const struct counting *c, struct fl_places *places)
{
	memset(c->users, 0, c->nr_words);
	memset(c->writers, 0, c->nr_words);
	for (int i = 0; i < c->all->n; i++)
		note_users(c, i);
	for (int i = 0; i < c->all->n; i++) {
		const struct fl_delay *d = &c->all->thread[i].delay;
		uint32_t marked = most(d->passed), all = most(d->all_passed);

		note_shared(c, i, c->shared[i][0], c->notes[i].marked, marked);
		note_shared(c, i, c->shared[i][1], c->notes[i].all, all);
		if (marked > places[i].marked.n)
			places[i].marked.n = marked;
		if (all > places[i].all.n)
			places[i].all.n = all;
	}
}

static int list_shared(struct fl_place_list *list, const bool *shared)
{
	list->shared = calloc((size_t)list->n + 1, sizeof(*list->shared));
	if (!list->shared)
		return -ENOMEM;
	for (uint32_t i = 1; i <= list->n; i++)
		if (shared[i])
			list->shared[list->nr_shared++] = i;
	return 0;
}

static int list_all(const struct counting *c, struct fl_places *places)
{
	int err = 0;

	for (int i = 0; i < c->all->n && !err; i++) {
		err = list_shared(&places[i].marked, c->shared[i][0]);
		if (!err)
			err = list_shared(&places[i].all, c->shared[i][1]);
	}
	return err;
}

static int prepare(struct counting *c)
{
	size_t n = (size_t)c->all->n;

	c->nr_words = FL_ARENA_NOTED / 8;
	c->notes = calloc(n, sizeof(*c->notes));
	c->users = calloc(c->nr_words, 1);
	c->writers = calloc(c->nr_words, 1);
	for (size_t i = 0; i < n; i++)
		for (int k = 0; k < 2; k++) {
			c->shared[i][k] = calloc(FL_DELAY_MAX_PLACES + 1, sizeof(bool));
			if (!c->shared[i][k])
				return -ENOMEM;
		}
	return c->notes && c->users && c->writers ? 0 : -ENOMEM;
}

static void set_notes(const struct counting *c, bool on)
{
	for (int i = 0; i < c->all->n; i++)
		c->all->thread[i].notes = on ? &c->notes[i] : NULL;
}

static void forget(struct counting *c)
{
	for (int i = 0; i < c->all->n; i++) {
		free(c->shared[i][0]);
		free(c->shared[i][1]);
	}
	free(c->users);
	free(c->writers);
	free(c->notes);
}

int fl_places_count(struct fl_delay_threads *all, struct fl_places *places, int (*run)(void *arg),
		    void *arg)
{
	struct counting c = { .all = all };
	int err = prepare(&c);

	for (unsigned int i = 0; i < nr_orders(all->n) && !err; i++) {
		memset(c.notes, 0, (size_t)all->n * sizeof(*c.notes));
		take_turns(all, i);
		set_notes(&c, true);
		err = run(arg);
		set_notes(&c, false);
		if (!err)
			look_at_notes(&c, places);
	}
	if (!err)
		err = list_all(&c, places);
	forget(&c);
	return err;
}

void fl_places_free(struct fl_places places[FL_MAX_THREADS])
{
	for (int i = 0; i < FL_MAX_THREADS; i++) {
		free(places[i].marked.shared);
		free(places[i].all.shared);
		places[i].marked.shared = places[i].all.shared = NULL;
	}
}
