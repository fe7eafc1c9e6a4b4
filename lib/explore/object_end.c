// SPDX-License-Identifier: MIT
/* object_end.c - see object_end.h. */
#include "object_end.h"

#include <stdlib.h>

#include "exec.h"
#include "explore.h"

/* An event of a graph that may not have it yet, so by place. */
struct place {
	uintptr_t start;
	size_t size;
	int thread, idx;
};

static struct place *places;
static struct object_end *found;
static int nr, cap;

void object_ends_forget(void)
{
	nr = 0;
}

static struct place *find(const void *start)
{
	for (int i = 0; i < nr; i++)
		if (places[i].start == (uintptr_t)start)
			return &places[i];
	return NULL;
}

static struct place *add(void)
{
	if (nr == cap) {
		int more = cap ? 2 * cap : 16;
		struct place *p = realloc(places, more * sizeof(*p));
		struct object_end *f = realloc(found, more * sizeof(*f));

		/* Without memory it is as if it had not ended. */
		places = p ? p : places;
		found = f ? f : found;
		if (!p || !f)
			return NULL;
		cap = more;
	}
	return &places[nr++];
}

void flx_object_ends(const void *start, size_t size)
{
	struct place *p;

	if (current_thread < 0 || !T[current_thread].pos)
		return;
	p = find(start);
	if (!p)
		p = add();
	if (p)
		*p = (struct place){ (uintptr_t)start, size, current_thread,
				     T[current_thread].pos - 1 };
}

void flx_object_begins(const void *start)
{
	struct place *p = find(start);

	if (current_thread >= 0 && p)
		*p = places[--nr];
}

int object_ends(const struct object_end **ends)
{
	int n = 0;

	for (int i = 0; i < nr; i++) {
		int idx = places[i].idx, t = places[i].thread;

		while (idx >= 0 && idx < G.tn[t] && G.ev[G.tev[t][idx]].kind != EV_WRITE)
			idx--;
		if (idx >= 0 && idx < G.tn[t])
			found[n++] = (struct object_end){ places[i].start, places[i].size,
							  G.tev[t][idx] };
	}
	*ends = found;
	return n;
}
