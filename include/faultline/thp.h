/* SPDX-License-Identifier: MIT */
/*
 * thp.h - transparent huge pages, in machines that have them (fl_machine_config.huge_pages). On others FL_MADV_HUGEPAGE,
 * FL_MADV_NOHUGEPAGE, FL_MADV_COLLAPSE and fl_khugepaged_scan() are -EOPNOTSUPP; kernels without huge pages say -EINVAL.
 *
 * A huge page is as much as a leaf page table maps, 1 << level_bits base pages, and begins at a multiple of
 * that. Private anonymous memory that was asked for with FL_MADV_HUGEPAGE gets one at the first touch,
 * if one fits into its mapping, no userfaultfd watches it and there are enough frames next to each other;
 * else base pages. It is split where less than all of it changes. FL_MADV_COLLAPSE and khugepaged make
 * huge pages of base pages later.
 *
 * fl_madvise() with FL_MADV_COLLAPSE: -EINVAL: not in this memory. -ENOMEM: no huge
 * page is free, or part of the range is not mapped. -EAGAIN: a page is locked, pinned or otherwise in use.
 * It does what it can, and reports the last failure. After madvise_collapse(), mm/khugepaged.c, Linux 6.1.
 */
#ifndef FAULTLINE_THP_H
#define FAULTLINE_THP_H

#include <stddef.h>

#include <faultline/faultline.h>

/* Base pages per huge page of @m, whether it has huge pages or not. Any thread. */
size_t fl_hpage_pages(const struct fl_machine *m);

/*
 * One pass of khugepaged over @mm's memory with FL_MADV_HUGEPAGE. @cpu is khugepaged's. Returns how many
 * huge pages it made; what it had no memory for stays as it is. -EOPNOTSUPP. After khugepaged_scan_mm_slot(),
 * mm/khugepaged.c, Linux 6.1.
 */
long fl_khugepaged_scan(struct fl_cpu *cpu, struct fl_mm *mm);

#endif
