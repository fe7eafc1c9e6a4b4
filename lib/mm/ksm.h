/* SPDX-License-Identifier: MIT */
/*
 * ksm.h - KSM's own records, and what the rest of lib/mm has to tell it. After mm/ksm.c, Linux 6.1.
 *
 * An item stands for one address of one mm that ksmd has seen a page at. It is in one tree at most:
 *
 *   the stable tree    KSM pages, by content. It can't change: all entries are read-only, and a write
 *                      copies. Each node has the items that share its page
 *   the unstable tree  items whose pages look alike in two passes. Nothing keeps them from changing,
 *                      so it is forgotten after each pass, and what it finds is only a guess
 *
 * Both are ordered by checksum, then content; the kernel's by content. A node of the stable tree has
 * no reference to its page: when the last entry goes, so does the page, and whoever meets the node
 * finds that page->mapping no longer is the node.
 *
 * Two nodes have one content if a page was still mapped, by entries that a fork made and ksmd has not seen yet, when two others with
 * that content were merged.
 *
 * A KSM page without a node is one whose merge came to nothing, and that more than one entry maps: ksmd gives a page of its own to
 * the entry that it looked at alone (break_cow()).
 */
#ifndef FL_MM_KSM_H
#define FL_MM_KSM_H

#include "mm/mm_types.h"

struct ksm_tree_node {
	struct ksm_tree_node *parent, *left, *right;
	uint64_t checksum;
};

struct ksm_stable_node {
	struct ksm_tree_node node; /* first */
	uint64_t kpfn;
	struct ksm_rmap_item *items;
	unsigned int nr_items;
	/* Of the same content; the first of them is in the tree. */
	struct ksm_stable_node *prev_dup, *next_dup;
};

struct ksm_rmap_item {
	struct ksm_tree_node node; /* first; of the unstable tree, if seqnr is this pass's */
	unsigned long seqnr;
	struct ksm_rmap_item *next; /* of the same mm, by address */
	struct mm_struct *mm;
	fl_vaddr address;
	uint64_t oldchecksum;
	bool seen;			 /* oldchecksum is one */
	struct ksm_stable_node *head;	 /* of the stable tree; NULL: not there */
	struct ksm_rmap_item *next_same; /* head->items */
};

struct ksm_mm_slot {
	struct mm_struct *mm;
	unsigned long order; /* mm->ksm_order, by which they are looked at */
	struct ksm_rmap_item *items;
	struct ksm_mm_slot *next;
};

/* machine_state.ksm. All of it belongs to who holds the mutex: ksmd, for a whole pass. */
struct ksm {
	struct rw_semaphore mutex; /* ksm_thread_mutex; outside of every mmap_lock */
	struct ksm_mm_slot *slots;
	struct ksm_tree_node *stable, *unstable;
	unsigned long seqnr;   /* of this pass */
	atomic_long_t entered; /* mms that became mergeable so far; not the mutex's */
};

/* --- ksm.c --- */

/* It has mergeable memory from now on. mmap:W, or nobody else sees it yet. */
void ksm_enter(struct mm_struct *mm);
/* The mm is about to go: ksmd forgets it. Waits for a pass that is under way. No lock held. */
void ksm_exit(struct mm_struct *mm);
/*
 * Every page of [start, end), inside @vma, becomes its own again. mmap:R or mmap:W. 0, -ENOMEM or
 * -EIO. For MADV_UNMERGEABLE.
 */
int unmerge_ksm_pages(struct vm_area_struct *vma, fl_vaddr start, fl_vaddr end);
/* machine.c's: 0 or -ENOMEM. */
int ksm_init(struct fl_machine *m);
void ksm_destroy(struct fl_machine *m);

/* --- ksm_tree.c; with the mutex --- */

uint64_t calc_checksum(const struct fl_machine *m, const struct page *page);
/* Below 0, 0, above 0. */
int memcmp_pages(const struct fl_machine *m, const struct page *a, const struct page *b);

/* The item for @addr, after those that *@list passes over, which are freed. NULL: no memory. */
struct ksm_rmap_item *get_next_rmap_item(struct ksm *ksm, struct mm_struct *mm,
					 struct ksm_rmap_item ***list, fl_vaddr addr);
/* Frees *@list and what follows. */
void free_rmap_items(struct ksm *ksm, struct ksm_rmap_item **list);
void remove_rmap_item_from_tree(struct ksm *ksm, struct ksm_rmap_item *item);

/* The node's page, with a reference. NULL: it is gone, and so is the node now. */
struct page *ksm_get_page(struct fl_machine *m, struct ksm_stable_node *node);
/* A KSM page's node, NULL: it has none. Other pages have none. */
struct ksm_stable_node *page_stable_node(const struct page *page);
/* A KSM page of a node, with the content of @page and a reference: @page, if it is one. NULL: there is none that may be shared. */
struct page *stable_tree_search(struct fl_machine *m, struct page *page, uint64_t checksum);
/* A node for @kpage, referenced, which becomes its page->mapping. NULL: no memory. */
struct ksm_stable_node *stable_tree_insert(struct fl_machine *m, struct page *kpage,
					   uint64_t checksum);
void stable_tree_append(struct ksm_rmap_item *item, struct ksm_stable_node *node);
/* An item whose page looks like @page, with a reference in *@tree_page. NULL: @item is in now. */
struct ksm_rmap_item *unstable_tree_search_insert(struct fl_machine *m, struct ksm_rmap_item *item,
						  struct page *page, struct page **tree_page);
/* ksm.c, for the search: the anonymous page at the item's address, with a reference; or NULL. */
struct page *get_mergeable_page(struct ksm_rmap_item *item);

void ksm_free_stable_tree(struct ksm *ksm);

#endif
