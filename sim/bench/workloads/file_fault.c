// SPDX-License-Identifier: MIT
/*
 * file_fault.c - each thread maps the same 1024 pages of shared memory, reads a word of each, and unmaps them. The pages are
 * there already; all threads count themselves in and out of the same struct pages.
 *
 * The host maps up to 16 pages with a fault (fault_around_bytes). Pages that were read are counted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "area.h"

static uint64_t frames(const struct run *run)
{
	return area_frames(run, 0) + AREA_PAGES;
}

static int setup(struct run *run)
{
	int err = fl_file_create(&run->file, run->machine, FL_FILE_SHMEM, AREA_PAGES, 0);

	for (uint64_t i = 0; !err && i < AREA_PAGES; i++)
		err = fl_file_write(run->file, i, 0, i);
	return err;
}

static int step(struct worker *w)
{
	uint64_t word;
	fl_vaddr area;
	int err;

	err = fl_mmap(&area, w->mm, w->area, AREA_PAGES, FL_READ,
		      FL_MAP_SHARED | FL_MAP_FIXED_NOREPLACE, w->run->file, 0);
	for (size_t i = 0; !err && i < AREA_PAGES; i++) {
		uint64_t t = op_begin(&w->ops);

		err = fl_load(&word, w->cpu, area + i * BENCH_PAGE);
		op_end(&w->ops, t);
	}
	return err ? err : fl_munmap(w->mm, w->area, AREA_PAGES);
}

static int host_setup(struct run *run)
{
	run->host_fd = memfd_create("faultline-bench", MFD_CLOEXEC);
	if (run->host_fd < 0)
		return -errno;
	return posix_fallocate(run->host_fd, 0, (off_t)AREA_PAGES * BENCH_PAGE) ? -ENOMEM : 0;
}

static int host_step(struct worker *w)
{
	const size_t size = (size_t)AREA_PAGES * BENCH_PAGE;
	char *area = mmap(w->host_area, size, PROT_READ, MAP_SHARED | MAP_FIXED_NOREPLACE,
			  w->run->host_fd, 0);

	if (area == MAP_FAILED)
		return -errno;
	for (size_t i = 0; i < AREA_PAGES; i++) {
		uint64_t t = op_begin(&w->ops);

		(void)*(volatile char *)(area + i * BENCH_PAGE);
		op_end(&w->ops, t);
	}
	return host_unmap(area, AREA_PAGES);
}

static void host_teardown(struct run *run)
{
	close(run->host_fd);
}

const struct workload file_fault = {
	.name = "file-fault",
	.doc = "threads map the same 1024 pages of shared memory, read each page, unmap them",
	.op = "reads",
	.ours = { .frames = frames, .setup = setup, .step = step },
	.host = { .setup = host_setup, .step = host_step, .teardown = host_teardown },
};
