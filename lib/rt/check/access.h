/* SPDX-License-Identifier: MIT */
/*
 * access.h - one access to shared memory: an operation of the running thread, or done at once where no thread
 * runs (set-up, constructors, oracles at the end).
 *
 * The caller fills in all but the kind.
 */
#ifndef FL_RT_ACCESS_H
#define FL_RT_ACCESS_H

#include "../../explore/exec.h"
#include "../../explore/memory.h"
#include "stop.h"

/* No thread of the explored program runs. */
static inline bool outside(void)
{
	return current_thread < 0;
}

/* The part of a value that @size bytes hold. */
static inline uint64_t fit(uint64_t v, unsigned int size)
{
	return size < 8 ? v & ((1ull << 8 * size) - 1) : v;
}

static inline uint64_t access_load(struct op *op)
{
	op->kind = OP_LOAD;
	if (outside())
		return memory_peek(op->addr, op->size);
	fl_do(op);
	return op->old;
}

static inline void access_store(struct op *op, uint64_t val)
{
	op->kind = OP_STORE;
	op->val = fit(val, op->size);
	if (outside())
		memory_poke(op->addr, op->size, op->val);
	else
		fl_do(op);
}

/* Whether the condition held; op->old is what was read. */
static inline bool access_rmw(struct op *op)
{
	uint64_t nv;

	op->kind = OP_RMW;
	if (!outside()) {
		fl_do(op);
		return op->ok;
	}
	op->old = memory_peek(op->addr, op->size);
	if (!op->fn(op->old, op->a, op->b, &nv))
		return false;
	memory_poke(op->addr, op->size, nv);
	return true;
}

/* A load that waits for its condition; op->old is what was read. False: nobody else runs who could end the wait. */
static inline bool access_await(struct op *op)
{
	uint64_t nv;

	op->kind = OP_AWAIT;
	if (!outside()) {
		fl_do(op);
		return true;
	}
	op->old = memory_peek(op->addr, op->size);
	return op->fn(op->old, op->a, op->b, &nv);
}

#endif
