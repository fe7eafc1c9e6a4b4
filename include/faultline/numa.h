/* SPDX-License-Identifier: MIT */
/*
 * numa.h - NUMA hinting: entries made inaccessible, to learn from the faults who uses what. And where a range's pages should
 * come from, as far as there is more than one place: here there is one.
 */
#ifndef FAULTLINE_NUMA_H
#define FAULTLINE_NUMA_H

#include <faultline/faultline.h>

/*
 * Makes the entries of a range inaccessible (protnone) without changing what the program may do: its
 * next access faults and gets them back. Returns how many entries it changed. -EINVAL: no page boundary. After
 * change_prot_numa(), mm/mempolicy.c, Linux 4.8 to 6.2, under mmap:R.
 */
long fl_change_prot_numa(struct fl_mm *mm, fl_vaddr addr, size_t pages);

/* What a policy says. */
enum fl_mpol_mode {
	FL_MPOL_DEFAULT,    /* nothing */
	FL_MPOL_PREFERRED,  /* one node, if it has memory */
	FL_MPOL_BIND,	    /* some nodes and no other */
	FL_MPOL_INTERLEAVE, /* from each in turn */
};
/*
 * Pages that come to a range, in pages, from now on follow @mode; pages that are there stay. -EOPNOTSUPP: a machine without
 * fl_machine_config.mempolicy. -EINVAL: a bad range, an unknown mode. -EFAULT: part of it is not mapped; what is
 * before that was changed. -ENOMEM. After mbind(), mm/mempolicy.c, Linux 6.5.
 */
int fl_mbind(struct fl_mm *mm, fl_vaddr addr, size_t pages, enum fl_mpol_mode mode);
/* The mode at @addr, enum fl_mpol_mode; on machines without policies FL_MPOL_DEFAULT. -EFAULT: nothing is mapped there. After get_mempolicy() with MPOL_F_ADDR. */
int fl_get_mempolicy(struct fl_mm *mm, fl_vaddr addr);

#endif
