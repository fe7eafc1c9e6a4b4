// SPDX-License-Identifier: MIT
/* stale_store.c - see stale_store.h. Compiled code, not inline: pictures cite its lines. */
#include "stale_store.h"

#include <errno.h>

int touch_by_stale_cpu(struct fl_cpu *cpu, const struct stale_world *w)
{
	return fl_store(fl_machine_cpu(fl_cpu_machine(cpu), STALE_CPU), w->page, 1);
}

int take_reference(struct fl_cpu *cpu, struct stale_world *w)
{
	return fl_pin_user_pages_fast(cpu, w->page, 1, FL_GUP_GET, &w->io) == 1 ? 0 : -EFAULT;
}

int set_up_uffd_wp(struct fl_cpu *cpu, struct fl_mm *mm, void *world)
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

void do_store_beside(struct fl_cpu *cpu, void *world)
{
	struct stale_world *w = world;

	fl_store(cpu, w->page + OTHER, 2);
}

void do_stale_store(struct fl_cpu *cpu, void *world)
{
	struct stale_world *w = world;

	fl_store(cpu, w->page, 3);
}
