// SPDX-License-Identifier: MIT
/*
 * pgtable.c - page tables of any geometry: memory for them, and finding a leaf table. See
 * pgtable.h.
 */
#include "mmu/pgtable.h"

struct ptdesc *pgtable_alloc(struct fl_machine *m)
{
	return fl_zalloc_aligned(sizeof(struct ptdesc) + (sizeof(pte_t) << m->level_bits), 64);
}

void pgtable_free_tree(struct fl_machine *m, struct ptdesc *table, unsigned int level)
{
	for (unsigned int i = 0; level > 0 && i < 1U << m->level_bits; i++) {
		pmd_t pmd = READ_ONCE(table->entries[i]);

		if (!pmd_none(pmd))
			pgtable_free_tree(m, pmd_pgtable(pmd), level - 1);
	}
	fl_free(table);
}

pmd_t *pmd_offset_lockless(const struct fl_machine *m, struct ptdesc *pgd, fl_vaddr addr)
{
	struct ptdesc *table = pgd;

	for (unsigned int level = m->levels - 1; level > 1; level--) {
		pmd_t entry = READ_ONCE(table->entries[pgtable_index(m, addr, level)]);

		if (pmd_none(entry))
			return NULL;
		table = pmd_pgtable(entry);
		fl_addr_dep(table);
	}
	return &table->entries[pgtable_index(m, addr, 1)];
}
