// SPDX-License-Identifier: MIT
/*
 * own.c - a lock strategy in sixty lines: each mapping counts the faults that are in it, and has the number of the writer
 * who keeps new ones out.
 *
 *   fault                                     writer
 *   F1  in++                                  W1  mark = writers + 1           release [m]
 *       smp_mb()                [d]               smp_mb()                     [d]
 *   F2  mark == writers + 1? acquire [m]      W2  wait until in is 0           acquire [i]
 *       Then in-- and give up                 W3  (the mapping changes)
 *   F3  (the mapping is used)                 W4  writers++: all marks end     release [w]
 *   F4  in--               release [i]
 *
 * [d] Either F2 sees W1, or W2 sees F1. [w] F2 reads writers with acquire: who sees that a mark has ended sees W3.
 */
#include "own.h"

#include <faultline/rt.h>

struct own_mm {
	int writers;
};

struct own_vma {
	atomic_t in;
	int mark;
};

static struct fl_vma *own_fault_begin(struct fl_fault *fault)
{
	struct fl_vma *vma = fl_lock_find_vma(fault->mm, fault->addr);
	struct own_mm *m = fl_mm_lock_state(fault->mm);
	struct own_vma *v;
	int mark;

	if (!vma)
		return NULL;
	v = fl_vma_lock_state(vma);
	atomic_inc(&v->in);		   /* F1 */
	smp_mb__after_atomic();		   /* [d] */
	mark = smp_load_acquire(&v->mark); /* F2, [m]: a number no older than the mark's */
	if (mark != smp_load_acquire(&m->writers) + 1) /* [w] */
		return vma;
	atomic_dec(&v->in);
	return NULL;
}

static void own_fault_end(struct fl_fault *fault, struct fl_vma *vma)
{
	struct own_vma *v = fl_vma_lock_state(vma);

	(void)fault;
	(void)atomic_fetch_sub_release(1, &v->in); /* F4, [i] */
}

static void own_close(struct fl_vma *vma)
{
	struct own_mm *m = fl_mm_lock_state(fl_vma_mm(vma));
	struct own_vma *v = fl_vma_lock_state(vma);

	smp_store_release(&v->mark, READ_ONCE(m->writers) + 1); /* W1, [m] */
}

static void own_mark(struct fl_vma *vma)
{
	struct own_vma *v = fl_vma_lock_state(vma);

	own_close(vma);
	smp_mb(); /* [d] */
	(void)FL_AWAIT_MASK(&v->in.counter, ~0u, 0, FL_ACQUIRE, "wait until nobody is in"); /* W2 */
}

static void own_write_end(struct fl_mm *mm)
{
	struct own_mm *m = fl_mm_lock_state(mm);

	smp_store_release(&m->writers, READ_ONCE(m->writers) + 1); /* W4, [w] */
}

const struct fl_lock_strategy own_lock = {
	.name = "own",
	.doc = "a count and a mark in each mapping",
	.source = "bench/strategy_example/own.c",
	.mm_size = sizeof(struct own_mm),
	.vma_size = sizeof(struct own_vma),
	.fault_begin = own_fault_begin,
	.fault_end = own_fault_end,
	.mark_vma = own_mark,
	.write_end = own_write_end,
};

const struct fl_lock_strategy own_broken_lock = {
	.name = "own-broken",
	.doc = "the same without W2",
	.source = "bench/strategy_example/own.c",
	.mm_size = sizeof(struct own_mm),
	.vma_size = sizeof(struct own_vma),
	.fault_begin = own_fault_begin,
	.fault_end = own_fault_end,
	.mark_vma = own_close,
	.write_end = own_write_end,
};
