/* SPDX-License-Identifier: MIT */
/*
 * owned.h - what a user of a machine made and may leave behind: files, pipes, buffers.
 *
 * fl_machine_destroy() closes what is left, so that a scenario, which ends where its threads end, needs
 * no end of its own. Natively only: the check engine's memory goes as a whole, and what it forgets costs no
 * events.
 */
#ifndef FL_MMU_OWNED_H
#define FL_MMU_OWNED_H

#include "mmu/machine.h"

/* In the object. Guarded by machine_state.mm_lock. */
struct owned {
#ifndef FAULTLINE_CHECK
	struct owned *next, **pprev;
	void (*destroy)(struct owned *owned);
#else
	char unused;
#endif
};

#ifdef FAULTLINE_CHECK
#define machine_owns(m, owned, destroy) ((void)(m), (void)(owned), (void)(destroy))
#define machine_disowns(m, owned) ((void)(m), (void)(owned))
#define destroy_owned(m) ((void)(m))
#else
/* @destroy closes the object, as its user would; it disowns. */
static inline void machine_owns(struct fl_machine *m, struct owned *owned,
				void (*destroy)(struct owned *owned))
{
	owned->destroy = destroy;
	spin_lock(&m->state->mm_lock);
	owned->next = m->state->owned;
	owned->pprev = &m->state->owned;
	if (owned->next)
		owned->next->pprev = &owned->next;
	m->state->owned = owned;
	spin_unlock(&m->state->mm_lock);
}

/* Again does no harm. */
static inline void machine_disowns(struct fl_machine *m, struct owned *owned)
{
	spin_lock(&m->state->mm_lock);
	if (owned->pprev) {
		*owned->pprev = owned->next;
		if (owned->next)
			owned->next->pprev = owned->pprev;
		owned->pprev = NULL;
	}
	spin_unlock(&m->state->mm_lock);
}

static inline void destroy_owned(struct fl_machine *m)
{
	while (m->state && m->state->owned)
		m->state->owned->destroy(m->state->owned);
}
#endif

#endif
