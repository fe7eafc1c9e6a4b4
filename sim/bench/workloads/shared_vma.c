// SPDX-License-Identifier: MIT
/*
 * shared_vma.c - anon-fault-shared-vma: one VMA for all threads, each of which writes to 1024 pages of its own in it and then
 * gives them back (MADV_DONTNEED). All faults take the same VMA's lock, by whatever it is counted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>

#include "area.h"

static uint64_t frames(const struct run *run)
{
	return area_frames(run, AREA_PAGES);
}

static int setup(struct run *run)
{
	fl_vaddr out;

	return fl_mmap(&out, run->mm, AREAS, (size_t)run->threads * AREA_PAGES, FL_READ | FL_WRITE,
		       FL_MAP_FIXED_NOREPLACE, NULL, 0);
}

static int step(struct worker *w)
{
	fl_vaddr slice = AREAS + (fl_vaddr)w->nr * AREA_PAGES * BENCH_PAGE;
	int err = area_write(w, slice, AREA_PAGES);

	return err ? err : fl_madvise(w->mm, slice, AREA_PAGES, FL_MADV_DONTNEED);
}

static int host_setup(struct run *run)
{
	return host_map(run->host_base, (size_t)run->threads * AREA_PAGES);
}

static int host_step(struct worker *w)
{
	const size_t size = (size_t)AREA_PAGES * BENCH_PAGE;
	char *slice = w->run->host_base + w->nr * size;

	host_write(w, slice, AREA_PAGES);
	return madvise(slice, size, MADV_DONTNEED) ? -errno : 0;
}

static void host_teardown(struct run *run)
{
	host_unmap(run->host_base, (size_t)run->threads * AREA_PAGES);
}

const struct workload anon_fault_shared_vma = {
	.name = "anon-fault-shared-vma",
	.doc = "the same pages in one VMA that all threads share, given back by MADV_DONTNEED",
	.op = "faults",
	.ours = { .frames = frames, .setup = setup, .step = step },
	.host = { .setup = host_setup, .step = host_step, .teardown = host_teardown },
};
