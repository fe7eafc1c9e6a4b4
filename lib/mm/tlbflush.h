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
#include "oracle/hooks.h"

/* @freed_tables: page tables of the range go as well, as soon as this returns. */
static inline void __flush_tlb_mm_range(struct mm_struct *mm, fl_vaddr start, fl_vaddr end,
					bool freed_tables)
{
	struct flush_tlb_info info = {
		.machine = mm->machine,
		.mm = mm,
		.asid = mm->asid,
		.tlb_gen = &mm->tlb_gen,
		.cpumask = &mm->cpu_bitmap,
		.start = start,
		.end = end,
		.freed_tables = freed_tables,
	};

	tlb_shootdown(&info);
}

static inline void flush_tlb_mm_range(struct mm_struct *mm, fl_vaddr start, fl_vaddr end)
{
	__flush_tlb_mm_range(mm, start, end, false);
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

/*
 * switch.c. Nobody uses @mm any more: takes it off all CPUs, and its translations out of their TLBs.
 */
void destroy_context(struct mm_struct *mm);

/* Under the PTL. The entry as it was, with what hardware set in it until then. */
static inline pte_t ptep_get_and_clear(struct mm_struct *mm, fl_vaddr addr, pte_t *ptep)
{
	return pgtable_get_and_clear(mm->machine, ptep);
}

/*
 * Can a CPU have a translation of the entry, which was @pte? A NUMA hint may be too new for TLBs to know
 * (20841405940e, B6 of the fact sheet): who made it said so before (mmu_gather.h, G1).
 */
static inline bool pte_accessible(struct mm_struct *mm, pte_t pte)
{
	if (pte & _PAGE_PRESENT)
		return true;
	if (!pte_protnone(pte))
		return false;
	if (mm->machine->policy.pte_accessible == FL_PTE_ACCESSIBLE_PENDING)
		return mm_tlb_flush_pending(mm);
	FL_SAY(NULL, "pte_accessible(mm, pte) -> false: protnone is not present");
	return false;
}

/* The same; a translation that no CPU can have cached needs no flush. */
static inline pte_t ptep_clear_flush(struct vm_area_struct *vma, fl_vaddr addr, pte_t *ptep)
{
	pte_t pte = ptep_get_and_clear(vma->vm_mm, addr, ptep);

	if (pte_accessible(vma->vm_mm, pte))
		flush_tlb_page(vma, addr);
	return pte;
}

/* An expression, so that it can be a step. */
#define set_pte_at(mm, addr, ptep, pte)                                                            \
	({ FL_STORE(ptep, pte, FL_ONCE, "set_pte_at(" #mm ", " #addr ", " #ptep ", " #pte ")"); })

#endif
