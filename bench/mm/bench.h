/* SPDX-License-Identifier: MIT */
/*
 * bench.h - what the parts of bench_mm share: a figure of ours beside the host kernel's own.
 *
 * A side is begun once, run as often as asked, in turn with the other side, and ended. A run returns
 * nanoseconds per operation, below 0 on failure.
 */
#ifndef BENCH_MM_H
#define BENCH_MM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fl_cpu;
struct fl_mm;

/* How much is done in a run. */
struct amounts {
	size_t loads;	   /* per run */
	size_t walk_pages; /* one line in each: more than the simulated TLB has entries */
	size_t far_pages;  /* more than the host's TLBs have, and than its caches hold well */
	size_t pages;	   /* to be faulted in */
	size_t vmas;
	size_t fork_pages;
};
extern struct amounts amounts;

struct side {
	int (*begin)(void); /* 0, or not possible here */
	double (*run)(void);
	void (*end)(void);
};

double now_ns(void);
/* @next[i] is the one after i on a ring through 0 to @n - 1, in random order. */
void make_ring(size_t *next, size_t n);

/*
 * Bytes from the start of page @i to a line of it, any: the same line of each page would be the same few
 * sets of the caches.
 */
static inline size_t line_of(size_t i)
{
	return (i * 0x9e3779b97f4a7c15ULL >> 40) % 64 * 64;
}

/* ours.c, also for fork.c: a machine with one CPU and one mm. */
int make_machine(uint64_t frames, const char *set);
void end_machine(void);
extern struct fl_cpu *cpu;
extern struct fl_mm *mm;
int touch(uint64_t addr, size_t pages);

extern const struct side ours_hit, ours_hit_broadcast, ours_hit_independent, ours_miss,
	ours_miss_far, ours_fault, ours_cow, ours_gup, ours_mmap, ours_fork;
extern const struct side host_hit, host_hit_independent, host_miss, host_fault, host_cow, host_gup,
	host_mmap, host_fork;
double ours_metadata(void);

#endif
