/* SPDX-License-Identifier: MIT */
/*
 * bench.h - what the parts of faultline-bench share: options, workloads, one run of one, and what came out.
 *
 *   main.c           the program: options, the order of runs
 *   cells.c          cells, each some runs: who is next, whose runs count, medians
 *   engine.c         one run: threads, phases, counters
 *   latency.c        histograms of single operations
 *   disturb.c        what others took of the processors meanwhile
 *   cores.c          which thread on which core
 *   kernel.c         strategies and reader-writer locks by name, and machines made of them
 *   host.c           a process of its own that makes the host kernel's runs
 *   report.c, json.c, csv.c, plot.c
 *   workloads/       one file each
 *
 * A workload has two sides: ours, on a simulated machine, and the host kernel's with the same system calls, if there is
 * such a thing. Both run in the same engine. Functions return 0 or a negative errno.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <faultline/faultline.h>

#define BENCH_MAX_CPUS 64 /* of a simulated machine */
#define BENCH_MAX_RUNS 101
#define BENCH_MAX_LIST 64

/* Pages of the simulated machine, and of the host: else there is no row of it (host_begin()). */
#define BENCH_PAGE 4096u

/* ---- options ---- */

/* zipf-mix: what is done how often. */
enum mix_kind {
	MIX_TOUCH,
	MIX_DONTNEED,
	MIX_MPROTECT,
	MIX_MMAP,
	MIX_GUP,
	MIX_FORK,
	NR_MIX_KINDS,
};
extern const char *const mix_names[NR_MIX_KINDS];

struct mix {
	double weight[NR_MIX_KINDS]; /* need not sum up to anything */
};
/* "touch=70,mmap=10": what is not named is not done. False, with a line in @err. */
bool mix_parse(struct mix *out, const char *text, char *err, size_t size);

struct options {
	double seconds; /* for each cell, all its runs */
	unsigned int runs;
	uint64_t seed;
	unsigned int
		vmas; /* in each address space, beside those of the threads; zipf-mix: to work on */
	struct mix mix;
	double theta; /* zipf-mix: of its Zipf distribution */
};

/* ---- kernel.c ---- */

/* What is compared: a lock strategy on a reader-writer lock. */
struct kernel {
	const char *strategy, *rwlock;
};

/* Names, in the order of the documentation; NULL beyond. */
const char *kernel_strategy(size_t i);
const char *kernel_rwlock(size_t i);
const char *kernel_strategy_doc(size_t i);
const char *kernel_rwlock_doc(size_t i);
/* Do its faults try a VMA's lock first, so that one under mmap_lock is a fallback? */
bool kernel_tries_vma(const struct kernel *kernel);
/* A machine of @cpus CPUs and @frames frames. The caller destroys it. */
int kernel_machine(struct fl_machine **out, const struct kernel *kernel, unsigned int cpus,
		   uint64_t frames);

/* ---- latency.c ---- */

/* Quantiles, in nanoseconds; 0 if nothing was measured. */
struct quantiles {
	double p50, p99, p999;
};

/* ---- runs ---- */

/* What one run found. Plain, since the host's process sends it. */
struct figures {
	double seconds; /* that were measured */
	double ops_per_second, writer_ops_per_second;
	struct quantiles op, writer;
	uint64_t ops, writer_ops, samples, writer_samples;
	uint64_t faults, retries, fallbacks, shootdowns;
	double lost;   /* the part of the threads' time for which others had the processors */
	double stolen; /* the same, whole virtual processors */
	bool pinned;
};
/* Lost so much that the run should not count. */
bool figures_disturbed(const struct figures *f);

struct workload;
struct side;

struct run {
	const struct workload *workload;
	const struct side *side;
	const struct kernel *kernel; /* NULL: the host's */
	const struct options *opt;
	unsigned int threads; /* without the writer */
	double seconds;
	uint64_t seed;
	/* Called now and then by who waits for the end. False: end it now. May be NULL. */
	bool (*go_on)(void *arg, double seconds);
	void *arg;

	/* The engine's, and the workload's while it runs. */
	struct fl_machine *machine; /* NULL: the host's side */
	struct fl_mm *mm;
	struct fl_file *file;
	char *host_base; /* room for areas, one after the other; nothing is mapped there */
	int host_fd;
	void *shared; /* the workload's own */
};

/* -EINTR: go_on() said no, and nothing was measured that is worth anything. */
int engine_run(struct run *run, struct figures *out);
/* How many threads a run has, with the writer. */
unsigned int engine_threads(const struct side *side, unsigned int threads);

/* ---- workloads ---- */

struct worker;

/* setup to teardown in the order in which they are called. All but step may be NULL. */
struct side {
	/* Page frames for so many threads. Not for the host's side. */
	uint64_t (*frames)(const struct run *run);
	int (*setup)(struct run *run);	/* machine and mm are there */
	int (*begin)(struct worker *w); /* by each thread */
	int (*step)(struct worker *w);	/* some operations; over and over */
	int (*write)(struct worker *w); /* the same by one more thread, the writer */
	void (*end)(struct worker *w);
	void (*teardown)(struct run *run);
};

struct workload {
	const char *name;
	const char *doc;    /* one line */
	const char *op;	    /* what is counted, in the plural */
	const char *writer; /* what is counted of writers; NULL: nothing */
	bool writers_only; /* operations and writers' operations are the same ones, counted as the latter */
	unsigned int time_op, time_writer; /* one in so many is timed; 0: TIME_USUAL */
	struct side ours, host;		   /* host.step NULL: the host has nothing like it */
};

extern const struct workload *const workloads[];
extern const size_t nr_workloads;

extern const struct workload anon_fault, anon_fault_shared_vma, fault_vs_mmap, cow_storm,
	mprotect_toggle, gup_fast, file_fault, mmap_churn, zipf_mix;

/* ---- cores.c ---- */

/* How many cores this process may use, as hwloc says; 0: out of memory. Before the others. */
unsigned int cores_init(void);
unsigned int cores_count(void);
void cores_exit(void);
/* Binds the calling thread, number @i of @n, to a core of its own; false: there are fewer, or it can't be done. */
bool cores_pin(unsigned int i, unsigned int n);

/* ---- host.c ---- */

/*
 * A process that makes the host's runs: begun before there is a second thread, so that forks are those of a small
 * process.
 */
int host_begin(const struct options *opt);
int host_run(struct run *run, struct figures *out);
void host_end(void);

double bench_now(void); /* seconds */

#endif
