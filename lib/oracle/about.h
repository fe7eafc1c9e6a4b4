/* SPDX-License-Identifier: MIT */
/*
 * about.h - which events a failure is about.
 *
 * An oracle that judges at the end of an execution has no event at which it fails. Before
 * fl_oracle_fail() it says what it judged by, with values from its records: accesses of which it
 * was told, memory that it looked at. Whoever runs an execution in order to show it
 * (lib/run/witness.h) listens, and the picture begins from these events. Nobody listens during a
 * search, nor natively: then nothing is done.
 */
#ifndef FL_ORACLE_ABOUT_H
#define FL_ORACLE_ABOUT_H

#include <stdbool.h>
#include <stdint.h>

#include <faultline/extend.h>
#include <faultline/rt/site.h>

#define FL_EVENT_BIT(kind) (1U << FL_EVENT_##kind)
#define FL_ABOUT_ACCESS (FL_EVENT_BIT(LOAD) | FL_EVENT_BIT(STORE))

/* Events of which oracles are told. Fields that are 0 match all. */
struct fl_subject {
	uint32_t kinds;
	uint64_t mm_id, pfn;
	fl_vaddr addr, end;    /* [addr, end); end 0: anywhere */
	bool by_cpu, of_value; /* do these count? */
	bool aside;	       /* to be shown, not named */
	unsigned int cpu;
	uint64_t value;
	const void *memory; /* none of the above: the last store to this */
	bool loaded;	    /* instead: the last load of it by the thread that fails */
};

/*
 * The last event that is meant gets named, if two are in the line about what contradicts what; all that
 * are meant are shown.
 */
#define FL_ABOUT(...)                                                                              \
	do {                                                                                       \
		if (fl_oracle_listener)                                                            \
			fl_oracle_listener->about(&(struct fl_subject){ __VA_ARGS__ });            \
	} while (0)
/* The page-table entry for @addr. */
void fl_about_entry(uint64_t mm_id, fl_vaddr addr);

struct fl_oracle_listener {
	/*
	 * Every event that some oracle wants, and faults, in the thread that makes it, with @e->cpu
	 * and @e->mm filled in.
	 */
	void (*event)(const struct fl_event *e);
	void (*about)(const struct fl_subject *subject);
	/* hooks.h: FL_SAY() */
	void (*say)(const struct fl_site *what);
};
extern const struct fl_oracle_listener *fl_oracle_listener;
/* NULL: nobody. While no thread runs. */
void fl_oracle_listen(const struct fl_oracle_listener *listener);

#endif
