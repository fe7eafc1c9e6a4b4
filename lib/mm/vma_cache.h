/* SPDX-License-Identifier: MIT */
/* vma_cache.h - VMAs' memory with policy vma_free=typesafe: it comes back at once, but as a VMA only. */
#ifndef FL_MM_VMA_CACHE_H
#define FL_MM_VMA_CACHE_H

#include "mm/mm_types.h"

/* A VMA that was freed, as it was left; NULL: there is none. */
struct vm_area_struct *vma_cache_get(struct fl_machine *m);
/* @vma is detached and nobody's. */
void vma_cache_put(struct fl_machine *m, struct vm_area_struct *vma);

/* With the CPU and with the machine. -ENOMEM. */
int vma_cache_init(struct fl_cpu *cpu);
void vma_cache_exit(struct fl_cpu *cpu);

#endif
