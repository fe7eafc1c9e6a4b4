/* SPDX-License-Identifier: MIT */
/* ksm.h - kernel samepage merging, up to the point where a page is safe to share. */
#ifndef FAULTLINE_KSM_H
#define FAULTLINE_KSM_H

#include <faultline/faultline.h>

/*
 * What ksmd does to the page at @addr of @mm before it compares and merges it: takes a reference,
 * makes the mapping read-only and clean, and takes the page's exclusiveness away. @cpu is ksmd's.
 *
 *   -EFAULT  no anonymous page is mapped there, or one that is KSM's already
 *   -EBUSY   somebody else holds the page (a pin, a reference, the page lock): nothing was changed
 *
 * After try_to_merge_one_page() and write_protect_page(), mm/ksm.c, Linux 6.0 and 6.1.
 */
int fl_ksm_write_protect(struct fl_cpu *cpu, struct fl_mm *mm, fl_vaddr addr);

/*
 * One pass of ksmd over all mergeable memory of the machine (FL_MADV_MERGEABLE): equal pages become
 * one, read-only. Returns how many pages were merged, or -ENOMEM. A page has to be met unchanged in
 * two passes before it enters the unstable tree. After ksm_scan_thread(), mm/ksm.c, Linux 6.1.
 */
long fl_ksm_scan(struct fl_cpu *cpu, struct fl_machine *m);
/* Gives every page of a range back to itself: by write faults, since 6.2 by such that unshare. After unmerge_ksm_pages(). */
int fl_ksm_unmerge(struct fl_cpu *cpu, struct fl_mm *mm, fl_vaddr addr, size_t pages);

#endif
