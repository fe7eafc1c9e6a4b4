// SPDX-License-Identifier: MIT
/*
 * proc.c - soft-dirty bits, pagemap, looking at all there is, notifiers; strangers' references to any frame; and
 * allocations that fail.
 */
#include <errno.h>

#include "soak.h"

void op_clear_refs(struct thread *t)
{
	struct slot *slot = use_slot(t->r, &t->random);

	if (!slot)
		return;
	ALLOWED("clear_refs",
		fl_clear_refs(slot->mm,
			      one_in(&t->random, 3) ? FL_CLEAR_REFS_ALL : FL_CLEAR_REFS_SOFT_DIRTY),
		0);
	leave_slot(slot);
}

void op_pagemap(struct thread *t)
{
	unsigned int at = below(&t->random, MIN_PAGES - 64);
	struct slot *slot = use_slot(t->r, &t->random);
	uint64_t entries[64];

	if (!slot)
		return;
	ALLOWED("pagemap", fl_pagemap(entries, slot->mm, page_at(t->r, at), 64), 0);
	leave_slot(slot);
}

void op_inspect(struct thread *t)
{
	uint64_t pfn = below(&t->random, (unsigned int)t->r->config.frames);
	fl_vaddr addr = page_at(t->r, below(&t->random, MIN_PAGES));
	struct slot *slot = use_slot(t->r, &t->random);
	struct fl_counters counters;
	struct fl_page_info page;
	struct fl_swap_info swap;
	struct fl_file *file;
	struct fl_vma_info vma;

	if (!slot)
		return;
	fl_inspect_counters(&counters, t->r->m);
	fl_inspect_swap(&swap, t->r->m);
	ALLOWED("inspect_page", fl_inspect_page(&page, t->r->m, pfn), 0);
	ALLOWED("inspect_vma", fl_inspect_vma(&vma, slot->mm, addr), -ENOENT);
	file = fl_file_of(slot->mm, addr);
	if (file)
		fl_file_put(file);
	leave_slot(slot);
}

void op_notifier(struct thread *t)
{
	struct slot *slot = use_slot(t->r, &t->random);
	struct fl_mmu_notifier *n;
	int err;

	if (!slot)
		return;
	if (one_in(&t->random, 4)) {
		err = fl_mmu_notifier_register(&n, slot->mm);
		ALLOWED("mmu_notifier_register", err, -EOPNOTSUPP, -ENOMEM);
		if (!err && fl_mmu_notifier_in_progress(n) < 0)
			soak_fail("a notifier counts less than no invalidations");
	}
	leave_slot(slot);
}

/* --- strangers --- */

void op_strangers(struct thread *t)
{
	uint64_t pfn = 1 + below(&t->random, (unsigned int)t->r->config.frames - 1);
	struct fl_page_info info;
	int err;

	if (one_in(&t->random, 3)) {
		err = one_in(&t->random, 2) ? fl_swapcache_add(t->r->m, pfn)
					    : fl_swapcache_remove(t->r->m, pfn);
		ALLOWED("swapcache", err, -EINVAL, -EBUSY, -ENOMEM);
		return;
	}
	err = fl_page_try_get(t->r->m, pfn);
	ALLOWED("page_try_get", err, -EAGAIN);
	if (err)
		return;
	if (one_in(&t->random, 2) && !fl_page_trylock(t->r->m, pfn)) {
		/* nothing that takes a lock: mmap_lock, for one, comes before the page's */
		ALLOWED("inspect_page", fl_inspect_page(&info, t->r->m, pfn), 0);
		fl_page_unlock(t->r->m, pfn);
	}
	fl_page_put(t->r->m, pfn);
}

void op_drain(struct thread *t)
{
	if (one_in(&t->random, 2))
		fl_lru_add_drain(t->cpu);
	else
		fl_lru_add_drain_all(t->r->m);
}

/* --- allocations that fail --- */

/* Of the next calls; round.c ends it. */
void op_inject(struct thread *t)
{
	struct fl_fail_attr attr = {
		.kinds = one_in(&t->random, 2)
				 ? FL_ALLOC_ANY
				 : (unsigned int)next_random(&t->random) & FL_ALLOC_ANY,
		.space = below(&t->random, 12),
		.interval = below(&t->random, 6),
		.times = below(&t->random, 20),
	};

	fl_inject_fail(&attr);
	t->failing = 1 + below(&t->random, 20);
}
