/* SPDX-License-Identifier: MIT */
/*
 * file.h - files to map: shared memory (memfd, tmpfs), and ordinary files with writeback.
 *
 * A file's pages are frames of the machine. All functions may be called by any thread.
 */
#ifndef FAULTLINE_FILE_H
#define FAULTLINE_FILE_H

#include <faultline/faultline.h>

/* What a file is; for good. */
enum fl_file_kind {
	FL_FILE_SHMEM,	 /* memfd: nobody needs to know of the first write to a page */
	FL_FILE_REGULAR, /* a file system that accounts dirty pages: the first write faults */
};

/*
 * A file of @pages pages, all zeroes; it can grow up to @max_pages (0: @pages). The caller drops it
 * with fl_file_put(); mappings keep it. -EINVAL: room for none, more
 * than @max_pages, unknown @kind. -ENOMEM.
 */
int fl_file_create(struct fl_file **out, struct fl_machine *m, enum fl_file_kind kind, size_t pages,
		   size_t max_pages);
/* Drops the caller's reference; with the last one, and no mapping, its pages are freed. After fput(). */
void fl_file_put(struct fl_file *file);
/*
 * The file behind a mapping, with a reference that the caller drops; NULL: anonymous, or nothing is mapped there. Takes
 * mmap_lock.
 */
struct fl_file *fl_file_of(struct fl_mm *mm, fl_vaddr addr);

/* read() of one word: number @i of page @page. 0 where nothing was written. -EINVAL: beyond the end. */
int fl_file_read(uint64_t *out, struct fl_file *file, uint64_t page, size_t i);
/* write() of one, in the same terms; the page is dirty then. -ENOMEM: no frame for it. */
int fl_file_write(struct fl_file *file, uint64_t page, size_t i, uint64_t word);
/*
 * fallocate(PUNCH_HOLE) for @pages whole pages from number @page on: they read as zeroes. Mappings of them go first, but no
 * private copies. What is beyond the end does no harm. -EINVAL: no pages. After shmem_fallocate(), mm/shmem.c, Linux 6.1.
 */
int fl_file_punch_hole(struct fl_file *file, uint64_t page, uint64_t pages);
/*
 * ftruncate() to @pages pages. Mappings of what is beyond the new end go first, private copies, too. -EINVAL: larger than
 * it can be. After truncate_pagecache(), mm/truncate.c, Linux 6.1.
 */
int fl_file_truncate(struct fl_file *file, uint64_t pages);

#endif
