// SPDX-License-Identifier: MIT
/*
 * alloc.c - allocations that fail because a test wants them to.
 *
 * State: rt/fail.h, of the calling thread alone; memory of the host. So no event, and no other thread is in
 * the way: which allocation fails hangs on what its own thread does.
 *
 * Models: should_fail(), lib/fault-inject.c; failslab, fail_page_alloc, /proc/self/fail-nth; Linux 6.12.
 * No chance is involved, and a thread has one rule for all kinds.
 * Policy: none.
 */
#include "mmu/alloc.h"

#include <string.h>

bool should_fail_alloc_at(const struct alloc_site *site)
{
	struct fl_rt_fail *f = fl_rt_fail();

	if (f->space) {
		f->space--;
		return false;
	}
	if (f->count++ % f->interval)
		return false;
	f->site = site;
	if (f->times && !--f->times)
		f->kinds = 0;
	return true;
}

void fl_inject_fail(const struct fl_fail_attr *attr)
{
	struct fl_rt_fail *f = fl_rt_fail_set();

	memset(f, 0, sizeof(*f));
	if (!attr)
		return;
	f->kinds = attr->kinds;
	f->space = attr->space;
	f->interval = attr->interval ? attr->interval : 1;
	f->times = attr->times;
}

void fl_inject_fail_nth(unsigned int kinds, uint64_t n)
{
	const struct fl_fail_attr attr = { .kinds = kinds, .space = n - 1, .times = 1 };

	fl_inject_fail(n ? &attr : NULL);
}

uint64_t fl_inject_left(void)
{
	const struct fl_rt_fail *f = fl_rt_fail();
	uint64_t passed;

	if (!f->kinds)
		return 0;
	passed = f->count % f->interval;
	return f->space + (passed ? f->interval - passed : 0) + 1;
}

bool fl_inject_failed(struct fl_alloc_point *out)
{
	const struct alloc_site *site = fl_rt_fail()->site;

	if (!site)
		return false;
	*out = (struct fl_alloc_point){
		.kind = site->kind,
		.func = site->func,
		.file = site->file,
		.line = site->line,
	};
	return true;
}

const char *fl_alloc_kind_name(enum fl_alloc_kind kind)
{
	switch (kind) {
	case FL_ALLOC_FRAME:
		return "frame";
	case FL_ALLOC_HUGE:
		return "huge page";
	case FL_ALLOC_SWAP:
		return "swap slot";
	case FL_ALLOC_PGTABLE:
		return "page table";
	case FL_ALLOC_VMA:
		return "VMA";
	case FL_ALLOC_TREE:
		return "tree node";
	case FL_ALLOC_ANON_VMA:
		return "anon_vma";
	case FL_ALLOC_KSM:
		return "KSM record";
	case FL_ALLOC_OBJECT:
		return "object";
	case FL_ALLOC_MACHINE:
		return "machine";
	case FL_ALLOC_FALLBACK:
		return "memory that can be done without";
	case FL_ALLOC_ANY:
		break;
	}
	return "memory";
}
