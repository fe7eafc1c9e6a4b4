// SPDX-License-Identifier: MIT
/*
 * mmap_churn.c - each thread maps a page and unmaps it again, without touching it: nothing but writers of mmap_lock.
 */
#include "area.h"

#define PAIRS 16 /* in a step */

static int step(struct worker *w)
{
	int err = 0;

	for (int i = 0; !err && i < PAIRS; i++) {
		uint64_t t = op_begin(&w->writes);

		err = area_map(w, w->area, 1);
		if (!err)
			err = fl_munmap(w->mm, w->area, 1);
		op_end(&w->writes, t);
	}
	return err;
}

static int host_step(struct worker *w)
{
	int err = 0;

	for (int i = 0; !err && i < PAIRS; i++) {
		uint64_t t = op_begin(&w->writes);

		err = host_map(w->host_area, 1);
		if (!err)
			err = host_unmap(w->host_area, 1);
		op_end(&w->writes, t);
	}
	return err;
}

const struct workload mmap_churn = {
	.name = "mmap-churn",
	.doc = "threads map a page and unmap it, untouched: writers only",
	.op = "maps and unmaps",
	.writer = "maps and unmaps",
	.writers_only = true,
	.ours = { .step = step },
	.host = { .step = host_step },
};
