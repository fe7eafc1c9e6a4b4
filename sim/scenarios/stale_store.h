/* SPDX-License-Identifier: MIT */
/*
 * stale_store.h - what the scenarios have in common in which a store goes through an old translation: one private page; a
 * CPU that still has a writable translation of it; a store to another word of it that faults, since a third CPU changes
 * the page's entry.
 */
#ifndef FL_SCENARIOS_STALE_STORE_H
#define FL_SCENARIOS_STALE_STORE_H

#include <faultline/scenario.h>

struct stale_world {
	struct fl_mm *mm;
	struct fl_uffd *uffd; /* set_up_uffd_wp() has registered the page */
	fl_vaddr page;	      /* private, anonymous, written to */
	struct fl_pin io;     /* a plain reference, as I/O from the page has it */
};

enum {
	STALE_CPU = 2,
	OTHER = 8, /* the page's second word, in bytes */
};

/* By set-up code: leaves a writable, dirty translation in the TLB of STALE_CPU. */
int touch_by_stale_cpu(struct fl_cpu *cpu, const struct stale_world *w);
int take_reference(struct fl_cpu *cpu, struct stale_world *w);
/* The page, registered with userfaultfd for write-protection. */
int set_up_uffd_wp(struct fl_cpu *cpu, struct fl_mm *mm, void *world);

/* Threads. */
void do_store_beside(struct fl_cpu *cpu, void *world);
void do_stale_store(struct fl_cpu *cpu, void *world);

#endif
