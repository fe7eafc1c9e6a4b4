// SPDX-License-Identifier: MIT
/* area.c - see area.h. */
#define _GNU_SOURCE
#include "area.h"

#include <errno.h>
#include <sys/mman.h>

uint64_t area_frames(const struct run *run, uint64_t pages)
{
	return 4 * (run->threads * pages + 64 * (uint64_t)run->threads) + 1024;
}

int area_map(const struct worker *w, fl_vaddr area, size_t pages)
{
	fl_vaddr out;

	return fl_mmap(&out, w->mm, area, pages, FL_READ | FL_WRITE, FL_MAP_FIXED_NOREPLACE, NULL,
		       0);
}

int area_write(struct worker *w, fl_vaddr area, size_t pages)
{
	int err = 0;

	for (size_t i = 0; !err && i < pages; i++) {
		uint64_t t = op_begin(&w->ops);

		err = fl_store(w->cpu, area + i * BENCH_PAGE, i);
		op_end(&w->ops, t);
	}
	return err;
}

int host_map(char *area, size_t pages)
{
	char *p = mmap(area, pages * BENCH_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	return p == MAP_FAILED ? -errno : 0;
}

void host_write(struct worker *w, char *area, size_t pages)
{
	for (size_t i = 0; i < pages; i++) {
		uint64_t t = op_begin(&w->ops);

		*(volatile char *)(area + i * BENCH_PAGE) = 1;
		op_end(&w->ops, t);
	}
}

int host_unmap(char *area, size_t pages)
{
	return munmap(area, pages * BENCH_PAGE) ? -errno : 0;
}
