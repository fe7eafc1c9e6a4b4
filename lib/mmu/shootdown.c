// SPDX-License-Identifier: MIT
/*
 * shootdown.c - invalidating translations on all CPUs.
 *
 * State: with policy tlb_flush=ipi, mm->tlb_gen, the number of flushes of the address space that
 * were begun, and per CPU and context the number up to which that CPU has made them. Invariant: of
 * the flushes up to a context's tlb_gen, the CPU has made all.
 *
 *   the caller                                      CPU c
 *   S1  change the entry (under its lock)
 *   S2  smp_mb(), or ++mm->tlb_gen, which is one
 *   S3  invalidate on each CPU c            [T]     an access: lookup, walk, fill, memory
 *   S4  smp_mb()
 *
 * S2: a walk that S3 lets go on reads S1. S4: what the caller does next, freeing the frame say,
 * comes after all accesses that S3 waited for. tlb.c says what T, or the interrupt in its place,
 * excludes. So a completed flush is a full barrier for the caller, which 6.0's PageAnonExclusive
 * code relied on (scenario pae-gup-fast).
 *
 *   broadcast  S3 is an instruction that all CPUs obey at once, wherever they are and whatever they
 *              have loaded. A CPU inside a section with interrupts off is not waited for. There are
 *              no generations: no CPU misses a flush.
 *   ipi        S3 interrupts the CPUs in mm_cpumask and waits for each. So the caller also waits for
 *              sections with interrupts off, which the GUP-fast of old relied on. A CPU that has left
 *              the address space, or is in lazy mode, is not interrupted, or does nothing: it
 *              compares generations when it comes back (mm/switch.c).
 *
 * In the interrupt, flush_tlb_func(): new is the caller's generation, local the context's, all the
 * mm's of this moment.
 *   F1  another mm is loaded: nothing to do
 *   F2  lazy mode: leave the mm. Its page tables may go now
 *   F3  new <= local: it was made with a later one
 *   F4  the range is enough if new == local + 1, and new == all, which spares the next interrupt.
 *       Else all of the context
 *   F5  local = all
 * Interrupts of two flushes may come in the other order. Without the first half of F4 the later
 * one, ranged, brings local over the earlier one, which then finds nothing to do
 * (tlb_gen=any-order; B26).
 *
 * Models: flush_tlb_page() and __flush_tlb_range(), arch/arm64/include/asm/tlbflush.h;
 * flush_tlb_mm_range(), flush_tlb_func(), native_flush_tlb_multi(), arch/x86/mm/tlb.c, Linux 6.12,
 * without loaded_mm in the choice whom to interrupt.
 * Policy: tlb_flush, tlb_gen, tlb_lazy.
 */
#include "mmu/mmu.h"
#include "oracle/hooks.h"

void leave_mm(struct fl_cpu *cpu, unsigned long *cpumask)
{
	const struct fl_policy *policy = &cpu->machine->policy;
	struct cpu_state *state = cpu->state;

	state->loaded_mm = NULL;
	state->pgd = NULL;
	WRITE_ONCE(state->is_lazy, 0);
	/* Nobody will tell it what it misses. */
	if (policy->tlb_flush == FL_TLB_FLUSH_IPI && policy->tlb_gen == FL_TLB_GEN_NONE)
		tlb_drop_range(cpu, state->asid, 0, TLB_FLUSH_ALL);
	/* Released: the last that this CPU has to do with it. destroy_context() may be about to free it. */
	(void)FL_FETCH(and, cpumask, ~FL_BIT(cpu->nr), FL_RELEASE,
		       "cpumask_clear_cpu(cpu, mm_cpumask(mm))");
}

/* F3 to F5. */
static void flush_by_generation(struct fl_cpu *cpu, const struct flush_tlb_info *f)
{
	struct tlb_context *context = &cpu->state->ctxs[cpu->state->asid - 1];
	long mm_tlb_gen;

	if (f->new_tlb_gen <= context->tlb_gen)
		return;
	mm_tlb_gen = atomic_long_read(f->tlb_gen);
	if (cpu->machine->policy.tlb_gen == FL_TLB_GEN_ANY_ORDER && f->end != TLB_FLUSH_ALL) {
		tlb_drop_range(cpu, cpu->state->asid, f->start, f->end);
		context->tlb_gen = f->new_tlb_gen;
		return;
	}
	if (f->new_tlb_gen == context->tlb_gen + 1 && f->new_tlb_gen == mm_tlb_gen)
		tlb_drop_range(cpu, cpu->state->asid, f->start, f->end);
	else
		tlb_drop_range(cpu, cpu->state->asid, 0, TLB_FLUSH_ALL);
	context->tlb_gen = mm_tlb_gen;
}

static void flush_tlb_func(void *arg)
{
	struct flush_tlb_info *f = arg;
	struct fl_cpu *cpu = this_cpu(f->machine);

	if (cpu->state->loaded_mm != f->mm) /* F1 */
		return;
	fl_count(f->machine, flushed_cpus);
	if (cpu->state->is_lazy) /* F2 */
		leave_mm(cpu, f->cpumask);
	else if (f->machine->policy.tlb_gen == FL_TLB_GEN_NONE)
		tlb_drop_range(cpu, cpu->state->asid, f->start, f->end);
	else
		flush_by_generation(cpu, f);
}

/* Of @cpus, those that have to be interrupted. */
static unsigned long not_lazy(const struct flush_tlb_info *f, unsigned long cpus)
{
	if (f->freed_tables || f->machine->policy.tlb_lazy == FL_TLB_LAZY_LEAVE_MM)
		return cpus;
	for (unsigned int i = 0; i < f->machine->nr_cpus; i++) {
		/* After S2; paired with [z] in mm/switch.c. */
		if (cpus & FL_BIT(i) && READ_ONCE(f->machine->cpus[i].state->is_lazy))
			cpus &= ~FL_BIT(i);
	}
	return cpus;
}

static void flush_by_interrupt(struct flush_tlb_info *f)
{
	unsigned long cpus = READ_ONCE(*f->cpumask), self = fl_this_cpu_mask(), irq_flags;

	if (cpus & self) {
		local_irq_save(irq_flags);
		flush_tlb_func(f);
		local_irq_restore(irq_flags);
	}
	cpus &= ~self;
	if (cpus)
		cpus = not_lazy(f, cpus);
	if (!cpus)
		return;
	fl_count(f->machine, shootdowns);
	smp_call_function_many(cpus, flush_tlb_func, f);
}

void tlb_shootdown(struct flush_tlb_info *f)
{
	struct fl_machine *m = f->machine;

	/* One by one would take longer than to fetch them again. */
	if (f->end != TLB_FLUSH_ALL &&
	    (f->end - f->start) >> m->page_shift > m->tlb_flush_ceiling) {
		f->start = 0;
		f->end = TLB_FLUSH_ALL;
	}
	fl_count(m, flushes);
	if (m->policy.tlb_flush == FL_TLB_FLUSH_BROADCAST) {
		if (m->nr_cpus > 1)
			fl_count(m, shootdowns);
		smp_mb(); /* S2 */
		for (unsigned int i = 0; i < m->nr_cpus; i++)
			tlb_drop_range(&m->cpus[i], f->asid, f->start, f->end);
	} else {
		if (m->policy.tlb_gen == FL_TLB_GEN_NONE)
			smp_mb(); /* S2 */
		else
			f->new_tlb_gen = atomic_long_inc_return(f->tlb_gen); /* S2 */
		flush_by_interrupt(f);
	}
	smp_mb(); /* S4 */
	FL_EVENT(.kind = FL_EVENT_FLUSH, .mm = FL_EVENT_MM(f->mm), .addr = f->start, .end = f->end);
}
