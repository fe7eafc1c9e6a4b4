// SPDX-License-Identifier: MIT
/*
 * inject.c - strangers' references and locks, made to happen (include/faultline/inject.h).
 *
 * State: none of its own. The caller names a frame by its number, free or not, as who walks all frames
 * or has an old pointer from the page cache does.
 *
 * Models: folio_try_get(), mm/filemap.c and mm/compaction.c; add_to_swap(), mm/swap_state.c.
 * Policy: none.
 */
#include "mm/lru.h"
#include "mm/swap_state.h"

#include <errno.h>

static struct page *frame_page(const struct fl_machine *m, uint64_t pfn)
{
	return pfn < m->nr_frames ? pfn_to_page(m, pfn) : NULL;
}

int fl_page_try_get(struct fl_machine *m, uint64_t pfn)
{
	struct page *page = frame_page(m, pfn);

	if (!page)
		return -EINVAL;
	return page_ref_try_add(page, 1) ? 0 : -EAGAIN;
}

void fl_page_put(struct fl_machine *m, uint64_t pfn)
{
	struct page *page = frame_page(m, pfn);

	if (page)
		put_page(m, page);
}

int fl_page_trylock(struct fl_machine *m, uint64_t pfn)
{
	struct page *page = frame_page(m, pfn);

	if (!page)
		return -EINVAL;
	return trylock_page(page) ? 0 : -EAGAIN;
}

void fl_page_unlock(struct fl_machine *m, uint64_t pfn)
{
	struct page *page = frame_page(m, pfn);

	if (page)
		unlock_page(page);
}

int fl_swapcache_add(struct fl_machine *m, uint64_t pfn)
{
	struct page *page = frame_page(m, pfn);
	int err = -EINVAL;

	if (!page || !page_ref_try_add(page, 1))
		return -EINVAL;
	if (!trylock_page(page)) {
		put_page(m, page);
		return -EBUSY;
	}
	/* A huge page would need a slot for each of its parts. */
	if (PageAnon(page) && page_mapcount(page) > 0 && !(m->swap && PageCompound(page)))
		err = add_to_swap(m, page);
	unlock_page(page);
	put_page(m, page);
	return err;
}

int fl_swapcache_remove(struct fl_machine *m, uint64_t pfn)
{
	struct page *page = frame_page(m, pfn);
	int err = -EINVAL;

	if (!page || !page_ref_try_add(page, 1))
		return -EINVAL;
	if (!trylock_page(page)) {
		put_page(m, page);
		return -EBUSY;
	}
	if (PageSwapCache(page))
		err = try_to_free_swap(m, page) ? 0 : -EBUSY;
	unlock_page(page);
	put_page(m, page);
	return err;
}

void fl_lru_add_drain(struct fl_cpu *cpu)
{
	lru_add_drain(cpu->machine);
}

void fl_lru_add_drain_all(struct fl_machine *m)
{
	lru_add_drain_all(m);
}
