// SPDX-License-Identifier: MIT
/*
 * fault_vs_mmap.c - faults in areas that stay mapped, while one more thread, the writer, maps and unmaps others.
 *
 * A fault thread writes to each of its 1024 pages and then gives them all back (MADV_DONTNEED, which takes mmap_lock for
 * reading and flushes). The writer maps 16 pages that nobody touches and unmaps them: it holds mmap_lock for
 * writing most of the time, and flushes nothing, so that locks alone are in the way of others.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>

#include "area.h"

#define WRITER_PAGES 16
#define WRITES 16 /* in a step */

static uint64_t frames(const struct run *run)
{
	return area_frames(run, AREA_PAGES);
}

static int begin(struct worker *w)
{
	return w->is_writer ? 0 : area_map(w, w->area, AREA_PAGES);
}

static int step(struct worker *w)
{
	int err = area_write(w, w->area, AREA_PAGES);

	return err ? err : fl_madvise(w->mm, w->area, AREA_PAGES, FL_MADV_DONTNEED);
}

static int write_step(struct worker *w)
{
	int err = 0;

	for (int i = 0; !err && i < WRITES; i++) {
		uint64_t t = op_begin(&w->writes);

		err = area_map(w, w->area, WRITER_PAGES);
		if (!err)
			err = fl_munmap(w->mm, w->area, WRITER_PAGES);
		op_end(&w->writes, t);
	}
	return err;
}

static int host_begin_thread(struct worker *w)
{
	return w->is_writer ? 0 : host_map(w->host_area, AREA_PAGES);
}

static int host_step(struct worker *w)
{
	host_write(w, w->host_area, AREA_PAGES);
	return madvise(w->host_area, (size_t)AREA_PAGES * BENCH_PAGE, MADV_DONTNEED) ? -errno : 0;
}

static int host_write_step(struct worker *w)
{
	int err = 0;

	for (int i = 0; !err && i < WRITES; i++) {
		uint64_t t = op_begin(&w->writes);

		err = host_map(w->host_area, WRITER_PAGES);
		if (!err)
			err = host_unmap(w->host_area, WRITER_PAGES);
		op_end(&w->writes, t);
	}
	return err;
}

static void host_end_thread(struct worker *w)
{
	if (!w->is_writer)
		host_unmap(w->host_area, AREA_PAGES);
}

const struct workload fault_vs_mmap = {
	.name = "fault-vs-mmap",
	.doc = "threads fault in areas of their own while one more, the writer, maps and unmaps",
	.op = "faults",
	.writer = "maps and unmaps",
	.ours = { .frames = frames, .begin = begin, .step = step, .write = write_step },
	.host = { .begin = host_begin_thread,
		  .step = host_step,
		  .write = host_write_step,
		  .end = host_end_thread },
};
