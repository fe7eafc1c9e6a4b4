/* SPDX-License-Identifier: MIT */
/* thread.c - binding threads to simulated CPUs, native engine. */
#include <errno.h>
#include <pthread.h>

#include <faultline/rt.h>

#include "rt/fail.h"
#include "rt/ipi_internal.h"
#include "rt/native/thread_internal.h"
#include "rt/thread.h"

__thread struct fl_native_cpu fl_native_this_cpu;

__thread struct fl_rt_fail fl_native_fail;
static __thread bool registered;

/* 1: some thread is this CPU, be it asleep. */
static int taken[FL_MAX_CPUS];

/* Set in bound threads, for its destructor: senders look at what a thread takes with it when it ends. */
static pthread_key_t bound_key;
static pthread_once_t bound_once = PTHREAD_ONCE_INIT;

static void thread_ends(void *value)
{
	(void)value;
	fl_rt_unbind_cpu();
}

static void make_key(void)
{
	pthread_key_create(&bound_key, thread_ends);
}

int fl_rt_bind_cpu(int cpu)
{
	struct fl_native_cpu *this_cpu = &fl_native_this_cpu;

	if (cpu < 0 || cpu >= fl_ipi_ncpus())
		return -EINVAL;
	if (this_cpu->bound || xchg_acquire(&taken[cpu], 1))
		return -EBUSY;
	pthread_once(&bound_once, make_key);
	pthread_setspecific(bound_key, this_cpu);
	this_cpu->id = cpu;
	this_cpu->fences = fl_native_fences;
	this_cpu->bound = true;
	fl_ipi_cpu_begin(cpu); /* from here on others may ask it something */
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
	this_cpu->id = 0;
	this_cpu->bound = false;
	pthread_setspecific(bound_key, NULL);
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
