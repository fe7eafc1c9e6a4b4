/* SPDX-License-Identifier: MIT */
/* bitrel.c - see bitrel.h. */
#include "bitrel.h"

#include <stdlib.h>
#include <string.h>

static uint64_t *pool_take(struct bitpool *p, size_t words)
{
	uint64_t *m;

	/* The pool never moves while relations are alive: bitpool_reset() made room for them all. */
	if (p->used + words > p->cap)
		abort();
	m = p->mem + p->used;
	p->used += words;
	memset(m, 0, words * sizeof(*m));
	return m;
}

#define BITPOOL_RELATIONS 224 /* more than any model takes for one graph */

void bitpool_reset(struct bitpool *p, int n)
{
	size_t need;

	p->n = n;
	p->words = (n + 63) / 64;
	if (!p->words)
		p->words = 1;
	p->used = 0;
	need = (size_t)(n + 1) * p->words * BITPOOL_RELATIONS;
	if (need > p->cap) {
		free(p->mem);
		p->mem = malloc(need * sizeof(*p->mem));
		p->cap = need;
		if (!p->mem)
			abort();
	}
}

bitrel bitrel_new(struct bitpool *p)
{
	return pool_take(p, (size_t)p->n * p->words);
}

bitset bitset_new(struct bitpool *p)
{
	return pool_take(p, p->words);
}

bitrel bitrel_copy(struct bitpool *p, bitrel a)
{
	bitrel c = bitrel_new(p);

	memcpy(c, a, (size_t)p->n * p->words * sizeof(*a));
	return c;
}

void bitrel_or(const struct bitpool *p, bitrel a, bitrel b)
{
	for (size_t i = 0, n = (size_t)p->n * p->words; i < n; i++)
		a[i] |= b[i];
}

void bitrel_and(const struct bitpool *p, bitrel a, bitrel b)
{
	for (size_t i = 0, n = (size_t)p->n * p->words; i < n; i++)
		a[i] &= b[i];
}

void bitrel_minus(const struct bitpool *p, bitrel a, bitrel b)
{
	for (size_t i = 0, n = (size_t)p->n * p->words; i < n; i++)
		a[i] &= ~b[i];
}

void bitrel_domain(const struct bitpool *p, bitrel a, bitset s)
{
	for (int i = 0; i < p->n; i++)
		if (!bitset_has(s, i))
			memset(bitrel_row(p, a, i), 0, p->words * sizeof(*a));
}

void bitrel_range(const struct bitpool *p, bitrel a, bitset s)
{
	for (int i = 0; i < p->n; i++)
		for (int w = 0; w < p->words; w++)
			bitrel_row(p, a, i)[w] &= s[w];
}

void bitrel_reflexive(const struct bitpool *p, bitrel a)
{
	for (int i = 0; i < p->n; i++)
		bitrel_set(p, a, i, i);
}

void bitrel_irreflexive_part(const struct bitpool *p, bitrel a)
{
	for (int i = 0; i < p->n; i++)
		bitrel_row(p, a, i)[i >> 6] &= ~(1ull << (i & 63));
}

void bitrel_plus(const struct bitpool *p, bitrel a)
{
	for (int k = 0; k < p->n; k++) {
		const uint64_t *rk = bitrel_row(p, a, k);

		for (int i = 0; i < p->n; i++) {
			uint64_t *ri = bitrel_row(p, a, i);

			if (ri[k >> 6] >> (k & 63) & 1)
				for (int w = 0; w < p->words; w++)
					ri[w] |= rk[w];
		}
	}
}

bitrel bitrel_seq(struct bitpool *p, bitrel a, bitrel b)
{
	bitrel c = bitrel_new(p);

	for (int i = 0; i < p->n; i++) {
		const uint64_t *ra = bitrel_row(p, a, i);
		uint64_t *rc = bitrel_row(p, c, i);

		for (int w = 0; w < p->words; w++)
			for (uint64_t m = ra[w]; m; m &= m - 1) {
				const uint64_t *rb = bitrel_row(p, b, w * 64 + __builtin_ctzll(m));

				for (int v = 0; v < p->words; v++)
					rc[v] |= rb[v];
			}
	}
	return c;
}

bitrel bitrel_inverse(struct bitpool *p, bitrel a)
{
	bitrel c = bitrel_new(p);

	for (int i = 0; i < p->n; i++)
		for (int w = 0; w < p->words; w++)
			for (uint64_t m = bitrel_row(p, a, i)[w]; m; m &= m - 1)
				bitrel_set(p, c, w * 64 + __builtin_ctzll(m), i);
	return c;
}

bool bitrel_empty(const struct bitpool *p, bitrel a)
{
	for (size_t i = 0, n = (size_t)p->n * p->words; i < n; i++)
		if (a[i])
			return false;
	return true;
}

bool bitrel_is_irreflexive(const struct bitpool *p, bitrel a)
{
	for (int i = 0; i < p->n; i++)
		if (bitrel_has(p, a, i, i))
			return false;
	return true;
}

/* Removes events without successors again and again; a cycle is what stays. */
bool bitrel_is_acyclic(const struct bitpool *p, bitrel a)
{
	int left = p->n;
	bool gone[p->n ? p->n : 1];
	bool progress = true;

	memset(gone, 0, sizeof(gone));
	while (left && progress) {
		progress = false;
		/* Mostly what comes later has a greater number. */
		for (int i = p->n - 1; i >= 0; i--) {
			bool has_successor = false;

			if (gone[i])
				continue;
			for (int w = 0; w < p->words && !has_successor; w++)
				for (uint64_t m = bitrel_row(p, a, i)[w]; m; m &= m - 1)
					if (!gone[w * 64 + __builtin_ctzll(m)]) {
						has_successor = true;
						break;
					}
			if (!has_successor) {
				gone[i] = true;
				left--;
				progress = true;
			}
		}
	}
	return !left;
}
