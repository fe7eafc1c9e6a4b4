// SPDX-License-Identifier: MIT
/* learn.c - see learn.h. */
#include <faultline/scenario.h>

#include "stress/learn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stress/meet.h"

#define MAX_KEPT 2048

struct kept {
	struct fl_plan plan[FL_MAX_THREADS];
	struct fl_places places[FL_MAX_THREADS];
};

struct fl_learn {
	struct fl_delay_threads *all;
	struct fl_noter *noter;
	int n;
	struct kept *kept[MAX_KEPT];
};

struct fl_learn *fl_learn_new(struct fl_delay_threads *all)
{
	struct fl_learn *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->all = all;
	l->noter = fl_noter_new(all);
	if (!l->noter) {
		free(l);
		return NULL;
	}
	fl_meet_forget();
	return l;
}

static void free_kept(struct kept *k)
{
	if (!k)
		return;
	fl_places_free(k->places);
	free(k);
}

void fl_learn_free(struct fl_learn *l)
{
	if (!l)
		return;
	for (int i = 0; i < l->n; i++)
		free_kept(l->kept[i]);
	fl_noter_free(l->noter);
	free(l);
}

/* Rather a new one: it has the rarer orders, and few runs have gone on from it. */
static const struct kept *choose(const struct fl_learn *l, uint64_t seed, uint64_t run)
{
	uint64_t random = fl_plan_random(seed, run);
	uint64_t a = (uint32_t)random % (uint64_t)l->n, b = (random >> 32) % (uint64_t)l->n;

	return l->kept[a > b ? a : b];
}

bool fl_learn_plan(const struct fl_learn *l, uint64_t seed, uint64_t run)
{
	const struct kept *k;

	if (!l->n)
		return false;
	k = choose(l, seed, run);
	fl_plan_upon(l->all->plan, l->all->n, k->plan, k->places, seed, run);
	return true;
}

void fl_learn_look(struct fl_learn *l, bool on)
{
	if (on)
		fl_meet_reset();
	for (int i = 0; i < l->all->n; i++) {
		l->all->thread[i].meets = on;
		l->all->thread[i].last_order = 0;
		l->all->thread[i].new_orders = 0;
	}
}

bool fl_learn_saw(const struct fl_learn *l)
{
	for (int i = 0; i < l->all->n; i++)
		if (l->all->thread[i].new_orders)
			return true;
	return false;
}

int fl_learn_keep(struct fl_learn *l, int (*run)(void *arg), void *arg)
{
	struct kept *k;
	int err;

	if (l->n == MAX_KEPT)
		return 0;
	k = calloc(1, sizeof(*k));
	if (!k)
		return -ENOMEM;
	memcpy(k->plan, l->all->plan, (size_t)l->all->n * sizeof(k->plan[0]));
	fl_learn_look(l, false);
	err = fl_noter_run(l->noter, run, arg);
	if (!err)
		err = fl_noter_list(l->noter, k->places);
	if (err)
		free_kept(k);
	else
		l->kept[l->n++] = k;
	return err;
}
