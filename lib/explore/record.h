/* SPDX-License-Identifier: MIT */
/* record.h - a graph as the list of events that a person reads and replay follows. */
#ifndef FL_RECORD_H
#define FL_RECORD_H

#include "graph.h"

/* NULL if out of memory. @racing: event numbers of @g, or negative. */
struct flx_record *record_create(const struct graph *g, const struct flx_options *o,
				 const int racing[2]);

#endif
