// SPDX-License-Identifier: MIT
/*
 * switch.c - a CPU's switch to another address space, and to none in particular.
 *
 * State: struct cpu_state: what the CPU has loaded, and of which address spaces it may have
 * translations (mmu/machine.h); mm->cpu_bitmap, the CPUs that have the mm loaded.
 *
 *   switch_mm(), on CPU c                      tlb_shootdown(), elsewhere (policy tlb_flush=ipi)
 *   X1  set c's bit in mm_cpumask              Y1  change an entry
 *       smp_mb()                     [m]       Y2  ++mm->tlb_gen, a full barrier        [m] [z]
 *   X2  read mm->tlb_gen                       Y3  read mm_cpumask
 *       smp_mb()                     [g]       Y4  read is_lazy of the CPUs in it
 *   X3  load the page tables; walks begin
 *
 * [m] Either Y3 sees the bit, and c is interrupted, or c's walks see Y1 (71b3c126e611), and X2 sees
 *     Y2: c drops what it has from before, and takes the flush for made.
 * [g] A walk is after X2: what X2 takes for made must not be undone by a fetch from before it. On
 *     x86 the load of CR3 is that barrier.
 *
 * Where a CPU has room for several contexts it finds its old translations again, if the context's
 * generation is still the mm's. Without generations it drops them when it leaves, with flushes by
 * broadcast it keeps them: those reach it wherever it is.
 *
 *   lazy mode, on CPU c
 *   L1  is_lazy = 1                            the page tables stay loaded, c's bit stays set
 *   L2  is_lazy = 0
 *       smp_mb()                     [z]
 *   L3  mm->tlb_gen is another one? Drop all
 *
 * [z] Either Y4 sees L2, and c is interrupted, or L3 sees Y2. That is why a flush may pass c over; not
 *     if page tables go, which hardware may look at at any time (tlb_lazy).
 *
 * X1 to X3, L1, and L2 to L3 are done with interrupts off, as the scheduler has them: an interrupt
 * between them would find loaded_mm, context and generation at odds (38cf307c1f20 is a case of it).
 *
 * Models: switch_mm_irqs_off(), choose_new_asid(), enter_lazy_tlb(), arch/x86/mm/tlb.c, Linux 6.12.
 * Policy: tlb_flush, tlb_gen.
 */
#include "mm/tlbflush.h"

static bool has_generations(const struct fl_machine *m)
{
	return m->policy.tlb_flush == FL_TLB_FLUSH_IPI && m->policy.tlb_gen != FL_TLB_GEN_NONE;
}

/* The context's old translations are of another mm, or of before some flush. */
static void use_context(struct fl_cpu *cpu, unsigned int i, const struct mm_struct *mm,
			long tlb_gen)
{
	struct tlb_context *context = &cpu->state->ctxs[i];

	tlb_drop_range(cpu, i + 1, 0, TLB_FLUSH_ALL);
	context->ctx_id = mm->id;
	context->tlb_gen = tlb_gen;
}

/* X2, X3. Returns the tag of the translations. */
static uint64_t choose_new_asid(struct fl_cpu *cpu, struct mm_struct *next)
{
	struct cpu_state *state = cpu->state;
	long next_tlb_gen = atomic_long_read(&next->tlb_gen);
	unsigned int i;

	for (i = 0; i < TLB_NR_DYN_ASIDS; i++) {
		if (state->ctxs[i].ctx_id == next->id)
			break;
	}
	if (i == TLB_NR_DYN_ASIDS) {
		i = state->next_asid;
		state->next_asid = i + 1 < TLB_NR_DYN_ASIDS ? i + 1 : 0;
		use_context(cpu, i, next, next_tlb_gen);
	} else if (state->ctxs[i].tlb_gen != next_tlb_gen) {
		use_context(cpu, i, next, next_tlb_gen);
	}
	return i + 1;
}

/* L3. */
static void catch_up(struct fl_cpu *cpu, struct mm_struct *mm)
{
	uint64_t asid = cpu->state->asid;
	long tlb_gen;

	if (cpu->machine->policy.tlb_flush == FL_TLB_FLUSH_BROADCAST)
		return;
	smp_mb(); /* [z] */
	if (!has_generations(cpu->machine)) {
		tlb_drop_range(cpu, asid, 0, TLB_FLUSH_ALL);
		return;
	}
	tlb_gen = atomic_long_read(&mm->tlb_gen);
	if (cpu->state->ctxs[asid - 1].tlb_gen != tlb_gen) {
		use_context(cpu, (unsigned int)asid - 1, mm, tlb_gen);
		smp_mb(); /* [g] */
	}
}

static void load_mm(struct fl_cpu *cpu, struct mm_struct *next)
{
	const struct fl_machine *m = cpu->machine;
	struct cpu_state *state = cpu->state;

	set_bit(cpu->nr, &next->cpu_bitmap); /* X1 */
	smp_mb();			     /* [m], paired with S2 in mmu/shootdown.c */
	if (has_generations(m)) {
		state->asid = choose_new_asid(cpu, next);
		smp_mb(); /* [g] */
	} else {
		state->asid = m->policy.tlb_flush == FL_TLB_FLUSH_IPI ? 1 : next->asid;
	}
	state->pgd = next->pgd; /* X3 */
	state->loaded_mm = next;
}

static void set_current_mm(struct cpu_state *state, struct mm_struct *mm)
{
#ifndef FAULTLINE_CHECK
	/*
	 * The CPU's thread reads it with interrupts on. Who takes the mm from a lazy CPU (leave_destroyed()), in its
	 * place maybe, finds NULL, and leaves it alone.
	 */
	if (state->mm == mm)
		return;
#endif
	state->mm = mm;
}

static void switch_mm_irqs_off(struct fl_cpu *cpu, struct mm_struct *next)
{
	struct cpu_state *state = cpu->state;
	struct mm_struct *prev = state->loaded_mm;

	if (prev == next) {
		if (state->is_lazy) {
			WRITE_ONCE(state->is_lazy, 0); /* L2 */
			catch_up(cpu, next);
		}
	} else {
		if (prev)
			leave_mm(cpu, &prev->cpu_bitmap);
		if (next)
			load_mm(cpu, next);
	}
	set_current_mm(state, next);
	tlb_fast_update(cpu);
}

void fl_switch_mm(struct fl_cpu *cpu, struct fl_mm *fl_mm)
{
	unsigned long irq_flags;

	local_irq_save(irq_flags);
	switch_mm_irqs_off(cpu, fl_mm ? &fl_mm->mm : NULL);
	local_irq_restore(irq_flags);
}

void fl_enter_lazy_tlb(struct fl_cpu *cpu)
{
	unsigned long irq_flags;

	local_irq_save(irq_flags);
	cpu->state->mm = NULL;
	tlb_fast_update(cpu);
	if (cpu->state->loaded_mm)
		WRITE_ONCE(cpu->state->is_lazy, 1); /* L1 */
	local_irq_restore(irq_flags);
}

/* On a CPU that has the mm loaded: in lazy mode, as no program uses it any more. */
static void leave_destroyed(void *arg)
{
	struct mm_struct *mm = arg;
	struct fl_cpu *cpu = this_cpu(mm->machine);

	if (cpu->state->loaded_mm == mm)
		fl_switch_mm(cpu, NULL);
}

/*
 * Each CPU leaves by itself, as its state is its own: it may be about to switch. Kernels let a lazy CPU keep
 * the mm's last reference (mmgrab_lazy_tlb()), or interrupt it as here (shoot_lazy_tlbs(), 6.4).
 */
void destroy_context(struct mm_struct *mm)
{
	struct fl_machine *m = mm->machine;
	/* Acquire: a CPU that is no longer in it is done with the mm (leave_mm()). */
	unsigned long cpus = smp_load_acquire(&mm->cpu_bitmap), self = fl_this_cpu_mask();

	if (cpus & self)
		leave_destroyed(mm);
	if (cpus & ~self)
		smp_call_function_many(cpus & ~self, leave_destroyed, mm);
	/* mm->id is nobody else's ever, but the tag may be given out again. */
	if (m->policy.tlb_flush == FL_TLB_FLUSH_BROADCAST)
		flush_tlb_mm(mm);
}
