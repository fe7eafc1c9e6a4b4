/* SPDX-License-Identifier: MIT */
/* random_c.h - random C11 + pthreads programs: threads, some of them equal, with the loops in which people wait and try again. */
#ifndef RANDOM_C_H
#define RANDOM_C_H

#include <stdint.h>
#include <stdio.h>

#define RANDOM_C_THREADS 4

struct random_c {
	int nthreads;
	int group[RANDOM_C_THREADS]; /* threads with the same number are equal */
};

/* What all programs of a file begin with. */
void random_c_begin(FILE *f);
/* One program, void run_@name(void); threads are created in their order. */
struct random_c random_c_write(FILE *f, uint64_t seed, int name);

#endif
