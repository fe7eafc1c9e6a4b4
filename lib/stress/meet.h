/* SPDX-License-Identifier: MIT */
/*
 * meet.h - which accesses of two threads have followed each other at the same memory, in any run so far.
 *
 * Two accesses to a word by different threads, one of them a store, with no store between: that one came
 * before the other is an order of the two. It is new if it has not been seen between the same two instructions and
 * threads, at the same word, after the same order that the later thread came to before; a run that has shown a new
 * one is worth going on from (learn.h). Orders of accesses are the coverage of Krace (Xu et al., IEEE S&P 2020), too.
 *
 * The memory of who came last, and of all orders, is plain: who loses a race there misses an order or sees one
 * too many, which costs a run.
 */
#ifndef FL_STRESS_MEET_H
#define FL_STRESS_MEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stress/arena.h"

#define FL_MEET_BITS 18

/* Who was last at a word: an instruction and a thread; 0: nobody in this run. */
struct fl_meet_word {
	uint32_t load, store;
};
extern struct fl_meet_word fl_meet_word[FL_ARENA_NOTED / 8];
extern unsigned char fl_meet_seen[1U << FL_MEET_BITS];

/* No order has been seen. */
void fl_meet_forget(void);
/* A new run. Nobody is in one. */
void fl_meet_reset(void);

static inline bool fl_meet_is_new(uint32_t order)
{
	unsigned char *seen = &fl_meet_seen[order >> (32 - FL_MEET_BITS)];

	if (__builtin_expect(__atomic_load_n(seen, __ATOMIC_RELAXED) != 0, 1))
		return false;
	__atomic_store_n(seen, 1, __ATOMIC_RELAXED);
	return true;
}

#define FL_MEET_THREAD 15U

static inline bool fl_meet_after(uint32_t before, uint32_t after, size_t word, uint32_t *last)
{
	uint64_t pair =
		((uint64_t)before << 32 | after) * 0x9e3779b97f4a7c15u + word * 0xc2b2ae3d27d4eb4fu;
	uint32_t order = (uint32_t)(pair >> 32), since = *last;

	if (!before || !((before ^ after) & FL_MEET_THREAD))
		return false;
	*last = order;
	return fl_meet_is_new(order ^ (since << 16 | since >> 16) * 0x85ebca6bu);
}

/*
 * Thread @number comes to @at by the instruction at @code: is an order new, after the one that it came to last
 * (@last)?
 */
static inline bool fl_meet(int number, size_t at, bool stores, uintptr_t code, uint32_t *last)
{
	uint32_t me = (uint32_t)code << 4 | (uint32_t)(number + 1);
	struct fl_meet_word *word;
	bool new;

	if (at >= FL_ARENA_NOTED)
		return false;
	word = &fl_meet_word[at / 8];
	new = fl_meet_after(__atomic_load_n(&word->store, __ATOMIC_RELAXED), me, at / 8, last);
	if (!stores) {
		__atomic_store_n(&word->load, me, __ATOMIC_RELAXED);
		return new;
	}
	new |= fl_meet_after(__atomic_load_n(&word->load, __ATOMIC_RELAXED), me, at / 8, last);
	__atomic_store_n(&word->store, me, __ATOMIC_RELAXED);
	__atomic_store_n(&word->load, 0, __ATOMIC_RELAXED);
	return new;
}

#endif
