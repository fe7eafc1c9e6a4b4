// SPDX-License-Identifier: MIT
/*
 * daemons.c - what changes pages and entries, but not what programs see: ksmd, khugepaged, reclaim, migration, NUMA
 * hinting, policies, advice. In all zones, also of address spaces that the CPU has not loaded.
 */
#include <errno.h>

#include "soak.h"

/* A range of one kind of memory, in pages. */
static unsigned int any_range(struct thread *t, unsigned int *pages)
{
	unsigned int zone = below(&t->random, NR_ZONES + 2), at;

	if (zone < NR_ZONES) {
		at = below(&t->random, SAFE_PAGES);
		*pages = 1 + below(&t->random, SAFE_PAGES - at);
		return ZONE_AT(zone) + at;
	}
	if (zone == NR_ZONES) {
		at = below(&t->random, OWN_PAGES);
		*pages = 1 + below(&t->random, OWN_PAGES - at);
		return OWN_AT(below(&t->random, t->r->nr_threads)) + at;
	}
	return a_range(t, pages);
}

void op_ksm(struct thread *t)
{
	unsigned int pages, at = any_range(t, &pages);
	struct slot *slot;
	int err;

	if (one_in(&t->random, 3)) {
		ALLOWED("ksm_scan", fl_ksm_scan(t->cpu, t->r->m), -ENOMEM);
		return;
	}
	slot = use_slot(t->r, &t->random);
	if (!slot)
		return;
	if (one_in(&t->random, 3))
		err = fl_ksm_write_protect(t->cpu, slot->mm, page_at(t->r, at));
	else if (one_in(&t->random, 4))
		err = fl_ksm_unmerge(t->cpu, slot->mm, page_at(t->r, at), pages);
	else
		err = fl_madvise(slot->mm, page_at(t->r, at), pages,
				 one_in(&t->random, 3) ? FL_MADV_UNMERGEABLE : FL_MADV_MERGEABLE);
	ALLOWED("ksm", err, -EFAULT, -EBUSY, -ENOMEM, -EINVAL, -EINTR, -EIO);
	leave_slot(slot);
}

void op_khugepaged(struct thread *t)
{
	struct slot *slot = use_slot(t->r, &t->random);

	if (!slot)
		return;
	ALLOWED("khugepaged_scan", fl_khugepaged_scan(t->cpu, slot->mm), -EOPNOTSUPP);
	leave_slot(slot);
}

void op_reclaim(struct thread *t)
{
	uint64_t pfn = below(&t->random, (unsigned int)t->r->config.frames);

	if (one_in(&t->random, 3))
		ALLOWED("reclaim", fl_reclaim(t->cpu, 1 + below(&t->random, 40)), -EOPNOTSUPP);
	else
		ALLOWED("reclaim_page", fl_reclaim_page(t->cpu, pfn), -EBUSY, -EINVAL, -EOPNOTSUPP);
}

void op_migrate(struct thread *t)
{
	unsigned int pages, at = any_range(t, &pages);
	int status[CHAOS_PAGES];
	struct slot *slot;

	if (one_in(&t->random, 2)) {
		ALLOWED("migrate_page",
			fl_migrate_page(t->cpu,
					below(&t->random, (unsigned int)t->r->config.frames)),
			-EBUSY, -EAGAIN, -ENOMEM, -EINVAL, -EOPNOTSUPP);
		return;
	}
	slot = use_slot(t->r, &t->random);
	if (!slot)
		return;
	ALLOWED("move_pages",
		fl_move_pages(t->cpu, slot->mm, page_at(t->r, at), pages,
			      one_in(&t->random, 2) ? status : NULL),
		-EOPNOTSUPP);
	leave_slot(slot);
}

void op_numa(struct thread *t)
{
	unsigned int pages, at = any_range(t, &pages);
	struct slot *slot = use_slot(t->r, &t->random);

	if (!slot)
		return;
	ALLOWED("change_prot_numa", fl_change_prot_numa(slot->mm, page_at(t->r, at), pages), 0);
	leave_slot(slot);
}

void op_mbind(struct thread *t)
{
	unsigned int pages, at = any_range(t, &pages);
	struct slot *slot = use_slot(t->r, &t->random);

	if (!slot)
		return;
	if (one_in(&t->random, 3))
		ALLOWED("get_mempolicy", fl_get_mempolicy(slot->mm, page_at(t->r, at)), -EFAULT);
	else
		ALLOWED("mbind", fl_mbind(slot->mm, page_at(t->r, at), pages, below(&t->random, 4)),
			-EOPNOTSUPP, -EFAULT, -ENOMEM);
	leave_slot(slot);
}

void op_safe_advise(struct thread *t)
{
	static const enum fl_advice advices[] = {
		FL_MADV_HUGEPAGE, FL_MADV_COLLAPSE, FL_MADV_NOHUGEPAGE,
		FL_MADV_COLD,	  FL_MADV_PAGEOUT,  FL_MADV_POPULATE_READ,
	};
	unsigned int pages, at = any_range(t, &pages);
	struct slot *slot = use_slot(t->r, &t->random);
	enum fl_advice advice = advices[below(&t->random, sizeof(advices) / sizeof(advices[0]))];

	if (!slot)
		return;
	ALLOWED("madvise", fl_madvise(slot->mm, page_at(t->r, at), pages, advice), -ENOMEM,
		-EOPNOTSUPP, -EINVAL, -EFAULT, -EAGAIN, -EINTR);
	leave_slot(slot);
}
