/* SPDX-License-Identifier: MIT */
/*
 * mmu_gather.h - a batch of changed entries, flushed together; and how others see that it is not
 * flushed yet.
 *
 *   G1  tlb_gather_mmu()         announce: mm->tlb_flush_pending++
 *   G2  under each PTL           change entries; note each (tlb_flush_pte_range()), each page that
 *                                goes (tlb_remove_page()), each table (pte_free_tlb())
 *   G3  tlb_finish_mmu()         flush what was noted; then give pages and tables back
 *   G4                           mm->tlb_flush_pending--
 *
 * Unhook, invalidate, free: always in this order. The count lets others know (under the PTL of an
 * entry that they found changed) that TLBs may still have it as it was: G1 is before the change
 * by the changer's own PTL, G4 is after the flush, which is a full barrier.
 *
 * After include/asm-generic/tlb.h, mm/mmu_gather.c, include/linux/mm_types.h, Linux 6.1.
 * Policy: tlb_pending, tlb_pending_inc, tlb_pending_dec, tlb_nested, pgtable_free.
 */
#ifndef FL_MM_MMU_GATHER_H
#define FL_MM_MMU_GATHER_H

#include "mm/mm_types.h"

/*
 * Pages that wait for the flush, which interrupts others. On the caller's stack, so not as many as the kernel's 10,000, which
 * are in pages that it allocates.
 */
#ifdef FAULTLINE_CHECK
#define GATHER_PAGES 256
#else
#define GATHER_PAGES 2048
#endif

struct mmu_gather {
	struct mm_struct *mm;
	fl_vaddr start, end; /* what was noted; start >= end: nothing */
	bool fullmm;	     /* the whole mm, which nobody uses any more */
	bool flushed_mm;     /* with fullmm: it was flushed; there are no translations any more */
	bool freed_tables;
	bool cleared_ptes; /* something was noted: without it tlb_flush_mmu_tlbonly() does nothing */
	unsigned int nr;
	struct page *pages[GATHER_PAGES];
	struct ptdesc *tables; /* linked by ptdesc.next: pgtable_free.c */
};

void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm);
void tlb_gather_mmu_fullmm(struct mmu_gather *tlb, struct mm_struct *mm);
/* G2. Under the PTL of an entry whose rights became fewer: [addr, addr + size). */
void tlb_flush_pte_range(struct mmu_gather *tlb, fl_vaddr addr, uint64_t size);
/*
 * G2. Takes over one reference of @page. True: the batch is full; the caller lets go of the PTL and
 * calls tlb_flush_mmu().
 */
bool tlb_remove_page(struct mmu_gather *tlb, struct page *page);
/* G2. A table that nothing points to any more. Not with tlb_gather_mmu_fullmm() and a user left. */
void pte_free_tlb(struct mmu_gather *tlb, struct ptdesc *table, fl_vaddr addr);
/* pgtable_free.c: what pte_free_tlb() took, after the flush. Waits, or has somebody wait. */
void tlb_free_tables(struct mmu_gather *tlb);
/* pgtable_free.c: interrupts all CPUs, and so waits for GUP-fast that is inside. */
void tlb_remove_table_sync_one(struct fl_machine *m);
/* Flushes what was noted so far, and gives it back. */
void tlb_flush_mmu(struct mmu_gather *tlb);
/* Flushes only; may be called under a PTL. */
void tlb_flush_mmu_tlbonly(struct mmu_gather *tlb);
void tlb_finish_mmu(struct mmu_gather *tlb);

/*
 * For who changes entries without a batch. And for change_protection() with policy tlb_pending=bool:
 * these set and clear the flag then, and batches do not announce themselves. With a counter a batch
 * does so, and its user does not call these.
 */
void inc_tlb_flush_pending(struct mm_struct *mm);
void dec_tlb_flush_pending(struct mm_struct *mm);
/* Others than this batch are pending, or were while it was. */
bool mm_tlb_flush_nested(struct mm_struct *mm);

/*
 * tlb_batch.c: reclaim clears entries and defers the flush to the end of its batch (a CPU's own).
 * B10, B11 of the fact sheet. Under the PTL of the entry that was cleared, and was @pte:
 */
void set_tlb_ubc_flush_pending(struct fl_cpu *cpu, struct mm_struct *mm, pte_t pte, fl_vaddr addr);
/* Reclaim's flush, before the pages go, and before one of the mms does. */
void try_to_unmap_flush(struct fl_cpu *cpu);
/* The same, if one of the entries was dirty: before a page is written out. */
void try_to_unmap_flush_dirty(struct fl_cpu *cpu);
/* Others who meet an empty entry, under its PTL: flushes if reclaim has yet to. Policy tlb_batched. */
void flush_tlb_batched_pending(struct mm_struct *mm);
/* machine.c. -ENOMEM. */
int tlb_ubc_init(struct fl_cpu *cpu);
void tlb_ubc_exit(struct fl_cpu *cpu);

#endif
