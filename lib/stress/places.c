// SPDX-License-Identifier: MIT
/* places.c - see places.h. */
#include <faultline/scenario.h>

#include "stress/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stress/arena.h"

#define MAX_RUNS 24 /* all orders of four threads */

/* What is known of a place. */
#define COME 1U /* the thread comes there */
#define MARKED 2U
#define SHARED 4U

struct fl_noter {
	struct fl_delay_threads *all;
	struct fl_delay_notes *notes;	/* of each thread */
	unsigned char *users, *writers; /* a set of threads per word of the arena */
	size_t nr_words;
	unsigned char (*known)[FL_DELAY_MAX_PLACES + 1]; /* of each thread's places */
};

/* ---- one run ---- */

/* The word of a place; 0: it was an address elsewhere. */
static size_t word_of(const struct fl_noter *c, uint32_t at)
{
	return at / 8 < c->nr_words ? at / 8 : 0;
}

static uint32_t nr_places(const struct fl_noter *c, int number)
{
	uint64_t n = c->all->thread[number].delay.all_passed;

	return n < FL_DELAY_MAX_PLACES ? (uint32_t)n : FL_DELAY_MAX_PLACES;
}

static void note_users(const struct fl_noter *c, int number)
{
	const uint32_t *at = c->notes[number].at;
	uint32_t n = nr_places(c, number);

	for (uint32_t i = 1; i <= n; i++) {
		size_t word = word_of(c, at[i]);

		c->users[word] |= (unsigned char)(1U << number);
		if (at[i] & FL_DELAY_STORES)
			c->writers[word] |= (unsigned char)(1U << number);
	}
}

/* One of the two stores there. */
static bool is_shared(const struct fl_noter *c, int number, uint32_t at)
{
	size_t word = word_of(c, at);
	unsigned int met = at & FL_DELAY_STORES ? c->users[word] : c->writers[word];

	return word && (met & ~(1U << number));
}

static void note_places(const struct fl_noter *c, int number)
{
	const uint32_t *at = c->notes[number].at;
	unsigned char *known = c->known[number];
	uint32_t n = nr_places(c, number);

	for (uint32_t i = 1; i <= n; i++) {
		known[i] |= COME;
		if (!(at[i] & FL_DELAY_PLAIN))
			known[i] |= MARKED;
		if (is_shared(c, number, at[i]))
			known[i] |= SHARED;
	}
}

static void set_notes(const struct fl_noter *c, bool on)
{
	for (int i = 0; i < c->all->n; i++)
		c->all->thread[i].notes = on ? &c->notes[i] : NULL;
}

int fl_noter_run(struct fl_noter *c, int (*run)(void *arg), void *arg)
{
	int err;

	memset(c->notes, 0, (size_t)c->all->n * sizeof(*c->notes));
	memset(c->users, 0, c->nr_words);
	memset(c->writers, 0, c->nr_words);
	set_notes(c, true);
	err = run(arg);
	set_notes(c, false);
	if (err)
		return err;
	for (int i = 0; i < c->all->n; i++)
		note_users(c, i);
	for (int i = 0; i < c->all->n; i++)
		note_places(c, i);
	return 0;
}

/* ---- lists ---- */

static bool is_listed(unsigned char known, int list)
{
	return (known & COME) && (list & FL_PLACES_PLAIN || known & MARKED) &&
	       (!(list & FL_PLACES_SHARED) || known & SHARED);
}

static int make_list(struct fl_places *places, int list, const unsigned char *known)
{
	uint32_t n = 0;

	for (int i = 1; i <= FL_DELAY_MAX_PLACES; i++)
		n += is_listed(known[i], list);
	places->n[list] = 0;
	places->at[list] = calloc((size_t)n + 1, sizeof(uint32_t));
	if (!places->at[list])
		return -ENOMEM;
	for (uint32_t i = 1; i <= FL_DELAY_MAX_PLACES; i++)
		if (is_listed(known[i], list))
			places->at[list][places->n[list]++] = i;
	return 0;
}

int fl_noter_list(struct fl_noter *c, struct fl_places *places)
{
	int err = 0;

	for (int i = 0; i < c->all->n; i++)
		for (int list = 0; list < FL_PLACES_LISTS && !err; list++)
			err = make_list(&places[i], list, c->known[i]);
	memset(c->known, 0, (size_t)c->all->n * sizeof(*c->known));
	return err;
}

struct fl_noter *fl_noter_new(struct fl_delay_threads *all)
{
	struct fl_noter *c = calloc(1, sizeof(*c));
	size_t n = (size_t)all->n;

	if (!c)
		return NULL;
	c->all = all;
	c->nr_words = FL_ARENA_NOTED / 8;
	c->notes = calloc(n, sizeof(*c->notes));
	c->users = calloc(c->nr_words, 1);
	c->writers = calloc(c->nr_words, 1);
	c->known = calloc(n, sizeof(*c->known));
	if (c->notes && c->users && c->writers && c->known)
		return c;
	fl_noter_free(c);
	return NULL;
}

void fl_noter_free(struct fl_noter *c)
{
	if (!c)
		return;
	free(c->users);
	free(c->writers);
	free(c->notes);
	free(c->known);
	free(c);
}

/* ---- the first runs ---- */

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

int fl_places_count(struct fl_delay_threads *all, struct fl_places *places, int (*run)(void *arg),
		    void *arg)
{
	struct fl_noter *noter = fl_noter_new(all);
	int err = noter ? 0 : -ENOMEM;

	for (unsigned int i = 0; i < nr_orders(all->n) && !err; i++) {
		take_turns(all, i);
		err = fl_noter_run(noter, run, arg);
	}
	if (!err)
		err = fl_noter_list(noter, places);
	fl_noter_free(noter);
	return err;
}

void fl_places_free(struct fl_places places[FL_MAX_THREADS])
{
	for (int i = 0; i < FL_MAX_THREADS; i++)
		for (int list = 0; list < FL_PLACES_LISTS; list++) {
			free(places[i].at[list]);
			places[i].at[list] = NULL;
		}
}
