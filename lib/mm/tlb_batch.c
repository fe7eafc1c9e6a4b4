// SPDX-License-Identifier: MIT
/*
 * tlb_batch.c - reclaim's deferred flushes.
 *
 * State: per CPU, which address spaces have entries that this CPU's reclaim cleared and did not
 * flush yet (its own memory, only it looks); mm->tlb_flush_batched, by which others see it.
 *
 *   reclaim                                   mprotect, munmap, madvise, mremap
 *   R1  lock the PTL; clear the entry         B1  lock the same PTL; the entry is none
 *   R2  tlb_flush_batched: one more pending   B2  batched = tlb_flush_batched
 *   R3  unlock                                B3  pending != flushed: flush the mm
 *   R4  ... later, once for many: flush       B4  flushed = pending, if it is still what B2 read
 *   R5  the pages go
 *
 * Who meets an empty entry has nothing to flush of his own, yet TLBs may have it until R4: what he
 * promises his caller (no access any more) would not hold (B10 of the fact sheet). R2 is under the
 * PTL, so B2 sees it if B1 sees R1.
 *
 * With counts there is more to it than the PTL: who has *another* PTL may read R2's count, flush, and note that
 * this one is covered. So R1 has to be visible before R2, or translations are made from the old entry
 * behind that flush: [b], a store barrier between the two. set_tlb_ubc_flush_pending() has barrier() there,
 * for the compiler; what orders the two is what each processor's arch_tlbbatch_add_pending() does on the way
 * (policy tlb_batched_order).
 *
 * The two counts are in one word: low half pending, high half the pending that the last flush
 * covered. R2 under another PTL between B2 and B4 makes B4's cmpxchg() fail, and the next one flushes
 * again. With a plain flag B4 would wipe R2 out (B11, policy bool). R4 leaves the word alone: a flush
 * too many does no harm.
 *
 * Before a page is written to swap its dirty entries must be out of TLBs: a store behind the write would be
 * lost with the page. Clean ones need not be, the processor asks before it makes them dirty.
 *
 * An entry that no CPU can have cached needs no flush: a NUMA hint, if no flush is pending for the mm (pte_accessible()).
 * Since 6.3 it leaves no note (policy tlb_batched_note). Before, each entry did, and that was more than a flush too many: up
 * to 4.12 one of two scanners could take back what said that the other's flush was pending (policy tlb_pending=bool).
 *
 * Models: set_tlb_ubc_flush_pending(), try_to_unmap_flush(), try_to_unmap_flush_dirty(),
 * flush_tlb_batched_pending(), mm/rmap.c, Linux 4.13 to 6.12. The batch has room for a few address spaces and is
 * flushed when it is full; it keeps the struct of each, which kernels need not, for they note CPUs.
 * Policy: tlb_batched, tlb_batched_order, tlb_batched_note; pte_accessible (tlbflush.h).
 */
#include <errno.h>

#include "mm/mm.h"
#include "mm/mmu_gather.h"
#include "mm/tlbflush.h"

#define TLB_FLUSH_BATCH_FLUSHED_SHIFT 16
#define TLB_FLUSH_BATCH_PENDING_MASK ((1 << (TLB_FLUSH_BATCH_FLUSHED_SHIFT - 1)) - 1)
#define TLB_FLUSH_BATCH_PENDING_LARGE (TLB_FLUSH_BATCH_PENDING_MASK / 2)

#define UBC_MMS 4

/* Its CPU's alone. */
struct tlbflush_unmap_batch {
	unsigned int nr;
	bool writable; /* a dirty entry is among them */
	struct {
		struct mm_struct *mm;
		fl_vaddr start, end;
	} ranges[UBC_MMS];
};

int tlb_ubc_init(struct fl_cpu *cpu)
{
	cpu->ubc = mm_zalloc(FL_ALLOC_MACHINE, sizeof(*cpu->ubc));
	return cpu->ubc ? 0 : -ENOMEM;
}

void tlb_ubc_exit(struct fl_cpu *cpu)
{
	struct tlbflush_unmap_batch *ubc = cpu->ubc;

	for (unsigned int i = 0; ubc && i < ubc->nr; i++)
		mmdrop(ubc->ranges[i].mm);
	fl_free(ubc);
}

/* R2, for this CPU's own R4. */
static void ubc_note(struct fl_cpu *cpu, struct mm_struct *mm, fl_vaddr addr)
{
	struct tlbflush_unmap_batch *ubc = cpu->ubc;
	fl_vaddr end = addr + page_size(cpu->machine);
	unsigned int i = 0;

	while (i < ubc->nr && ubc->ranges[i].mm != mm)
		i++;
	if (i == UBC_MMS) {
		try_to_unmap_flush(cpu);
		i = 0;
	}
	if (i == ubc->nr) {
		ubc->nr++;
		mmgrab(mm); /* its entries are gone: nothing else keeps it */
		ubc->ranges[i].mm = mm;
		ubc->ranges[i].start = addr;
		ubc->ranges[i].end = end;
		return;
	}
	if (addr < ubc->ranges[i].start)
		ubc->ranges[i].start = addr;
	if (end > ubc->ranges[i].end)
		ubc->ranges[i].end = end;
}

/* R2, for others: one more pending. */
static void count_pending(struct mm_struct *mm)
{
	int batch = atomic_read(&mm->tlb_flush_batched);

	/* Before pending runs into flushed, or over the edge: begin anew, with a flush pending. */
	while ((batch & TLB_FLUSH_BATCH_PENDING_MASK) > TLB_FLUSH_BATCH_PENDING_LARGE) {
		if (try_cmpxchg(&mm->tlb_flush_batched.counter, &batch, 1))
			return;
	}
	atomic_inc(&mm->tlb_flush_batched);
}

void set_tlb_ubc_flush_pending(struct fl_cpu *cpu, struct mm_struct *mm, pte_t pte, fl_vaddr addr)
{
	if (mm->machine->policy.tlb_batched_note == FL_TLB_BATCHED_NOTE_ACCESSIBLE &&
	    !pte_accessible(mm, pte))
		return;
	ubc_note(cpu, mm, addr);
	if (pte_dirty(pte))
		cpu->ubc->writable = true;
	if (cpu->machine->policy.tlb_batched_order == FL_TLB_BATCHED_ORDER_ARCH)
		smp_wmb(); /* [b] */
	switch (cpu->machine->policy.tlb_batched) {
	case FL_TLB_BATCHED_NONE:
		break;
	case FL_TLB_BATCHED_BOOL:
		atomic_set(&mm->tlb_flush_batched, 1);
		break;
	case FL_TLB_BATCHED_COUNTER:
		count_pending(mm);
		break;
	}
}

void try_to_unmap_flush(struct fl_cpu *cpu)
{
	struct tlbflush_unmap_batch *ubc = cpu->ubc;

	for (unsigned int i = 0; i < ubc->nr; i++) {
		flush_tlb_mm_range(ubc->ranges[i].mm, ubc->ranges[i].start, ubc->ranges[i].end);
		mmdrop(ubc->ranges[i].mm);
	}
	ubc->nr = 0;
	ubc->writable = false;
}

void try_to_unmap_flush_dirty(struct fl_cpu *cpu)
{
	if (cpu->ubc->writable)
		try_to_unmap_flush(cpu);
}

static void flush_by_flag(struct mm_struct *mm)
{
	if (!atomic_read(&mm->tlb_flush_batched))
		return;
	flush_tlb_mm(mm);
	atomic_set(&mm->tlb_flush_batched, 0); /* B4, whatever came meanwhile */
}

static void flush_by_counts(struct mm_struct *mm)
{
	int batch = atomic_read(&mm->tlb_flush_batched); /* B2 */
	int pending = batch & TLB_FLUSH_BATCH_PENDING_MASK;
	int flushed = batch >> TLB_FLUSH_BATCH_FLUSHED_SHIFT;

	if (pending == flushed)
		return;
	flush_tlb_mm(mm); /* B3 */
	cmpxchg(&mm->tlb_flush_batched.counter, batch,
		pending | pending << TLB_FLUSH_BATCH_FLUSHED_SHIFT); /* B4 */
}

void flush_tlb_batched_pending(struct mm_struct *mm)
{
	if (mm->machine->policy.tlb_batched == FL_TLB_BATCHED_BOOL)
		flush_by_flag(mm);
	else if (mm->machine->policy.tlb_batched == FL_TLB_BATCHED_COUNTER)
		flush_by_counts(mm);
}
