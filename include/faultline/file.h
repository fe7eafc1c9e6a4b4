/* SPDX-License-Identifier: MIT */
/*
 * file.h - files to map: shared memory (memfd, tmpfs), and ordinary files with writeback.
 *
 * A file's pages are frames of the machine. All functions may be called by any thread.
 */
#ifndef FAULTLINE_FILE_H
#define FAULTLINE_FILE_H

#include <faultline/faultline.h>

enum fl_file_kind {
	FL_FILE_SHMEM,	 /* memfd: nobody needs to know of the first write to a page */
	FL_FILE_REGULAR, /* a file system that accounts dirty pages: the first write faults */
};

/*
 * A file of @pages pages, all zeroes; it can grow up to @max_pages (0: @pages). The caller drops it
 * with fl_file_put(); mappings keep it. -EINVAL, -ENOMEM.
 */
int fl_file_create(struct fl_file **out, struct fl_machine *m, enum fl_file_kind kind, size_t pages,
		   size_t max_pages);
void fl_file_put(struct fl_file *file);
/* The file behind a mapping, with a reference; NULL: anonymous, or nothing is mapped there. */
struct fl_file *fl_file_of(struct fl_mm *mm, fl_vaddr addr);

/* read() and write() of one word: @i in page @page. -EINVAL: beyond the end. -ENOMEM. */
int fl_file_read(uint64_t *out, struct fl_file *file, uint64_t page, size_t i);
int fl_file_write(struct fl_file *file, uint64_t page, size_t i, uint64_t word);
/*
 * fallocate(PUNCH_HOLE) for whole pages; ftruncate() to @pages pages. Mappings of the pages go first,
 * private copies only if they are beyond the new end. -EINVAL: larger than it can be.
 */
int fl_file_punch_hole(struct fl_file *file, uint64_t page, uint64_t pages);
int fl_file_truncate(struct fl_file *file, uint64_t pages);

#endif
