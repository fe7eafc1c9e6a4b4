/* SPDX-License-Identifier: MIT */
/*
 * tlbflush.h - flushing translations of an address space, and clearing an entry with a flush.
 *
 * All return when the flush is complete on all CPUs, and are full barriers (mmu/shootdown.c).
 * After arch/x86/include/asm/tlbflush.h and mm/pgtable-generic.c, Linux 6.1.
 */
#ifndef FL_MM_TLBFLUSH_H
#define FL_MM_TLBFLUSH_H

#include "mm/mm_types.h"
#include "mmu/mmu.h"

static inline void flush_tlb_mm_range(struct mm_struct *mm, fl_vaddr start, fl_vaddr end)
{
	tlb_shootdown(mm->machine, mm->asid, &mm->cpu_bitmap, start, end);
}

static inline void flush_tlb_page(struct vm_area_struct *vma, fl_vaddr addr)
{
	struct mm_struct *mm = vma->vm_mm;

	flush_tlb_mm_range(mm, addr, addr + page_size(mm->machine));
}

static inline void flush_tlb_mm(struct mm_struct *mm)
{
	flush_tlb_mm_range(mm, 0, TLB_FLUSH_ALL);
}

/* Under the PTL. The entry as it was, with what hardware set in it until then. */
static inline pte_t ptep_get_and_clear(struct mm_struct *mm, fl_vaddr addr, pte_t *ptep)
{
	return pgtable_get_and_clear(mm->machine, ptep);
}

/* The same; a translation that no CPU can have cached needs no flush. */
static inline pte_t ptep_clear_flush(struct vm_area_struct *vma, fl_vaddr addr, pte_t *ptep)
{
	pte_t pte = ptep_get_and_clear(vma->vm_mm, addr, ptep);

	if (pte & _PAGE_PRESENT)
		flush_tlb_page(vma, addr);
	return pte;
}

/* An expression, so that it can be a step. */
#define set_pte_at(mm, addr, ptep, pte)                                                            \
	({ FL_STORE(ptep, pte, FL_ONCE, "set_pte_at(" #mm ", " #addr ", " #ptep ", " #pte ")"); })

#endif
