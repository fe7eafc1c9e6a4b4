/* SPDX-License-Identifier: MIT */
/*
 * mmu.h - what the processor does for a program's load or store, and for a kernel's TLB flush.
 */
#ifndef FL_MMU_MMU_H
#define FL_MMU_MMU_H

#include "mmu/machine.h"
#include "mmu/pte.h"

enum mmu_access { MMU_LOAD, MMU_STORE };

/*
 * walk.c. Finds the entry for @addr, sets accessed (and, for a store, dirty) in it. False: no such
 * entry, or it does not permit the access; nothing was changed. *@out is the entry as it is now.
 */
bool mmu_walk(const struct fl_machine *m, struct ptdesc *pgd, fl_vaddr addr, enum mmu_access access,
	      pte_t *out);

/*
 * tlb.c. One access of a program to the word at @addr in the address space that @cpu has loaded;
 * the word is read to, or written from, *@word. False: page fault, the access was not made.
 */
bool mmu_access(struct fl_cpu *cpu, fl_vaddr addr, enum mmu_access access, uint64_t *word);
int tlb_init(struct fl_cpu *cpu);
void tlb_exit(struct fl_cpu *cpu);

/* All of an address space, as the end of a range. */
#define TLB_FLUSH_ALL (~0ULL)

/* Drops what @cpu has cached of [start, end). Called by the CPU itself, or through the lock. */
void tlb_drop_range(struct fl_cpu *cpu, uint64_t asid, fl_vaddr start, fl_vaddr end);

/*
 * shootdown.c. When it returns, no CPU has a translation of [start, end) that was made from
 * entries as they were before the call, and accesses through such translations are complete. A
 * full barrier. @mask: CPUs that may have loaded the address space (mm_cpumask), ignored where
 * flushes are broadcast.
 */
void tlb_shootdown(struct fl_machine *m, uint64_t asid, unsigned long *mask, fl_vaddr start,
		   fl_vaddr end);

#endif
