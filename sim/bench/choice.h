/* SPDX-License-Identifier: MIT */
/* choice.h - what the user chose to compare: lists of names and numbers. */
#ifndef BENCH_CHOICE_H
#define BENCH_CHOICE_H

#include "bench.h"

struct choice {
	const struct workload *workload[BENCH_MAX_LIST];
	size_t nr_workloads;
	const char *strategy[BENCH_MAX_LIST];
	size_t nr_strategies;
	const char *rwlock[BENCH_MAX_LIST];
	size_t nr_rwlocks;
	unsigned int threads[BENCH_MAX_LIST];
	size_t nr_threads;
};

/* Of an argument, or of an option: "a,b". Each adds to the list. False after an error message. */
bool choose_workload(struct choice *c, const char *name);
bool choose_strategies(struct choice *c, const char *list);
bool choose_rwlocks(struct choice *c, const char *list);
bool choose_threads(struct choice *c, const char *list);
/* What was not chosen: all, but for rwlocks, where it is the first; threads 1, 2, 4 ... up to the cores. */
void choose_rest(struct choice *c);
/* Can the machine have that many? False after an error message. */
bool choice_fits(const struct choice *c);
bool choice_has(const struct choice *c, const struct workload *w);
/* What there is, with a line on each. */
void choice_list(void);

#endif
