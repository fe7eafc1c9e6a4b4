/* SPDX-License-Identifier: MIT */
/*
 * osq.c - a queue of threads that spin, in which each looks at a word of its own, and which each may leave.
 *
 * State: *osq, the number of the last one's CPU + 1, or 0; a node per CPU. Nodes are static, since who leaves touches
 * its neighbours' at any time. A CPU is in one queue at a time.
 *
 *   Q1  tail = me; behind nobody: it is mine
 *   Q2  prev->next = me; spins on locked
 *   Q3  the time is up: prev->next = NULL again, unless prev passes it on just now; then finds out who is next, or
 *       that nobody is, and makes prev and next neighbours
 *   Q4  done: finds out who is next, if anybody, and sets its locked
 *
 * Never: one that is passed on to somebody who has left. Who leaves has taken itself out of prev->next by a
 * compare-and-exchange first, and prev takes its next out by an exchange: one of the two gets it. From then on prev, if
 * it wants to go on, waits for its next to be set once more, or for the tail to be its own.
 *
 * Models: kernel/locking/osq_lock.c, Linux 6.12. There a spinner leaves when it should let go of its processor; here
 * when its time is up.
 */
#include "rt/native/rwlock/osq.h"

#include <faultline/rt.h>

#include "rt/native/rwlock/wait.h"

static struct osq_node {
	struct osq_node *next, *prev;
	int locked;
} __attribute__((aligned(64))) osq_nodes[FL_MAX_CPUS];

/* The one behind @cpu, made ours alone; NULL if there is none, and the tail is then @before. */
static struct osq_node *osq_wait_next(int *osq, int cpu, int before)
{
	struct osq_node *node = &osq_nodes[cpu];
	unsigned int step = 0;

	for (;;) {
		int tail = cpu + 1;
		struct osq_node *next;

		if (__atomic_load_n(osq, __ATOMIC_RELAXED) == tail &&
		    __atomic_compare_exchange_n(osq, &tail, before, false, __ATOMIC_ACQ_REL,
						__ATOMIC_RELAXED))
			return NULL;
		/* An exchange: the one behind may be leaving, and takes its place back. */
		if (__atomic_load_n(&node->next, __ATOMIC_RELAXED)) {
			next = __atomic_exchange_n(&node->next, NULL, __ATOMIC_ACQ_REL);
			if (next)
				return next;
		}
		fl_native_wait(&step);
	}
}

/* Q3. True: it was passed on to us after all. */
static bool osq_leave(int *osq, int cpu)
{
	struct osq_node *node = &osq_nodes[cpu], *prev, *next;
	unsigned int step = 0;

	for (;;) {
		struct osq_node *expected = node;

		prev = __atomic_load_n(&node->prev, __ATOMIC_ACQUIRE);
		if (__atomic_compare_exchange_n(&prev->next, &expected, NULL, false,
						__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			break;
		if (__atomic_load_n(&node->locked, __ATOMIC_ACQUIRE))
			return true;
		fl_native_wait(&step);
	}
	/* prev waits for a new next, or for the tail to be its own. */
	next = osq_wait_next(osq, cpu, (int)(prev - osq_nodes) + 1);
	if (next) {
		__atomic_store_n(&next->prev, prev, __ATOMIC_RELEASE);
		__atomic_store_n(&prev->next, next, __ATOMIC_RELEASE);
	}
	return false;
}

bool fl_osq_lock(int *osq, int cpu, uint64_t end)
{
	struct osq_node *node = &osq_nodes[cpu], *prev;
	unsigned int step = 0;
	int tail;

	__atomic_store_n(&node->locked, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&node->next, NULL, __ATOMIC_RELAXED);
	tail = __atomic_exchange_n(osq, cpu + 1, __ATOMIC_ACQ_REL); /* Q1 */
	if (!tail)
		return true;
	prev = &osq_nodes[tail - 1];
	__atomic_store_n(&node->prev, prev, __ATOMIC_RELAXED);
	__atomic_store_n(&prev->next, node, __ATOMIC_RELEASE); /* Q2 */
	while (!__atomic_load_n(&node->locked, __ATOMIC_ACQUIRE)) {
		if (fl_time_is_up(&step, end))
			return osq_leave(osq, cpu);
		cpu_relax();
	}
	return true;
}

void fl_osq_unlock(int *osq, int cpu)
{
	struct osq_node *next = osq_wait_next(osq, cpu, 0);

	if (next)
		__atomic_store_n(&next->locked, 1, __ATOMIC_RELEASE);
}
