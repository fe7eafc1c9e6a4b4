/* SPDX-License-Identifier: MIT */
/*
 * inject.h - what happens to any page at any time, made to happen: references that somebody takes
 * without knowing whose page it is, the page lock, the swap cache, the LRU's batches.
 *
 * Page-cache lookups, compaction, GUP-fast before its second look: all take a reference first and find
 * out then. COW decisions that count references can't tell these from others.
 */
#ifndef FAULTLINE_INJECT_H
#define FAULTLINE_INJECT_H

#include <faultline/faultline.h>

/*
 * A reference to frame @pfn unless it is free: -EAGAIN. fl_page_put() drops it. Here and below -EINVAL:
 * there is no such frame. Any thread. After folio_try_get().
 */
int fl_page_try_get(struct fl_machine *m, uint64_t pfn);
/* Drops a reference of the caller's; the last one frees the frame. After put_page(). */
void fl_page_put(struct fl_machine *m, uint64_t pfn);
/* The page lock. -EAGAIN: somebody has it. The caller has a reference. After trylock_page(). */
int fl_page_trylock(struct fl_machine *m, uint64_t pfn);
/* By whoever has it. After unlock_page(). */
void fl_page_unlock(struct fl_machine *m, uint64_t pfn);
/*
 * Puts an anonymous page that is still mapped into the swap cache, with the cache's reference, as
 * reclaim does first. -EINVAL: no anonymous page. -EBUSY: it is in there, or locked. -ENOMEM. After add_to_swap().
 */
int fl_swapcache_add(struct fl_machine *m, uint64_t pfn);
/* Takes it out again unless somebody uses it: -EBUSY. -EINVAL: it is not in there. After try_to_free_swap(). */
int fl_swapcache_remove(struct fl_machine *m, uint64_t pfn);
/* Empties the calling CPU's batch of pages on their way to the LRU. After lru_add_drain(), mm/swap.c. */
void fl_lru_add_drain(struct fl_cpu *cpu);
/* Every CPU's; any thread. After lru_add_drain_all(). */
void fl_lru_add_drain_all(struct fl_machine *m);

#endif
