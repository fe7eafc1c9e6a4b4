/* SPDX-License-Identifier: MIT */
/* ipi_internal.h - what threads and runners need of lib/rt/ipi.c, both engines. */
#ifndef FL_RT_IPI_INTERNAL_H
#define FL_RT_IPI_INTERNAL_H

/*
 * CPUs 0 to @ncpus - 1, all idle. -EINVAL if @ncpus is not in 1..FL_MAX_CPUS, -EBUSY if there are
 * CPUs already, -ENOMEM. Before any thread is bound.
 */
int fl_ipi_init(int ncpus);
/*
 * No request will be sent to any CPU, so that sections with interrupts off need not be told apart. Under
 * the check engine they are then no events; natively nothing changes.
 */
void fl_ipi_quiet(void);
/* After all threads were unbound. */
void fl_ipi_exit(void);

/* Number of CPUs; 0 before fl_ipi_init(). */
int fl_ipi_ncpus(void);

/*
 * The calling thread answers for @cpu from now on. Until then, whoever sends a request to @cpu runs the
 * function itself.
 */
void fl_ipi_cpu_begin(int cpu);
/* Called by @cpu: it answers what is pending and no more. Interrupts are on. */
void fl_ipi_cpu_end(int cpu);

#endif
