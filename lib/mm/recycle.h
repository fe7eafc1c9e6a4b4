/* SPDX-License-Identifier: MIT */
/*
 * recycle.h - memory that goes after a grace period, and comes back: VMAs and nodes of their tree.
 *
 * Natively a call_rcu() for each of them costs more than all else that mmap() does: its thread comes
 * round every ten milliseconds, and until then new memory is needed. So what is retired waits, and
 * when there is enough of it to be worth a grace period and some is needed, mmap() waits for one and
 * uses it again. Under the check engine each goes by a call_rcu() and is freed: a use after that is
 * reported.
 *
 * A recycler belongs to one tree and is used under its mmap:W, outside of reader sections.
 */
#ifndef FL_MM_RECYCLE_H
#define FL_MM_RECYCLE_H

#include <faultline/rt.h>

struct recycler;

enum retired_kind { RETIRED_LEAF, RETIRED_INNER, RETIRED_VMA, NR_RETIRED_KINDS };

/* In the object. Readers never look at it. */
struct retired {
	struct rcu_head rcu;
	struct retired *next; /* of a list that is retired together */
#if defined(FAULTLINE_CHECK) || defined(FL_STRESS)
	void (*free)(struct retired *retired);
#else
	enum retired_kind kind;
#endif
};

/* Gives one object back, at once; vma.c and vma_tree.c. */
void retired_free_vma(struct retired *retired);
void retired_free_node(struct retired *retired);

#if defined(FAULTLINE_CHECK) || defined(FL_STRESS)
static inline void retired_rcu_cb(struct rcu_head *head)
{
	struct retired *retired =
		(struct retired *)(void *)((char *)head - offsetof(struct retired, rcu));
	void (*free_one)(struct retired * retired) = retired->free;

	while (retired) {
		struct retired *next = retired->next;

		free_one(retired);
		retired = next;
	}
}

/* The list that starts with @list goes after a grace period. All of one kind. */
static inline void recycle_put(struct recycler **recycler, struct retired *list,
			       void (*free_one)(struct retired *retired))
{
	list->free = free_one;
	call_rcu(&list->rcu, retired_rcu_cb);
}

#define retired_init(retired, kind) ((void)(kind))
#define recycle_get(recycler, kind) ((void)(kind), (struct retired *)NULL)
#define recycler_destroy(recycler) ((void)0)
#else
static inline void retired_init(struct retired *retired, enum retired_kind kind)
{
	retired->kind = kind;
}

/* *@recycler is made when it is first needed. */
void recycle_put(struct recycler **recycler, struct retired *list,
		 void (*free_one)(struct retired *retired));
/* An object that nobody uses any more, with whatever it had in it; NULL: there is none. */
struct retired *recycle_get(struct recycler **recycler, enum retired_kind kind);
/* Nobody reads the tree any more. */
void recycler_destroy(struct recycler **recycler);
#endif

#endif
