/* SPDX-License-Identifier: MIT */
/*
 * random_wait.c - random programs in which threads wait for each other.
 *
 * Their words mean something under all models. Values are few and repeat, so that a wait may end by
 * one of several stores, and may miss its value when it is overwritten; several threads wait for the
 * same location; locks are taken by up to four threads, in different orders, and while waiting.
 * random_prog.c has waiting among much else; here there is little else.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random_prog.h"

enum step { STORE, LOAD, AWAIT, COUNT, SWAP, SECTION, NESTED, TRY, TICKET, NR_STEPS };

static const struct profile {
	const char *name;
	int weight[NR_STEPS];
	int min_threads, max_threads, min_steps, max_steps, locs, values;
} profiles[] = {
	/* store load await count swap section nested try ticket */
	{ "wait: a value passes by", { 40, 15, 35, 0, 10 }, 2, 3, 1, 4, 1, 3 },
	{ "wait: two locations", { 40, 10, 40, 0, 10 }, 2, 3, 2, 4, 2, 2 },
	{ "wait: many waiters", { 30, 0, 70 }, 3, 4, 1, 2, 1, 2 },
	{ "wait: counters", { 5, 10, 40, 45 }, 2, 4, 1, 3, 1, 3 },
	{ "wait: locks", { 10, 10, 0, 0, 0, 60, 10, 10 }, 2, 4, 1, 2, 1, 2 },
	{ "wait: two locks", { 10, 5, 0, 0, 0, 40, 40, 5 }, 2, 3, 1, 2, 2, 2 },
	{ "wait: locks and values", { 25, 5, 30, 0, 0, 40 }, 2, 3, 1, 3, 1, 2 },
	{ "wait: tickets", { 10, 10, 10, 0, 0, 0, 0, 0, 70 }, 2, 3, 1, 2, 1, 2 },
};

#define NR_PROFILES (sizeof(profiles) / sizeof(profiles[0]))

struct gen {
	const struct profile *pr;
	uint64_t state;
	char text[2048];
	size_t n;
	int values; /* operations with a value so far in this thread */
	bool first;
};

static int below(struct gen *g, int n)
{
	return (int)(rp_random(&g->state) % (uint64_t)n);
}

__attribute__((format(printf, 2, 3))) static void put(struct gen *g, const char *format, ...)
{
	va_list ap;

	if (!g->first)
		g->n += (size_t)snprintf(g->text + g->n, sizeof(g->text) - g->n, "; ");
	g->first = false;
	va_start(ap, format);
	g->n += (size_t)vsnprintf(g->text + g->n, sizeof(g->text) - g->n, format, ap);
	va_end(ap);
}

static char loc(struct gen *g)
{
	return "xy"[below(g, g->pr->locs)];
}

static int value(struct gen *g)
{
	return 1 + below(g, g->pr->values);
}

static void simple(struct gen *g, enum step kind)
{
	static const char *const rmw[] = { "rlx", "acq", "rel" };
	int order = below(g, 3);

	switch (kind) {
	case STORE:
		put(g, "%s %c %d", order ? "W" : "Wr", loc(g), value(g));
		return;
	case AWAIT:
		put(g, "%s %c %d", order ? "await" : "await.acq", loc(g), value(g));
		break;
	case COUNT:
		put(g, "add.%s %c 1", rmw[order], loc(g));
		break;
	case SWAP:
		if (below(g, 2))
			put(g, "xchg.%s %c %d", rmw[order], loc(g), value(g));
		else
			put(g, "cas.%s %c %d %d", rmw[order], loc(g), below(g, g->pr->values + 1),
			    value(g));
		break;
	default:
		put(g, "%s %c", order ? "R" : "Ra", loc(g));
		break;
	}
	g->values++;
}

static enum step pick(struct gen *g, int nr)
{
	int sum = 0, k = 0, n;

	for (int i = 0; i < nr; i++)
		sum += g->pr->weight[i];
	if (!sum)
		return STORE;
	n = below(g, sum);
	while (n >= g->pr->weight[k])
		n -= g->pr->weight[k++];
	return (enum step)k;
}

static void locked(struct gen *g, enum step kind)
{
	char l = "lm"[below(g, g->pr->locs)], other = l == 'l' ? 'm' : 'l';
	int result;

	switch (kind) {
	case TRY:
		put(g, "trylock %c", l);
		result = g->values++;
		put(g, "ifeq r%d 0 2", result);
		simple(g, pick(g, SECTION));
		put(g, "unlock %c", l);
		return;
	case TICKET:
		put(g, "add.rlx t 1");
		result = g->values++;
		put(g, "await.acq o r%d", result);
		g->values++;
		simple(g, pick(g, SECTION));
		put(g, "Wr o r%d+1", result);
		return;
	default:
		break;
	}
	put(g, "lock %c", l);
	if (kind == NESTED && below(g, 3))
		simple(g, pick(g, SECTION));
	if (kind == NESTED)
		put(g, "lock %c", other);
	simple(g, pick(g, SECTION));
	if (kind == NESTED)
		put(g, "unlock %c", other);
	put(g, "unlock %c", l);
}

void rp_program_waiting(struct rm_prog *p, uint64_t seed, const char **profile)
{
	struct gen g = { .pr = &profiles[seed % NR_PROFILES], .state = seed };
	const struct profile *pr = g.pr;
	char err[128];
	int threads;

	if (profile)
		*profile = pr->name;
	for (int i = 0; i < 4; i++)
		rp_random(&g.state);
	threads = pr->min_threads + below(&g, pr->max_threads - pr->min_threads + 1);
	for (int t = 0; t < threads; t++) {
		int steps = pr->min_steps + below(&g, pr->max_steps - pr->min_steps + 1);

		if (t)
			g.n += (size_t)snprintf(g.text + g.n, sizeof(g.text) - g.n, " | ");
		g.first = true;
		g.values = 0;
		for (int i = 0; i < steps; i++) {
			enum step kind = pick(&g, NR_STEPS);

			if (kind < SECTION)
				simple(&g, kind);
			else
				locked(&g, kind);
		}
	}
	if (rm_parse(p, g.text, err, sizeof(err))) {
		fprintf(stderr, "%s: %s\n", g.text, err);
		abort();
	}
}
