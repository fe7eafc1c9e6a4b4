/* SPDX-License-Identifier: MIT */
/*
 * weaken.h - the orderings that code asks for, and executions of the same code with weaker ones.
 *
 * A place is one ordering in the source: that of an access, that of a compare-exchange which fails, or a
 * barrier. Places with a source line (the macros of rt.h) are known by it, those that the compiler's
 * instrumentation reports by their return address. What belongs to a lock or to an interrupt is no place: its
 * author is somebody else (struct op's .given).
 */
#ifndef FL_WEAKEN_H
#define FL_WEAKEN_H

#include "explore.h"

enum flx_ordering { FLX_OF_ACCESS, FLX_OF_FAILURE, FLX_OF_BARRIER };

struct flx_place {
	const struct fl_site *site;
	uintptr_t pc; /* 0: known by the site */
	enum flx_ordering ordering;
	enum flx_kind kind;
	int written; /* enum fl_order, or enum fl_fence of a barrier */
	/* Of the first access that came by, for its name. */
	uintptr_t addr;
	unsigned int size;
};

/* FL_FENCE_BARRIER, in place of a barrier: nothing. */
struct flx_weakening {
	struct flx_place place;
	int to;
};

struct flx_places {
	struct flx_place *at;
	int n, cap;
};

#define FLX_MAX_WEAKER 4

/* What the ordering at @p could be instead, the weakest first; how many. */
int flx_weaker(const struct flx_place *p, int to[FLX_MAX_WEAKER]);
/* Of two orderings for @p: does @b order all that @a does, and more? */
bool flx_is_weaker(const struct flx_place *p, int a, int b);
/* As its programmer would write it: "acquire", "smp_rmb()", "nothing". */
const char *flx_ordering_name(const struct flx_place *p, int value);

struct op;

/* The options of the exploration or replay that begins now. */
void weaken_begin(const struct flx_options *o);
/* The orderings of @op are as the options have them. Called for each operation. */
void weaken_op(struct op *op);
/* Adds the places of @op to the options' list, as far as they could be weaker. Called for each new label. */
void weaken_note(const struct op *op);

#endif
