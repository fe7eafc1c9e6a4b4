// SPDX-License-Identifier: MIT
/*
 * shootdown.c - invalidating translations on all CPUs.
 *
 *   the caller                                      CPU c
 *   S1  change the entry (under its lock)
 *   S2  smp_mb()
 *   S3  invalidate on each CPU c            [T]     an access: lookup, walk, fill, memory
 *   S4  smp_mb()
 *
 * S2: a walk that S3 lets go on reads S1. S4: what the caller does next, freeing the frame say,
 * comes after all accesses that S3 waited for. tlb.c says what T, or the interrupt in its place,
 * excludes. So a completed flush is a full barrier for the caller, which 6.0's PageAnonExclusive
 * code relied on (scenario pae-gup-fast).
 *
 *   broadcast  S3 is an instruction that all CPUs obey at once, wherever they are. A CPU inside a
 *              section with interrupts off is not waited for.
 *   ipi        S3 interrupts the CPUs in @mask and waits for each. So the caller also waits for
 *              sections with interrupts off, which the GUP-fast of old relied on.
 *
 * Models: flush_tlb_page() and __flush_tlb_range(), arch/arm64/include/asm/tlbflush.h;
 * flush_tlb_mm_range(), arch/x86/mm/tlb.c, Linux 6.12, without lazy mode and TLB generations.
 * Policy: tlb_flush.
 */
#include "mmu/mmu.h"

/* On the sender's stack; it waits. */
struct flush_info {
	struct fl_machine *machine;
	uint64_t asid;
	fl_vaddr start, end;
};

static void flush_tlb_func(void *arg)
{
	struct flush_info *info = arg;

	tlb_drop_range(this_cpu(info->machine), info->asid, info->start, info->end);
}

void tlb_shootdown(struct fl_machine *m, uint64_t asid, unsigned long *mask, fl_vaddr start,
		   fl_vaddr end)
{
	struct flush_info info = { m, asid, start, end };
	unsigned long cpus, self = FL_BIT(smp_processor_id());

	smp_mb(); /* S2 */
	if (m->policy.tlb_flush == FL_TLB_FLUSH_BROADCAST) {
		for (unsigned int i = 0; i < m->nr_cpus; i++)
			tlb_drop_range(&m->cpus[i], asid, start, end);
	} else {
		cpus = READ_ONCE(*mask);
		if (cpus & self)
			flush_tlb_func(&info);
		if (cpus & ~self)
			smp_call_function_many(cpus & ~self, flush_tlb_func, &info);
	}
	smp_mb(); /* S4 */
}
