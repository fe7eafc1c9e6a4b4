/* SPDX-License-Identifier: MIT */
/*
 * lkmm.c - the Linux-kernel memory model over an execution graph.
 *
 * A transcription of what tools/memory-model/linux-kernel.cat (Linux 6.12) states, axiom by axiom
 * and under its names; the .cat file and Documentation/explanation.txt beside it say why. What
 * differs in form:
 *
 *  - Initial stores are left out: nothing leads to them, so they lie on no cycle and in no race.
 *  - Plain accesses to a location that one thread alone uses, or nobody stores to, are left out:
 *    they carry no order between marked accesses.
 *  - Native code carries no data and control dependencies here (its compiler knows them, nobody else);
 *    address dependencies are those that the engine tracked (ev.addr_dep). The model can be weaker for
 *    it, never stronger.
 *  - A reader section that is still open counts as ending after the last event of its thread.
 *
 * Axioms: coherence, atomic (both kept by the search), happens-before, propagation, rcu,
 * plain-coherence; and the data-race flag.
 */
#include <string.h>

#include "lkmm.h"

static struct bitpool pool;

void lkmm_build(struct lkmm *m, const struct graph *g, enum flx_mutant mutant, bool all_ctrl)
{
	memset(m, 0, sizeof(*m));
	m->all_ctrl = all_ctrl;
	m->g = g;
	m->mutant = mutant;
	m->pool = &pool;
	lkmm_number_nodes(m);
	m->has_rb = m->has_sync && mutant != FLX_MUT_NO_RCU;
	bitpool_reset(&pool, m->n);
	lkmm_classify(m);
	lkmm_communication(m);
	lkmm_fences(m);
	lkmm_happens_before(m);
}

static bool lkmm_allows(const struct graph *g, enum flx_mutant mutant, bool all_ctrl,
			bool rcu_axiom)
{
	struct lkmm m;
	struct plain q;

	if (mutant != FLX_MUT_NO_COHERENCE && !model_coherent(g))
		return false;
	/* A shortcut: it rests on the definitions, so it is of no use where one of them is not whole. */
	if ((mutant == FLX_MUT_NONE || mutant == FLX_MUT_SYNC_RFI) &&
	    !lkmm_sync_coherent(g, mutant))
		return false;
	lkmm_build(&m, g, mutant, all_ctrl);
	if (!bitrel_is_acyclic(m.pool, m.hb) && !lacks(&m, FLX_MUT_NO_HAPPENS_BEFORE))
		return false;
	lkmm_propagation(&m);
	if (!bitrel_is_acyclic(m.pool, m.pb) && !lacks(&m, FLX_MUT_NO_PROPAGATION))
		return false;
	m.has_rb = m.has_rb && rcu_axiom;
	lkmm_rcu(&m);
	if (m.has_rb && !bitrel_is_irreflexive(m.pool, m.rb))
		return false;
	if (!m.has_plain)
		return true;
	lkmm_plain_relations(&m, &q);
	return lkmm_plain_coherent(&m, &q);
}

bool model_lkmm(const struct graph *g, enum flx_mutant mutant, bool rcu)
{
	return lkmm_allows(g, mutant, false, rcu);
}

bool lkmm_allows_with_dependencies(const struct graph *g, enum flx_mutant mutant)
{
	return lkmm_allows(g, mutant, true, true);
}
