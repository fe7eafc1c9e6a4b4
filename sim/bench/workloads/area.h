/* SPDX-License-Identifier: MIT */
/*
 * area.h - what most workloads do with a range of pages, ours and the host's: map it at a fixed place, write to each
 * page, which counts as an operation, unmap it.
 */
#ifndef BENCH_AREA_H
#define BENCH_AREA_H

#include "../worker.h"

/* Pages of a thread's own area where not said otherwise: two page tables full. */
#define AREA_PAGES 1024

/* Frames for that many pages of each thread, and so many more that CPUs need not take them from one another. */
uint64_t area_frames(const struct run *run, uint64_t pages);

int area_map(const struct worker *w, fl_vaddr area, size_t pages);
int area_write(struct worker *w, fl_vaddr area, size_t pages);

int host_map(char *area, size_t pages);
void host_write(struct worker *w, char *area, size_t pages);
int host_unmap(char *area, size_t pages);

#endif
