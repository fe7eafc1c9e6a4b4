// SPDX-License-Identifier: MIT
/*
 * anon_fault.c - each thread maps 1024 pages of its own, writes a word to each, and unmaps them: page_fault1 of
 * will-it-scale, with areas so far from each other that they share neither a VMA nor a page table.
 */
#include "area.h"

static uint64_t frames(const struct run *run)
{
	return area_frames(run, AREA_PAGES);
}

static int step(struct worker *w)
{
	int err = area_map(w, w->area, AREA_PAGES);

	if (!err)
		err = area_write(w, w->area, AREA_PAGES);
	return err ? err : fl_munmap(w->mm, w->area, AREA_PAGES);
}

static int host_step(struct worker *w)
{
	int err = host_map(w->host_area, AREA_PAGES);

	if (err)
		return err;
	host_write(w, w->host_area, AREA_PAGES);
	return host_unmap(w->host_area, AREA_PAGES);
}

const struct workload anon_fault = {
	.name = "anon-fault",
	.doc = "threads map 1024 pages each, write to each page, unmap them",
	.op = "faults",
	.ours = { .frames = frames, .step = step },
	.host = { .step = host_step },
};
