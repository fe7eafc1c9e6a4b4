/* SPDX-License-Identifier: MIT */
/*
 * stale_store.h - what the scenarios have in common in which a store goes through an old translation: one private page; a
 * CPU that still has a writable translation of it; a store to another word of it that faults, since a third CPU changes
 * the page's entry.
 */
#ifndef FL_SCENARIOS_STALE_STORE_H
#define FL_SCENARIOS_STALE_STORE_H

#include <errno.h>

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
static inline int touch_by_stale_cpu(struct fl_cpu *cpu, const struct stale_world *w)
{
	return fl_store(fl_machine_cpu(fl_cpu_machine(cpu), STALE_CPU), w->page, 1);
}

static inline int take_reference(struct fl_cpu *cpu, struct stale_world *w)
{
	return fl_pin_user_pages_fast(cpu, w->page, 1, FL_GUP_GET, &w->io) == 1 ? 0 : -EFAULT;
}

/* The page, registered with userfaultfd for write-protection. */
static inline int set_up_uffd_wp(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
{
	struct stale_world *w = world;
	int err = fl_mmap_anon(&w->page, mm, 1, FL_READ | FL_WRITE);

	w->mm = mm;
	if (!err)
		err = fl_uffd_create(&w->uffd, mm);
	if (!err)
		err = fl_uffd_register(w->uffd, cpu, w->page, 1, FL_UFFD_WP);
	return err ? err : touch_by_stale_cpu(cpu, w);
}

static inline void do_fault(struct fl_cpu *cpu, void *world)
{
	struct stale_world *w = world;

	fl_store(cpu, w->page + OTHER, 2);
}

static inline void do_stale_store(struct fl_cpu *cpu, void *world)
{
	struct stale_world *w = world;

	fl_store(cpu, w->page, 3);
}

#endif
