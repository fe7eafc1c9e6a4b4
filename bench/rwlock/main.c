// SPDX-License-Identifier: MIT
/*
 * main.c - bench_rwlock: what each kind of reader-writer lock costs (docs/rwlocks.md).
 *
 *	bench_rwlock [--runs N] [--json] [--quick] [NAME ...]
 *
 *	read     nanoseconds of read_lock() and read_unlock() with nobody else there
 *	write    the same of write_lock() and write_unlock()
 *	inline   read, by the path that faults take: the default's is inline there, all others' are calls
 *	shared   million read_lock() and read_unlock() per second of two threads together
 *	mixed    the same, and each thread writes once in a hundred times; a section takes some 10 ns
 *
 * The kinds have their turn, one after the other, in each run; what disturbs the machine for a while disturbs all.
 * Shown are medians of N runs (11), after one that does not count. Exit status: 0; 2 on bad arguments.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <faultline/rt.h>
#include <faultline/rwlock.h>

#include "rt/ipi_internal.h"
#include "rt/native/rwlock/chosen.h"
#include "rt/thread.h"

#define MAX_KINDS 16
#define MAX_RUNS 101
#define MAX_THREADS 2

enum column { READ, WRITE, INLINE, SHARED, MIXED, NR_COLUMNS };
static const char *const columns[] = { "read", "write", "inline", "shared", "mixed" };

static unsigned int ops = 2000000, threads_ops = 1000000;
static int runs = 11;
static double values[MAX_KINDS][NR_COLUMNS][MAX_RUNS + 1];

static double now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double per_op(double begin)
{
	return (now_ns(CLOCK_THREAD_CPUTIME_ID) - begin) / ops;
}

static void *make_lock(const struct fl_rwlock *kind)
{
	void *lock = fl_zalloc_aligned(kind->size, kind->align < 64 ? 64 : kind->align);

	if (!lock || kind->init(lock))
		abort();
	return lock;
}

static void end_lock(const struct fl_rwlock *kind, void *lock)
{
	if (kind->destroy)
		kind->destroy(lock);
	fl_free(lock);
}

static double time_read(const struct fl_rwlock *kind, void *lock)
{
	double begin = now_ns(CLOCK_THREAD_CPUTIME_ID);

	for (unsigned int i = 0; i < ops; i++) {
		kind->read_lock(lock);
		kind->read_unlock(lock);
	}
	return per_op(begin);
}

static double time_write(const struct fl_rwlock *kind, void *lock)
{
	double begin = now_ns(CLOCK_THREAD_CPUTIME_ID);

	for (unsigned int i = 0; i < ops; i++) {
		kind->write_lock(lock);
		kind->write_unlock(lock);
	}
	return per_op(begin);
}

static double time_inline(const struct fl_rwlock *kind, void *lock)
{
	static struct fl_chosen_lock chosen;
	double begin;

	chosen.kind = kind == fl_rwlock_at(0) ? NULL : kind;
	chosen.lock = lock;
	begin = now_ns(CLOCK_THREAD_CPUTIME_ID);
	for (unsigned int i = 0; i < ops; i++) {
		fl_chosen_read_lock(&chosen);
		fl_chosen_read_unlock(&chosen);
	}
	return per_op(begin);
}

/* --- two threads --- */

struct crowd {
	const struct fl_rwlock *kind;
	void *lock;
	unsigned int write_every; /* 0: never */
	pthread_barrier_t start;
	int next_cpu;
	double begin[MAX_THREADS], end[MAX_THREADS];
};

static void section(void)
{
	for (int i = 0; i < 30; i++)
		barrier();
}

/* On the nth processor of those that we may use: else a scheduler may have the threads take turns. */
static void stay_on(int nth)
{
	cpu_set_t all, one;

	if (sched_getaffinity(0, sizeof(all), &all))
		return;
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (CPU_ISSET(i, &all) && nth-- == 0)
			CPU_SET(i, &one);
	}
	if (CPU_COUNT(&one))
		sched_setaffinity(0, sizeof(one), &one);
}

static void *work(void *arg)
{
	struct crowd *c = arg;
	int cpu = __atomic_fetch_add(&c->next_cpu, 1, __ATOMIC_RELAXED);

	stay_on(cpu);
	if (fl_rt_bind_cpu(cpu))
		abort();
	pthread_barrier_wait(&c->start);
	c->begin[cpu] = now_ns(CLOCK_MONOTONIC);
	for (unsigned int i = 1; i <= threads_ops; i++) {
		if (c->write_every && i % c->write_every == 0) {
			c->kind->write_lock(c->lock);
			section();
			c->kind->write_unlock(c->lock);
		} else {
			c->kind->read_lock(c->lock);
			if (c->write_every)
				section();
			c->kind->read_unlock(c->lock);
		}
	}
	c->end[cpu] = now_ns(CLOCK_MONOTONIC);
	fl_rt_unbind_cpu();
	return NULL;
}

static double time_threads(const struct fl_rwlock *kind, void *lock, unsigned int write_every)
{
	struct crowd c = { .kind = kind, .lock = lock, .write_every = write_every };
	pthread_t id[MAX_THREADS];
	double begin, end;

	pthread_barrier_init(&c.start, NULL, MAX_THREADS);
	for (int i = 0; i < MAX_THREADS; i++) {
		if (pthread_create(&id[i], NULL, work, &c))
			abort();
	}
	for (int i = 0; i < MAX_THREADS; i++)
		pthread_join(id[i], NULL);
	pthread_barrier_destroy(&c.start);
	begin = c.begin[0] < c.begin[1] ? c.begin[0] : c.begin[1];
	end = c.end[0] > c.end[1] ? c.end[0] : c.end[1];
	return MAX_THREADS * (double)threads_ops / (end - begin) * 1e3;
}

static void run_kind(const struct fl_rwlock *kind, size_t nr, int run)
{
	void *lock = make_lock(kind);

	if (fl_rt_bind_cpu(0))
		abort();
	values[nr][READ][run] = time_read(kind, lock);
	values[nr][WRITE][run] = time_write(kind, lock);
	values[nr][INLINE][run] = time_inline(kind, lock);
	fl_rt_unbind_cpu();
	values[nr][SHARED][run] = time_threads(kind, lock, 0);
	values[nr][MIXED][run] = time_threads(kind, lock, 100);
	end_lock(kind, lock);
}

/* --- the table --- */

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v)
{
	qsort(v, (size_t)runs, sizeof(*v), compare);
	return v[runs / 2];
}

static bool wanted(const char *name, char **names, int n)
{
	for (int i = 0; i < n; i++) {
		if (!strcmp(names[i], name))
			return true;
	}
	return n == 0;
}

static int usage(const char *what)
{
	fprintf(stderr,
		"bench_rwlock: %s\nusage: bench_rwlock [--runs N] [--json] [--quick] [NAME ...]\n",
		what);
	return 2;
}

int main(int argc, char **argv)
{
	const struct fl_rwlock *kind;
	bool json = false, first = true;
	int at = 1;

	for (; at < argc && argv[at][0] == '-'; at++) {
		if (!strcmp(argv[at], "--json")) {
			json = true;
		} else if (!strcmp(argv[at], "--quick")) {
			runs = 1;
			ops = 10000;
			threads_ops = 2000;
		} else if (!strcmp(argv[at], "--runs") && at + 1 < argc) {
			runs = atoi(argv[++at]);
			if (runs < 1 || runs > MAX_RUNS)
				return usage("--runs: 1 to 101");
		} else {
			return usage(argv[at]);
		}
	}
	for (int i = at; i < argc; i++) {
		if (!fl_rwlock_find(argv[i]))
			return usage(argv[i]);
	}
	if (fl_ipi_init(MAX_THREADS))
		abort();
	for (int run = 0; run <= runs; run++) {
		for (size_t i = 0; (kind = fl_rwlock_at(i)) && i < MAX_KINDS; i++) {
			if (wanted(kind->name, argv + at, argc - at))
				run_kind(kind, i, run);
		}
	}
	if (json)
		printf("[");
	else
		printf("%-18s %8s %8s %8s %10s %10s\n", "", "read", "write", "inline", "shared",
		       "mixed");
	for (size_t i = 0; (kind = fl_rwlock_at(i)) && i < MAX_KINDS; i++) {
		if (!wanted(kind->name, argv + at, argc - at))
			continue;
		if (json)
			printf("%s\n  {\"name\": \"%s\"", first ? "" : ",", kind->name);
		else
			printf("%-18s", kind->name);
		for (int c = 0; c < NR_COLUMNS; c++) {
			/* The first run does not count. */
			double v = median(values[i][c] + 1);

			if (json)
				printf(", \"%s\": %.2f", columns[c], v);
			else
				printf(" %*.1f", c < SHARED ? 8 : 10, v);
		}
		printf(json ? "}" : "\n");
		first = false;
	}
	if (json)
		printf("\n]\n");
	fl_ipi_exit();
	return 0;
}
