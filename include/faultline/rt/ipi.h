/* SPDX-License-Identifier: MIT */
/*
 * ipi.h - interrupts between simulated CPUs, and sections in which a CPU takes none.
 *
 * Natively a CPU answers at its next simulated access, when it turns interrupts on again and while it waits for
 * a lock. If its thread does something else, has ended or has not begun, the sender does in its place what is
 * asked: only a CPU that has interrupts off is waited for. The protocol is at the top of lib/rt/ipi.c. After
 * kernel/smp.c.
 *
 * Under the check engine the sender does the handler's work at a point at which the target's
 * interrupts are on (lib/rt/check/cpu.c): the same order, without a request in memory to explore.
 */
#ifndef FAULTLINE_RT_IPI_H
#define FAULTLINE_RT_IPI_H

/* The kernel's names end here; the linker sees ours. */
#define smp_call_function_many fl_smp_call_function_many
#define local_irq_disable fl_local_irq_disable
#define local_irq_enable fl_local_irq_enable
#define local_irq_save_fn fl_local_irq_save_fn
#define local_irq_restore_fn fl_local_irq_restore_fn
#define irqs_disabled fl_irqs_disabled
#define smp_processor_id fl_smp_processor_id

/* Number of CPUs that a machine can have. */
#define FL_MAX_CPUS 64

/* The CPU that the calling thread is bound to; 0 in set-up code. */
int smp_processor_id(void);

/*
 * The calling CPU's bit, to be left out when others are asked. Natively 0 in a thread that is bound to none: it
 * acts as CPU 0, but must not do that CPU's own work.
 */
#define fl_this_cpu_mask() (1ULL << smp_processor_id())

/* Nest by save and restore only. No request is answered inside. */
void local_irq_disable(void);
void local_irq_enable(void);
unsigned long local_irq_save_fn(void);
void local_irq_restore_fn(unsigned long flags);
#define local_irq_save(flags) ((flags) = local_irq_save_fn())
#define local_irq_restore(flags) local_irq_restore_fn(flags)
bool irqs_disabled(void);

/*
 * Runs @fn(@info) on each CPU of @mask except the caller's, waits until all are done. The caller
 * must have interrupts on and answers requests to itself while it waits. Full barriers around @fn on
 * its CPU and before the return here.
 */
void smp_call_function_many(uint64_t mask, void (*fn)(void *info), void *info);

/* Answers a pending request to the calling CPU, if its interrupts are on. */
void fl_ipi_poll(void);

#endif
