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
bool model_sc(const struct graph *g);
bool model_tso(const struct graph *g, enum flx_mutant mutant);
bool model_lkmm(const struct graph *g, enum flx_mutant mutant);
/* No reader section spans a grace period: the RCU axiom over the order of sc or tso. */
bool model_rcu(const struct graph *g, enum flx_model model);

bool model_consistent(const struct graph *g, enum flx_model model, enum flx_mutant mutant);

/* linux-kernel.cat's data race: true and the two events, or false. Complete graphs only. */
bool lkmm_race(const struct graph *g, enum flx_mutant mutant, int racing[2]);

/*
 * May an access to an object come after the fl_free() of it? True and the two events (the free first).
 * Complete graphs only.
 */
bool model_use_after_free(const struct graph *g, enum flx_model model, enum flx_mutant mutant,
			  size_t (*object_size)(uintptr_t object), int pair[2]);

#endif
