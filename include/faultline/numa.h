/* SPDX-License-Identifier: MIT */
/* numa.h - NUMA hinting: entries made inaccessible, to learn from the faults who uses what. */
#ifndef FAULTLINE_NUMA_H
#define FAULTLINE_NUMA_H

#include <faultline/faultline.h>

/*
 * Makes the entries of a range inaccessible (protnone) without changing what the program may do: its
 * next access faults and gets them back. Returns how many. -EINVAL: no page boundary. After
 * change_prot_numa(), mm/mempolicy.c, under mmap:R.
 */
long fl_change_prot_numa(struct fl_mm *mm, fl_vaddr addr, size_t pages);

#endif
