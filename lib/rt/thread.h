/* SPDX-License-Identifier: MIT */
/*
 * thread.h - threads and the simulated CPUs that they are bound to (internal, both engines).
 *
 * The native engine's are in native/thread.c; under the check engine a thread of the exploration is
 * bound to the CPU of its number from the start.
 */
#ifndef FL_RT_THREAD_H
#define FL_RT_THREAD_H

#include <stdbool.h>

/*
 * The calling thread is CPU @cpu from now on: smp_processor_id(), IPIs, RCU reader. One thread per CPU
 * and one CPU per thread. -EINVAL if there is no such CPU (fl_ipi_init()), -EBUSY if the CPU has a
 * thread or the thread a CPU.
 */
int fl_rt_bind_cpu(int cpu);
/*
 * Undoes it; answers the last requests. From then on senders do what they ask of the CPU themselves.
 * Interrupts are on and no RCU reader section is open. Nothing if the thread has no CPU.
 */
void fl_rt_unbind_cpu(void);

/* Runs the calling thread as CPU @cpu, for a CPU that has no thread of its own; returns the former. */
int fl_rt_swap_cpu(int cpu);

#ifdef FAULTLINE_CHECK
/* For oracles: how far the calling thread is; 0 outside of threads. */
unsigned int fl_rt_moment(void);
/* Has word of thread @cpu's doings up to its @moment reached the calling thread, through what it has read? */
bool fl_rt_knows(unsigned int cpu, unsigned int moment);
#else
/* Nobody can tell. */
static inline unsigned int fl_rt_moment(void)
{
	return 0;
}

static inline bool fl_rt_knows(unsigned int cpu, unsigned int moment)
{
	(void)cpu;
	(void)moment;
	return false;
}

/*
 * Waits until all callbacks that were given to call_rcu() have run. Before the memory that they use is
 * freed. Outside of reader sections and callbacks.
 */
void fl_rt_rcu_barrier(void);

/*
 * Waits that may last for ever (FL_AWAIT_MASK_MAY_WAIT). A run in which all threads that have not
 * ended are stuck in one is over. fl_rt_nr_waiting() says how many are, for certain: 0 if any of them
 * can go on or moved during the call, which takes up to some milliseconds. One caller at a time. Then
 * fl_rt_stop_waiting(true) sends them home, and fl_rt_stop_waiting(false) readies the next run.
 */
int fl_rt_nr_waiting(void);
void fl_rt_stop_waiting(bool stop);

/* If not NULL, a thread that waits calls it each time that it has looked in vain. Set before there are threads. */
extern void (*fl_rt_wait_hook)(void);
#endif

#endif
