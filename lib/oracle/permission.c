// SPDX-License-Identifier: MIT
/*
 * permission.c - oracle "permission": what was forbidden is not done.
 *
 * Specification (mprotect(2), munmap(2)): after the call returned, no access succeeds that exceeds
 * the new permission.
 *
 * Records: per page the last call and what it left, and an access that exceeds it by a CPU that
 * knows of the call: the one that made it (any CPU, if set-up code did), and under the check engine
 * who has read something since that comes after the call's return. Such an access passes if a new mapping, or a later call, lifted what was forbidden; also if at the end it is
 * permitted: then another CPU's call may have been heard of before this one.
 *
 * Silent about: natively, accesses of other CPUs; calls for more than MAX_PAGES pages beyond these.
 */
#include "oracle/discards.h"
#include "oracle/final.h"
#include "oracle/map.h"
#include "oracle/oracle.h"
#include "rt/thread.h"

#include <faultline/oracle.h>

#define MAX_PAGES 1024

struct rights {
	struct fl_key key;	  /* mm, page */
	unsigned int prot;	  /* enum fl_prot */
	unsigned int cpu, moment; /* of the call's return */
	bool set_up;
	bool exceeded, write; /* by user, at addr */
	unsigned int user;
	fl_vaddr addr;
};

static struct fl_map pages = FL_MAP(struct rights);

static void heard_protected(const struct fl_event *e)
{
	const struct fl_machine *m = fl_oracle_machine();
	unsigned int i = 0;

	for (fl_vaddr addr = e->addr; addr < e->end && i++ < MAX_PAGES; addr += page_size(m)) {
		struct rights *r = fl_map_get(&pages, fl_event_mm_id(e), fl_page_of(m, addr));

		if (!r)
			return;
		r->prot = (unsigned int)e->value;
		r->cpu = e->cpu;
		r->moment = fl_rt_moment();
		r->set_up = fl_oracle_in_set_up();
		r->exceeded = false;
	}
}

void fl_permission_lifted(const struct mm_struct *mm, fl_vaddr start, fl_vaddr end, uint64_t flags)
{
	unsigned int shift = pages.t.nr ? fl_oracle_machine()->page_shift : 0;

	for (size_t i = 0; i < pages.t.nr; i++) {
		struct rights *r = fl_table_at(&pages.t, i);
		fl_vaddr addr = r->key.b << shift;

		if (r->key.a == mm->id && start <= addr && addr < end)
			r->prot |= (flags & VM_READ ? FL_READ : 0) |
				   (flags & VM_WRITE ? FL_WRITE : 0);
	}
}

/* What may be written may be read. */
static bool permitted(unsigned int prot, bool write)
{
	return write ? prot & FL_WRITE : prot != 0;
}

static void heard_access(const struct fl_event *e)
{
	bool write = e->kind == FL_EVENT_STORE;
	struct rights *r =
		fl_map_find(&pages, fl_event_mm_id(e), fl_page_of(fl_oracle_machine(), e->addr));

	if (!r || r->exceeded || permitted(r->prot, write))
		return;
	if (r->cpu != e->cpu && !r->set_up && !fl_rt_knows(r->cpu, r->moment))
		return;
	r->exceeded = true;
	r->write = write;
	r->user = e->cpu;
	r->addr = e->addr;
}

static void event(const struct fl_event *e)
{
	if (e->kind == FL_EVENT_PROTECTED)
		heard_protected(e);
	else
		heard_access(e);
}

static void judge(const struct rights *r)
{
	struct vm_area_struct *vma;

	if (!r->exceeded || permitted(r->prot, r->write))
		return;
	vma = fl_final_vma(r->key.a, r->addr);
	if (vma && vma->vm_flags & (r->write ? VM_WRITE : VM_READ | VM_WRITE))
		return;
	FL_ABOUT(.kinds = FL_ABOUT_ACCESS, .mm_id = r->key.a, .addr = r->addr, .end = r->addr + 1,
		 .by_cpu = true, .cpu = r->user);
	FL_ABOUT(.kinds = FL_EVENT_BIT(PROTECTED), .mm_id = r->key.a, .by_cpu = true,
		 .cpu = r->cpu);
	fl_oracle_fail("permission", "CPU%u %s %#llx of mm %llu, which CPU%u had %s before",
		       r->user, r->write ? "stored to" : "loaded from", (unsigned long long)r->addr,
		       (unsigned long long)r->key.a, r->cpu,
		       r->prot ? "made read-only" : "unmapped or made inaccessible");
}

static void finish(void)
{
	for (size_t i = 0; i < pages.t.nr; i++)
		judge(fl_table_at(&pages.t, i));
}

const struct fl_oracle fl_permission_oracle = {
	.maps = { &pages },
	.finish = finish,
	.event = event,
	.wants = FL_EVENT_BIT(LOAD) | FL_EVENT_BIT(STORE) | FL_EVENT_BIT(PROTECTED),
	.accesses = true,
};
