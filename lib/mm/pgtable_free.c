// SPDX-License-Identifier: MIT
/*
 * pgtable_free.c - the end of page tables that a mapping leaves behind.
 *
 * State: entries of upper tables (page_table_lock), and tables that are unlinked but not yet free,
 * on their batch's list.
 *
 *   munmap, mmap:W, VMAs out of the tree        who may be in a table
 *   T1  its entries are gone (zap.c)
 *   T2  clear the entry that points to it       GUP-fast, interrupts off: read that entry before
 *   T3  flush                                   hardware: walks that began before, through it
 *   T4  wait                                    GUP-fast that is still inside
 *   T5  free it
 *
 * T2 before T3: a walk that begins after the flush finds no table; one that began before is over when
 * the flush is (mmu/tlb.c: broadcast waits for the access, an interrupt comes between two). GUP-fast
 * is no such access. It has interrupts off and is a reader for RCU, and T4 waits for it: by a grace
 * period (policy rcu), or by an interrupt to all CPUs (ipi), which each takes once it has left its
 * section. Without T4 it reads a table that is somebody else's memory by then.
 *
 * Faults and walks under a lock of mm or VMA are not in the way: the lock is held for writing and
 * the VMAs are gone. Who comes by way of a page (rmap, truncation) finds the VMA on a list: it has to
 * be off that list before T2.
 *
 * A table goes if nothing else can be in what it spans: [floor, ceiling) is the range without other
 * VMAs around the one that goes. The memory for a batch that waits for a grace period may be missing;
 * then the caller waits itself.
 *
 * Models: free_pgtables(), free_pgd_range(), mm/memory.c; tlb_remove_table(), tlb_table_flush(),
 * mm/mmu_gather.c; Linux 6.1.
 * Policy: pgtable_free.
 */
#include "mm/zap.h"

/* Tables that wait for a grace period. */
struct mmu_table_batch {
	struct rcu_head rcu;
#ifndef FAULTLINE_CHECK
	struct fl_machine *machine;
	unsigned int cpu; /* whose list they go to (mmu/objects.h) */
#endif
	struct ptdesc *tables;
};

static void free_table_list(struct fl_machine *m, unsigned int cpu, struct ptdesc *table)
{
	while (table) {
		struct ptdesc *next = table->next;

		object_free_on(m, cpu, OBJECT_PGTABLE, table);
		table = next;
	}
}

void pte_free_tlb(struct mmu_gather *tlb, struct ptdesc *table, fl_vaddr addr)
{
	tlb_flush_pte_range(tlb, addr, page_size(tlb->mm->machine));
	tlb->freed_tables = true;
	if (tlb->mm->machine->policy.pgtable_free == FL_PGTABLE_FREE_BEFORE_FLUSH) {
		pgtable_free(tlb->mm->machine, table);
		return;
	}
	table->next = tlb->tables;
	tlb->tables = table;
}

static void tlb_remove_table_rcu(struct rcu_head *head)
{
	struct mmu_table_batch *batch = (struct mmu_table_batch *)head;

#ifdef FAULTLINE_CHECK
	free_table_list(NULL, 0, batch->tables);
#else
	free_table_list(batch->machine, batch->cpu, batch->tables);
#endif
	fl_free(batch);
}

static void free_by_rcu(struct fl_machine *m, struct ptdesc *tables)
{
	unsigned int cpu = this_cpu(m)->nr;
	struct mmu_table_batch *batch = mm_zalloc(FL_ALLOC_FALLBACK, sizeof(*batch));

	if (batch) {
#ifndef FAULTLINE_CHECK
		batch->machine = m;
		batch->cpu = cpu;
#endif
		batch->tables = tables;
		call_rcu(&batch->rcu, tlb_remove_table_rcu);
	} else {
		synchronize_rcu();
		free_table_list(m, cpu, tables);
	}
}

static void tlb_remove_table_smp_sync(void *info)
{
	(void)info; /* it came: the CPU has interrupts on */
}

void tlb_remove_table_sync_one(struct fl_machine *m)
{
	uint64_t all = m->nr_cpus < 64 ? (1ULL << m->nr_cpus) - 1 : ~0ULL;

	smp_call_function_many(all & ~fl_this_cpu_mask(), tlb_remove_table_smp_sync, NULL);
}

void tlb_free_tables(struct mmu_gather *tlb)
{
	struct fl_machine *m = tlb->mm->machine;
	struct ptdesc *tables = tlb->tables;

	if (!tables)
		return;
	tlb->tables = NULL;
	if (tlb->fullmm) {
		free_table_list(m, this_cpu(m)->nr, tables); /* nobody uses the mm any more */
		return;
	}
	switch (m->policy.pgtable_free) {
	case FL_PGTABLE_FREE_RCU:
		free_by_rcu(m, tables);
		break;
	case FL_PGTABLE_FREE_IPI:
		tlb_remove_table_sync_one(m);
		free_table_list(m, this_cpu(m)->nr, tables);
		break;
	case FL_PGTABLE_FREE_AFTER_FLUSH:
	case FL_PGTABLE_FREE_BEFORE_FLUSH:
		free_table_list(m, this_cpu(m)->nr, tables);
		break;
	}
}

/* What may go, and how far it is looked for. */
struct table_range {
	struct mmu_gather *tlb;
	fl_vaddr floor, ceiling;
};

/* T2 for the tables below @table, of @level, in [addr, end). page_table_lock is held. */
static void free_tables_below(const struct table_range *range, struct ptdesc *table,
			      unsigned int level, fl_vaddr addr, fl_vaddr end)
{
	const struct fl_machine *m = range->tlb->mm->machine;
	unsigned int shift = m->page_shift + level * m->level_bits;
	fl_vaddr next;

	for (; addr < end; addr = next) {
		pmd_t *entry = &table->entries[pgtable_index(m, addr, level)];
		fl_vaddr first = addr >> shift << shift;
		pmd_t value = pmdp_get(entry);

		next = first + (1ULL << shift);
		if (pmd_none(value))
			continue;
		if (level > 1)
			free_tables_below(range, pmd_pgtable(value), level - 1, addr,
					  next < end ? next : end);
		if (first >= range->floor && next <= range->ceiling) {
			set_pte(entry, PTE_NONE);
			pte_free_tlb(range->tlb, pmd_pgtable(value), first);
		}
	}
}

void free_pgtables(struct mmu_gather *tlb, fl_vaddr start, fl_vaddr end, fl_vaddr floor,
		   fl_vaddr ceiling)
{
	const struct table_range range = { tlb, floor, ceiling };
	struct mm_struct *mm = tlb->mm;
	const struct fl_machine *m = mm->machine;

	/* The smallest table spans more than there is room for. */
	if (ceiling - floor < page_size(m) << m->level_bits)
		return;
	spin_lock(&mm->page_table_lock);
	free_tables_below(&range, mm->pgd, m->levels - 1, start, end);
	spin_unlock(&mm->page_table_lock);
}
