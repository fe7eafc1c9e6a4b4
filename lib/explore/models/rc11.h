/* SPDX-License-Identifier: MIT */
/* rc11.h - what rc11.c and psc.c ask of events. */
#ifndef FL_MODELS_RC11_H
#define FL_MODELS_RC11_H

#include "model.h"

/* Not an access that is never made, nor what fl_free() stores. */
static inline bool rc11_takes_part(const struct ev *e)
{
	return !(e->flags & EVF_BLOCKED) && !(e->flags & EVF_FREE);
}

/* Does @a happen before @b? @g has its clocks (hb.c). */
static inline bool rc11_hb(const struct graph *g, int a, int b)
{
	return a != b && graph_knows(g, graph_hb(g, b), a);
}

#endif
