/* SPDX-License-Identifier: MIT */
/*
 * native/cpu.h - simulated CPUs of the native engine: a CPU is what a thread is bound to.
 *
 * What a thread has to know of its CPU at each simulated access is thread-local and read inline.
 */
#ifndef FAULTLINE_RT_NATIVE_CPU_H
#define FAULTLINE_RT_NATIVE_CPU_H

#include <stdbool.h>

#include <faultline/rt/native/base.h>

#include <faultline/rt/ipi.h>

struct fl_native_cpu {
	const int *pending; /* not 0: a request waits for this CPU. Never NULL */
	int id;
	bool bound;
	bool irqs_off;
};

extern __thread struct fl_native_cpu fl_native_this_cpu __attribute__((tls_model("initial-exec")));

static inline int fl_native_cpu_id(void)
{
	return fl_native_this_cpu.id;
}
#undef smp_processor_id
#define smp_processor_id() fl_native_cpu_id()

/* The answer itself, with its ordering, is the function fl_ipi_poll(): lib/rt/ipi.c. */
static inline void fl_native_ipi_poll(void)
{
	if (__builtin_expect(__atomic_load_n(fl_native_this_cpu.pending, __ATOMIC_RELAXED) != 0, 0))
		(fl_ipi_poll)();
}
#define fl_ipi_poll() (FL_DELAY__(), fl_native_ipi_poll())

/* In a loop that waits for another CPU: a kernel's CPU would take interrupts there. */
static inline void cpu_relax(void)
{
#if defined(__x86_64__)
	__asm__ __volatile__("pause" ::: "memory");
#elif defined(__aarch64__)
	__asm__ __volatile__("yield" ::: "memory");
#else
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
#endif
	fl_native_ipi_poll();
}

#endif
