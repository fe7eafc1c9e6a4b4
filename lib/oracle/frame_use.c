// SPDX-License-Identifier: MIT
/*
 * frame_use.c - oracles "stale-tlb" and "use-after-free": nobody reaches a frame that is free.
 *
 * Specification (mm/mmu_gather.c and include/asm-generic/tlb.h: unhook, invalidate, free): when a
 * frame goes back to the allocator no CPU has a translation of it, and no pin or pipe a reference.
 * "stale-tlb" is an access of a program, "use-after-free" any other one.
 *
 * Records: per frame whether it was last heard to be taken or given back. Judged at once. An access
 * is told while what keeps a flush waiting is still held, so in a correct kernel it is heard before
 * the frame goes.
 *
 * Under the check engine an access and a free that nothing orders may be heard in either order. The
 * engine itself then asks whether the access may come later (frame_end.h). Silent about: frames
 * that were given to another owner since; the oracles that go by values see what that does.
 */
#include "oracle/frame_end.h"

#include "oracle/final.h"
#include "oracle/map.h"
#include "oracle/oracle.h"

#include <faultline/oracle.h>

struct frame {
	struct fl_key key; /* pfn, 0 */
	bool free;
	unsigned int cpu; /* that gave it back */
};

static struct fl_map frames = FL_MAP(struct frame);

static void changed(const struct fl_event *e)
{
	const struct fl_machine *m = fl_oracle_machine();
	struct frame *f = fl_map_get(&frames, e->pfn, 0);
	bool free = e->kind == FL_EVENT_FRAME_FREE;

	if (f) {
		f->free = free;
		f->cpu = e->cpu;
	}
	if (free)
		fl_frame_ends(frame_words(m, e->pfn), page_size(m));
	else
		fl_frame_begins(frame_words(m, e->pfn));
}

static const char *what(enum fl_event_kind kind)
{
	switch (kind) {
	case FL_EVENT_LOAD:
		return "loads through its TLB from";
	case FL_EVENT_STORE:
		return "stores through its TLB to";
	case FL_EVENT_PIN:
		return "has pinned";
	case FL_EVENT_PIPE_READ:
		return "reads, through a reference,";
	default:
		return "writes, through a reference, to";
	}
}

static void event(const struct fl_event *e)
{
	const struct frame *f;

	if (e->kind == FL_EVENT_FRAME_ALLOC || e->kind == FL_EVENT_FRAME_FREE) {
		changed(e);
		return;
	}
	f = e->pfn ? fl_map_find(&frames, e->pfn, 0) : NULL;
	if (!f || !f->free)
		return;
	fl_oracle_about(e);
	FL_ABOUT(.kinds = FL_EVENT_BIT(FRAME_FREE), .pfn = e->pfn, .by_cpu = true, .cpu = f->cpu);
	fl_oracle_fail(e->kind == FL_EVENT_LOAD || e->kind == FL_EVENT_STORE ? "stale-tlb"
									     : "use-after-free",
		       "CPU%u %s frame %llu, which CPU%u has freed", e->cpu, what(e->kind),
		       (unsigned long long)e->pfn, f->cpu);
}

const struct fl_oracle fl_frame_use_oracle = {
	.maps = { &frames },
	.event = event,
	.wants = FL_EVENT_BIT(LOAD) | FL_EVENT_BIT(STORE) | FL_EVENT_BIT(PIN) |
		 FL_EVENT_BIT(KERNEL_STORE) | FL_EVENT_BIT(PIPE_READ) | FL_EVENT_BIT(FRAME_ALLOC) |
		 FL_EVENT_BIT(FRAME_FREE),
	.accesses = true,
};
