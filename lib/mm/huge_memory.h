/* SPDX-License-Identifier: MIT */
/*
 * huge_memory.h - transparent huge pages: PMDs that map one. After include/linux/huge_mm.h, Linux 6.1.
 *
 * For machines with huge_pages; in others nobody meets such a PMD. @pmdp is what pmd_offset_lockless()
 * or pmd_alloc() gave for an address of the range. The lock of a PMD is mm->page_table_lock, as in
 * kernels without split locks for PMDs.
 *
 * Who may change what a PMD is, and so what a walk may rely on once it has read one:
 *
 *   none -> table, none -> huge    a fault, mmap:R or VL:R
 *   huge -> none                   MADV_DONTNEED, mmap:R; munmap
 *   huge -> table                  a split, with any lock that keeps the page tables
 *   table -> none or huge          collapse (khugepaged.c): mmap:W, the VMA marked, the anon_vma's lock
 *                                  for writing; munmap (pgtable_free.c)
 *
 * So a table stays one for who has mmap:R, VL:R or the anon_vma's lock. GUP-fast has none of them.
 */
#ifndef FL_MM_HUGE_MEMORY_H
#define FL_MM_HUGE_MEMORY_H

#include "mm/fault.h"
#include "mm/mmu_gather.h"
#include "mm/pagewalk.h"

#define pmd_lockptr(mm) (&(mm)->page_table_lock)

/* The page at the head of what @pmd maps. */
static inline struct page *pmd_page(const struct fl_machine *m, pmd_t pmd)
{
	struct page *page = pfn_to_page(m, pte_pfn(pmd));

	fl_addr_dep(page);
	return page;
}

/* What is meant for a huge page as a whole: does [addr, end) have all of one? */
static inline bool is_whole_hpage(const struct fl_machine *m, fl_vaddr addr, fl_vaddr end)
{
	return end - addr == hpage_size(m);
}

/* May @vma have a huge page at @haddr, which begins there? As far as the VMA is concerned. */
bool hugepage_vma_check(struct vm_area_struct *vma, unsigned long vm_flags, fl_vaddr haddr);

/* --- mappings of a whole page: PMDs that map it --- */

#define page_dup_compound_rmap(head) atomic_inc(&(head)->_entire_mapcount)
#define page_remove_compound_rmap(head) ((void)atomic_add_negative(-1, &(head)->_entire_mapcount))
/* As page_add_new_anon_rmap(). The page is on the LRU at once. Under the PMD's lock. */
void page_add_new_compound_rmap(const struct fl_machine *m, struct page *head,
				struct vm_area_struct *vma, fl_vaddr haddr);

/*
 * A PMD that maps a huge page has an empty table in reserve, so that it can be split without asking for
 * memory. The mm has as many as it has such PMDs. Under the PMD's lock.
 */
void pgtable_trans_huge_deposit(struct mm_struct *mm, struct ptdesc *table);
struct ptdesc *pgtable_trans_huge_withdraw(struct mm_struct *mm);

/*
 * Takes from a PMD what hardware needs, and flushes: it maps its page for software alone. Returns what it
 * was, with what hardware set until now. Under the PMD's lock.
 */
pmd_t pmdp_invalidate(struct vm_area_struct *vma, fl_vaddr haddr, pmd_t *pmdp);
/* W1: the same, for who stores another one at once. Up to 4.10 it is none for that moment (policy thp_none_pmd). */
pmd_t pmdp_take(struct vm_area_struct *vma, fl_vaddr haddr, pmd_t *pmdp);

/* --- faults --- */

/* __handle_mm_fault()'s part about the PMD. VM_FAULT_FALLBACK: the leaf table is asked. */
vm_fault_t handle_pmd_fault(struct vm_fault *vmf);

/* --- splitting: from one PMD to a table of leaf entries; the page stays one --- */

/* If it is one of a huge page. @addr: any of the page's. */
void split_huge_pmd(struct vm_area_struct *vma, pmd_t *pmdp, fl_vaddr addr);
/* @addr of @mm is about to be where a VMA ends: no huge page reaches across. mmap:W, marked. */
void split_huge_pmd_if_needed(struct mm_struct *mm, fl_vaddr addr);

/* A walk has met a huge page that it does not take as a whole; it comes here again. */
static inline void pte_walk_split(struct pte_walk *w, struct vm_area_struct *vma)
{
	split_huge_pmd(vma, w->pmdp, w->addr);
	w->end = w->addr;
}

/* --- changes to a whole huge page. They take the PMD's lock; false or 0: it is none's by now --- */

bool zap_huge_pmd(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmdp, fl_vaddr haddr);
/* As change_protection(), without MM_CP_UFFD_*; returns the number of base pages. */
long change_huge_pmd(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmdp,
		     fl_vaddr haddr, pte_t newprot, unsigned int cp_flags);
bool madvise_free_huge_pmd(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmdp,
			   fl_vaddr haddr);
/* True also if there was nothing to do. */
bool madvise_cold_huge_pmd(struct mmu_gather *tlb, struct vm_area_struct *vma, pmd_t *pmdp,
			   fl_vaddr haddr);

/* --- khugepaged.c --- */

/* MADV_COLLAPSE of [start, end). Without locks. */
int madvise_collapse(struct mm_struct *mm, fl_vaddr start, fl_vaddr end);

#endif
