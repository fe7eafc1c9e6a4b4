// SPDX-License-Identifier: MIT
/*
 * vma_tree.c - a B+ tree whose lookups see each change at once, or not at all.
 *
 * State: tree->root and nodes below it. A node has up to VMA_NODE_SLOTS slots in ascending order. A
 * leaf's point to VMAs; start[] and end[] are their ranges, which do not overlap. An inner node's
 * point to nodes: slot i has all areas from pivot[i - 1] on up to pivot[i]; the first and the last
 * slot are open to their side. What only holders of mmap_lock look at is beside that: start[] and
 * end[], the first and the last byte of the areas below, and gap[], the largest hole between them.
 *
 *   writer, under mmap:W                          reader
 *   T1  make new nodes, from the leaf up          L1  rcu_read_lock()
 *   T2  store the topmost one                     L2  node = root, or a slot        addr. dep. [t]
 *       where it belongs           release [t]
 *   T3  correct start, end and gap above it       L3  rcu_read_unlock()
 *   T4  the old nodes, after a grace period
 *
 * [t] Who reads the new pointer sees nodes that are complete; the dependency carries on to the VMA.
 * A reader with the old one has a tree that was whole; T4 waits for it.
 *
 * This file is the reader; the writer is vma_tree_change.c.
 *
 * Of a node that can be found, nr, pivot[] and a leaf's start[] and end[] never change, and an inner
 * node's slots only at T2. T2 is one store, into the root pointer or a slot: of the lowest node that
 * has all changes of the transaction below one slot. So a split never lets a reader find a hole, and
 * most changes cost one new leaf. T3 is for holders of mmap_lock, whom the writer excludes.
 *
 * Models: lib/maple_tree.c with MT_FLAGS_USE_RCU and MT_FLAGS_ALLOC_RANGE, Linux 6.4, in what it
 * promises, not how.
 */
#include "mm/vma_node.h"

struct vm_area_struct *vma_tree_lookup(const struct vma_tree *tree, uint64_t addr)
{
	struct vma_node *node = rcu_dereference(tree->root);
	uint32_t i;

	if (!node)
		return NULL;
	while (node->level)
		node = rcu_dereference(node->slot[inner_search(node, addr)]);
	i = end_search(node, addr);
	if (i == node->nr || addr < node->start[i])
		return NULL;
	return rcu_dereference(node->slot[i]);
}

struct vm_area_struct *vma_tree_find(const struct vma_tree *tree, uint64_t addr)
{
	struct vma_node *node = rcu_dereference(tree->root);

	while (node) {
		uint32_t i = end_search(node, addr);

		if (i == node->nr)
			return NULL;
		if (!node->level)
			return rcu_dereference(node->slot[i]);
		node = rcu_dereference(node->slot[i]);
	}
	return NULL;
}

struct vm_area_struct *vma_tree_find_before(const struct vma_tree *tree, uint64_t addr)
{
	struct vma_node *node = rcu_dereference(tree->root);

	while (node) {
		uint32_t i = node->nr;

		while (i > 0 && node->start[i - 1] >= addr)
			i--;
		if (i == 0)
			return NULL;
		if (!node->level)
			return rcu_dereference(node->slot[i - 1]);
		node = rcu_dereference(node->slot[i - 1]);
	}
	return NULL;
}

/* The first hole of @len bytes from *@at on that ends before an area. *@at: it, or the last end. */
static bool gap_below(const struct vma_node *node, uint64_t *at, uint64_t len)
{
	for (uint32_t i = 0; i < node->nr; i++) {
		if (node->start[i] > *at && node->start[i] - *at >= len)
			return true;
		if (node->end[i] <= *at)
			continue;
		if (node->level && node->gap[i] >= len && gap_below(node->slot[i], at, len))
			return true;
		if (node->end[i] > *at)
			*at = node->end[i];
	}
	return false;
}

uint64_t vma_tree_gap(const struct vma_tree *tree, uint64_t from, uint64_t limit, uint64_t len)
{
	struct vma_node *root = rcu_dereference(tree->root);
	uint64_t at = from;

	if (root && gap_below(root, &at, len))
		return at;
	return len <= limit && at <= limit - len ? at : UINT64_MAX;
}

static bool any_below(struct vma_node *node,
		      bool (*fn)(const struct vm_area_struct *vma, void *arg), void *arg)
{
	for (uint32_t i = 0; i < node->nr; i++) {
		void *slot = rcu_dereference(node->slot[i]);

		if (node->level ? any_below(slot, fn, arg) : fn(slot, arg))
			return true;
	}
	return false;
}

bool vma_tree_any(const struct vma_tree *tree,
		  bool (*fn)(const struct vm_area_struct *vma, void *arg), void *arg)
{
	struct vma_node *root = rcu_dereference(tree->root);

	return root && any_below(root, fn, arg);
}
