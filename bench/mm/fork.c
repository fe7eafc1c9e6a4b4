// SPDX-License-Identifier: MIT
/* fork.c - bench_mm: fork() of a space that was touched. */
#include "bench.h"

#include <faultline/faultline.h>
#include <faultline/machine.h>
#include <faultline/mm.h>

static int begin_fork(void)
{
	fl_vaddr range;
	int err;

	err = make_machine(amounts.fork_pages + 64, "tlb_flush=ipi");
	if (!err)
		err = fl_mmap_anon(&range, mm, amounts.fork_pages, FL_READ | FL_WRITE);
	return err ? err : touch(range, amounts.fork_pages);
}

static double run_fork(void)
{
	double start = now_ns(), end;
	struct fl_mm *child;

	if (fl_fork(&child, mm))
		return -1;
	end = now_ns();
	fl_mm_destroy(child);
	return end - start;
}

const struct side ours_fork = { begin_fork, run_fork, end_machine };
