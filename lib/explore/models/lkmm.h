/* SPDX-License-Identifier: MIT */
/*
 * lkmm.h - what the files of the Linux-kernel memory model share: one graph's events and the relations over them.
 *
 * Each file fills in what those before it have made:
 *
 *     lkmm_nodes.c      which events take part
 *     lkmm_base.c       their sets; po, rf, co, fr, rmw; dependencies
 *     lkmm_fences.c     what fences, acquire and release order
 *     lkmm_hb.c         ppo, cumul-fence, prop, hb, pb
 *     lkmm_rcu.c        rcu-order, rb
 *     lkmm_plain.c      the order of plain accesses
 *     lkmm.c            the axioms
 *
 * On top of them are lkmm_race.c; hardware_rcu.c, which has the order of sc or tso in place of hb; and
 * use_after_free.c, which knows all three models.
 */
#ifndef FL_LKMM_H
#define FL_LKMM_H

#include "bitrel.h"
#include "model.h"

struct lkmm {
	const struct graph *g;
	enum flx_mutant mutant;
	struct bitpool *pool;
	int n;
	int *node;     /* node -> event; -1: the end of an open reader section */
	int *of_event; /* event -> node or -1 */
	int *thread;   /* of a node */
	bool has_plain, has_sync;
	bool has_rb;   /* the RCU axiom applies */
	bool all_ctrl; /* take every store to depend on all marked loads before it */

	bitset mem, rd, wr, marked, plain, acquire, release, r4rmb, rmw_set, not_noreturn,
		not_srcu_unlock;
	bitrel po, same; /* same: two nodes of one thread */
	bitrel rf, rfe, rfi, co, fr, rmw, addr, data, ctrl;
	bitrel data_only; /* before plain accesses carry it on */
	bitrel mb, gp, strong, po_rel, acq_po, acq_ctrl, rmb, wmb, nonrw_fence, fence, unlock_lock;
	bitrel rmb_pre;	 /* [R4rmb] ; fencerel(Rmb) ; [~Noreturn] */
	bitrel rmb_post; /* [~Noreturn] ; fencerel(Rmb) ; [R4rmb] */
	bitrel cumul_fence_star, rmw_sequence, prop, hb, hb_star, pb, pb_star, rb;
};

static inline const struct ev *node_ev(const struct lkmm *m, int i)
{
	return m->node[i] < 0 ? NULL : &m->g->ev[m->node[i]];
}

static inline bool lacks(const struct lkmm *m, enum flx_mutant what)
{
	return m->mutant == what;
}

/* @sum |= @term, one term of a definition: that which the mutant @without leaves out. */
static inline void add_term(const struct lkmm *m, bitrel sum, bitrel term, enum flx_mutant without)
{
	if (!lacks(m, without))
		bitrel_or(m->pool, sum, term);
}

/* @a? */
static inline bitrel opt(const struct bitpool *p, bitrel a)
{
	bitrel_reflexive(p, a);
	return a;
}

/* ---- lkmm_nodes.c ---- */

/* Also what orders nothing: somebody asks about single accesses. */
extern bool lkmm_keep_all;

/* n, node, of_event, thread, has_plain, has_sync. */
void lkmm_number_nodes(struct lkmm *m);

/* ---- lkmm_base.c ---- */

/* The sets of events, po, same. */
void lkmm_classify(struct lkmm *m);
/* rf, rfe, rfi, co, fr, rmw; addr, data, ctrl as they are in the program. */
void lkmm_communication(struct lkmm *m);

/* ---- lkmm_fences.c ---- */

/* mb to rmb_post in the order of the struct. */
void lkmm_fences(struct lkmm *m);

/* ---- lkmm_hb.c ---- */

/* rmw_sequence, cumul_fence_star, prop, hb; carries addr, data, ctrl on. */
void lkmm_happens_before(struct lkmm *m);
/* hb_star, pb. */
void lkmm_propagation(struct lkmm *m);

/* ---- lkmm_rcu.c ---- */

/* rcu-order: at least as many grace periods as reader sections along a chain of rcu-link. */
bitrel lkmm_rcu_order(struct lkmm *m, bitrel link);
/* pb_star, rb; adds rcu-fence to fence and strong. */
void lkmm_rcu(struct lkmm *m);

/* ---- lkmm_plain.c ---- */

struct plain {
	bitrel ww_vis, wr_vis, rw_xbstar, pre_race;
};

void lkmm_plain_relations(struct lkmm *m, struct plain *q);
/* The axiom plain-coherence. */
bool lkmm_plain_coherent(struct lkmm *m, const struct plain *q);

/* ---- lkmm.c ---- */

/* All up to hb. There is one set of relations: the next call takes it over. */
void lkmm_build(struct lkmm *m, const struct graph *g, enum flx_mutant mutant, bool all_ctrl);

/* ---- hardware_rcu.c ---- */

/* The order of sc or tso between the nodes, transitively closed. */
bitrel hardware_order(struct lkmm *m, enum flx_model model);
/* The RCU axiom along @order. */
bool hardware_rcu(struct lkmm *m, bitrel order);

#endif
