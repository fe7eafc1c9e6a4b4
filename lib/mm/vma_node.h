/* SPDX-License-Identifier: MIT */
/* vma_node.h - the nodes of the tree of vma_tree.c, which says what holds of them: for its two files alone. */
#ifndef FL_MM_VMA_NODE_H
#define FL_MM_VMA_NODE_H

#include "mm/recycle.h"
#include "mm/vma_tree.h"
#include "mmu/alloc.h"

#define VMA_NODE_SLOTS 16

struct vma_node {
	uint32_t nr;
	uint16_t level; /* 0: a leaf */
	bool fresh;	/* made by the transaction under way; mmap:W, as the next two */
	bool dead;	/* and no longer needed by it */
	struct vma_node *made_next;
	struct retired retired; /* next: the transaction's list of unused nodes */
	uint64_t end[VMA_NODE_SLOTS];
	uint64_t start[VMA_NODE_SLOTS];
	void *slot[VMA_NODE_SLOTS];
	/* Inner nodes alone. */
	uint64_t pivot[VMA_NODE_SLOTS]; /* [nr - 1] means nothing */
	uint64_t gap[VMA_NODE_SLOTS];
};

/* Which slot of an inner node @addr belongs to. */
static inline uint32_t inner_search(const struct vma_node *node, uint64_t addr)
{
	uint32_t i, last = node->nr - 1;

	for (i = 0; i < last; i++) {
		if (addr < node->pivot[i])
			break;
	}
	return i;
}

/* The first area of a leaf, or slot of any node, that ends after @addr; nr: none. */
static inline uint32_t end_search(const struct vma_node *node, uint64_t addr)
{
	uint32_t i, nr = node->nr;

	for (i = 0; i < nr; i++) {
		if (addr < node->end[i])
			break;
	}
	return i;
}

#endif
