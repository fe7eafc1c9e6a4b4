/* SPDX-License-Identifier: MIT */
/* thread.c - binding threads to simulated CPUs, native engine. */
#include <errno.h>

#include <faultline/rt.h>

#include "rt/fail.h"
#include "rt/ipi_internal.h"
#include "rt/native/thread_internal.h"
#include "rt/thread.h"

/* The request flag of threads that are bound to no CPU: nobody ever sets it. */
static const int no_request;

__thread struct fl_native_cpu fl_native_this_cpu = { .pending = &no_request };

__thread struct fl_rt_fail fl_native_fail;
static __thread bool registered;

/* 1: some thread is this CPU, be it asleep. */
static int taken[FL_MAX_CPUS];

int fl_rt_bind_cpu(int cpu)
{
	struct fl_native_cpu *this_cpu = &fl_native_this_cpu;

	if (cpu < 0 || cpu >= fl_ipi_ncpus())
		return -EINVAL;
	if (this_cpu->bound || xchg_acquire(&taken[cpu], 1))
		return -EBUSY;
	fl_ipi_cpu_begin(cpu);
	*this_cpu = (struct fl_native_cpu){
		.pending = fl_ipi_pending(cpu),
		.id = cpu,
		.bound = true,
	};
	registered = fl_native_rcu_register();
	return 0;
}

void fl_rt_unbind_cpu(void)
{
	struct fl_native_cpu *this_cpu = &fl_native_this_cpu;

	if (!this_cpu->bound)
		return;
	if (registered)
		fl_native_rcu_unregister();
	/* Still bound: whoever has our request slot is waiting for our answer. */
	fl_ipi_cpu_end(this_cpu->id);
	smp_store_release(&taken[this_cpu->id], 0);
	*this_cpu = (struct fl_native_cpu){ .pending = &no_request };
}

int fl_rt_swap_cpu(int cpu)
{
	int former = fl_native_this_cpu.id;

	fl_native_this_cpu.id = cpu;
	return former;
}

int fl_native_cpu_sleep(void)
{
	struct fl_native_cpu *this_cpu = &fl_native_this_cpu;

	if (!this_cpu->bound)
		return -1;
	fl_ipi_cpu_end(this_cpu->id);
	return this_cpu->id;
}

void fl_native_cpu_wake(int cpu)
{
	if (cpu >= 0)
		fl_ipi_cpu_begin(cpu);
}
