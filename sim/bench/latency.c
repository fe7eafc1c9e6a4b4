// SPDX-License-Identifier: MIT
/* latency.c - see latency.h. */
#include "latency.h"

#include <errno.h>
#include <stdlib.h>

#define SUB_BITS 5
#define SUB (1U << SUB_BITS)
#define TOP_BIT 40 /* what takes longer than 2^41 ns counts as that */
#define BUCKETS ((TOP_BIT - SUB_BITS) * SUB + 2 * SUB)

#define CALIBRATE_NS 20000000

static uint64_t clock_ticks; /* that one look takes */
static double ns_per_tick = 1;

/* Values below 2 * SUB have a bucket each; from then on SUB buckets are one power of two. */
static size_t bucket_of(uint64_t ns)
{
	unsigned int shift;

	if (ns < 2 * SUB)
		return ns;
	shift = 63 - (unsigned int)__builtin_clzll(ns) - SUB_BITS;
	if (shift > TOP_BIT - SUB_BITS)
		return BUCKETS - 1;
	return shift * SUB + (ns >> shift);
}

static double bucket_begin(size_t i)
{
	if (i < 2 * SUB)
		return (double)i;
	return (double)((uint64_t)(i % SUB + SUB) << (i / SUB - 1));
}

gsl_histogram *latency_new(void)
{
	gsl_histogram *h = gsl_histogram_calloc(BUCKETS);

	for (size_t i = 0; h && i <= BUCKETS; i++)
		h->range[i] = bucket_begin(i);
	return h;
}

void latency_add(gsl_histogram *sum, const gsl_histogram *h)
{
	gsl_histogram_add(sum, h);
}

uint64_t latency_samples(const gsl_histogram *h)
{
	return (uint64_t)gsl_histogram_sum(h);
}

struct quantiles latency_quantiles(const gsl_histogram *h)
{
	struct quantiles q = { 0 };
	gsl_histogram_pdf *pdf;

	if (!latency_samples(h))
		return q;
	pdf = gsl_histogram_pdf_alloc(BUCKETS);
	if (!pdf)
		return q;
	gsl_histogram_pdf_init(pdf, h);
	q.p50 = gsl_histogram_pdf_sample(pdf, 0.5);
	q.p99 = gsl_histogram_pdf_sample(pdf, 0.99);
	q.p999 = gsl_histogram_pdf_sample(pdf, 0.999);
	gsl_histogram_pdf_free(pdf);
	return q;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static double measure_tick(void)
{
	uint64_t begin = now_ns(), ticks = latency_clock(), end;

	do
		end = now_ns();
	while (end - begin < CALIBRATE_NS);
	ticks = latency_clock() - ticks;
	return ticks ? (double)(end - begin) / (double)ticks : 1;
}

double latency_ns(uint64_t ticks)
{
	return (double)ticks * ns_per_tick;
}

/* The least of many: what disturbs only adds. */
void latency_init(void)
{
	ns_per_tick = measure_tick();
	clock_ticks = UINT64_MAX;
	for (int i = 0; i < 10000; i++) {
		uint64_t t = latency_clock(), ticks = latency_clock() - t;

		if (ticks < clock_ticks)
			clock_ticks = ticks;
	}
}

/* ---- meters ---- */

/* xorshift64 */
static uint64_t next_random(struct meter *m)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return m->random;
}

/* From 1 to twice the mean, less one. */
static void next_sample(struct meter *m)
{
	m->until = m->every == 1 ? 1 : 1 + (uint32_t)(next_random(m) % (2 * m->every - 1));
}

int meter_begin(struct meter *m, uint64_t seed, unsigned int every)
{
	*m = (struct meter){
		.every = every ? every : TIME_USUAL,
		.random = (seed + 1) * 0x9e3779b97f4a7c15ULL | 1,
		.h = latency_new(),
	};
	next_sample(m);
	return m->h ? 0 : -ENOMEM;
}

void meter_reset(struct meter *m)
{
	m->count = 0;
	gsl_histogram_reset(m->h);
}

void meter_end(struct meter *m)
{
	if (m->h)
		gsl_histogram_free(m->h);
	m->h = NULL;
}

void meter_record(struct meter *m, uint64_t start)
{
	uint64_t ticks = latency_clock() - start;

	/* Counters of two cores may differ by a little. */
	if ((int64_t)ticks < (int64_t)clock_ticks)
		ticks = clock_ticks;
	m->h->bin[bucket_of((uint64_t)latency_ns(ticks - clock_ticks))]++;
	next_sample(m);
}
