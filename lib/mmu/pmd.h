/* SPDX-License-Identifier: MIT */
/*
 * pmd.h - entries that point to a leaf table or, in machines with huge pages, map one themselves.
 *
 * A table's address is a multiple of 64, so an entry that points to one has _PAGE_PRESENT alone in its
 * low six bits. A leaf has the layout of a pte, for the first of the frames that it maps, and so
 * _PAGE_USER, whatever else. A leaf that was made invalid for a moment (pmdp_invalidate()) has lost
 * what hardware needs, and still is one: neither none nor a table. Functions here work on values.
 */
#ifndef FL_MMU_PMD_H
#define FL_MMU_PMD_H

#include "mmu/pte.h"

#define PMD_LOW_BITS 63ULL

/* Points to a leaf table. */
static inline bool pmd_table(pmd_t pmd)
{
	return (pmd & PMD_LOW_BITS) == _PAGE_PRESENT;
}

/* Maps a huge page, or will do so again in a moment. */
static inline bool pmd_leaf(pmd_t pmd)
{
	return !pmd_none(pmd) && !pmd_table(pmd);
}

/* pmd_mkinvalid(): no hardware uses it, and all software sees that a huge page is there. */
#define PMD_INVALID_MASK (_PAGE_PRESENT | _PAGE_PROTNONE)

/* The entry that page number @i of it would have; and back. */
static inline pte_t pmd_leaf_pte(pmd_t pmd, uint64_t i)
{
	return pmd + (i << PTE_PFN_SHIFT);
}

static inline pmd_t pte_leaf_pmd(pte_t pte, uint64_t i)
{
	return pte - (i << PTE_PFN_SHIFT);
}

#endif
