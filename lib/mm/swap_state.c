// SPDX-License-Identifier: MIT
/*
 * swap_state.c - the swap cache: pages that have, or are to get, a place in swap.
 *
 * State: PG_swapcache, changed under the page lock; with it goes one reference. Nothing swaps out yet:
 * so there are no swap entries, which would count as users, and what is in the cache is there because
 * of fl_swapcache_add() (inject.c). COW decisions differ in how they see a page through that: the
 * cache's reference is nobody's, but it counts.
 *
 * Models: add_to_swap_cache(), delete_from_swap_cache(), mm/swap_state.c, reuse_swap_page(),
 * try_to_free_swap(), mm/swapfile.c, Linux 5.18, without entries and writeback.
 * Policy: none.
 */
#include "mm/swap_state.h"

#include <errno.h>

/* Swap entries that refer to the page's place. */
static int page_swapcount(const struct page *page)
{
	(void)page;
	return 0;
}

int add_to_swap_cache(struct page *page)
{
	if (PageSwapCache(page))
		return -EBUSY;
	get_page(page);
	SetPageSwapCache(page);
	return 0;
}

/* The caller has a reference, so this one is not the last. */
static void delete_from_swap_cache(struct fl_machine *m, struct page *page)
{
	ClearPageSwapCache(page);
	put_page(m, page);
	/* What swap would have had, nobody else has any more. */
	SetPageDirty(page);
}

bool try_to_free_swap(struct fl_machine *m, struct page *page)
{
	if (!PageSwapCache(page) || page_swapcount(page))
		return false;
	delete_from_swap_cache(m, page);
	return true;
}

void free_swap_cache(struct fl_machine *m, struct page *page)
{
	if (PageSwapCache(page) && page_mapcount(page) == 0 && trylock_page(page)) {
		try_to_free_swap(m, page);
		unlock_page(page);
	}
}

bool reuse_swap_page(struct fl_machine *m, struct page *page)
{
	int count = page_mapcount(page) + page_swapcount(page);

	if (count == 1 && PageSwapCache(page))
		delete_from_swap_cache(m, page);
	return count <= 1;
}
