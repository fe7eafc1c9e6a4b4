/* SPDX-License-Identifier: MIT */
/*
 * vma_tree.h - from an address to its VMA: an ordered tree that is read without a lock.
 *
 * Stands where the kernel has its maple tree, with the same promises: a lookup takes a number of
 * steps that grows with the logarithm of the number of areas, needs no lock but an RCU reader
 * section, and meets the tree as it was before or after a change, never in between.
 */
#ifndef FL_MM_VMA_TREE_H
#define FL_MM_VMA_TREE_H

#include <faultline/rt.h>

struct vm_area_struct;
struct vma_node;
struct recycler; /* recycle.h */
struct retired;

struct vma_tree {
	struct vma_node *root;	   /* NULL: empty. Stored by the holder of mmap:W alone */
	struct recycler *recycler; /* mmap:W. For nodes, and for VMAs */
	struct retired *kept;	   /* nodes that go with the tree: vma_txn_commit_keep() */
};

/* [start, end) belongs to vma. */
struct vma_entry {
	uint64_t start, end;
	struct vm_area_struct *vma;
};

/*
 * The area that contains @addr, or NULL. Under RCU, or mmap_lock. What it returns is what the tree
 * says: a VMA's own vm_start and vm_end are to be checked once it is locked.
 */
struct vm_area_struct *vma_tree_lookup(const struct vma_tree *tree, uint64_t addr);
/*
 * The first area that ends after @addr, and the last one that starts before it. Or NULL.
 * mmap_lock.
 */
struct vm_area_struct *vma_tree_find(const struct vma_tree *tree, uint64_t addr);
struct vm_area_struct *vma_tree_find_before(const struct vma_tree *tree, uint64_t addr);

/*
 * The lowest address from @from on where @len bytes are free and end at @limit at the latest, or
 * UINT64_MAX. mmap_lock. No area reaches beyond @limit.
 */
uint64_t vma_tree_gap(const struct vma_tree *tree, uint64_t from, uint64_t limit, uint64_t len);

#define VMA_TREE_LEVELS 16

/* A change, prepared aside and then published by one store. Under mmap:W. */
struct vma_txn {
	struct vma_tree *tree;
	struct vma_node *made;	/* all nodes that were made for it */
	struct retired *unused; /* all nodes of the tree that it no longer needs */
	/* From the root to the leaf that was changed last: a node and which of its slots was taken. */
	struct {
		struct vma_node *node;
		uint32_t slot;
	} path[VMA_TREE_LEVELS];
	uint32_t levels; /* of path[] */
	uint32_t kept;	 /* the first ones are the tree's, all below them are new */
};

void vma_txn_begin(struct vma_txn *txn, struct vma_tree *tree);
/* Adds an area; its range is free. -ENOMEM: the transaction is still good, to be aborted. */
int vma_txn_insert(struct vma_txn *txn, const struct vma_entry *entry);
/*
 * Puts @n (0 to 2) entries in the place of the one that contains @addr: inside its range, and in what
 * is free before and behind it. As above.
 */
int vma_txn_replace(struct vma_txn *txn, uint64_t addr, const struct vma_entry *entries,
		    unsigned int n);
/* Readers can be inside (@rcu): nodes that are no longer needed go after a grace period. */
void vma_txn_commit(struct vma_txn *txn, bool rcu);
/*
 * With mmap:R alone, and whatever excludes other writers: the nodes stay until the tree goes. For a change that needs no
 * node in the kernel.
 */
void vma_txn_commit_keep(struct vma_txn *txn);
void vma_txn_abort(struct vma_txn *txn);

/* Calls @fn for each area, in order, until it returns true. Does not look into the areas. */
bool vma_tree_any(const struct vma_tree *tree,
		  bool (*fn)(const struct vm_area_struct *vma, void *arg), void *arg);
/* Frees all nodes. Nobody uses the tree any more. */
void vma_tree_destroy(struct vma_tree *tree);

#endif
