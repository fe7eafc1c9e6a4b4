/* SPDX-License-Identifier: MIT */
/* range_pool.h - nodes for range_lock.c. */
#ifndef FL_MM_LOCK_RANGE_POOL_H
#define FL_MM_LOCK_RANGE_POOL_H

#include "mm/mm_types.h"

struct range_node {
	uintptr_t next; /* the next one, and RELEASED */
	fl_vaddr start, end;
	int write;
	struct range_node *link; /* of its owner: in the pool, among those that a writer holds */
	struct range_pool *home; /* whose memory it is; constant, natively */
} __attribute__((aligned(64)));

/* One of the calling CPU's; NULL: there is none. */
struct range_node *range_node_get(struct fl_machine *m);
/* By its owner, when nobody else looks at it. */
void range_node_put(struct fl_machine *m, struct range_node *node);
/* It has left the list. Others may look at it still. */
void range_node_retire(struct fl_machine *m, struct range_node *node);

#endif
