/* SPDX-License-Identifier: MIT */
/*
 * anon_vma_cache.h - anon_vmas' memory on a machine with walks from pages to their mappings: it comes
 * back at once, but as an anon_vma only.
 */
#ifndef FL_MM_ANON_VMA_CACHE_H
#define FL_MM_ANON_VMA_CACHE_H

#include "mm/mm_types.h"

/* One that was freed, as it was left; NULL: there is none. */
struct anon_vma *anon_vma_cache_get(struct fl_machine *m);
/* Nobody refers to it; walkers may look at it. */
void anon_vma_cache_put(struct fl_machine *m, struct anon_vma *anon_vma);

/* With the CPU and with the machine. -ENOMEM. */
int anon_vma_cache_init(struct fl_cpu *cpu);
void anon_vma_cache_exit(struct fl_cpu *cpu);

#endif
