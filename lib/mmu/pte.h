/* SPDX-License-Identifier: MIT */
/*
 * pte.h - the format of page-table entries.
 *
 * A leaf entry is one word: flags in the low twelve bits, the frame number above. 0 is "none". An
 * entry of a higher level is the address of the next table with _PAGE_PRESENT. The layout is ours,
 * near that of x86-64. Functions here are pure: they work on values, never on memory.
 */
#ifndef FL_MMU_PTE_H
#define FL_MMU_PTE_H

#include <stdbool.h>
#include <stdint.h>

typedef uint64_t pte_t;
typedef uint64_t pmd_t;

#define _PAGE_PRESENT (1ULL << 0)
#define _PAGE_RW (1ULL << 1)
#define _PAGE_USER (1ULL << 2)
#define _PAGE_ACCESSED (1ULL << 3) /* set by hardware when it fetches the entry */
#define _PAGE_DIRTY (1ULL << 4)	   /* set by hardware at the first store */
#define _PAGE_SOFT_DIRTY (1ULL << 5)
#define _PAGE_UFFD_WP (1ULL << 6)
#define _PAGE_PROTNONE (1ULL << 7) /* mapped, but each access faults (NUMA hinting) */
#define _PAGE_SPECIAL (1ULL << 8)  /* the frame has no struct page that counts: the zero page */
#define PTE_PFN_SHIFT 12

/*
 * An entry that is neither none nor present is a swap entry: a type in bits 1 to 4, what it is about
 * (a swap slot, a frame) where the frame number stands. Soft-dirty and uffd-wp keep their bits.
 */
#define _PAGE_SWP_TYPE_SHIFT 1
#define _PAGE_SWP_TYPE_MASK (15ULL << _PAGE_SWP_TYPE_SHIFT)
/* Of SWP_SWAP: the page was PageAnonExclusive when it left, and nobody has shared it since. */
#define _PAGE_SWP_EXCLUSIVE (1ULL << 9)

/* include/linux/swapops.h */
enum swp_type {
	SWP_NONE,
	SWP_PTE_MARKER, /* uffd-wp without a page */
	SWP_SWAP,	/* the page is in this swap slot */
	/* The page, a frame, is about to move; who faults waits for its lock. What it was before: */
	SWP_MIGRATION_READ,
	SWP_MIGRATION_READ_EXCLUSIVE, /* PageAnonExclusive, read-only */
	SWP_MIGRATION_WRITE,	      /* anonymous: PageAnonExclusive too */
};

#define PTE_NONE ((pte_t)0)

static inline bool pte_none(pte_t pte)
{
	return pte == PTE_NONE;
}

/* For software: a protnone entry maps its page, too. */
static inline bool pte_present(pte_t pte)
{
	return pte & (_PAGE_PRESENT | _PAGE_PROTNONE);
}

static inline bool pte_write(pte_t pte)
{
	return pte & _PAGE_RW;
}

static inline bool pte_dirty(pte_t pte)
{
	return pte & _PAGE_DIRTY;
}

static inline bool pte_protnone(pte_t pte)
{
	return (pte & (_PAGE_PRESENT | _PAGE_PROTNONE)) == _PAGE_PROTNONE;
}

static inline bool pte_special(pte_t pte)
{
	return pte & _PAGE_SPECIAL;
}

static inline uint64_t pte_pfn(pte_t pte)
{
	return pte >> PTE_PFN_SHIFT;
}

/* May hardware make this access through the entry? */
static inline bool pte_access_permitted(pte_t pte, bool write)
{
	pte_t need = _PAGE_PRESENT | _PAGE_USER | (write ? _PAGE_RW : 0);

	return (pte & need) == need;
}

/* An entry for @pfn with the protection bits of @prot (vma->vm_page_prot). */
static inline pte_t pfn_pte(uint64_t pfn, pte_t prot)
{
	return pfn << PTE_PFN_SHIFT | prot;
}

static inline pte_t pte_mkwrite(pte_t pte)
{
	return pte | _PAGE_RW;
}

static inline pte_t pte_wrprotect(pte_t pte)
{
	return pte & ~_PAGE_RW;
}

static inline pte_t pte_mkdirty(pte_t pte)
{
	return pte | _PAGE_DIRTY | _PAGE_SOFT_DIRTY;
}

static inline pte_t pte_mkclean(pte_t pte)
{
	return pte & ~_PAGE_DIRTY;
}

static inline pte_t pte_mkyoung(pte_t pte)
{
	return pte | _PAGE_ACCESSED;
}

static inline pte_t pte_mkspecial(pte_t pte)
{
	return pte | _PAGE_SPECIAL;
}

static inline bool pte_young(pte_t pte)
{
	return pte & _PAGE_ACCESSED;
}

static inline pte_t pte_mkold(pte_t pte)
{
	return pte & ~_PAGE_ACCESSED;
}

static inline bool pte_soft_dirty(pte_t pte)
{
	return pte & _PAGE_SOFT_DIRTY;
}

static inline pte_t pte_mksoft_dirty(pte_t pte)
{
	return pte | _PAGE_SOFT_DIRTY;
}

static inline pte_t pte_clear_soft_dirty(pte_t pte)
{
	return pte & ~_PAGE_SOFT_DIRTY;
}

/* Present entries and swap entries alike. */
static inline bool pte_uffd_wp(pte_t pte)
{
	return pte & _PAGE_UFFD_WP;
}

/* Also takes write permission, as x86 does: the bit means nothing in a writable entry. */
static inline pte_t pte_mkuffd_wp(pte_t pte)
{
	return (pte | _PAGE_UFFD_WP) & ~_PAGE_RW;
}

static inline pte_t pte_clear_uffd_wp(pte_t pte)
{
	return pte & ~_PAGE_UFFD_WP;
}

/* What pte_modify() takes from the new protection; all else stays. */
#define _PAGE_PROT_MASK (_PAGE_PRESENT | _PAGE_RW | _PAGE_USER | _PAGE_PROTNONE)

static inline pte_t pte_modify(pte_t pte, pte_t prot)
{
	return (pte & ~_PAGE_PROT_MASK) | (prot & _PAGE_PROT_MASK);
}

static inline bool is_swap_pte(pte_t pte)
{
	return !pte_none(pte) && !pte_present(pte);
}

static inline enum swp_type pte_swp_type(pte_t pte)
{
	return (enum swp_type)((pte & _PAGE_SWP_TYPE_MASK) >> _PAGE_SWP_TYPE_SHIFT);
}

/* A marker that says: no page here, and writes to the place are userfaultfd's. */
static inline pte_t make_pte_marker_uffd_wp(void)
{
	return (pte_t)SWP_PTE_MARKER << _PAGE_SWP_TYPE_SHIFT | _PAGE_UFFD_WP;
}

static inline bool is_pte_marker(pte_t pte)
{
	return is_swap_pte(pte) && pte_swp_type(pte) == SWP_PTE_MARKER;
}

static inline bool pte_marker_uffd_wp(pte_t pte)
{
	return is_pte_marker(pte) && pte_uffd_wp(pte);
}

/* A swap entry of any type about @offset, without flags. */
static inline pte_t make_swp_pte(enum swp_type type, uint64_t offset)
{
	return (pte_t)type << _PAGE_SWP_TYPE_SHIFT | offset << PTE_PFN_SHIFT;
}

static inline uint64_t pte_swp_offset(pte_t pte)
{
	return pte >> PTE_PFN_SHIFT;
}

static inline bool pte_is_swap_slot(pte_t pte)
{
	return is_swap_pte(pte) && pte_swp_type(pte) == SWP_SWAP;
}

static inline bool pte_is_migration(pte_t pte)
{
	return is_swap_pte(pte) && pte_swp_type(pte) >= SWP_MIGRATION_READ;
}

static inline bool pte_is_writable_migration(pte_t pte)
{
	return is_swap_pte(pte) && pte_swp_type(pte) == SWP_MIGRATION_WRITE;
}

/* Another type for a swap entry; what it is about and its flags stay. */
static inline pte_t pte_swp_set_type(pte_t pte, enum swp_type type)
{
	return (pte & ~_PAGE_SWP_TYPE_MASK) | (pte_t)type << _PAGE_SWP_TYPE_SHIFT;
}

static inline bool pte_swp_exclusive(pte_t pte)
{
	return pte & _PAGE_SWP_EXCLUSIVE;
}

static inline pte_t pte_swp_mkexclusive(pte_t pte)
{
	return pte | _PAGE_SWP_EXCLUSIVE;
}

static inline pte_t pte_swp_clear_exclusive(pte_t pte)
{
	return pte & ~_PAGE_SWP_EXCLUSIVE;
}

static inline bool pmd_none(pmd_t pmd)
{
	return pmd == 0;
}

#endif
