/* SPDX-License-Identifier: MIT */
/*
 * proc.h - what /proc/PID shows and does: clear_refs, pagemap. Soft-dirty tracking is both.
 */
#ifndef FAULTLINE_PROC_H
#define FAULTLINE_PROC_H

#include <faultline/faultline.h>

/* What is written to clear_refs; the numbers are the kernel's. */
enum fl_clear_refs {
	FL_CLEAR_REFS_ALL = 1,	      /* the accessed bits */
	FL_CLEAR_REFS_SOFT_DIRTY = 4, /* the soft-dirty bits: tracking begins again */
};

/* Writes to clear_refs. -EINVAL: unknown. After clear_refs_write(), fs/proc/task_mmu.c, Linux 6.1. */
int fl_clear_refs(struct fl_mm *mm, enum fl_clear_refs what);

/* One entry of pagemap: bits as in Documentation/admin-guide/mm/pagemap.rst. */
#define FL_PM_PFN(entry) ((entry) & ((1ULL << 55) - 1)) /* if present */
/*
 * If FL_PM_SWAP: 0, a swap device, and the slot there; 24 to 26, a page on its way to another frame, and the
 * old one's number; 31, a marker.
 */
#define FL_PM_SWAP_TYPE(entry) ((entry)&31)
#define FL_PM_SWAP_OFFSET(entry) (FL_PM_PFN(entry) >> 5)
#define FL_PM_SOFT_DIRTY (1ULL << 55)
#define FL_PM_MMAP_EXCLUSIVE (1ULL << 56)
#define FL_PM_UFFD_WP (1ULL << 57)
#define FL_PM_FILE (1ULL << 61)
#define FL_PM_SWAP (1ULL << 62)
#define FL_PM_PRESENT (1ULL << 63)

/*
 * The entries of @pages pages from @addr on, one word each to @out, which is the caller's. -EINVAL: no page boundary. After
 * pagemap_read(), fs/proc/task_mmu.c.
 */
int fl_pagemap(uint64_t *out, struct fl_mm *mm, fl_vaddr addr, size_t pages);

#endif
