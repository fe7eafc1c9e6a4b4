/* SPDX-License-Identifier: MIT */
/*
 * final.h - the machine at the end of an execution: for what oracles say then.
 *
 * Nothing runs, and memory has its final values. Address spaces are named by their number, which,
 * unlike a pointer, is never given out again.
 */
#ifndef FL_ORACLE_FINAL_H
#define FL_ORACLE_FINAL_H

#include <stdbool.h>
#include <stdint.h>

#include "mm/mm_types.h"

/* The number of an event's mm; 0: none. It never changes, so it may be asked at any time. */
static inline uint64_t fl_event_mm_id(const struct fl_event *e)
{
	return e->mm ? e->mm->mm.id : 0;
}

/* Also at any time: sizes are constant. */
static inline uint64_t fl_page_of(const struct fl_machine *m, fl_vaddr addr)
{
	return addr >> m->page_shift;
}

/* NULL: it was destroyed. */
struct mm_struct *fl_final_mm(uint64_t id);
/* What maps @addr, or NULL. */
struct vm_area_struct *fl_final_vma(uint64_t mm_id, fl_vaddr addr);
/* The page-table entry for @addr, a PMD if that maps a huge page; NULL: there is no table. */
const pte_t *fl_final_entry(uint64_t mm_id, fl_vaddr addr);
/* 0 also where there is no table. Of a huge page: as the entry of the base page would be. */
pte_t fl_final_pte(uint64_t mm_id, fl_vaddr addr);
/*
 * The words of the page that an entry maps, or that it brings back from swap: of the swap cache, if it is
 * there, else of the slot. NULL: of none.
 */
const uint64_t *fl_final_words(const struct fl_machine *m, pte_t pte);
/* The word at @addr if a page is mapped there, for whatever access, or is in swap. */
bool fl_final_word(uint64_t *word, uint64_t mm_id, fl_vaddr addr);
/* Of a page, or of the huge page that it is part of. */
bool fl_final_page_is_anon(uint64_t pfn);
/*
 * Does what is at @addr, which something maps, change by other names, too? All of a shared mapping; of a private one the file's
 * pages, up to the first write.
 */
bool fl_final_has_other_names(uint64_t mm_id, fl_vaddr addr);
/* The number of the page at @addr within @vma's file. */
uint64_t fl_final_pgoff(const struct vm_area_struct *vma, fl_vaddr addr);

/* Every entry of every mm that refers to a swap slot that there is. */
void fl_final_each_swap(void (*fn)(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg),
			void *arg);
/* Every entry of every mm that maps a page, the zero page left out. For a huge page: each of its base pages. */
void fl_final_each_page(void (*fn)(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg),
			void *arg);
/* The same with the zero page. */
void fl_final_each_present(void (*fn)(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg),
			   void *arg);
/* Every PMD of every mm that maps a huge page. */
void fl_final_each_huge(void (*fn)(struct mm_struct *mm, fl_vaddr addr, pmd_t pmd, void *arg),
			void *arg);
/* Every entry that is neither none nor present: pages that are in swap or on their way, markers. */
void fl_final_each_swap_entry(void (*fn)(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg),
			      void *arg);

#endif
