/* SPDX-License-Identifier: MIT */
/* ksm.h - kernel samepage merging, up to the point where a page is safe to share. */
#ifndef FAULTLINE_KSM_H
#define FAULTLINE_KSM_H

#include <faultline/faultline.h>

/*
 * What ksmd does to the page at @addr of @mm before it compares and merges it: takes a reference,
 * makes the mapping read-only and clean, and takes the page's exclusiveness away. @cpu is ksmd's.
 *
 *   -EFAULT  no anonymous page is mapped there
 *   -EBUSY   somebody else holds the page (a pin, a reference, the page lock): nothing was changed
 *
 * After try_to_merge_one_page() and write_protect_page(), mm/ksm.c, Linux 6.0 and 6.1.
 */
int fl_ksm_write_protect(struct fl_cpu *cpu, struct fl_mm *mm, fl_vaddr addr);

#endif
