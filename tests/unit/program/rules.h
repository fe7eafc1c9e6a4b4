/* SPDX-License-Identifier: MIT */
/*
 * rules.h - for round.c, retry.c, symmetry.c and commute.c: the cases for the rules of lib/explore by which executions are
 * left out, and for what mutants.c takes away of them. See case.h.
 */
#ifndef PROGRAM_RULES_H
#define PROGRAM_RULES_H

#include "case.h"

#define ACQUIRE memory_order_acquire
#define RELEASE memory_order_release
#define LOAD(v) atomic_load_explicit(&(v), RELAXED)
#define STORE(v, n) atomic_store_explicit(&(v), (n), RELAXED)
#define ADD(v, n) atomic_fetch_add_explicit(&(v), (n), RELAXED)

static atomic_int x, y, w;

static inline void *store_x(void *arg)
{
	STORE(x, 1);
	return NULL;
}

#endif
