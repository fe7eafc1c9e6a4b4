// SPDX-License-Identifier: MIT
/*
 * gup_fast.c - each thread pins a page of its own for writing and unpins it, page after page, past all locks.
 *
 * The host has no call that pins and unpins a page and does nothing else.
 */
#include <errno.h>

#include "area.h"

#define PAGES 256

static uint64_t frames(const struct run *run)
{
	return area_frames(run, PAGES);
}

static int begin(struct worker *w)
{
	int err = area_map(w, w->area, PAGES);

	return err ? err : area_write(w, w->area, PAGES);
}

static int step(struct worker *w)
{
	for (size_t i = 0; i < PAGES; i++) {
		uint64_t t = op_begin(&w->ops);
		struct fl_pin pin;
		long n = fl_pin_user_pages_fast(w->cpu, w->area + i * BENCH_PAGE, 1, FL_GUP_WRITE,
						&pin);

		if (n != 1)
			return n < 0 ? (int)n : -EFAULT;
		fl_unpin(w->cpu, &pin);
		op_end(&w->ops, t);
	}
	return 0;
}

const struct workload gup_fast = {
	.name = "gup-fast",
	.doc = "threads pin and unpin pages of their own, one at a time, past all locks",
	.op = "pins",
	.time_op = 128, /* it is as fast as the clock */
	.ours = { .frames = frames, .begin = begin, .step = step },
};
