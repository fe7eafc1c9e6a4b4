// SPDX-License-Identifier: MIT
/*
 * mmu_gather.c - batches of changed entries: who announces them, when they are flushed, when what
 * they held is given back.
 *
 * State: struct mmu_gather, its owner's; mm->tlb_flush_pending. Steps G1 to G4 are in mmu_gather.h.
 *
 *   the batch                               who finds a changed entry
 *   G1  pending++                           H1  lock the PTL; read the entry, see G2
 *   G2  lock the PTL; change; unlock [p]    H2  pending > 0?          [p]
 *   G3  flush; give back                    H3  if so, flush oneself
 *   G4  pending--
 *
 * [p] G1 has no barrier of its own. It comes before G2's unlock, H1's lock of the same PTL is after
 *     that, so H2 sees it, or sees G4, which is after the flush.
 *
 * Two batches over the same range: the second one finds entries none, or clean, notes nothing, and
 * would flush nothing, while TLBs still have what the first one is yet to flush. So at its end a
 * batch that is not alone flushes everything (99baac21e458). It asks under no PTL of the other one's;
 * but it had the PTLs of all entries that it passed over, and that is enough by [p].
 *
 * Before there was a counter, change_protection() alone announced itself, by a flag (20841405940e);
 * the second of two that end clears it for both.
 *
 * Of a whole mm that nobody uses any more (fullmm) one flush is enough: nobody makes translations
 * after it.
 *
 * Models: mm/mmu_gather.c; {inc,dec}_tlb_flush_pending(), include/linux/mm_types.h; Linux 4.8 to
 * 6.12. A nested batch flushes the whole mm, as since 5.x; up to 4.18 it was the batch's range.
 * Policy: tlb_pending, tlb_pending_inc, tlb_pending_dec, tlb_nested.
 */
#include "mm/mmu_gather.h"

#include "mm/swap_state.h"
#include "mm/tlbflush.h"

void inc_tlb_flush_pending(struct mm_struct *mm)
{
	switch (mm->machine->policy.tlb_pending) {
	case FL_TLB_PENDING_COUNTER:
		atomic_inc(&mm->tlb_flush_pending);
		break;
	case FL_TLB_PENDING_BOOL:
		atomic_set(&mm->tlb_flush_pending, 1);
		break;
	case FL_TLB_PENDING_NONE:
		break;
	}
}

void dec_tlb_flush_pending(struct mm_struct *mm)
{
	switch (mm->machine->policy.tlb_pending) {
	case FL_TLB_PENDING_COUNTER:
		atomic_dec(&mm->tlb_flush_pending);
		break;
	case FL_TLB_PENDING_BOOL:
		atomic_set(&mm->tlb_flush_pending, 0);
		break;
	case FL_TLB_PENDING_NONE:
		break;
	}
}

bool mm_tlb_flush_nested(struct mm_struct *mm)
{
	return FL_LOAD(&mm->tlb_flush_pending.counter, FL_ONCE, "mm_tlb_flush_nested(mm)") > 1;
}

/* Batches that are no change_protection() announce themselves since there is a counter. */
static bool batches_announce(const struct mm_struct *mm)
{
	return mm->machine->policy.tlb_pending == FL_TLB_PENDING_COUNTER;
}

static void tlb_reset_range(struct mmu_gather *tlb)
{
	tlb->start = ~0ULL;
	tlb->end = 0;
	tlb->cleared_ptes = tlb->freed_tables = false;
}

static void gather(struct mmu_gather *tlb, struct mm_struct *mm, bool fullmm)
{
	tlb->mm = mm;
	tlb->nr = 0;
	tlb->fullmm = fullmm;
	tlb->flushed_mm = false;
	tlb->tables = NULL;
	tlb_reset_range(tlb);
	if (batches_announce(mm) &&
	    mm->machine->policy.tlb_pending_inc == FL_TLB_PENDING_INC_BEFORE)
		inc_tlb_flush_pending(mm); /* G1 */
}

void tlb_gather_mmu(struct mmu_gather *tlb, struct mm_struct *mm)
{
	gather(tlb, mm, false);
}

void tlb_gather_mmu_fullmm(struct mmu_gather *tlb, struct mm_struct *mm)
{
	gather(tlb, mm, true);
}

void tlb_flush_pte_range(struct mmu_gather *tlb, fl_vaddr addr, uint64_t size)
{
	tlb->cleared_ptes = true;
	if (addr < tlb->start)
		tlb->start = addr;
	if (addr + size > tlb->end)
		tlb->end = addr + size;
}

bool tlb_remove_page(struct mmu_gather *tlb, struct page *page)
{
	tlb->pages[tlb->nr++] = page;
	return tlb->nr == GATHER_PAGES;
}

void tlb_flush_mmu_tlbonly(struct mmu_gather *tlb)
{
	if (!tlb->cleared_ptes && !tlb->freed_tables)
		return;
	if (!tlb->fullmm)
		__flush_tlb_mm_range(tlb->mm, tlb->start, tlb->end, tlb->freed_tables);
	else if (!tlb->flushed_mm)
		__flush_tlb_mm_range(tlb->mm, 0, TLB_FLUSH_ALL, true);
	tlb->flushed_mm = tlb->fullmm;
	tlb_reset_range(tlb);
}

void tlb_flush_mmu(struct mmu_gather *tlb)
{
	struct fl_machine *m = tlb->mm->machine;

	tlb_flush_mmu_tlbonly(tlb);
	tlb_free_tables(tlb);
	for (unsigned int i = 0; i < tlb->nr; i++) {
		free_swap_cache(m, tlb->pages[i]);
		put_page(m, tlb->pages[i]);
	}
	tlb->nr = 0;
}

void tlb_finish_mmu(struct mmu_gather *tlb)
{
	const struct fl_policy *policy = &tlb->mm->machine->policy;
	struct mm_struct *mm = tlb->mm;
	bool announce = batches_announce(mm);

	if (announce && policy->tlb_pending_inc == FL_TLB_PENDING_INC_AFTER)
		inc_tlb_flush_pending(mm);
	if (announce && policy->tlb_nested == FL_TLB_NESTED_FLUSH && mm_tlb_flush_nested(mm)) {
		tlb->start = 0;
		tlb->end = TLB_FLUSH_ALL;
		tlb->cleared_ptes = true;
	}
	if (announce && policy->tlb_pending_dec == FL_TLB_PENDING_DEC_BEFORE)
		dec_tlb_flush_pending(mm);
	tlb_flush_mmu(tlb); /* G3 */
	if (announce && policy->tlb_pending_dec == FL_TLB_PENDING_DEC_AFTER)
		dec_tlb_flush_pending(mm); /* G4, after the flush by its barrier */
}
