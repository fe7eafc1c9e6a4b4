/* SPDX-License-Identifier: MIT */
/* random_prog.h - random small programs for refmodel.h, and making a failing one smaller. */
#ifndef FL_TEST_RANDOM_PROG_H
#define FL_TEST_RANDOM_PROG_H

#include "refmodel.h"

enum rp_features {
	RP_FENCES = 1, /* mb rmb wmb */
	RP_ORDERS = 2, /* acquire and release */
	RP_RMW = 4,    /* read-modify-writes, before/after_atomic beside them */
	RP_AWAIT = 8,
	RP_LOCKS = 16, /* spin_lock, trylock, after_spinlock, after_unlock_lock */
	RP_RCU = 32,
	RP_PLAIN = 64,
	RP_BRANCH = 128, /* skips, values that flow from loads to stores */
	RP_DEP = 256,
	RP_ALL = 511,
	RP_CYCLE = 512,	   /* a cycle of two accesses per thread, as in the litmus shapes */
	RP_C11 = 1024,	   /* orders and fences of C11 in the place of the kernel's */
	RP_THREADS = 2048, /* the first thread starts some others, and may wait for their end */
};

struct rp_size {
	int min_threads, max_threads;
	int min_ops, max_ops; /* per thread, blocks count as what is in them */
	int max_ops_total;
	int max_locs;
};

/* The program number @seed; the same on every machine. */
void rp_generate(struct rm_prog *p, uint64_t seed, unsigned int features, const struct rp_size *s);

/*
 * The same with features and size from a fixed list of profiles: programs of few features find the
 * corner cases of these. @profile, which may be NULL, receives the profile's name.
 */
void rp_program(struct rm_prog *p, uint64_t seed, const char **profile);

/* A list of its own for rc11: C11 orders and fences, no words of the kernel (rm_judges()). */
void rp_program_c11(struct rm_prog *p, uint64_t seed, const char **profile);

/* Another of programs that wait: words that all models know, values that repeat (random_wait.c). */
void rp_program_waiting(struct rm_prog *p, uint64_t seed, const char **profile);

/* Locks and reader sections are balanced on each path and don't wait for themselves. */
bool rp_valid(const struct rm_prog *p);

/*
 * Removes what can be removed with @fails still true. @fails must be a function of the program
 * alone.
 */
void rp_shrink(struct rm_prog *p, bool (*fails)(const struct rm_prog *p, void *arg), void *arg);

/* An upper bound of the candidates that rm_enumerate() will look at; stops counting at 1e12. */
double rp_cost(const struct rm_prog *p);

uint64_t rp_random(uint64_t *state);

#endif
