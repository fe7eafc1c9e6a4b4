// SPDX-License-Identifier: MIT
/*
 * vma_tree.c - a B+ tree whose nodes never change once they can be found.
 *
 * State: tree->root and nodes below it. A node has up to VMA_NODE_SLOTS entries in ascending
 * order, each with the range that it covers; those of a leaf point to VMAs, those of an inner
 * node to nodes, and cover exactly from the first byte to the last of the areas below. Areas do
 * not overlap.
 *
 *   writer, under mmap:W                        reader
 *   T1  make new nodes, from the leaf up        L1  rcu_read_lock()
 *   T2  root = new root        release [t]      L2  node = root, then its slots   addr. dep. [t]
 *   T3  call_rcu(the old nodes)                 L3  rcu_read_unlock()
 *
 * [t] Who reads the new root through rcu_dereference() sees nodes that are complete. Slots are
 *     read by
 * rcu_dereference() on the way down for the same reason: the dependency carries on to the VMA.
 * A reader with the old root has a tree that was whole; T3 waits for it.
 *
 * Several changes can go into one transaction, and one store shows them all: a split never lets a
 * reader find a hole. It copies the path from the root for each; at the width of a node that is
 * two or three small copies for thousands of areas.
 *
 * Deletion merges a node with a neighbour when both fit into one; otherwise it leaves small nodes
 * alone.
 *
 * Models: lib/maple_tree.c with MT_FLAGS_USE_RCU, Linux 6.4, in what it promises, not how.
 */
#include "mm/vma_tree.h"

#include <errno.h>

#define VMA_NODE_SLOTS 16
/* Below this many entries a node looks for a neighbour to merge with. */
#define VMA_NODE_FEW (VMA_NODE_SLOTS / 4)

struct vma_node {
	uint32_t nr;
	uint32_t level; /* 0: a leaf */
	uint64_t end[VMA_NODE_SLOTS];
	uint64_t start[VMA_NODE_SLOTS];
	void *slot[VMA_NODE_SLOTS];
	/* Never read by lookups; guarded by mmap:W, then RCU's. */
	struct vma_node *made_next, *unused_next;
	struct rcu_head rcu;
};

/* An entry of any node, on its way. */
struct slot {
	uint64_t start, end;
	void *ptr;
};

/* --- lookup --- */

/* The first entry that ends after @addr; node->nr if there is none. */
static uint32_t node_search(const struct vma_node *node, uint64_t addr)
{
	uint32_t i, nr = node->nr;

	for (i = 0; i < nr; i++) {
		if (addr < node->end[i])
			break;
	}
	return i == nr ? UINT32_MAX : i;
}

struct vm_area_struct *vma_tree_lookup(const struct vma_tree *tree, uint64_t addr)
{
	struct vma_node *node = rcu_dereference(tree->root);

	while (node) {
		uint32_t i = node_search(node, addr);

		if (i == UINT32_MAX)
			return NULL;
		if (node->level == 0) {
			if (addr < node->start[i])
				return NULL;
			return rcu_dereference(node->slot[i]);
		}
		node = rcu_dereference(node->slot[i]);
	}
	return NULL;
}

struct vm_area_struct *vma_tree_find(const struct vma_tree *tree, uint64_t addr)
{
	struct vma_node *node = rcu_dereference(tree->root);

	while (node) {
		uint32_t i = node_search(node, addr);

		if (i == UINT32_MAX)
			return NULL;
		if (node->level == 0)
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
		if (node->level == 0)
			return rcu_dereference(node->slot[i - 1]);
		node = rcu_dereference(node->slot[i - 1]);
	}
	return NULL;
}

static bool any_below(struct vma_node *node, bool (*fn)(struct vm_area_struct *vma, void *arg),
		      void *arg)
{
	for (uint32_t i = 0; i < node->nr; i++) {
		void *slot = rcu_dereference(node->slot[i]);

		if (node->level ? any_below(slot, fn, arg) : fn(slot, arg))
			return true;
	}
	return false;
}

bool vma_tree_any(const struct vma_tree *tree, bool (*fn)(struct vm_area_struct *vma, void *arg),
		  void *arg)
{
	struct vma_node *root = rcu_dereference(tree->root);

	return root && any_below(root, fn, arg);
}

/* --- change --- */

static struct vma_node *node_make(struct vma_txn *txn, uint32_t level)
{
	struct vma_node *node = fl_zalloc(sizeof(*node));

	if (node) {
		node->level = level;
		node->made_next = txn->made;
		txn->made = node;
	}
	return node;
}

static void node_unused(struct vma_txn *txn, struct vma_node *node)
{
	node->unused_next = txn->unused;
	txn->unused = node;
}

static struct slot node_get(const struct vma_node *node, uint32_t i)
{
	return (struct slot){ node->start[i], node->end[i], node->slot[i] };
}

static void node_add(struct vma_node *node, struct slot s)
{
	uint32_t i = node->nr++;

	node->start[i] = s.start;
	node->end[i] = s.end;
	node->slot[i] = s.ptr;
}

static struct slot node_as_slot(struct vma_node *node)
{
	return (struct slot){ node->start[0], node->end[node->nr - 1], node };
}

/*
 * Makes one or two nodes, or none, out of @node's entries with [at, at + gone) replaced by @n
 * entries of @s. Their number, or -ENOMEM.
 */
static int node_rebuild(struct vma_txn *txn, struct vma_node *node, uint32_t at, uint32_t gone,
			const struct slot *s, uint32_t n, struct vma_node *out[2])
{
	uint32_t total = node->nr - gone + n, first = total, done = 0;
	int nodes = 1;

	node_unused(txn, node);
	if (total == 0)
		return 0;
	if (total > VMA_NODE_SLOTS) {
		first = total / 2;
		nodes = 2;
	}
	for (int i = 0; i < nodes; i++) {
		out[i] = node_make(txn, node->level);
		if (!out[i])
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < node->nr + (at == node->nr); i++) {
		if (i == at) {
			for (uint32_t k = 0; k < n; k++)
				node_add(out[done++ >= first], s[k]);
		}
		if (i < node->nr && (i < at || i >= at + gone))
			node_add(out[done++ >= first], node_get(node, i));
	}
	return nodes;
}

/* @parent's children @i and @i + 1 become one if they fit. Whether they did, or -ENOMEM. */
static int node_try_merge(struct vma_txn *txn, struct vma_node *parent, uint32_t i)
{
	struct vma_node *left = parent->slot[i], *right = parent->slot[i + 1], *both;

	if (left->nr + right->nr > VMA_NODE_SLOTS)
		return 0;
	both = node_make(txn, left->level);
	if (!both)
		return -ENOMEM;
	for (uint32_t k = 0; k < left->nr; k++)
		node_add(both, node_get(left, k));
	for (uint32_t k = 0; k < right->nr; k++)
		node_add(both, node_get(right, k));
	node_unused(txn, left);
	node_unused(txn, right);
	/* @parent was made in this transaction: nobody else has seen it. */
	parent->end[i] = parent->end[i + 1];
	parent->slot[i] = both;
	for (uint32_t k = i + 1; k + 1 < parent->nr; k++) {
		parent->start[k] = parent->start[k + 1];
		parent->end[k] = parent->end[k + 1];
		parent->slot[k] = parent->slot[k + 1];
	}
	parent->nr--;
	return 1;
}

static int node_merge_small(struct vma_txn *txn, struct vma_node *parent, struct vma_node *child)
{
	uint32_t i;
	int ret;

	if (child->nr >= VMA_NODE_FEW)
		return 0;
	for (i = 0; parent->slot[i] != child; i++)
		;
	if (i + 1 < parent->nr) {
		ret = node_try_merge(txn, parent, i);
		if (ret)
			return ret;
	}
	return i > 0 ? node_try_merge(txn, parent, i - 1) : 0;
}

/*
 * Replaces (@gone: 1) the entry that contains @addr, or adds to (@gone: 0) the place where @addr
 * belongs, in the tree below @node. As node_rebuild().
 */
static int tree_update(struct vma_txn *txn, struct vma_node *node, uint64_t addr, uint32_t gone,
		       const struct slot *s, uint32_t n, struct vma_node *out[2])
{
	uint32_t at = node_search(node, addr);
	struct vma_node *below[2];
	struct slot up[2];
	int nodes, ret;

	if (node->level == 0)
		return node_rebuild(txn, node, at == UINT32_MAX ? node->nr : at, gone, s, n, out);

	if (at == UINT32_MAX)
		at = node->nr - 1;
	nodes = tree_update(txn, node->slot[at], addr, gone, s, n, below);
	if (nodes < 0)
		return nodes;
	for (int i = 0; i < nodes; i++)
		up[i] = node_as_slot(below[i]);
	ret = node_rebuild(txn, node, at, 1, up, (uint32_t)nodes, out);
	if (ret == 1 && nodes == 1) {
		int merged = node_merge_small(txn, out[0], below[0]);

		if (merged < 0)
			return merged;
	}
	return ret;
}

static int txn_update(struct vma_txn *txn, uint64_t addr, uint32_t gone,
		      const struct vma_entry *entries, uint32_t n)
{
	struct vma_node *out[2], *root = txn->root;
	struct slot s[2];
	int nodes;

	for (uint32_t i = 0; i < n; i++)
		s[i] = (struct slot){ entries[i].start, entries[i].end, entries[i].vma };
	if (!root) {
		root = node_make(txn, 0);
		if (!root)
			return -ENOMEM;
	}
	nodes = tree_update(txn, root, addr, gone, s, n, out);
	if (nodes < 0)
		return nodes;
	if (nodes == 0) {
		txn->root = NULL;
		return 0;
	}
	if (nodes == 2) {
		root = node_make(txn, out[0]->level + 1);
		if (!root)
			return -ENOMEM;
		node_add(root, node_as_slot(out[0]));
		node_add(root, node_as_slot(out[1]));
		out[0] = root;
	}
	/* A root with one child is not needed. */
	while (out[0]->level > 0 && out[0]->nr == 1) {
		node_unused(txn, out[0]);
		out[0] = out[0]->slot[0];
	}
	txn->root = out[0];
	return 0;
}

void vma_txn_begin(struct vma_txn *txn, struct vma_tree *tree)
{
	txn->tree = tree;
	txn->root = READ_ONCE(tree->root);
	txn->made = NULL;
	txn->unused = NULL;
}

int vma_txn_insert(struct vma_txn *txn, const struct vma_entry *entry)
{
	return txn_update(txn, entry->start, 0, entry, 1);
}

int vma_txn_replace(struct vma_txn *txn, uint64_t addr, const struct vma_entry *entries,
		    unsigned int n)
{
	return txn_update(txn, addr, 1, entries, n);
}

static void free_unused(struct rcu_head *head)
{
	void *first = (char *)head - offsetof(struct vma_node, rcu);
	struct vma_node *node = first;

	while (node) {
		struct vma_node *next = node->unused_next;

		fl_free(node);
		node = next;
	}
}

void vma_txn_commit(struct vma_txn *txn, bool rcu)
{
	rcu_assign_pointer(txn->tree->root, txn->root); /* T2 */
	if (!txn->unused)
		return;
	if (rcu)
		call_rcu(&txn->unused->rcu, free_unused); /* T3: the list as a whole */
	else
		free_unused(&txn->unused->rcu);
}

void vma_txn_abort(struct vma_txn *txn)
{
	while (txn->made) {
		struct vma_node *next = txn->made->made_next;

		fl_free(txn->made);
		txn->made = next;
	}
}

static void free_subtree(struct vma_node *node)
{
	for (uint32_t i = 0; node->level > 0 && i < node->nr; i++)
		free_subtree(node->slot[i]);
	fl_free(node);
}

void vma_tree_destroy(struct vma_tree *tree)
{
	if (tree->root)
		free_subtree(tree->root);
	tree->root = NULL;
}
