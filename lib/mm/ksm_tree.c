// SPDX-License-Identifier: MIT
/*
 * ksm_tree.c - KSM's two trees, and the items that are in them. See ksm.h.
 *
 * State: struct ksm, guarded by its mutex; page->mapping of KSM pages, which is their stable node
 * from the time that they are in the tree until they are freed. (The kernel stores it under the page
 * lock, for migration, which there is none of.)
 *
 * The trees are binary trees without balance: their first key is a checksum, which is as good as
 * random, so they are not deep.
 *
 *   ksm_get_page(node), no lock                   the last one to map the page
 *   T1  page->mapping == node?                    U1  drop the last reference
 *   T2  a reference, unless there is none         U2  page->mapping = NULL; the frame is free
 *   T3  page->mapping == node?
 *
 * T2 is fully ordered and comes from a reference that was there. If the page had been freed and used
 * again before T2, then U2 is before T2, and T3 sees it, or what the next owner put there.
 *
 * Models: ksm_get_folio(), stable_tree_search(), stable_tree_insert(),
 * unstable_tree_search_insert(), get_next_rmap_item(), mm/ksm.c, Linux 6.12, without NUMA, migration, and limits on
 * sharing.
 * Policy: none.
 */
#include "mm/ksm.h"

/* --- a binary tree --- */

static void insert_node(struct ksm_tree_node **link, struct ksm_tree_node *parent,
			struct ksm_tree_node *node)
{
	node->parent = parent;
	node->left = node->right = NULL;
	*link = node;
}

static void replace_node(struct ksm_tree_node **root, struct ksm_tree_node *node,
			 struct ksm_tree_node *by)
{
	if (!node->parent)
		*root = by;
	else if (node->parent->left == node)
		node->parent->left = by;
	else
		node->parent->right = by;
	if (by)
		by->parent = node->parent;
}

/* @by, which is in no tree, to where @node is. */
static void take_place(struct ksm_tree_node **root, struct ksm_tree_node *node,
		       struct ksm_tree_node *by)
{
	*by = *node;
	replace_node(root, node, by);
	if (by->left)
		by->left->parent = by;
	if (by->right)
		by->right->parent = by;
}

static void erase_node(struct ksm_tree_node **root, struct ksm_tree_node *node)
{
	struct ksm_tree_node *next = node->right;

	if (!node->left || !node->right) {
		replace_node(root, node, node->left ? node->left : node->right);
		return;
	}
	while (next->left)
		next = next->left;
	if (next->parent != node) {
		replace_node(root, next, next->right);
		next->right = node->right;
		next->right->parent = next;
	}
	replace_node(root, node, next);
	next->left = node->left;
	next->left->parent = next;
}

/* --- contents --- */

uint64_t calc_checksum(const struct fl_machine *m, const struct page *page)
{
	const uint64_t *words = frame_words(m, page_to_pfn(page));
	uint64_t sum = 0;

	for (unsigned int i = 0; i < m->page_words; i++) {
		sum = (sum ^ READ_ONCE(words[i])) * 0x9e3779b97f4a7c15ULL;
		sum ^= sum >> 29;
	}
	return sum;
}

int memcmp_pages(const struct fl_machine *m, const struct page *a, const struct page *b)
{
	const uint64_t *left = frame_words(m, page_to_pfn(a));
	const uint64_t *right = frame_words(m, page_to_pfn(b));

	for (unsigned int i = 0; i < m->page_words; i++) {
		uint64_t l = READ_ONCE(left[i]), r = READ_ONCE(right[i]);

		if (l != r)
			return l < r ? -1 : 1;
	}
	return 0;
}

/* --- items --- */

void remove_rmap_item_from_tree(struct ksm *ksm, struct ksm_rmap_item *item)
{
	struct ksm_rmap_item **link;

	if (item->head) {
		for (link = &item->head->items; *link != item; link = &(*link)->next_same)
			;
		*link = item->next_same;
		item->head->nr_items--;
		item->head = NULL;
	} else if (item->seqnr == ksm->seqnr) {
		erase_node(&ksm->unstable, &item->node);
	}
	item->seqnr = 0;
}

static void free_rmap_item(struct ksm *ksm, struct ksm_rmap_item **link)
{
	struct ksm_rmap_item *item = *link;

	*link = item->next;
	remove_rmap_item_from_tree(ksm, item);
	fl_free(item);
}

struct ksm_rmap_item *get_next_rmap_item(struct ksm *ksm, struct mm_struct *mm,
					 struct ksm_rmap_item ***list, fl_vaddr addr)
{
	struct ksm_rmap_item **link = *list, *item;

	while (*link && (*link)->address < addr)
		free_rmap_item(ksm, link);
	item = *link;
	if (!item || item->address != addr) {
		item = mm_zalloc(FL_ALLOC_KSM, sizeof(*item));
		if (!item)
			return NULL;
		item->mm = mm;
		item->address = addr;
		item->next = *link;
		*link = item;
	}
	*list = &item->next;
	return item;
}

void free_rmap_items(struct ksm *ksm, struct ksm_rmap_item **list)
{
	while (*list)
		free_rmap_item(ksm, list);
}

/* --- the stable tree --- */

struct ksm_stable_node *page_stable_node(const struct page *page)
{
	return PageKsm(page) ? READ_ONCE(page->mapping) : NULL;
}

/* A page that entries map, but none that ksmd knows of, is about to go: nobody is merged with it. */
static bool is_page_sharing_candidate(const struct ksm_stable_node *node)
{
	return node->nr_items;
}

/* @dup becomes the first of those with @first's content. */
static void add_dup(struct ksm *ksm, struct ksm_stable_node *first, struct ksm_stable_node *dup)
{
	take_place(&ksm->stable, &first->node, &dup->node);
	dup->prev_dup = NULL;
	dup->next_dup = first;
	first->prev_dup = dup;
}

static void remove_dup(struct ksm *ksm, struct ksm_stable_node *dup)
{
	struct ksm_stable_node *prev = dup->prev_dup, *next = dup->next_dup;

	if (next)
		next->prev_dup = prev;
	if (prev)
		prev->next_dup = next;
	else if (next)
		take_place(&ksm->stable, &dup->node, &next->node);
	else
		erase_node(&ksm->stable, &dup->node);
}

static void remove_stable_node(struct fl_machine *m, struct ksm_stable_node *node)
{
	struct ksm_rmap_item *item, *next;

	for (item = node->items; item; item = next) {
		next = item->next_same;
		item->head = NULL;
	}
	remove_dup(m->state->ksm, node);
	fl_free(node);
}

struct page *ksm_get_page(struct fl_machine *m, struct ksm_stable_node *node)
{
	struct page *page = pfn_to_page(m, node->kpfn);

	if (READ_ONCE(page->mapping) == node && page_ref_try_add(page, 1)) { /* T1, T2 */
		if (READ_ONCE(page->mapping) == node)			     /* T3 */
			return page;
		put_page(m, page);
	}
	remove_stable_node(m, node);
	return NULL;
}

/*
 * Which of the nodes with @first's content is to be shared; it becomes the first. *@kpage with a reference. NULL: none has its page any
 * more, and all are gone.
 */
static struct ksm_stable_node *stable_node_dup(struct fl_machine *m, struct ksm_stable_node *first,
					       struct page **kpage)
{
	struct ksm_stable_node *found = NULL, *next;
	struct page *page;

	for (; first && !(found && is_page_sharing_candidate(found)); first = next) {
		next = first->next_dup;
		page = ksm_get_page(m, first);
		if (!page)
			continue;
		if (found && !is_page_sharing_candidate(first)) {
			put_page(m, page);
			continue;
		}
		if (found)
			put_page(m, *kpage);
		found = first;
		*kpage = page;
	}
	if (found && found->prev_dup && is_page_sharing_candidate(found)) {
		for (first = found; first->prev_dup; first = first->prev_dup)
			;
		remove_dup(m->state->ksm, found);
		add_dup(m->state->ksm, first, found);
	}
	return found;
}

struct page *stable_tree_search(struct fl_machine *m, struct page *page, uint64_t checksum)
{
	struct ksm_tree_node **link = &m->state->ksm->stable;

	if (page_stable_node(page)) { /* forked */
		get_page(page);
		return page;
	}
	while (*link) {
		int cmp = checksum < (*link)->checksum ? -1 : checksum > (*link)->checksum;
		struct ksm_stable_node *node;
		struct page *kpage;

		if (!cmp) {
			node = stable_node_dup(m, (struct ksm_stable_node *)*link, &kpage);
			if (!node) {
				link = &m->state->ksm->stable; /* another tree now */
				continue;
			}
			cmp = memcmp_pages(m, page, kpage);
			if (!cmp && is_page_sharing_candidate(node))
				return kpage;
			put_page(m, kpage);
			if (!cmp)
				return NULL;
		}
		link = cmp < 0 ? &(*link)->left : &(*link)->right;
	}
	return NULL;
}

struct ksm_stable_node *stable_tree_insert(struct fl_machine *m, struct page *kpage,
					   uint64_t checksum)
{
	struct ksm *ksm = m->state->ksm;
	struct ksm_tree_node **link = &ksm->stable, *parent = NULL;
	struct ksm_stable_node *node, *same = NULL;

	while (*link && !same) {
		int cmp = checksum < (*link)->checksum ? -1 : checksum > (*link)->checksum;
		struct page *page;

		if (!cmp) {
			if (!stable_node_dup(m, (struct ksm_stable_node *)*link, &page)) {
				link = &ksm->stable;
				parent = NULL;
				continue;
			}
			cmp = memcmp_pages(m, kpage, page);
			put_page(m, page);
		}
		parent = *link;
		if (!cmp)
			same = (struct ksm_stable_node *)parent;
		else
			link = cmp < 0 ? &parent->left : &parent->right;
	}
	node = mm_zalloc(FL_ALLOC_KSM, sizeof(*node));
	if (!node)
		return NULL;
	node->kpfn = page_to_pfn(kpage);
	node->node.checksum = checksum;
	if (same)
		add_dup(ksm, same, node);
	else
		insert_node(link, parent, &node->node);
	WRITE_ONCE(kpage->mapping, node);
	return node;
}

void stable_tree_append(struct ksm_rmap_item *item, struct ksm_stable_node *node)
{
	item->head = node;
	item->next_same = node->items;
	node->items = item;
	node->nr_items++;
}

void ksm_free_stable_tree(struct ksm *ksm)
{
	while (ksm->stable) {
		struct ksm_stable_node *node = (struct ksm_stable_node *)ksm->stable;

		remove_dup(ksm, node);
		fl_free(node);
	}
}

/* --- the unstable tree --- */

struct ksm_rmap_item *unstable_tree_search_insert(struct fl_machine *m, struct ksm_rmap_item *item,
						  struct page *page, struct page **tree_page)
{
	struct ksm *ksm = m->state->ksm;
	struct ksm_tree_node **link = &ksm->unstable, *parent = NULL;
	uint64_t checksum = item->oldchecksum;

	while (*link) {
		struct ksm_rmap_item *other = (struct ksm_rmap_item *)*link;
		int cmp;

		parent = *link;
		cmp = checksum < parent->checksum ? -1 : checksum > parent->checksum;
		if (!cmp) {
			*tree_page = get_mergeable_page(other);
			if (!*tree_page)
				return NULL;
			if (*tree_page == page) { /* a forked page */
				put_page(m, page);
				return NULL;
			}
			cmp = memcmp_pages(m, page, *tree_page);
			if (!cmp)
				return other;
			put_page(m, *tree_page);
		}
		link = cmp < 0 ? &parent->left : &parent->right;
	}
	item->node.checksum = checksum;
	item->seqnr = ksm->seqnr;
	insert_node(link, parent, &item->node);
	return NULL;
}
