// SPDX-License-Identifier: MIT
/*
 * main.c - bench_mm: what the native engine's memory management costs, beside the host kernel's own.
 *
 *	bench_mm [--runs N] [--json] [--quick] [NAME ...]
 *
 * The two sides of a row have their turn, A, B, A, B, in the same process on the same processor: what
 * disturbs the machine for a while disturbs both. Shown are medians of N runs (11), after one that does
 * not count. --quick: little is done, nothing is judged. A figure above its goal is marked, which is no
 * error; what can't be measured here (vm.max_map_count, say) is left out. Exit status: 0; 1 if a row
 * failed; 2 on bad arguments.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct amounts amounts = {
	.loads = 2000000,
	.walk_pages = 2048,
	.far_pages = 16384,
	.pages = 2048,
	.vmas = 60000,
	.fork_pages = 65536,
};

static const struct amounts quick = {
	.loads = 10000,
	.walk_pages = 1024,
	.far_pages = 1024,
	.pages = 512,
	.vmas = 100,
	.fork_pages = 1024,
};

static const struct row {
	const char *name, *text;
	double goal; /* at most; 0: none */
	const struct side *ours, *host;
	const char *host_text;
} rows[] = {
	{ "hit", "TLB-hit load, ns", 4, &ours_hit, &host_hit, "pointer load" },
	{ "hit-independent", "the same, loads that do not depend on each other, ns", 4,
	  &ours_hit_independent, &host_hit_independent, "load" },
	{ "hit-broadcast", "TLB-hit load with flushes by broadcast, ns", 0, &ours_hit_broadcast,
	  &host_hit, "pointer load" },
	{ "miss", "TLB miss, walk of four levels, 2048 pages, ns", 25, &ours_miss, &host_miss,
	  "pointer load, a line in each of 16384 pages" },
	{ "miss-far", "the same, 16384 pages, ns", 0, &ours_miss_far, &host_miss, "the same" },
	{ "fault", "anonymous write fault, page zeroed, ns", 400, &ours_fault, &host_fault,
	  "first touch" },
	{ "cow", "write fault that copies, ns", 600, &ours_cow, &host_cow, "write after fork" },
	{ "gup", "GUP-fast, batches of 256, ns per page", 27, &ours_gup, &host_gup, "vmsplice" },
	{ "mmap", "mmap and munmap of a page among 60,000 VMAs, ns", 500, &ours_mmap, &host_mmap,
	  "the same" },
	{ "fork", "fork of 256 MiB that were touched, us", 3000, &ours_fork, &host_fork,
	  "the same" },
};
#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))
#define MAX_RUNS 101

static int runs = 11;
static bool json, judge = true;

double now_ns(void)
{
	struct timespec t;

	/* The processor's, not the wall's: others may have their turn in between. */
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

void make_ring(size_t *next, size_t n)
{
	size_t *order = malloc(n * sizeof(*order));
	uint64_t seed = 1;

	if (!order)
		abort();
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n - 1; i > 0; i--) {
		size_t j, t;

		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		j = (size_t)(seed >> 33) % (i + 1);
		t = order[i];
		order[i] = order[j];
		order[j] = t;
	}
	for (size_t i = 0; i < n; i++)
		next[order[i]] = order[(i + 1) % n];
	free(order);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *values)
{
	qsort(values, (size_t)runs, sizeof(*values), compare);
	return values[runs / 2];
}

enum outcome { MEASURED, NOT_HERE, FAILED };

static enum outcome measure(const struct side *a, const struct side *b, double *ours_ns,
			    double *host_ns)
{
	double x[MAX_RUNS + 1], y[MAX_RUNS + 1];
	bool ok = true;

	/* The host's first: it may fork. */
	if (b->begin())
		return NOT_HERE;
	if (a->begin()) {
		b->end();
		return NOT_HERE;
	}
	for (int i = 0; ok && i <= runs; i++) {
		x[i] = a->run();
		y[i] = b->run();
		ok = x[i] >= 0 && y[i] >= 0;
	}
	a->end();
	b->end();
	if (!ok)
		return FAILED;
	/* The first does not count. */
	*ours_ns = median(x + 1);
	*host_ns = median(y + 1);
	return MEASURED;
}

static void print_row(const struct row *row, double ours_value, double host_value, bool first)
{
	if (json) {
		printf("%s  {\"name\": \"%s\", \"what\": \"%s\", \"ours\": %.2f, ",
		       first ? "" : ",\n", row->name, row->text, ours_value);
		if (host_value >= 0)
			printf("\"host\": %.2f, \"host_what\": \"%s\", ", host_value,
			       row->host_text);
		if (row->goal > 0)
			printf("\"goal\": %.0f}", row->goal);
		else
			printf("\"goal\": null}");
		return;
	}
	printf("%-16s %-54s %10.2f", row->name, row->text, ours_value);
	if (row->goal > 0)
		printf(" %7.0f%s", row->goal, judge && ours_value > row->goal + 0.01 ? "!" : " ");
	else
		printf(" %7s ", "-");
	if (host_value >= 0)
		printf(" %10.2f  %s", host_value, row->host_text);
	printf("\n");
	fflush(stdout);
}

static bool wanted(const char *name, char **names, int n)
{
	if (n == 0)
		return true;
	for (int i = 0; i < n; i++) {
		if (!strcmp(names[i], name))
			return true;
	}
	return false;
}

/* The processor that we are on. */
static void stay_here(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static int usage(const char *what)
{
	fprintf(stderr, "bench_mm: %s\nusage: bench_mm [--runs N] [--json] [--quick] [NAME ...]\n",
		what);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct row metadata = { .name = "metadata",
					     .text = "bytes per frame beside its contents",
					     .goal = 64 };
	int at = 1, failed = 0;
	bool first = true;

	for (; at < argc && argv[at][0] == '-'; at++) {
		if (!strcmp(argv[at], "--json")) {
			json = true;
		} else if (!strcmp(argv[at], "--quick")) {
			amounts = quick;
			runs = 1;
			judge = false;
		} else if (!strcmp(argv[at], "--runs") && at + 1 < argc) {
			runs = atoi(argv[++at]);
			if (runs < 1 || runs > MAX_RUNS)
				return usage("--runs: 1 to 101");
		} else {
			return usage(argv[at]);
		}
	}
	stay_here();
	if (json)
		printf("[\n");
	else
		printf("%-16s %-54s %10s %7s %11s\n", "", "", "ours", "goal", "host");
	for (size_t i = 0; i < NR_ROWS; i++) {
		enum outcome outcome;
		double a, b, unit = strstr(rows[i].text, ", us") ? 1e3 : 1;

		if (!wanted(rows[i].name, argv + at, argc - at))
			continue;
		outcome = measure(rows[i].ours, rows[i].host, &a, &b);
		if (outcome != MEASURED) {
			fprintf(stderr, "bench_mm: %s %s\n", rows[i].name,
				outcome == FAILED ? "failed" : "can't be measured here");
			failed |= outcome == FAILED;
			continue;
		}
		print_row(&rows[i], a / unit, b / unit, first);
		first = false;
	}
	if (wanted(metadata.name, argv + at, argc - at))
		print_row(&metadata, ours_metadata(), -1, first);
	if (json)
		printf("\n]\n");
	return failed;
}
