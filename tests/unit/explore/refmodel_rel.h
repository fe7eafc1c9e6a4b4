/* SPDX-License-Identifier: MIT */
/*
 * refmodel_rel.h - relations as boolean matrices of at most 64 events, a row per word, with the
 * operators that the axioms are written in. For files that judge one execution at a time.
 */
#ifndef FL_TEST_REFMODEL_REL_H
#define FL_TEST_REFMODEL_REL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define MAX_EV 64

typedef uint64_t set_t;

struct rel {
	set_t row[MAX_EV];
};

/* Number of events of the execution in hand: the dimension of all matrices. */
static int nev;

#define BIT(i) ((set_t)1 << (i))
#define ALL (nev == 64 ? ~(set_t)0 : BIT(nev) - 1)

static inline struct rel empty_rel(void)
{
	struct rel r;

	memset(&r, 0, sizeof(r));
	return r;
}

static inline struct rel id_of(set_t s)
{
	struct rel r = empty_rel();

	for (int i = 0; i < nev; i++)
		r.row[i] = s & BIT(i);
	return r;
}

static inline struct rel cross(set_t a, set_t b)
{
	struct rel r = empty_rel();

	for (int i = 0; i < nev; i++)
		r.row[i] = a & BIT(i) ? b : 0;
	return r;
}

static inline struct rel either(struct rel a, struct rel b)
{
	for (int i = 0; i < nev; i++)
		a.row[i] |= b.row[i];
	return a;
}

static inline struct rel both(struct rel a, struct rel b)
{
	for (int i = 0; i < nev; i++)
		a.row[i] &= b.row[i];
	return a;
}

static inline struct rel minus(struct rel a, struct rel b)
{
	for (int i = 0; i < nev; i++)
		a.row[i] &= ~b.row[i];
	return a;
}

static inline struct rel inv(struct rel a)
{
	struct rel r = empty_rel();

	for (int i = 0; i < nev; i++)
		for (int j = 0; j < nev; j++)
			if (a.row[i] & BIT(j))
				r.row[j] |= BIT(i);
	return r;
}

static inline struct rel seq(struct rel a, struct rel b)
{
	struct rel r = empty_rel();

	for (int i = 0; i < nev; i++)
		for (int j = 0; j < nev; j++)
			if (a.row[i] & BIT(j))
				r.row[i] |= b.row[j];
	return r;
}

static inline struct rel opt(struct rel a)
{
	return either(a, id_of(ALL));
}

static inline struct rel plus(struct rel a)
{
	for (int k = 0; k < nev; k++)
		for (int i = 0; i < nev; i++)
			if (a.row[i] & BIT(k))
				a.row[i] |= a.row[k];
	return a;
}

static inline struct rel star(struct rel a)
{
	return opt(plus(a));
}

/* Pairs from @a that start in @from and end in @to. */
static inline struct rel only(set_t from, struct rel a, set_t to)
{
	for (int i = 0; i < nev; i++)
		a.row[i] = from & BIT(i) ? a.row[i] & to : 0;
	return a;
}

static inline bool is_empty(struct rel a)
{
	for (int i = 0; i < nev; i++)
		if (a.row[i])
			return false;
	return true;
}

static inline bool irreflexive(struct rel a)
{
	for (int i = 0; i < nev; i++)
		if (a.row[i] & BIT(i))
			return false;
	return true;
}

static inline bool acyclic(struct rel a)
{
	return irreflexive(plus(a));
}

#endif
