/* SPDX-License-Identifier: MIT */
/*
 * mmu.h - what the processor does for a program's load or store, and for a kernel's TLB flush.
 */
#ifndef FL_MMU_MMU_H
#define FL_MMU_MMU_H

#include "mmu/machine.h"
#include "mmu/pte.h"
#include "mmu/tlb.h"

/*
 * walk.c. Finds the entry for @addr, sets accessed (and, for a store, dirty) in it. False: no such
 * entry, or it does not permit the access; nothing was changed. *@out is the entry as it is now; of a
 * PMD that maps a huge page (*@huge): as an entry for the base page would be.
 */
bool mmu_walk(const struct fl_machine *m, struct ptdesc *pgd, fl_vaddr addr, enum mmu_access access,
	      pte_t *out, bool *huge);

/*
 * tlb.c. One access of a program to the word at @addr in the address space that @cpu has loaded;
 * the word is read to, or written from, *@word. False: page fault, the access was not made.
 */
bool mmu_access(struct fl_cpu *cpu, fl_vaddr addr, enum mmu_access access, uint64_t *word);

enum mmu_rmw {
	MMU_XCHG,    /* to @a */
	MMU_ADD,     /* @a */
	MMU_CMPXCHG, /* to @b if it is @a */
};
/*
 * An atomic read-modify-write, *@old is what was there. Fully ordered, but for a compare that fails,
 * which orders nothing. It needs write permission and leaves the page dirty whatever it does. False as
 * above.
 */
bool mmu_rmw(struct fl_cpu *cpu, fl_vaddr addr, enum mmu_rmw op, uint64_t a, uint64_t b,
	     uint64_t *old);

/* What @cpu has cached for @addr, for inspect.c: nothing changes. */
bool tlb_peek(const struct fl_cpu *cpu, fl_vaddr addr, pte_t *pte);
int tlb_init(struct fl_cpu *cpu);
void tlb_exit(struct fl_cpu *cpu);

/* All of an address space, as the end of a range. */
#define TLB_FLUSH_ALL (~0ULL)

/* Drops what @cpu has cached of [start, end). Called by the CPU itself, or through the lock. */
void tlb_drop_range(struct fl_cpu *cpu, uint64_t asid, fl_vaddr start, fl_vaddr end);

/* What a flush is about. The first five are the caller's, the rest is shootdown.c's. */
struct flush_tlb_info {
	struct fl_machine *machine;
	struct mm_struct *mm;	/* which one; what is in it is not looked at */
	uint64_t asid;		/* its tag, where flushes are broadcast */
	atomic_long_t *tlb_gen; /* mm->tlb_gen */
	unsigned long *cpumask; /* mm_cpumask(): CPUs that may have it loaded */
	fl_vaddr start, end;
	bool freed_tables; /* page tables go, too: CPUs in lazy mode have to hear of it */
	long new_tlb_gen;
};

/*
 * shootdown.c. When it returns, no CPU has a translation of [start, end) that was made from entries
 * as they were before the call and that it could use before it catches up with the mm's flushes
 * (mm/switch.c); and accesses through such translations are complete. A full barrier.
 */
void tlb_shootdown(struct flush_tlb_info *info);
/*
 * The CPU, itself or by interrupt, no longer has the address space with this mask loaded. It may keep
 * its translations if it can tell later which flushes it missed.
 */
void leave_mm(struct fl_cpu *cpu, unsigned long *cpumask);

#endif
