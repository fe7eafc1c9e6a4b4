/* SPDX-License-Identifier: MIT */
/*
 * pgtable.h - page tables of any geometry, and the operations on their entries.
 *
 * A tree of tables with 1 << level_bits entries each. Level 0 holds the leaf entries (pte_t), the
 * machine's highest level is the root. The kernel's middle names for levels come and go with the
 * geometry; what remains is "pmd", the entry that points to a table of leaf entries, or, in machines
 * with huge pages, maps what such a table would (pmd.h). Its lock is mm->page_table_lock, that of all
 * tables above the leaves.
 *
 * Each table has its own lock (split page-table locks): that of a leaf table guards its entries
 * against other software. Hardware (walk.c) and GUP-fast take no lock, so all accesses to entries
 * are marked. A table is published by a store after smp_wmb() and freed, with its mm or after a
 * grace period, by whoever unlinked it.
 *
 * After include/linux/pgtable.h and arch/{x86,arm64}/include/asm/pgtable.h, Linux 6.1.
 * Policy: ptep_clear.
 */
#ifndef FL_MMU_PGTABLE_H
#define FL_MMU_PGTABLE_H

#include "mmu/machine.h"
#include "mmu/objects.h"
#include "mmu/pmd.h"

struct ptdesc {
	spinlock_t ptl;
	struct ptdesc *next; /* mm/pgtable_free.c: unlinked tables that wait to be freed */
	pte_t entries[] __attribute__((aligned(16)));
};

/* An empty table; NULL if there is no memory. */
#define pgtable_alloc(m) (should_fail_alloc(FL_ALLOC_PGTABLE) ? NULL : __pgtable_alloc(m))
struct ptdesc *__pgtable_alloc(struct fl_machine *m);
/* Nobody can reach @table. NULL is allowed. */
#define pgtable_free(m, table) object_free(m, OBJECT_PGTABLE, table)
/* Frees @table and all below it. Nobody can reach it. @level: its own. */
void pgtable_free_tree(struct fl_machine *m, struct ptdesc *table, unsigned int level);

static inline struct ptdesc *pmd_pgtable(pmd_t pmd)
{
	return (struct ptdesc *)(uintptr_t)(pmd & ~PMD_LOW_BITS);
}

static inline pmd_t mk_pmd(struct ptdesc *table)
{
	return (uintptr_t)table | _PAGE_PRESENT;
}

static inline unsigned int pgtable_index(const struct fl_machine *m, fl_vaddr addr,
					 unsigned int level)
{
	return (addr >> (m->page_shift + level * m->level_bits)) & ((1U << m->level_bits) - 1);
}

/* The leaf entry for @addr in the table that @pmd, which the caller just loaded, points to. */
static inline pte_t *pte_offset_map(const struct fl_machine *m, pmd_t pmd, fl_vaddr addr)
{
	struct ptdesc *table = pmd_pgtable(pmd);

	fl_addr_dep(table);
	return &table->entries[pgtable_index(m, addr, 0)];
}

static inline spinlock_t *pte_lockptr(pmd_t pmd)
{
	return &pmd_pgtable(pmd)->ptl;
}

/*
 * The entry that points, or is to point, to the leaf table for @addr. NULL if a table above it is
 * missing. Lockless: tables stay while the caller has the mm locked, or interrupts off.
 */
static inline pmd_t *pmd_offset_lockless(const struct fl_machine *m, struct ptdesc *pgd,
					 fl_vaddr addr)
{
	unsigned int bits = m->level_bits, shift = m->page_shift + (m->levels - 1) * bits;
	uint64_t mask = (1ULL << bits) - 1;
	struct ptdesc *table = pgd;

	for (unsigned int level = m->levels - 1; level > 1; level--, shift -= bits) {
		pmd_t entry = READ_ONCE(table->entries[addr >> shift & mask]);

		if (pmd_none(entry))
			return NULL;
		table = pmd_pgtable(entry);
		fl_addr_dep(table);
	}
	return &table->entries[addr >> shift & mask];
}

#define pmdp_get(pmdp) FL_LOAD(pmdp, FL_ONCE, "pmdp_get(" #pmdp ")")
#define ptep_get(ptep) FL_LOAD(ptep, FL_ONCE, "ptep_get(" #ptep ")")
/* Without the page-table lock. The same access: an entry is one word. */
#define ptep_get_lockless(ptep) FL_LOAD(ptep, FL_ONCE, "ptep_get_lockless(" #ptep ")")
#define set_pte(ptep, pte) FL_STORE(ptep, pte, FL_ONCE, "set_pte(" #ptep ", " #pte ")")

/* What pmd_offset_lockless() leads to; none, too, if a table above it is missing. */
static inline pmd_t pmd_read_lockless(const struct fl_machine *m, struct ptdesc *pgd, fl_vaddr addr)
{
	pmd_t *pmdp = pmd_offset_lockless(m, pgd, addr);

	return pmdp ? pmdp_get(pmdp) : 0;
}

/*
 * Clears an entry, returns what was there; under the table's lock. Hardware may set bits until the
 * exchange; with the plain form, what it sets in between is lost.
 */
static inline pte_t pgtable_get_and_clear(const struct fl_machine *m, pte_t *ptep)
{
	pte_t pte;

	if (m->policy.ptep_clear == FL_PTEP_CLEAR_XCHG)
		return xchg_relaxed(ptep, PTE_NONE);
	pte = ptep_get(ptep);
	set_pte(ptep, PTE_NONE);
	return pte;
}

#endif
