// SPDX-License-Identifier: MIT
/*
 * pgalloc.c - page tables are made by the first fault that needs them.
 *
 *   writer, page_table_lock held                reader: other faults, GUP-fast, hardware
 *   P1  make an empty table
 *   P2  smp_wmb()                  [p]          L1  read the entry
 *   P3  store its address                       L2  read the table       address dependency [p]
 *
 * [p] Nobody sees a table's address before its emptiness: stale words would pass for entries.
 *
 * Two faults can meet: the second one finds an entry under the lock and throws its table away.
 *
 * Models: __pte_alloc(), pmd_install(), __pmd_alloc(), mm/memory.c, Linux 6.1. One lock for all
 * levels but the lowest, as for levels above the PMD there.
 */
#include "mm/pgalloc.h"

#include <errno.h>

/* Links a table to @entry, unless there is one by now. Any level. */
static int table_install(struct mm_struct *mm, pmd_t *entry)
{
	struct ptdesc *table = pgtable_alloc(mm->machine);

	if (!table)
		return -ENOMEM;
	spin_lock(&mm->page_table_lock);
	if (pmd_none(pmdp_get(entry))) {
		smp_wmb(); /* [p] */
		set_pte(entry, mk_pmd(table));
		table = NULL;
	}
	spin_unlock(&mm->page_table_lock);
	pgtable_free(mm->machine, table);
	return 0;
}

pmd_t *pmd_alloc(struct mm_struct *mm, fl_vaddr addr)
{
	const struct fl_machine *m = mm->machine;
	struct ptdesc *table = mm->pgd;

	for (unsigned int level = m->levels - 1; level > 1; level--) {
		pmd_t *entry = &table->entries[pgtable_index(m, addr, level)];
		pmd_t value = pmdp_get(entry);

		if (pmd_none(value)) {
			if (table_install(mm, entry))
				return NULL;
			value = pmdp_get(entry);
		}
		table = pmd_pgtable(value);
		fl_addr_dep(table);
	}
	return &table->entries[pgtable_index(m, addr, 1)];
}

int __pte_alloc(struct mm_struct *mm, pmd_t *pmdp)
{
	return table_install(mm, pmdp);
}
