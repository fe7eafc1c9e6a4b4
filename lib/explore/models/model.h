/* SPDX-License-Identifier: MIT */
/*
 * model.h - is this execution graph one that the memory model allows?
 *
 * Pure questions about a graph. Coherence per location and atomicity of read-modify-writes are
 * part of every model. Loads that are still blocked take no part.
 */
#ifndef FL_MODEL_H
#define FL_MODEL_H

#include <stddef.h>

#include "../graph.h"

/* Coherence: along a thread, what it sees of one location never goes back in co. */
bool model_coherent(const struct graph *g);
/* There is a sequentially consistent order (the cheap check that comes first in every model). */
bool model_sc(const struct graph *g, enum flx_mutant mutant);
bool model_tso(const struct graph *g, enum flx_mutant mutant);
/* @rcu: with the RCU axiom; without it, a grace period is a full barrier and no more. */
bool model_lkmm(const struct graph *g, enum flx_mutant mutant, bool rcu);
bool model_rc11(const struct graph *g, enum flx_mutant mutant);
/* No reader section spans a grace period: the RCU axiom over the order of sc or tso. */
bool model_rcu(const struct graph *g, enum flx_model model, enum flx_mutant mutant);

bool model_consistent(const struct graph *g, enum flx_model model, enum flx_mutant mutant,
		      bool rcu);

/*
 * C11's happens-before as a clock per event (graph_hb()): how many events of each thread come before it.
 * hb_clock() is for an event whose (po | rf)-prefix has its clocks; hb_clocks() for a whole graph.
 */
void hb_clock(struct graph *g, int e, enum flx_mutant mutant);
void hb_clocks(struct graph *g, enum flx_mutant mutant);
/* Two conflicting accesses, one of them plain, that nothing orders. Clocks must be there. */
bool hb_race(const struct graph *g, int racing[2]);
/* The same of accesses that overlap, but are not of the same bytes (EVF_MIXED). */
bool hb_race_of_parts(const struct graph *g, int racing[2]);
/* The same for fl_free() and an access to the object: the free comes first or is not ordered. */
bool hb_use_after_free(const struct graph *g, int pair[2]);
/* RC11's axiom of the seq_cst accesses and fences. Clocks must be there. */
bool rc11_psc_acyclic(const struct graph *g, enum flx_mutant mutant);

/*
 * The engine sees no control and data dependencies. Is the graph, which lkmm allows without any, allowed
 * as well if every store depends on all marked loads before it? If not, whether it can happen hangs
 * on a dependency that the code may or may not have. The two below take the same question as an argument.
 */
bool lkmm_allows_with_dependencies(const struct graph *g, enum flx_mutant mutant);

/* linux-kernel.cat's data race: true and the two events, or false. Complete graphs only. */
bool lkmm_race(const struct graph *g, enum flx_mutant mutant, bool all_dependencies, int racing[2]);

/* A cheap refutation: a load or store goes back behind a store that release and acquire made known to it. */
bool lkmm_sync_coherent(const struct graph *g, enum flx_mutant mutant);
/* A cheap proof that there is no data race; false: it does not apply. */
bool lkmm_synchronised(const struct graph *g, enum flx_mutant mutant);

/*
 * May an access to an object come after the fl_free() of it? True and the two events (the free first).
 * Complete graphs only.
 */
bool model_use_after_free(const struct graph *g, enum flx_model model, enum flx_mutant mutant,
			  bool all_dependencies, int pair[2]);
/*
 * The same for memory whose contents end without a fl_free() (object_end.h): by a marked store that
 * is there for another reason, the last drop of a reference.
 */
struct object_end {
	uintptr_t start;
	size_t size;
	int event; /* that store */
};
static inline bool object_end_is_of(const struct object_end *end, const struct ev *access)
{
	return access->kind <= EV_WRITE && locs[access->loc].addr - end->start < end->size;
}
bool model_use_after_end(const struct graph *g, enum flx_model model, enum flx_mutant mutant,
			 bool all_dependencies, const struct object_end *ends, int nr, int pair[2]);
/*
 * A cheap proof, in every model, that @a comes before @f by RCU: @f is behind a grace period that can't come before the
 * reader section of @a, since there somebody read what was overwritten before the grace period. @knows: does event @e come
 * after store @w by what is cheap to find out? False: it does not apply.
 */
bool ordered_by_grace_period(const struct graph *g, int a, int f,
			     bool (*knows)(const struct graph *g, int e, int w));
/* A cheap proof, in every model, that none of the objects is used after its end; false: it does not apply. */
bool lkmm_ends_synchronised(const struct graph *g, enum flx_mutant mutant,
			    const struct object_end *ends, int nr);

#endif
