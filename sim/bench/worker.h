/* SPDX-License-Identifier: MIT */
/* worker.h - a thread of a run, and how it counts and times what it does. For workloads and the engine. */
#ifndef BENCH_WORKER_H
#define BENCH_WORKER_H

#include <pthread.h>

#include "bench.h"
#include "latency.h"

struct worker {
	/* For the workload. */
	struct run *run;
	unsigned int nr;    /* among the threads that fault; the writer's is the number of these */
	struct fl_cpu *cpu; /* ours */
	struct fl_mm *mm;
	fl_vaddr area;	 /* where it may map what it likes, 1 GiB; ours */
	char *host_area; /* the same, the host's */
	struct meter ops, writes;
	size_t at;   /* the workload's own */
	void *state; /* the workload's own, too */

	/* The engine's. */
	pthread_t thread;
	bool is_writer, started, measured, pinned;
	int err;
	double end, cpu_seconds, waited;
} __attribute__((aligned(128)));

#define AREA_SHIFT 30 /* areas share no page table but the upper ones */

/* Where ours begin; further ones, of the workload itself, are from the other on. */
#define AREAS ((fl_vaddr)1 << 40)
#define OTHER_AREAS ((fl_vaddr)1 << 44)

#endif
