// SPDX-License-Identifier: MIT
/*
 * mm.c - an address space from its first day to its last, and a CPU's switch to it.
 *
 * State: struct mm_struct; the machine's list of them; what each CPU has loaded.
 *
 *   switch_mm(), on CPU c                      tlb_shootdown(), elsewhere (policy tlb_flush=ipi)
 *   X1  set c's bit in mm_cpumask              Y1  change an entry
 *   X2  smp_mb()                     [m]           smp_mb()                             [m]
 *   X3  load the page tables; walks begin      Y2  read mm_cpumask
 *
 * [m] Either Y2 sees the bit, and c is interrupted, or c's walks see Y1 (71b3c126e611).
 *
 * Models: mm_alloc(), __mmput(), kernel/fork.c; switch_mm_irqs_off(), arch/x86/mm/tlb.c, Linux
 * 6.12, without lazy mode: a CPU that switches away forgets the old mm's translations. Policy:
 * none.
 */
#include "mm/mm.h"

#include "mm/rmap.h"
#include "mm/tlbflush.h"
#include "mm/vma.h"

#include <errno.h>

/* Address-space ids that a TLB tag has room for (mmu/tlb.c); 0 is nobody's. */
#define NR_ASIDS 32767

int fl_mm_create(struct fl_mm **out, struct fl_machine *m)
{
	struct fl_mm *fl_mm = fl_zalloc(sizeof(*fl_mm));
	struct mm_struct *mm;

	if (!fl_mm)
		return -ENOMEM;
	mm = &fl_mm->mm;
	mm->machine = m;
	mm->pgd = pgtable_alloc(m);
	if (!mm->pgd) {
		fl_free(fl_mm);
		return -ENOMEM;
	}
	init_rwsem(&mm->mmap_lock);
	spin_lock_init(&mm->page_table_lock);
	seqcount_init(&mm->write_protect_seq);

	spin_lock(&m->state->mm_lock);
	mm->id = ++m->state->next_mm_id;
	mm->asid = (mm->id - 1) % NR_ASIDS + 1;
	mm->next = m->state->mms;
	m->state->mms = mm;
	spin_unlock(&m->state->mm_lock);
	*out = fl_mm;
	return 0;
}

unsigned int fl_mm_id(const struct fl_mm *mm)
{
	return (unsigned int)mm->mm.id;
}

static void unlist_mm(struct fl_machine *m, struct mm_struct *mm)
{
	struct mm_struct **link;

	spin_lock(&m->state->mm_lock);
	for (link = &m->state->mms; *link != mm; link = &(*link)->next)
		;
	*link = mm->next;
	spin_unlock(&m->state->mm_lock);
}

void fl_mm_destroy(struct fl_mm *fl_mm)
{
	struct vm_area_struct *vma;
	struct fl_machine *m;
	struct mm_struct *mm;
	fl_vaddr at = 0;

	if (!fl_mm)
		return;
	mm = &fl_mm->mm;
	m = mm->machine;
	userfaultfd_close_all(mm);
	for (vma = vma_find(mm, 0); vma; vma = vma_find(mm, vma->vm_end))
		zap_page_range(mm, vma->vm_start, vma->vm_end);
	for (unsigned int i = 0; i < m->nr_cpus; i++) {
		if (m->cpus[i].state->mm == mm)
			fl_switch_mm(&m->cpus[i], NULL);
	}
	/* The id of the address space may be given out again: no translation may be left. */
	tlb_shootdown(m, mm->asid, &mm->cpu_bitmap, 0, TLB_FLUSH_ALL);
	while ((vma = vma_find(mm, at))) {
		at = vma->vm_end;
		if (vma->anon_vma)
			put_anon_vma(vma->anon_vma);
		__vm_area_free(vma);
	}
	vma_tree_destroy(&mm->tree);
	pgtable_free_tree(m, mm->pgd, m->levels - 1);
	unlist_mm(m, mm);
	fl_free(fl_mm);
}

void fl_switch_mm(struct fl_cpu *cpu, struct fl_mm *fl_mm)
{
	struct mm_struct *prev = cpu->state->mm, *next = fl_mm ? &fl_mm->mm : NULL;
	struct cpu_state *state = cpu->state;

	if (prev == next)
		return;
	if (prev) {
		state->mm = NULL;
		state->pgd = NULL;
		tlb_drop_range(cpu, prev->asid, 0, TLB_FLUSH_ALL);
		clear_bit(cpu->nr, &prev->cpu_bitmap);
	}
	if (next) {
		set_bit(cpu->nr, &next->cpu_bitmap); /* X1 */
		smp_mb();			     /* X2, paired with S2 in mmu/shootdown.c */
		state->asid = next->asid;
		state->pgd = next->pgd;
		state->mm = next;
	}
}
