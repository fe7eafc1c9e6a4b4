/* SPDX-License-Identifier: MIT */
/*
 * bitrel.h - relations over the events of one graph as bit matrices, with the operators that
 * memory models are written in. Row i has a bit for each j with (i, j) in the relation.
 *
 * A relation belongs to a pool that fixes the number of events; relations of one pool only may be
 * combined. Everything is released at once when the pool is reset.
 */
#ifndef FL_BITREL_H
#define FL_BITREL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t *bitrel; /* n rows of `words` */
typedef uint64_t *bitset; /* `words` */

struct bitpool {
	int n, words;
	uint64_t *mem;
	size_t used, cap;
};

void bitpool_reset(struct bitpool *p, int n);
bitrel bitrel_new(struct bitpool *p); /* empty */
bitset bitset_new(struct bitpool *p); /* empty */
bitrel bitrel_copy(struct bitpool *p, bitrel a);

static inline uint64_t *bitrel_row(const struct bitpool *p, bitrel a, int i)
{
	return a + (size_t)i * p->words;
}

static inline void bitrel_set(const struct bitpool *p, bitrel a, int i, int j)
{
	bitrel_row(p, a, i)[j >> 6] |= 1ull << (j & 63);
}

static inline bool bitrel_has(const struct bitpool *p, bitrel a, int i, int j)
{
	return bitrel_row(p, a, i)[j >> 6] >> (j & 63) & 1;
}

static inline void bitset_add(bitset s, int i)
{
	s[i >> 6] |= 1ull << (i & 63);
}

static inline bool bitset_has(bitset s, int i)
{
	return s[i >> 6] >> (i & 63) & 1;
}

void bitrel_or(const struct bitpool *p, bitrel a, bitrel b);	 /* a |= b */
void bitrel_and(const struct bitpool *p, bitrel a, bitrel b);	 /* a &= b */
void bitrel_minus(const struct bitpool *p, bitrel a, bitrel b);	 /* a -= b */
void bitrel_domain(const struct bitpool *p, bitrel a, bitset s); /* a = [s] ; a */
void bitrel_range(const struct bitpool *p, bitrel a, bitset s);	 /* a = a ; [s] */
void bitrel_reflexive(const struct bitpool *p, bitrel a);	 /* a? */
void bitrel_irreflexive_part(const struct bitpool *p, bitrel a); /* a \ id */
void bitrel_plus(const struct bitpool *p, bitrel a);		 /* a+ */
bitrel bitrel_seq(struct bitpool *p, bitrel a, bitrel b);	 /* a ; b */
bitrel bitrel_inverse(struct bitpool *p, bitrel a);
bool bitrel_empty(const struct bitpool *p, bitrel a);
bool bitrel_is_irreflexive(const struct bitpool *p, bitrel a);
bool bitrel_is_acyclic(const struct bitpool *p, bitrel a);

#endif
