/* SPDX-License-Identifier: MIT */
/*
 * cpu.c - CPUs, interrupts and call_rcu() under the check engine.
 *
 * The thread of a CPU is the fibre of its number. An interrupt to it may be taken at any point at which
 * interrupts are on; here the sender does the handler's work for the target while it holds the
 * target's gate, a lock that the target holds while its interrupts are off:
 *
 *   sender                                      target
 *   S1  take gate        acquire                T1  local_irq_disable(): take gate     acquire
 *   S2  smp_mb(); handler; smp_mb()             T2  the section
 *   S3  drop gate        release                T3  local_irq_enable(): drop gate      release
 *
 * So a section is wholly before the handler or wholly after it, and ordered with it. What this leaves
 * out: a real handler also orders what the target did before it outside of any section.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <faultline/rt.h>

#include "../../explore/exec.h"
#include "../fail.h"
#include "../ipi_internal.h"
#include "../thread.h"
#include "stop.h"

/* Not a spinlock: two sections of one CPU must not be ordered as two critical sections would be. */
struct gate {
	struct rw_semaphore lock;
	char pad[56];
};

static struct gate *gates; /* modelled memory */
static int ncpus;
static int cpu_instead[FLX_MAX_THREADS]; /* CPU + 1 that a sender acts for */
static int setup_instead;		 /* the same for set-up code, which is CPU 0 */
static bool irq_off[FLX_MAX_THREADS];
static struct fl_rt_fail fail[FLX_MAX_THREADS + 1]; /* the last one is set-up code's */
static bool fail_used;				    /* else all are empty */
static bool quiet; /* nobody sends: sections cost no events, and order nothing */

int fl_ipi_init(int n)
{
	if (n < 1 || n > FL_MAX_CPUS)
		return -EINVAL;
	gates = fl_zalloc(n * sizeof(*gates));
	if (!gates)
		return -ENOMEM;
	ncpus = n;
	quiet = false;
	return 0;
}

void fl_ipi_quiet(void)
{
	quiet = true;
}

void fl_ipi_exit(void)
{
	gates = NULL;
	ncpus = 0;
}

int fl_ipi_ncpus(void)
{
	return ncpus;
}

/* Called by the engine before each replay. */
unsigned int fl_rt_moment(void)
{
	return current_thread < 0 ? 0 : (unsigned int)T[current_thread].pos;
}

bool fl_rt_knows(unsigned int cpu, unsigned int moment)
{
	int t = current_thread;

	if (t < 0 || !T[t].pos)
		return false;
	return graph_vc(&G, G.tev[t][T[t].pos - 1])[cpu] >= moment;
}

void exec_reset_cpus(void)
{
	memset(cpu_instead, 0, sizeof(cpu_instead));
	memset(irq_off, 0, sizeof(irq_off));
	if (fail_used)
		memset(fail, 0, FLX_MAX_THREADS * sizeof(*fail));
	fail_used = false;
}

int smp_processor_id(void)
{
	if (current_thread < 0)
		return setup_instead;
	if (cpu_instead[current_thread])
		return cpu_instead[current_thread] - 1;
	return current_thread < program->nthreads ? current_thread : 0;
}

struct fl_rt_fail *fl_rt_fail(void)
{
	return &fail[current_thread < 0 ? FLX_MAX_THREADS : current_thread];
}

struct fl_rt_fail *fl_rt_fail_set(void)
{
	fail_used = true;
	return fl_rt_fail();
}

static bool own_cpu(void)
{
	return current_thread >= 0 && current_thread < ncpus && !cpu_instead[current_thread];
}

void local_irq_disable(void)
{
	if (!own_cpu() || irq_off[current_thread])
		return;
	if (!quiet)
		down_write(&gates[current_thread].lock);
	irq_off[current_thread] = true;
}

void local_irq_enable(void)
{
	if (!own_cpu() || !irq_off[current_thread])
		return;
	irq_off[current_thread] = false;
	if (!quiet)
		up_write(&gates[current_thread].lock);
}

unsigned long local_irq_save_fn(void)
{
	unsigned long flags = irqs_disabled();

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
	return own_cpu() && irq_off[current_thread];
}

/* Of the machine, so nothing that a scenario's author could weaken. */
static void fence(enum fl_fence kind, const struct fl_site *site)
{
	struct op op = { .kind = OP_FENCE, .fence = kind, .site = site, .given = true };

	fl_do(&op);
}

void smp_call_function_many(uint64_t mask, void (*fn)(void *info), void *info)
{
	int me = smp_processor_id();

	if (current_thread < 0) {
		/* Set-up code: no other CPU runs yet, and order means nothing. */
		for (int cpu = 0; cpu < ncpus; cpu++) {
			if (cpu == me || !(mask >> cpu & 1))
				continue;
			setup_instead = cpu;
			fn(info);
			setup_instead = me;
		}
		return;
	}
	for (int cpu = 0; cpu < ncpus; cpu++) {
		if (cpu == me || !(mask >> cpu & 1))
			continue;
		down_write(&gates[cpu].lock);
		fence(FL_FENCE_MB, FL_SITE("smp_mb()"));
		cpu_instead[current_thread] = cpu + 1;
		fn(info);
		cpu_instead[current_thread] = 0;
		fence(FL_FENCE_MB, FL_SITE("smp_mb()"));
		up_write(&gates[cpu].lock);
	}
	fence(FL_FENCE_MB, FL_SITE("smp_mb()"));
}

void fl_ipi_poll(void)
{
}

int fl_rt_bind_cpu(int cpu)
{
	(void)cpu;
	return 0;
}

void fl_rt_unbind_cpu(void)
{
}

int fl_rt_swap_cpu(int cpu)
{
	int was = smp_processor_id();

	if (current_thread >= 0)
		cpu_instead[current_thread] = cpu == current_thread ? 0 : cpu + 1;
	return was;
}

void fl_ipi_cpu_begin(int cpu)
{
	(void)cpu;
}

void fl_ipi_cpu_end(int cpu)
{
	(void)cpu;
}

/* One call_rcu(): what it hands to its thread, in memory that no other call of the execution uses. */
struct call {
	struct rcu_head *head; /* NULL until the call */
	void (*func)(struct rcu_head *head);
};

static bool is_set(uint64_t old, uint64_t a, uint64_t b, uint64_t *n)
{
	(void)a, (void)b;
	*n = old;
	return old;
}

/*
 * Callbacks run in a thread of their own, which starts with the grace period.
 *
 * What it does hangs on three things, each of which the engine knows of: func is a part of which thread it is, the
 * call is what it begins with, the head is loaded.
 */
static void callback_thread(void *arg)
{
	struct call *call = arg;
	struct rcu_head *head;

	/* Waits for call_rcu()'s release, which orders as the locks of the kernel's callback lists do. */
	head = (struct rcu_head *)(uintptr_t)fl_ev_await(&call->head, sizeof(call->head), is_set, 0,
							 0, FL_ACQUIRE, FL_RMW_GIVEN,
							 FL_SITE("the callback of call_rcu()"));
	fence(FL_FENCE_SYNC_RCU, FL_SITE("synchronize_rcu()"));
	call->func(head);
}

void fl_ev_call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *),
		    const struct fl_site *site)
{
	struct op hand_over = {
		.kind = OP_STORE,
		.order = FL_RELEASE,
		.size = sizeof(uint64_t),
		.val = (uintptr_t)head,
		.site = site,
		.given = true,
	};
	struct call *call;

	if (current_thread < 0) {
		fn(head);
		return;
	}
	call = fl_zalloc(sizeof(*call));
	if (!call)
		return;
	call->func = fn;
	hand_over.addr = (uintptr_t)&call->head;
	fl_do(&hand_over);
	if (exec_spawn_keyed(callback_thread, call, (const void *)(uintptr_t)fn, 0) < 0)
		snprintf(exec_error, sizeof(exec_error),
			 "more than %d threads, callbacks of call_rcu() among them",
			 FLX_MAX_THREADS);
}
