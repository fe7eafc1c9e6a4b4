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
/* The page-table entry for @addr; NULL: there is no table. */
const pte_t *fl_final_entry(uint64_t mm_id, fl_vaddr addr);
/* 0 also where there is no table. */
pte_t fl_final_pte(uint64_t mm_id, fl_vaddr addr);
/* The word at @addr if a page is mapped there, for whatever access. */
bool fl_final_word(uint64_t *word, uint64_t mm_id, fl_vaddr addr);
/* The number of the page at @addr within @vma's file. */
uint64_t fl_final_pgoff(const struct vm_area_struct *vma, fl_vaddr addr);

/* Every entry of every mm that maps a page, the zero page left out. */
void fl_final_each_page(void (*fn)(struct mm_struct *mm, fl_vaddr addr, pte_t pte, void *arg),
			void *arg);

#endif
