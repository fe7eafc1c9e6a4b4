// SPDX-License-Identifier: MIT
/* trace.c - what oracles hear of one page: to find out what went wrong there. */
#include "soak.h"

static const char *const names[] = {
	[FL_EVENT_LOAD] = "load",
	[FL_EVENT_STORE] = "store",
	[FL_EVENT_FRAME_ALLOC] = "frame alloc",
	[FL_EVENT_FRAME_FREE] = "frame free",
	[FL_EVENT_PIN] = "pin",
	[FL_EVENT_UNPIN] = "unpin",
	[FL_EVENT_FORK] = "fork",
	[FL_EVENT_DISCARD] = "discard",
	[FL_EVENT_SOFT_DIRTY_CLEARED] = "soft-dirty cleared",
	[FL_EVENT_PROTECTED] = "protected",
	[FL_EVENT_UFFD_PROTECT] = "uffd protect",
	[FL_EVENT_UFFD_MESSAGE] = "uffd message",
	[FL_EVENT_FLUSH] = "flush",
	[FL_EVENT_KERNEL_STORE] = "kernel store",
	[FL_EVENT_PIPE_READ] = "pipe read",
	[FL_EVENT_DONTNEED_DONE] = "DONTNEED done",
	[FL_EVENT_FAULT] = "fault",
};

static fl_vaddr traced;

static void event(void *arg, const struct fl_event *e)
{
	/* a word, a range, or neither */
	bool word = e->end <= e->addr;

	(void)arg;
	if (e->kind != FL_EVENT_FORK && e->kind != FL_EVENT_SOFT_DIRTY_CLEARED &&
	    (word ? e->addr / 16 != traced / 16 && e->addr != traced
		  : traced < e->addr || traced >= e->end))
		return;
	fprintf(stderr, "CPU%u mm %p %s %#llx to %#llx, frame %llu, value %#llx%s\n", e->cpu,
		(const void *)e->mm, names[e->kind], (unsigned long long)e->addr,
		(unsigned long long)e->end, (unsigned long long)e->pfn,
		(unsigned long long)e->value, e->write ? ", write" : "");
}

void trace_page(fl_vaddr addr)
{
	static const struct fl_custom_oracle oracle = { .name = "trace", .event = event };

	traced = addr;
	fl_oracle_register(&oracle);
}
