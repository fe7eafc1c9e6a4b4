// SPDX-License-Identifier: MIT
/*
 * mprotect_toggle.c - each thread takes the right to write from 16 pages of its own, gives it back, and writes to them, as
 * garbage collectors and compilers at run time do. A change is a writer's operation; the first one of two flushes. The writes
 * fault, or not, as the policy has it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>

#include "area.h"

#define PAGES 16

static uint64_t frames(const struct run *run)
{
	return area_frames(run, PAGES);
}

static int begin(struct worker *w)
{
	return area_map(w, w->area, PAGES);
}

static int protect(struct worker *w, unsigned int prot)
{
	uint64_t t = op_begin(&w->writes);
	int err = fl_mprotect(w->mm, w->area, PAGES, prot);

	op_end(&w->writes, t);
	return err;
}

static int step(struct worker *w)
{
	int err = protect(w, FL_READ);

	if (!err)
		err = protect(w, FL_READ | FL_WRITE);
	return err ? err : area_write(w, w->area, PAGES);
}

static int host_begin_thread(struct worker *w)
{
	return host_map(w->host_area, PAGES);
}

static int host_protect(struct worker *w, int prot)
{
	uint64_t t = op_begin(&w->writes);
	int err = mprotect(w->host_area, (size_t)PAGES * BENCH_PAGE, prot);

	op_end(&w->writes, t);
	return err ? -errno : 0;
}

static int host_step(struct worker *w)
{
	int err = host_protect(w, PROT_READ);

	if (!err)
		err = host_protect(w, PROT_READ | PROT_WRITE);
	if (!err)
		host_write(w, w->host_area, PAGES);
	return err;
}

static void host_end_thread(struct worker *w)
{
	host_unmap(w->host_area, PAGES);
}

const struct workload mprotect_toggle = {
	.name = "mprotect-toggle",
	.doc = "threads make 16 pages read-only and writable again, and write to them",
	.op = "writes",
	.writer = "mprotects",
	.time_op = 128, /* most of them do not fault */
	.ours = { .frames = frames, .begin = begin, .step = step },
	.host = { .begin = host_begin_thread, .step = host_step, .end = host_end_thread },
};
