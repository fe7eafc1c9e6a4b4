// SPDX-License-Identifier: MIT
/*
 * vma_tree_change.c - changes to the tree of vma_tree.c, whose protocol has the steps (T1 to T4) and what holds of a node.
 *
 * A transaction keeps the path to the leaf that it changed last. path[kept] and below were made by
 * it and may be changed; a change further up or elsewhere first copies the path up to where the ways
 * part (fresh_from()). An area that is put across a pivot moves the pivot.
 *
 * Deletion merges a node that has few slots with a neighbour when both fit well into one; otherwise
 * it leaves small nodes alone.
 */
#include "mm/vma_node.h"

#include <errno.h>

/* Below this many entries a node looks for a neighbour to merge with, to this many at most. */
#define VMA_NODE_FEW (VMA_NODE_SLOTS / 4)
#define VMA_NODE_FULL_ENOUGH (VMA_NODE_SLOTS * 3 / 4)

/* --- nodes that a transaction made --- */

static struct vma_node *node_of(struct retired *retired)
{
	return (void *)((char *)retired - offsetof(struct vma_node, retired));
}

static struct vma_node *node_make(struct vma_txn *txn, unsigned int level)
{
	enum retired_kind kind = level ? RETIRED_INNER : RETIRED_LEAF;
	struct retired *retired;
	struct vma_node *node;

	if (should_fail_alloc(FL_ALLOC_TREE))
		return NULL;
	retired = recycle_get(&txn->tree->recycler, kind);
	if (retired) {
		node = node_of(retired);
		node->nr = 0;
		node->dead = false;
		node->retired.next = NULL;
	} else {
		/* asked above */
		node = mm_zalloc_nofail(level ? sizeof(*node) : offsetof(struct vma_node, pivot));
		if (!node)
			return NULL;
		retired_init(&node->retired, kind);
	}
	node->level = (uint16_t)level;
	node->fresh = true;
	node->made_next = txn->made;
	txn->made = node;
	return node;
}

/* The transaction no longer needs @node. */
static void node_drop(struct vma_txn *txn, struct vma_node *node)
{
	if (node->fresh) {
		node->dead = true;
		return;
	}
	node->retired.next = txn->unused;
	txn->unused = &node->retired;
}

/* One slot of @from to @to; not nr. */
static void slot_move(struct vma_node *to, uint32_t i, const struct vma_node *from, uint32_t j)
{
	to->start[i] = from->start[j];
	to->end[i] = from->end[j];
	to->slot[i] = from->slot[j];
	if (to->level) {
		to->pivot[i] = from->pivot[j];
		to->gap[i] = from->gap[j];
	}
}

/* Makes room for slot @i. */
static void node_open(struct vma_node *node, uint32_t i)
{
	for (uint32_t k = node->nr++; k > i; k--)
		slot_move(node, k, node, k - 1);
}

static void node_close(struct vma_node *node, uint32_t i)
{
	node->nr--;
	for (uint32_t k = i; k < node->nr; k++)
		slot_move(node, k, node, k + 1);
}

static struct vma_node *node_copy(struct vma_txn *txn, struct vma_node *node)
{
	struct vma_node *copy = node_make(txn, node->level);
	uint32_t nr;

	if (!copy)
		return NULL;
	nr = node->nr;
	for (uint32_t i = 0; i < nr; i++)
		copy->end[i] = node->end[i];
	for (uint32_t i = 0; i < nr; i++)
		copy->start[i] = node->start[i];
	for (uint32_t i = 0; i < nr; i++)
		copy->slot[i] = node->slot[i];
	for (uint32_t i = 0; node->level && i < nr; i++) {
		copy->pivot[i] = node->pivot[i];
		copy->gap[i] = node->gap[i];
	}
	copy->nr = nr;
	node_drop(txn, node);
	return copy;
}

/* The largest hole between areas below @node. */
static uint64_t node_gap(const struct vma_node *node)
{
	uint32_t nr = node->nr;
	uint64_t gap = 0;

	for (uint32_t i = 1; i < nr; i++) {
		uint64_t before = node->start[i] - node->end[i - 1];

		gap = before > gap ? before : gap;
	}
	if (!node->level)
		return gap;
	for (uint32_t i = 0; i < nr; i++)
		gap = node->gap[i] > gap ? node->gap[i] : gap;
	return gap;
}

/* What @parent knows of slot @i, now that @child is there. False: nothing new. */
static bool node_summarize(struct vma_node *parent, uint32_t i, const struct vma_node *child)
{
	uint64_t start, end, gap;

	if (!child->nr) /* on its way out */
		return true;
	start = child->start[0];
	end = child->end[child->nr - 1];
	gap = node_gap(child);
	if (parent->start[i] == start && parent->end[i] == end && parent->gap[i] == gap)
		return false;
	parent->start[i] = start;
	parent->end[i] = end;
	parent->gap[i] = gap;
	return true;
}

static void node_set_child(struct vma_node *parent, uint32_t i, struct vma_node *child)
{
	parent->slot[i] = child;
	node_summarize(parent, i, child);
}

/* --- the path --- */

/* Copies nodes so that path[@level] and all below it are the transaction's. */
static int fresh_from(struct vma_txn *txn, uint32_t level)
{
	while (txn->kept > level) {
		uint32_t l = txn->kept - 1;
		struct vma_node *copy = node_copy(txn, txn->path[l].node);

		if (!copy)
			return -ENOMEM;
		if (l + 1 < txn->levels)
			node_set_child(copy, txn->path[l].slot, txn->path[l + 1].node);
		txn->path[l].node = copy;
		txn->kept = l;
	}
	return 0;
}

/* The first change: the tree's own nodes, down to the leaf. */
static void path_find(struct vma_txn *txn, struct vma_node *node, uint64_t addr)
{
	for (uint32_t l = 0;; l++) {
		txn->path[l].node = node;
		txn->levels = txn->kept = l + 1;
		if (!node->level)
			return;
		txn->path[l].slot = inner_search(node, addr);
		node = node->slot[txn->path[l].slot];
	}
}

/* Leads the path to the leaf that @addr belongs to, which is the transaction's own then. */
static int path_to(struct vma_txn *txn, uint64_t addr)
{
	uint32_t l;

	if (!txn->levels) {
		struct vma_node *root = READ_ONCE(txn->tree->root);

		if (root) {
			path_find(txn, root, addr);
			return fresh_from(txn, txn->levels - 1);
		}
		txn->path[0].node = node_make(txn, 0);
		txn->levels = txn->path[0].node ? 1 : 0;
		return txn->levels ? 0 : -ENOMEM;
	}
	for (l = 0; l < txn->kept; l++) {
		if (inner_search(txn->path[l].node, addr) != txn->path[l].slot)
			break;
	}
	if (fresh_from(txn, l))
		return -ENOMEM;
	for (l = txn->kept; txn->path[l].node->level; l++) {
		struct vma_node *node = txn->path[l].node, *child;
		uint32_t i = inner_search(node, addr);

		child = node->slot[i];
		if (!child->fresh) {
			child = node_copy(txn, child);
			if (!child)
				return -ENOMEM;
			node->slot[i] = child;
		}
		txn->path[l].slot = i;
		txn->path[l + 1].node = child;
	}
	txn->levels = l + 1;
	return 0;
}

/* path[@level] changed: so do the summaries above it, in nodes of the transaction. */
static void path_summarize(struct vma_txn *txn, uint32_t level)
{
	for (uint32_t l = level; l > txn->kept; l--)
		node_set_child(txn->path[l - 1].node, txn->path[l - 1].slot, txn->path[l].node);
}

/* --- change --- */

/* A new root above the old one, which is path[0]. */
static int root_grow(struct vma_txn *txn)
{
	struct vma_node *old = txn->path[0].node, *root;

	if (txn->levels == VMA_TREE_LEVELS)
		return -ENOMEM;
	root = node_make(txn, old->level + 1U);
	if (!root)
		return -ENOMEM;
	root->nr = 1;
	node_set_child(root, 0, old);
	for (uint32_t l = txn->levels++; l > 0; l--)
		txn->path[l] = txn->path[l - 1];
	txn->path[0].node = root;
	txn->path[0].slot = 0;
	return 0;
}

/*
 * path[@l] is full: two nodes. Or, if the node above it is full as well, that one: the caller looks
 * again. @append: what is to come is behind all that is there; so it usually goes on.
 */
static int node_split(struct vma_txn *txn, uint32_t l, bool append)
{
	struct vma_node *node = txn->path[l].node, *right, *parent;
	uint32_t keep, at;

	if (l == 0) {
		if (root_grow(txn))
			return -ENOMEM;
		l = 1;
	}
	if (txn->path[l - 1].node->nr == VMA_NODE_SLOTS) {
		append = txn->path[l - 1].slot == VMA_NODE_SLOTS - 1;
		return fresh_from(txn, l - 1) ? -ENOMEM : node_split(txn, l - 1, append);
	}
	right = node_make(txn, node->level);
	if (!right || fresh_from(txn, l - 1))
		return -ENOMEM;
	keep = append ? node->nr - 1 : node->nr / 2;
	for (uint32_t i = keep; i < node->nr; i++)
		slot_move(right, right->nr++, node, i);
	node->nr = keep;

	parent = txn->path[l - 1].node;
	at = txn->path[l - 1].slot;
	node_open(parent, at + 1);
	parent->pivot[at + 1] = parent->pivot[at];
	parent->pivot[at] = node->level ? node->pivot[keep - 1] : right->start[0];
	node_set_child(parent, at, node);
	node_set_child(parent, at + 1, right);
	return 0;
}

/* The leaf's areas end where the next leaf's begin: if @end is behind that, the border moves. */
static int path_move_pivot(struct vma_txn *txn, uint64_t end)
{
	for (uint32_t l = txn->levels - 1; l-- > 0;) {
		struct vma_node *node = txn->path[l].node;
		uint32_t i = txn->path[l].slot;

		if (i + 1 == node->nr)
			continue;
		if (end <= node->pivot[i])
			return 0;
		if (fresh_from(txn, l))
			return -ENOMEM;
		txn->path[l].node->pivot[i] = end;
		return 0;
	}
	return 0;
}

static void leaf_set(struct vma_node *leaf, uint32_t i, const struct vma_entry *entry)
{
	leaf->start[i] = entry->start;
	leaf->end[i] = entry->end;
	leaf->slot[i] = entry->vma;
}

static int entry_insert(struct vma_txn *txn, const struct vma_entry *entry)
{
	struct vma_node *leaf;
	uint32_t at;

	for (;;) {
		if (path_to(txn, entry->start))
			return -ENOMEM;
		leaf = txn->path[txn->levels - 1].node;
		at = end_search(leaf, entry->start);
		if (leaf->nr < VMA_NODE_SLOTS)
			break;
		if (node_split(txn, txn->levels - 1, at == leaf->nr))
			return -ENOMEM;
	}
	if (path_move_pivot(txn, entry->end))
		return -ENOMEM;
	node_open(leaf, at);
	leaf_set(leaf, at, entry);
	path_summarize(txn, txn->levels - 1);
	return 0;
}

/* path[@l] has few slots: it takes in a neighbour if it may. 1: it did. 0: no. Or -ENOMEM. */
static int node_merge_small(struct vma_txn *txn, uint32_t l)
{
	struct vma_node *node = txn->path[l].node, *parent = txn->path[l - 1].node, *near = NULL;
	uint32_t at = txn->path[l - 1].slot, left = at;

	if (at + 1 < parent->nr)
		near = parent->slot[at + 1];
	if (!near || near->nr + node->nr > VMA_NODE_FULL_ENOUGH) {
		if (at == 0)
			return 0;
		left = at - 1;
		near = parent->slot[left];
		if (near->nr + node->nr > VMA_NODE_FULL_ENOUGH)
			return 0;
	}
	if (fresh_from(txn, l - 1))
		return -ENOMEM;
	parent = txn->path[l - 1].node;
	if (left == at) {
		if (node->level)
			node->pivot[node->nr - 1] = parent->pivot[at];
		for (uint32_t i = 0; i < near->nr; i++)
			slot_move(node, node->nr++, near, i);
	} else {
		for (uint32_t i = node->nr; i-- > 0;)
			slot_move(node, i + near->nr, node, i);
		for (uint32_t i = 0; i < near->nr; i++)
			slot_move(node, i, near, i);
		if (node->level)
			node->pivot[near->nr - 1] = parent->pivot[left];
		node->nr += near->nr;
	}
	node_drop(txn, near);
	node_close(parent, left);
	node_set_child(parent, left, node);
	return 1;
}

/* An empty node goes. */
static int node_remove(struct vma_txn *txn, uint32_t l)
{
	struct vma_node *node = txn->path[l].node;

	if (fresh_from(txn, l - 1))
		return -ENOMEM;
	node_close(txn->path[l - 1].node, txn->path[l - 1].slot);
	node_drop(txn, node);
	return 1;
}

/* The leaf of the path lost an area, or a node below path[@l] was taken away. */
static int path_shrink(struct vma_txn *txn)
{
	uint32_t l;

	for (l = txn->levels - 1; l > 0; l--) {
		struct vma_node *node = txn->path[l].node;
		int ret;

		if (node->nr >= VMA_NODE_FEW)
			break;
		ret = node->nr ? node_merge_small(txn, l) : node_remove(txn, l);
		if (ret < 0)
			return ret;
		if (!ret)
			break;
	}
	/* Nothing is left. */
	if (!txn->path[l].node->nr)
		txn->path[l].node->level = 0;
	path_summarize(txn, l);
	return 0;
}

void vma_txn_begin(struct vma_txn *txn, struct vma_tree *tree)
{
	txn->tree = tree;
	txn->made = NULL;
	txn->unused = NULL;
	txn->levels = txn->kept = 0;
}

int vma_txn_insert(struct vma_txn *txn, const struct vma_entry *entry)
{
	return entry_insert(txn, entry);
}

/* Does what takes the place of slot @i of @leaf fit in there, with no look further up but at pivots? */
static bool replaces_in_leaf(const struct vma_txn *txn, const struct vma_node *leaf, uint32_t i,
			     const struct vma_entry *entries, unsigned int n)
{
	if (n == 0)
		return leaf->nr > VMA_NODE_FEW;
	if (n == 2 && leaf->nr == VMA_NODE_SLOTS)
		return false;
	return i > 0 || txn->levels == 1 || entries[0].start >= leaf->start[i];
}

static int replace_in_leaf(struct vma_txn *txn, struct vma_node *leaf, uint32_t i,
			   const struct vma_entry *entries, unsigned int n)
{
	if (n && path_move_pivot(txn, entries[n - 1].end))
		return -ENOMEM;
	if (n == 0)
		node_close(leaf, i);
	else if (n == 2)
		node_open(leaf, i + 1);
	for (unsigned int k = 0; k < n; k++)
		leaf_set(leaf, i + k, &entries[k]);
	path_summarize(txn, txn->levels - 1);
	return 0;
}

int vma_txn_replace(struct vma_txn *txn, uint64_t addr, const struct vma_entry *entries,
		    unsigned int n)
{
	struct vma_node *leaf;
	uint32_t at;

	if (path_to(txn, addr))
		return -ENOMEM;
	leaf = txn->path[txn->levels - 1].node;
	at = end_search(leaf, addr);
	if (replaces_in_leaf(txn, leaf, at, entries, n))
		return replace_in_leaf(txn, leaf, at, entries, n);
	node_close(leaf, at);
	/* What comes may go elsewhere: no leaf is left empty. */
	if (!n || !leaf->nr) {
		if (path_shrink(txn))
			return -ENOMEM;
	} else {
		path_summarize(txn, txn->levels - 1);
	}
	for (unsigned int i = 0; i < n; i++) {
		if (entry_insert(txn, &entries[i]))
			return -ENOMEM;
	}
	return 0;
}

/* T3. */
static void summarize_kept(struct vma_txn *txn)
{
	for (uint32_t l = txn->kept; l > 0; l--) {
		if (!node_summarize(txn->path[l - 1].node, txn->path[l - 1].slot,
				    txn->path[l].node))
			break;
	}
}

static void txn_publish(struct vma_txn *txn)
{
	struct vma_node *top = txn->path[txn->kept].node;

	if (txn->kept) {
		struct vma_node *parent = txn->path[txn->kept - 1].node;

		/* T2, W3 of vma.c */
		FL_STEP("W3", ({
				rcu_assign_pointer(parent->slot[txn->path[txn->kept - 1].slot],
						   top);
			}));
		summarize_kept(txn);
		return;
	}
	/* A root with one child is not needed. */
	while (top->level && top->nr == 1) {
		node_drop(txn, top);
		top = top->slot[0];
	}
	if (!top->nr) {
		node_drop(txn, top);
		top = NULL;
	}
	FL_STEP("W3", ({ rcu_assign_pointer(txn->tree->root, top); })); /* T2 */
}

void retired_free_node(struct retired *retired)
{
	fl_free(node_of(retired));
}

/* T2, T3. txn->unused are the nodes that the tree had before. */
static void txn_finish(struct vma_txn *txn)
{
	if (!txn->levels)
		return;
	txn_publish(txn);
	while (txn->made) {
		struct vma_node *node = txn->made;

		txn->made = node->made_next;
		if (node->dead)
			fl_free(node);
		else
			node->fresh = false;
	}
}

static void free_nodes(struct retired *list)
{
	while (list) {
		struct retired *next = list->next;

		fl_free(node_of(list));
		list = next;
	}
}

void vma_txn_commit(struct vma_txn *txn, bool rcu)
{
	txn_finish(txn);
	if (rcu && txn->unused)
		recycle_put(&txn->tree->recycler, txn->unused, retired_free_node); /* T4: all */
	else
		free_nodes(txn->unused);
}

void vma_txn_commit_keep(struct vma_txn *txn)
{
	struct retired **end = &txn->unused;

	txn_finish(txn);
	while (*end)
		end = &(*end)->next;
	*end = txn->tree->kept;
	txn->tree->kept = txn->unused;
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
	free_nodes(tree->kept);
	tree->kept = NULL;
	recycler_destroy(&tree->recycler);
}
