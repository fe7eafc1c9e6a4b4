/* SPDX-License-Identifier: MIT */
/*
 * ipi.c - interrupts between simulated CPUs, native engine (kernel/smp.c, Linux 6.12).
 *
 * An interrupt comes between two instructions of whatever a CPU does. A thread can't be interrupted like that, so
 * it either answers itself, wherever it looks (fl_ipi_poll()), or, if it does not look, since it computes, sleeps or
 * waits for something that is not ours, the sender does what the handler has to do in its place. What a
 * handler must not get into, its CPU does in sections: with interrupts off, and each access is one.
 *
 * State: per CPU, a slot with the request, and the thread's own line (struct fl_native_cpu):
 *   busy     1 in a section, and in a handler. The thread's alone to store
 *   pending  NONE -> ASKED -> CLAIMED or ANSWERING -> NONE, or from CLAIMED back to ASKED
 * All that handlers look at or change of a CPU (struct cpu_state, its TLB, its count of flushes), its own
 * thread touches in sections alone.
 *
 *   sender                                         target
 *   S1  take the slot's lock                       to look, outside of sections:
 *   S2  fill in function and argument              P1  pending: ASKED -> ANSWERING     acquire [a]
 *   S3  pending = ASKED           release [a]      P2  busy = 1; smp_mb(); function; smp_mb()
 *   S4  pending == NONE for all?  acquire [b]      P3  busy = 0; pending = NONE        release [b]
 *       Done, S9
 *   S5  after some time: pending: ASKED ->         a section:
 *       CLAIMED, of all that have not answered     T1  busy = 1
 *   S6  membarrier()                    [d]        T2  nothing: a barrier for the compiler     [d]
 *   S7  busy?                     acquire [c]      T3  pending: wait while CLAIMED     acquire [b]
 *       1: pending = ASKED, back to S4             ... the section
 *   S8  as the target: smp_mb(); function;         T4  busy = 0                        release [c]
 *       smp_mb(); pending = NONE  release [b]      T5  P1
 *   S9  drop the lock
 *
 * [d] T1 and T3 against S5 and S7: each side stores, then looks at the other one's word, and one of the two
 *     has to see the other. membarrier() is a full barrier at the sender, and makes each thread of the process
 *     go through one between its call and its return. Where that falls behind T1, S7 sees busy, or the section
 *     is over; where it falls before T3, T3 sees CLAIMED, or that all is over. There is no third place. So the
 *     target, which does this at each access, has two plain stores, and the sender, who does it rarely, pays for both.
 * [c] What the target did in sections before comes before the function.
 * [b] What the function did comes before the target's next section, and before the sender's return.
 *     membarrier() also is to the target's other code what an interrupt is: all of that is before it or after.
 *
 * Nobody waits for a CPU that does not look: only for one that is in a section, and sections are ours and end. Who is
 * in T3, or finds CLAIMED when he looks, waits for a sender, who waits for nobody between S5 and S9: he runs the
 * function and has no interrupts meanwhile, without T3 of his own, as it is the state of the target that he touches.
 *
 * Who holds slot->lock, from S1 to S9, has the CPU's attention; further senders queue up behind the lock. A
 * sender takes the slots of all its targets before it waits for the first answer, in the order of their
 * numbers, so that two senders never hold one another's next slot.
 *
 * slot->cpu, guarded by the lock, is the line of the thread that is the CPU. If there is none, it has not begun, has
 * ended or sleeps in synchronize_rcu(), and the lock keeps it from coming back: the sender runs the function itself.
 * What the CPU's own thread did before comes before, and what it does later after: unlock and lock of the slot.
 *
 * Nobody waits for a CPU that waits for them: waiting for a lock or a word answers the waiter's own requests
 * (fl_native_wait()). With interrupts off it does not, so two CPUs that send with interrupts off can deadlock,
 * as they can in the kernel.
 *
 * Without membarrier(2) (Linux before 4.14, a sandbox that does not know it) T2 is a full barrier, and hits have no
 * fast path (mmu/tlb.h): all else is as above, accesses take several times as long.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/membarrier.h>
#include <sys/syscall.h>
#endif

#include <faultline/rt.h>

#include "rt/ipi_internal.h"
#include "rt/thread.h"

/* Looks at pending before S5: some microseconds, in which a thread that makes accesses has long answered. */
#define ANSWER_LOOKS 50
/* In runs of `faultline stress`: some milliseconds. Threads that are late there end that when others wait. */
#define STRESS_LOOKS 2000
/* Steps of fl_native_wait() before the next S5, from the first to the most. */
#define FIRST_WAIT 8
#define LONGEST_WAIT 1024
/* Of a target that waits for a claim to end, before it yields: the sender may need its core. */
#define CLAIM_LOOKS 200

struct fl_ipi_slot {
	spinlock_t lock;
	struct fl_native_cpu *cpu; /* guarded by lock; NULL: no thread answers */
	/* The request: written by the sender, read by the target while it is pending. */
	void (*fn)(void *info);
	void *info;
} __attribute__((aligned(64)));

static struct fl_ipi_slot *slots;
static int nslots;

bool fl_native_fences;

/* --- [d] --- */

static long membarrier_call(int cmd)
{
#if defined(__linux__) && defined(SYS_membarrier)
	return syscall(SYS_membarrier, cmd, 0, 0);
#else
	(void)cmd;
	return -1;
#endif
}

static bool membarrier_register(void)
{
#if defined(__linux__) && defined(SYS_membarrier)
	long known = membarrier_call(MEMBARRIER_CMD_QUERY);

	return known > 0 && known & MEMBARRIER_CMD_PRIVATE_EXPEDITED &&
	       !membarrier_call(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
#else
	return false;
#endif
}

/* S6. False: it did not happen. */
static bool barrier_everywhere(void)
{
	if (fl_native_fences) {
		smp_mb();
		return true;
	}
#if defined(__linux__) && defined(SYS_membarrier)
	if (!membarrier_call(MEMBARRIER_CMD_PRIVATE_EXPEDITED))
		return true;
	/* A process that was forked may have to say it again. */
	return membarrier_register() && !membarrier_call(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
#else
	return false;
#endif
}

/* --- the target --- */

void fl_native_wait_claimed(void)
{
	const struct fl_native_cpu *self = &fl_native_this_cpu;

	for (int i = 0; smp_load_acquire(&self->pending) == FL_IPI_CLAIMED; i++) {
		if (i < CLAIM_LOOKS)
			fl_native_pause();
		else
			sched_yield();
	}
}

/*
 * As an interrupt handler: interrupts off, and ordered against all that surrounds it. No T3: P1 and S5 have seen to
 * it that nobody else acts as the CPU, and a sender that waited here could wait for its own target.
 */
static void handle(void (*fn)(void *info), void *info)
{
	struct fl_native_cpu *self = &fl_native_this_cpu;
	int was_busy = self->busy;

	__atomic_store_n(&self->busy, 1, __ATOMIC_RELAXED);
	smp_mb();
	fn(info);
	smp_mb();
	__atomic_store_n(&self->busy, was_busy, __ATOMIC_RELEASE);
}

#undef fl_ipi_poll
void fl_ipi_poll(void)
{
	struct fl_native_cpu *self = &fl_native_this_cpu;
	struct fl_ipi_slot *slot;
	int state;

	if (self->busy || !self->bound)
		return;
	do {
		fl_native_wait_claimed(); /* it may come to nothing, and be for us to do */
		state = FL_IPI_ASKED;
		/* P1, acquire: fn and info are the request's. */
	} while (!__atomic_compare_exchange_n(&self->pending, &state, FL_IPI_ANSWERING, false,
					      __ATOMIC_ACQUIRE, __ATOMIC_RELAXED) &&
		 state == FL_IPI_CLAIMED);
	if (state != FL_IPI_ASKED)
		return;
	slot = &slots[self->id];
	handle(slot->fn, slot->info);			/* P2 */
	smp_store_release(&self->pending, FL_IPI_NONE); /* P3: the sender sees what fn did */
}

void local_irq_disable(void)
{
	(void)fl_native_irq_save();
}

void local_irq_enable(void)
{
	fl_native_irq_restore(0);
}

unsigned long local_irq_save_fn(void)
{
	return fl_native_irq_save();
}

void local_irq_restore_fn(unsigned long flags)
{
	fl_native_irq_restore(flags);
}

bool irqs_disabled(void)
{
	return fl_native_this_cpu.busy;
}

/* --- the sender --- */

/* Runs @fn as CPU @cpu, whose thread is kept from its sections. */
static void run_as(int cpu, void (*fn)(void *info), void *info)
{
	int self = fl_rt_swap_cpu(cpu);

	handle(fn, info);
	fl_rt_swap_cpu(self);
}

/* S1 to S3. False: the CPU has no thread, and it is done. */
static bool ask(int cpu, void (*fn)(void *info), void *info)
{
	struct fl_ipi_slot *slot = &slots[cpu];

	spin_lock(&slot->lock); /* S1 */
	if (!slot->cpu) {
		run_as(cpu, fn, info);
		spin_unlock(&slot->lock);
		return false;
	}
	slot->fn = fn; /* S2 */
	slot->info = info;
	smp_store_release(&slot->cpu->pending, FL_IPI_ASKED); /* S3 */
	return true;
}

/* S4. Returns those of @asked that have not answered. */
static uint64_t collect(uint64_t asked)
{
	uint64_t left = asked;

	for (int cpu = 0; asked >> cpu; cpu++) {
		struct fl_ipi_slot *slot = &slots[cpu];

		if (asked >> cpu & 1 && smp_load_acquire(&slot->cpu->pending) == FL_IPI_NONE) {
			spin_unlock(&slot->lock); /* S9 */
			left &= ~(1ULL << cpu);
		}
		if (cpu == FL_MAX_CPUS - 1)
			break;
	}
	return left;
}

/* S5, and back from it. */
static bool change(int cpu, int from, int to)
{
	return __atomic_compare_exchange_n(&slots[cpu].cpu->pending, &from, to, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

/* S5 to S8, of those of @asked that are in no section. */
static void answer_for(uint64_t asked, void (*fn)(void *info), void *info)
{
	uint64_t claimed = 0;
	bool ordered;

	for (int cpu = 0; cpu < nslots; cpu++) {
		if (asked >> cpu & 1 && change(cpu, FL_IPI_ASKED, FL_IPI_CLAIMED)) /* S5 */
			claimed |= 1ULL << cpu;
	}
	if (!claimed)
		return;
	ordered = barrier_everywhere(); /* S6 */
	for (int cpu = 0; cpu < nslots; cpu++) {
		/* S7. First all that must not wait for us. */
		if (!(claimed >> cpu & 1) || (ordered && !smp_load_acquire(&slots[cpu].cpu->busy)))
			continue;
		smp_store_release(&slots[cpu].cpu->pending, FL_IPI_ASKED);
		claimed &= ~(1ULL << cpu);
	}
	for (int cpu = 0; cpu < nslots; cpu++) {
		if (!(claimed >> cpu & 1))
			continue;
		run_as(cpu, fn, info); /* S8 */
		smp_store_release(&slots[cpu].cpu->pending, FL_IPI_NONE);
	}
}

/* S4, before the first S5. What a seed of `faultline stress` does is not to hang on who is faster here. */
static uint64_t wait_for_answers(uint64_t asked, unsigned int *step)
{
	int looks = fl_rt_wait_hook ? STRESS_LOOKS : ANSWER_LOOKS;

	for (int i = 0; (asked = collect(asked)) && i < looks; i++) {
		if (fl_rt_wait_hook)
			fl_native_wait(step);
		else
			cpu_relax();
	}
	return asked;
}

void smp_call_function_many(uint64_t mask, void (*fn)(void *info), void *info)
{
	unsigned int step = 0, longest = FIRST_WAIT;
	uint64_t asked = 0;

	mask &= ~fl_this_cpu_mask();
	for (int cpu = 0; cpu < nslots; cpu++) {
		if (mask >> cpu & 1 && ask(cpu, fn, info))
			asked |= 1ULL << cpu;
	}
	asked = wait_for_answers(asked, &step);
	while (asked) {
		answer_for(asked, fn, info);
		asked = collect(asked);
		for (unsigned int i = 0; asked && i < longest; i++) {
			fl_native_wait(&step);
			asked = collect(asked);
		}
		if (longest < LONGEST_WAIT)
			longest *= 2;
	}
	smp_mb();
}

/* --- CPUs --- */

void fl_ipi_cpu_begin(int cpu)
{
	struct fl_ipi_slot *slot = &slots[cpu];

	spin_lock(&slot->lock);
	slot->cpu = &fl_native_this_cpu;
	spin_unlock(&slot->lock);
}

void fl_ipi_cpu_end(int cpu)
{
	struct fl_ipi_slot *slot = &slots[cpu];

	/* While it is taken a request is under way; waiting for it answers that request. */
	spin_lock(&slot->lock);
	slot->cpu = NULL;
	spin_unlock(&slot->lock);
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
	fl_native_fences = !membarrier_register();
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
