// SPDX-License-Identifier: MIT
/*
 * pgtable.c - page tables of any geometry: memory for them. See pgtable.h.
 */
#include "mmu/pgtable.h"

struct ptdesc *__pgtable_alloc(struct fl_machine *m)
{
	size_t size = sizeof(struct ptdesc) + (sizeof(pte_t) << m->level_bits);
	struct ptdesc *table = object_zalloc(m, OBJECT_PGTABLE, size); /* asked by the caller */

	if (table)
		spin_lock_init(&table->ptl);
	return table;
}

void pgtable_free_tree(struct fl_machine *m, struct ptdesc *table, unsigned int level)
{
	for (unsigned int i = 0; level > 0 && i < 1U << m->level_bits; i++) {
		pmd_t pmd = READ_ONCE(table->entries[i]);

		if (pmd_table(pmd))
			pgtable_free_tree(m, pmd_pgtable(pmd), level - 1);
	}
	pgtable_free(m, table);
}
