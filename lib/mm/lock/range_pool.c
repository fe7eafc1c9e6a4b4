// SPDX-License-Identifier: MIT
/*
 * range_pool.c - nodes for range_lock.c: each CPU has its own, and gets back those that it took out of a list.
 *
 * State, of a CPU's own thread: free nodes; retired ones, which others may be looking at. Natively these go back by the
 * hundred, one call_rcu() for all. Its callback puts each on the ready list of the pool that it is from, whoever took it
 * out of the list: mostly faults take out what writers left, on other CPUs, and without that writers would soon have none.
 * Threads that act as no CPU, writers alone, have a pool together, with a lock: CPU 0's is its own thread's.
 * With none left the CPU gets more memory, up to a limit; it is freed with the machine. In check runs there are as many as a
 * scenario needs, and none comes back: a grace period more per fault is more than can be explored.
 *
 * Models: nothing.
 * Policy: vma_lock.
 */
#include "mm/lock/range_pool.h"

#include "mm/lock/range_lock.h"

#include <errno.h>

#if defined(FAULTLINE_CHECK) || defined(FL_STRESS)
#define USED_AGAIN 0
#define NR_FIRST 48
#else
#define USED_AGAIN 1
#define NR_FIRST 256
#endif
#define NR_BATCH 256u  /* nodes that wait for a grace period together */
#define NR_BATCHES 128 /* at most: with more a CPU does without */

struct range_batch {
	struct rcu_head rcu; /* first: the callback gets it */
	struct range_pool *pool;
	struct range_node *nodes;
	struct range_batch *next;
};

struct range_slab {
	struct range_slab *next;
	struct range_node nodes[NR_BATCH];
};

struct range_pool {
	struct range_node *free, *retired;
	unsigned int nr_retired, nr_slabs;
	struct range_slab *slabs;
	struct range_batch *spare; /* descriptors */
	struct range_batch batches[NR_BATCHES];
	bool shared; /* by threads that act as no CPU; guarded by the lock */
	spinlock_t lock;
	/* What the callbacks have brought back; in a line of their own. */
	struct range_node *ready __attribute__((aligned(64)));
	struct range_batch *done;
};

/* CPU 0 has two, of which this is the one of threads that act as no CPU. */
#define SHARED_POOL 1

static struct range_pool *pool_begin(struct fl_machine *m)
{
	struct range_pool *pool = this_cpu(m)->ranges;

	if (USED_AGAIN && !fl_this_cpu_mask()) {
		pool = &m->cpus[0].ranges[SHARED_POOL];
		spin_lock(&pool->lock);
	}
	return pool;
}

static void pool_end(struct range_pool *pool)
{
	if (USED_AGAIN && pool->shared)
		spin_unlock(&pool->lock);
}

/* --- natively --- */

/* From @first to @last they are from one pool. */
static void nodes_ready(struct range_node *first, struct range_node *last)
{
	struct range_node **ready = &first->home->ready, *old = READ_ONCE(*ready);

	do
		last->link = old;
	while (!try_cmpxchg(ready, &old, first));
}

static void batch_ready(struct rcu_head *head)
{
	struct range_batch *batch = (struct range_batch *)head;
	struct range_batch **done = &batch->pool->done, *old = READ_ONCE(*done);
	struct range_node *node = batch->nodes, *last, *next;

	for (; node; node = next) {
		for (last = node; last->link && last->link->home == node->home;)
			last = last->link;
		next = last->link;
		nodes_ready(node, last);
	}
	do
		batch->next = old;
	while (!try_cmpxchg(done, &old, batch));
}

/* Who gets none does without, which is no error: no allocation that a test would have fail. */
static void more_nodes(struct range_pool *pool)
{
	struct range_slab *slab;

	if (pool->nr_slabs == NR_BATCHES)
		return;
	slab = mm_zalloc_aligned_nofail(sizeof(*slab), 64);
	if (!slab)
		return;
	slab->next = pool->slabs;
	pool->slabs = slab;
	pool->nr_slabs++;
	for (unsigned int i = 0; i < NR_BATCH; i++) {
		slab->nodes[i].home = pool;
		slab->nodes[i].link = pool->free;
		pool->free = &slab->nodes[i];
	}
}

static void retired_wait(struct range_pool *pool)
{
	struct range_batch *batch;

	if (!pool->spare)
		pool->spare = xchg(&pool->done, NULL);
	batch = pool->spare;
	if (!batch)
		return; /* as many as there are wait: with the next one */
	pool->spare = batch->next;
	batch->pool = pool;
	batch->nodes = pool->retired;
	pool->retired = NULL;
	pool->nr_retired = 0;
	call_rcu(&batch->rcu, batch_ready);
}

/* --- both --- */

struct range_node *range_node_get(struct fl_machine *m)
{
	struct range_pool *pool = pool_begin(m);
	struct range_node *node;

	if (USED_AGAIN && !pool->free)
		pool->free = xchg(&pool->ready, NULL);
	if (USED_AGAIN && !pool->free)
		more_nodes(pool);
	node = pool->free;
	if (node)
		pool->free = node->link;
	pool_end(pool);
	return node;
}

void range_node_put(struct fl_machine *m, struct range_node *node)
{
	struct range_pool *pool = pool_begin(m);

	node->link = pool->free;
	pool->free = node;
	pool_end(pool);
}

void range_node_retire(struct fl_machine *m, struct range_node *node)
{
	struct range_pool *pool;

	if (!USED_AGAIN)
		return;
	pool = pool_begin(m);
	node->link = pool->retired;
	pool->retired = node;
	if (++pool->nr_retired >= NR_BATCH)
		retired_wait(pool);
	pool_end(pool);
}

/* In check runs each node is an object of its own: a dependency leads to it alone. */
static int first_nodes(struct range_pool *pool)
{
	for (unsigned int i = 0; i < NR_FIRST && !USED_AGAIN; i++) {
		struct range_node *node = mm_zalloc_aligned(FL_ALLOC_MACHINE, sizeof(*node), 64);

		if (!node)
			return -ENOMEM;
		node->link = pool->free;
		pool->free = node;
	}
	for (unsigned int i = 0; i < NR_BATCHES && USED_AGAIN; i++) {
		pool->batches[i].next = pool->spare;
		pool->spare = &pool->batches[i];
	}
	return 0;
}

static unsigned int nr_pools(const struct fl_cpu *cpu)
{
	return USED_AGAIN && cpu->nr == 0 ? SHARED_POOL + 1 : 1;
}

int range_pool_init(struct fl_cpu *cpu)
{
	int err = 0;

	if (cpu->machine->policy.vma_lock != FL_VMA_LOCK_RANGE)
		return 0;
	cpu->ranges = mm_zalloc_aligned(FL_ALLOC_MACHINE, nr_pools(cpu) * sizeof(*cpu->ranges), 64);
	if (!cpu->ranges)
		return -ENOMEM;
	for (unsigned int i = 0; i < nr_pools(cpu) && !err; i++) {
		cpu->ranges[i].shared = i == SHARED_POOL;
		err = first_nodes(&cpu->ranges[i]);
	}
	return err;
}

/* No callback is on its way. */
void range_pool_exit(struct fl_cpu *cpu)
{
	struct range_slab *slab, *next;

	for (unsigned int i = 0; cpu->ranges && i < nr_pools(cpu); i++) {
		for (slab = cpu->ranges[i].slabs; slab; slab = next) {
			next = slab->next;
			fl_free(slab);
		}
	}
	fl_free(cpu->ranges);
}
