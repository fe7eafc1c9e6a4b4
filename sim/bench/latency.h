/* SPDX-License-Identifier: MIT */
/*
 * latency.h - how long single operations take: a histogram of some of them.
 *
 * To look at the clock takes time, and more than time: a thread that pauses for 30 ns between two faults lets a writer in who
 * waits for mmap_lock, so that the operations that are timed are those that wait. So the clock is the processor's counter,
 * which takes a third of clock_gettime(), and one operation in TIME_USUAL is timed, on average: the gaps are random, since
 * every 15th fault of a CPU, say, is not like the others (its pages go to the LRU). The clock's own time is subtracted.
 *
 * Buckets are log-linear: 32 to each power of two, so that a value is known to 3 %.
 */
#ifndef BENCH_LATENCY_H
#define BENCH_LATENCY_H

#include <stdint.h>
#include <time.h>

#include <gsl/gsl_histogram.h>

#include "bench.h"

#define TIME_USUAL 32

/* One thread's. */
struct meter {
	uint64_t count;
	uint32_t until; /* so many operations to the next that is timed */
	uint32_t every; /* 1: all are timed */
	uint64_t random;
	gsl_histogram *h;
};

gsl_histogram *latency_new(void);
/* @h is added up into @sum. */
void latency_add(gsl_histogram *sum, const gsl_histogram *h);
struct quantiles latency_quantiles(const gsl_histogram *h);
uint64_t latency_samples(const gsl_histogram *h);
/* Finds out how long the clock takes. Once, before the others. */
void latency_init(void);

/* One operation in @every is timed; 1: all, 0: TIME_USUAL. */
int meter_begin(struct meter *m, uint64_t seed, unsigned int every);
void meter_reset(struct meter *m);
void meter_end(struct meter *m);
/* Of an operation that was timed. */
void meter_record(struct meter *m, uint64_t start);

/* Ticks; latency_init() finds out how long one is. */
static inline uint64_t latency_clock(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	uint64_t ticks;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
	return ticks;
#else
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
#endif
}
/* Of a difference of two. */
double latency_ns(uint64_t ticks);

/* Before an operation; what it returns is for after. */
static inline uint64_t op_begin(struct meter *m)
{
	if (__builtin_expect(--m->until > 0, 1))
		return 0;
	return latency_clock();
}

static inline void op_end(struct meter *m, uint64_t start)
{
	m->count++;
	if (__builtin_expect(start != 0, 0))
		meter_record(m, start);
}

#endif
