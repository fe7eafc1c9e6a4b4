/* SPDX-License-Identifier: MIT */
/*
 * ipi.c - interrupts between simulated CPUs, for both engines (kernel/smp.c, Linux 6.12).
 *
 * Each CPU has one request slot. The protocol S1-S4, T1-T3 is in ipi.h; here is what surrounds it.
 *
 * Who holds slot->lock, from S1 to the end of S4, has the CPU's attention; further senders queue up
 * behind the lock. A sender takes the slots of all its targets before it waits for the first answer,
 * in the order of their numbers, so that two senders never hold one another's next slot.
 *
 * slot->running, guarded by the lock, says whether a thread answers for the CPU. If none does, it
 * has not begun, has ended or sleeps in synchronize_rcu(), and the lock keeps it from coming back:
 * the sender runs the function itself, as that CPU. What the CPU's own thread did before comes
 * before, and what it does later after: unlock and lock of the slot.
 *
 * Nobody waits for a CPU that waits for them: waiting for a lock or a word answers the waiter's own
 * requests (native: fl_native_wait(); check: the engine's await). With interrupts off it does not, so
 * two CPUs that send with interrupts off can deadlock, as they can in the kernel.
 */
#include <errno.h>

#include <faultline/rt.h>

#include "rt/ipi_internal.h"
#include "rt/thread.h"

struct fl_ipi_slot {
	spinlock_t lock;
	int pending;   /* set by the sender, cleared by the target */
	bool running;  /* guarded by lock */
	bool irqs_off; /* the CPU's own, nobody else looks */
	void (*fn)(
		void *info); /* the request: written by the sender, read by the target while pending */
	void *info;
} __attribute__((aligned(64))); /* a CPU polls its own line only */

static struct fl_ipi_slot *slots;
static int nslots;

/* Interrupt flag of the calling CPU. In native runs it is the thread's: set-up code has one as well. */
static bool *irqs_off(void)
{
	return &fl_native_this_cpu.irqs_off;
}

/* As an interrupt handler: interrupts off, and ordered against all that surrounds it. */
static void handle(void (*fn)(void *info), void *info)
{
	bool *off = irqs_off();
	bool was_off = *off;

	*off = true;
	smp_mb();
	fn(info);
	smp_mb();
	*off = was_off;
}

static void answer(struct fl_ipi_slot *slot)
{
	/* T1, acquire: fn and info are the request's. */
	if (!smp_load_acquire(&slot->pending))
		return;
	handle(slot->fn, slot->info);	      /* T2 */
	smp_store_release(&slot->pending, 0); /* T3: the sender sees what fn did */
}

#undef fl_ipi_poll
void fl_ipi_poll(void)
{
	struct fl_native_cpu *this_cpu = &fl_native_this_cpu;
	struct fl_ipi_slot *slot = this_cpu->bound ? &slots[this_cpu->id] : NULL;
	if (slot && !*irqs_off())
		answer(slot);
}

void local_irq_disable(void)
{
	*irqs_off() = true;
	barrier();
}

void local_irq_enable(void)
{
	barrier();
	*irqs_off() = false;
	fl_ipi_poll();
}

unsigned long local_irq_save_fn(void)
{
	unsigned long flags = *irqs_off();

	local_irq_disable();
	return flags;
}

void local_irq_restore_fn(unsigned long flags)
{
	if (!flags)
		local_irq_enable();
}

bool irqs_disabled(void)
{
	return *irqs_off();
}

/* Runs @fn as CPU @cpu, which has no thread and, while we hold its slot, gets none. */
static void run_as(int cpu, void (*fn)(void *info), void *info)
{
	int self = fl_rt_swap_cpu(cpu);

	handle(fn, info);
	fl_rt_swap_cpu(self);
}

void smp_call_function_many(uint64_t mask, void (*fn)(void *info), void *info)
{
	uint64_t asked = 0;
	int cpu;

	for (cpu = 0; cpu < nslots; cpu++) {
		struct fl_ipi_slot *slot = &slots[cpu];

		if (!(mask >> cpu & 1) || cpu == smp_processor_id())
			continue;
		spin_lock(&slot->lock); /* S1 */
		if (!slot->running) {
			run_as(cpu, fn, info);
			spin_unlock(&slot->lock);
			continue;
		}
		slot->fn = fn; /* S2 */
		slot->info = info;
		smp_store_release(&slot->pending, 1); /* S3 */
		asked |= 1ULL << cpu;
	}
	for (cpu = 0; cpu < nslots; cpu++) {
		struct fl_ipi_slot *slot = &slots[cpu];

		if (!(asked >> cpu & 1))
			continue;
		FL_AWAIT_MASK(&slot->pending, 1, 0, FL_ACQUIRE,
			      "csd_lock_wait(&slot->pending)"); /* S4 */
		spin_unlock(&slot->lock);
	}
	smp_mb();
}

void fl_ipi_cpu_begin(int cpu)
{
	struct fl_ipi_slot *slot = &slots[cpu];

	spin_lock(&slot->lock);
	slot->running = true;
	spin_unlock(&slot->lock);
}

void fl_ipi_cpu_end(int cpu)
{
	struct fl_ipi_slot *slot = &slots[cpu];

	/* While it is taken a request is under way; waiting for it answers that request. */
	spin_lock(&slot->lock);
	slot->running = false;
	spin_unlock(&slot->lock);
}

const int *fl_ipi_pending(int cpu)
{
	return &slots[cpu].pending;
}

int fl_ipi_ncpus(void)
{
	return nslots;
}

int fl_ipi_init(int ncpus)
{
	if (ncpus < 1 || ncpus > FL_MAX_CPUS)
		return -EINVAL;
	if (slots)
		return -EBUSY;
	slots = fl_zalloc_aligned(ncpus * sizeof(*slots), _Alignof(struct fl_ipi_slot));
	if (!slots)
		return -ENOMEM;
	nslots = ncpus;
	return 0;
}

void fl_ipi_quiet(void)
{
}

void fl_ipi_exit(void)
{
	fl_free(slots);
	slots = NULL;
	nslots = 0;
}
