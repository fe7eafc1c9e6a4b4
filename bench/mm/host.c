// SPDX-License-Identifier: MIT
/* host.c - the host kernel's side of bench_mm: the same, by the processor and by system calls. */
#define _GNU_SOURCE
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096u
#define BATCH 256u

static char *area;
static size_t area_pages;

static int map_area(size_t pages)
{
	area = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (area == MAP_FAILED)
		return -1;
	area_pages = pages;
	return madvise(area, pages * PAGE, MADV_NOHUGEPAGE);
}

static void unmap_area(void)
{
	munmap(area, area_pages * PAGE);
}

static void touch_area(void)
{
	for (size_t i = 0; i < area_pages; i++)
		*(volatile char *)(area + i * PAGE) = 1;
}

/* --- loads --- */

static int write_ring(size_t n, size_t step, bool spread)
{
	size_t *next = malloc(n * sizeof(*next));

	if (!next)
		return -1;
	make_ring(next, n);
	for (size_t i = 0; i < n; i++)
		*(void **)(void *)(area + i * step + (spread ? line_of(i) : 0)) =
			area + next[i] * step + (spread ? line_of(next[i]) : 0);
	free(next);
	return 0;
}

static double run_ring(void)
{
	void *volatile *p = (void *volatile *)(void *)area;
	double start = now_ns();

	for (size_t i = 0; i < amounts.loads; i++)
		p = *p;
	return p ? (now_ns() - start) / (double)amounts.loads : -1;
}

static int begin_hit(void)
{
	return map_area(1) ? -1 : write_ring(PAGE / 64, 64, false);
}

static double run_hit_independent(void)
{
	const volatile uint64_t *words = (const volatile uint64_t *)(void *)area;
	uint64_t sum = 0;
	double start = now_ns();

	for (size_t i = 0; i < amounts.loads; i++)
		sum += words[i % (PAGE / 8)];
	return sum ? (now_ns() - start) / (double)amounts.loads : -1;
}

static int begin_miss(void)
{
	return map_area(amounts.far_pages) ? -1 : write_ring(amounts.far_pages, PAGE, true);
}

const struct side host_hit = { begin_hit, run_ring, unmap_area };
const struct side host_hit_independent = { begin_hit, run_hit_independent, unmap_area };
const struct side host_miss = { begin_miss, run_ring, unmap_area };

/* --- faults --- */

/*
 * Forks of this process would make the simulator's memory copy-on-write. So who forks is a process of
 * its own, from before that was there; it makes a run for each byte that it is sent.
 */
static struct {
	pid_t pid;
	int ask[2], answer[2];
} worker;

static int begin_worker(int (*begin)(void), double (*run)(void))
{
	char c;

	if (pipe(worker.ask) || pipe(worker.answer))
		return -1;
	worker.pid = fork();
	if (worker.pid == 0) {
		int err = begin();

		close(worker.ask[1]);
		while (read(worker.ask[0], &c, 1) == 1) {
			double ns = err ? -1 : run();

			if (write(worker.answer[1], &ns, sizeof(ns)) != sizeof(ns))
				break;
		}
		_exit(0);
	}
	close(worker.ask[0]);
	close(worker.answer[1]);
	return worker.pid > 0 ? 0 : -1;
}

static double run_worker(void)
{
	double ns;

	if (write(worker.ask[1], "", 1) != 1 ||
	    read(worker.answer[0], &ns, sizeof(ns)) != sizeof(ns))
		return -1;
	return ns;
}

static void end_worker(void)
{
	close(worker.ask[1]);
	close(worker.answer[0]);
	waitpid(worker.pid, NULL, 0);
}

static int nothing(void)
{
	return 0;
}

static void no_end(void)
{
}

static double run_fault(void)
{
	double start, end;

	if (map_area(amounts.pages))
		return -1;
	start = now_ns();
	touch_area();
	end = now_ns();
	unmap_area();
	return (end - start) / (double)amounts.pages;
}

const struct side host_fault = { nothing, run_fault, no_end };

/* The parent writes while the child, which has the pages too, waits. */
static double run_cow(void)
{
	int hold[2];
	double start, end;
	pid_t child;
	char c;

	if (map_area(amounts.pages) || pipe(hold))
		return -1;
	touch_area();
	child = fork();
	if (child == 0) {
		close(hold[1]);
		_exit(read(hold[0], &c, 1) != 0);
	}
	start = now_ns();
	touch_area();
	end = now_ns();
	close(hold[1]);
	close(hold[0]);
	unmap_area();
	return child > 0 && waitpid(child, NULL, 0) == child ? (end - start) / (double)amounts.pages
							     : -1;
}

static int begin_cow(void)
{
	return begin_worker(nothing, run_cow);
}

const struct side host_cow = { begin_cow, run_worker, end_worker };

/* --- pins --- */

static int to[2], sink;

static int begin_gup(void)
{
	if (map_area(amounts.pages) || pipe(to) || fcntl(to[1], F_SETPIPE_SZ, BATCH * PAGE) < 0)
		return -1;
	sink = open("/dev/null", O_WRONLY);
	touch_area();
	return sink < 0 ? -1 : 0;
}

static double run_gup(void)
{
	double ns = 0, start;
	size_t done = 0;

	for (; done + BATCH <= amounts.pages; done += BATCH) {
		struct iovec v = { area + done * PAGE, (size_t)BATCH * PAGE };

		start = now_ns();
		if (vmsplice(to[1], &v, 1, 0) != (ssize_t)v.iov_len)
			return -1;
		ns += now_ns() - start;
		for (size_t left = v.iov_len; left > 0;) {
			ssize_t n = splice(to[0], NULL, sink, NULL, left, 0);

			if (n <= 0)
				return -1;
			left -= (size_t)n;
		}
	}
	return ns / (double)done;
}

static void end_gup(void)
{
	close(to[0]);
	close(to[1]);
	close(sink);
	unmap_area();
}

const struct side host_gup = { begin_gup, run_gup, end_gup };

/* --- mappings --- */

static int begin_mmap(void)
{
	if (map_area(amounts.vmas))
		return -1;
	for (size_t i = 0; i < amounts.vmas; i += 2) {
		if (mprotect(area + i * PAGE, PAGE, PROT_READ)) {
			unmap_area();
			return -1; /* vm.max_map_count */
		}
	}
	return 0;
}

static double run_mmap(void)
{
	enum { PAIRS = 2000 };
	double start = now_ns();

	for (int i = 0; i < PAIRS; i++) {
		void *p = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED || munmap(p, PAGE))
			return -1;
	}
	return (now_ns() - start) / PAIRS;
}

const struct side host_mmap = { begin_mmap, run_mmap, unmap_area };

static int touched(void)
{
	if (map_area(amounts.fork_pages))
		return -1;
	touch_area();
	return 0;
}

static double run_fork(void)
{
	double start = now_ns(), end;
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	end = now_ns();
	return child > 0 && waitpid(child, NULL, 0) == child ? end - start : -1;
}

static int begin_fork(void)
{
	return begin_worker(touched, run_fork);
}

const struct side host_fork = { begin_fork, run_worker, end_worker };
