/* SPDX-License-Identifier: MIT */
/*
 * native/cpu.h - simulated CPUs of the native engine: a CPU is what a thread is bound to.
 *
 * What a thread has to know of its CPU at each simulated access is thread-local and read inline, in one line of
 * its own. Others look at `busy`, and ask by `pending`: the protocol is at the top of lib/rt/ipi.c, the
 * letters here are from there.
 */
#ifndef FAULTLINE_RT_NATIVE_CPU_H
#define FAULTLINE_RT_NATIVE_CPU_H

#include <stdbool.h>

#include <faultline/rt/native/base.h>

#include <faultline/rt/ipi.h>

/* States of a request to a CPU. Whoever does what it asks for has taken it out of FL_IPI_ASKED. */
enum {
	FL_IPI_NONE,
	FL_IPI_ASKED,
	FL_IPI_CLAIMED,	  /* by the sender, who looks whether he may do it himself */
	FL_IPI_ANSWERING, /* by the CPU's own thread */
};

struct fl_native_cpu {
	int busy;    /* interrupts are off. Only the thread itself stores */
	int pending; /* a request waits for this CPU. 0 while the thread is bound to none */
	int id;
	bool bound;
	bool fences; /* fl_native_fences; nobody asks a thread that is not bound */
} __attribute__((aligned(64)));

extern __thread struct fl_native_cpu fl_native_this_cpu __attribute__((tls_model("initial-exec")));

/* True: senders have no membarrier(2), so that T2 is a full barrier. Constant while threads are bound. */
extern bool fl_native_fences;

static inline int fl_native_cpu_id(void)
{
	return fl_native_this_cpu.id;
}
#undef smp_processor_id
#define smp_processor_id() fl_native_cpu_id()

/* A thread that is bound to no CPU acts as CPU 0 where it has to be one, but that one may have a thread. */
#undef fl_this_cpu_mask
#define fl_this_cpu_mask() (fl_native_this_cpu.bound ? 1ULL << fl_native_this_cpu.id : 0)

/* The answer itself, with its ordering, is the function fl_ipi_poll(): lib/rt/ipi.c. */
static inline void fl_native_ipi_poll(void)
{
	if (__builtin_expect(__atomic_load_n(&fl_native_this_cpu.pending, __ATOMIC_RELAXED) !=
				     FL_IPI_NONE,
			     0))
		(fl_ipi_poll)();
}
#define fl_ipi_poll() (FL_DELAY__(), fl_native_ipi_poll())

/* T2b: waits while a sender does our work. */
void fl_native_wait_claimed(void);

/*
 * Below, no pointer to fl_native_this_cpu: gcc 12 gets its own check of such a pointer (-fsanitize=null) wrong, and reports it
 * as NULL.
 */

/* T1 to T3, where there is no section yet. False: something is pending; end it and take the long way. */
static inline bool fl_native_access_begin(void)
{
	__atomic_store_n(&fl_native_this_cpu.busy, 1, __ATOMIC_RELAXED); /* T1 */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);			 /* T2: see membarrier(2) */
	return __builtin_expect(
		__atomic_load_n(&fl_native_this_cpu.pending, __ATOMIC_ACQUIRE) == FL_IPI_NONE, 1);
}

static inline void fl_native_access_end(void)
{
	__atomic_store_n(&fl_native_this_cpu.busy, 0, __ATOMIC_RELEASE); /* T4 */
}

static inline unsigned long fl_native_irq_save(void)
{
	unsigned long flags = (unsigned long)fl_native_this_cpu.busy;

	if (flags)
		return flags;
	__atomic_store_n(&fl_native_this_cpu.busy, 1, __ATOMIC_RELAXED); /* T1 */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);			 /* T2 */
	if (__builtin_expect(fl_native_this_cpu.fences, 0))
		fl_native_fence(FL_FENCE_MB);
	if (__builtin_expect(__atomic_load_n(&fl_native_this_cpu.pending, __ATOMIC_ACQUIRE) ==
				     FL_IPI_CLAIMED,
			     0))
		fl_native_wait_claimed(); /* T3 */
	return flags;
}

static inline void fl_native_irq_restore(unsigned long flags)
{
	if (flags)
		return;
	fl_native_access_end();
	fl_native_ipi_poll();
}

#undef local_irq_save
#define local_irq_save(flags) ((flags) = fl_native_irq_save())
#undef local_irq_restore
#define local_irq_restore(flags) fl_native_irq_restore(flags)

static inline void fl_native_pause(void)
{
#if defined(__x86_64__)
	__asm__ __volatile__("pause" ::: "memory");
#elif defined(__aarch64__)
	__asm__ __volatile__("yield" ::: "memory");
#else
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
#endif
}

/* In a loop that waits for another CPU: a kernel's CPU would take interrupts there. */
static inline void cpu_relax(void)
{
	fl_native_pause();
	fl_native_ipi_poll();
}

#endif
