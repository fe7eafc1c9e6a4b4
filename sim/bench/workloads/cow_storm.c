// SPDX-License-Identifier: MIT
/*
 * cow_storm.c - threads of one process fork it, over and over, and write to their pages while the child is there: each write
 * has to copy. A fork is a writer's operation: it holds mmap_lock for writing, marks all VMAs, and flushes.
 *
 * Pages in all stay below some thousand, whatever the number of threads: a child has all of them, and there may be as many
 * children as threads.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "area.h"

#define MOST_PAGES 256
#define ALL_PAGES 1024

static size_t pages_each(const struct run *run)
{
	size_t n = ALL_PAGES / run->threads;

	return n < MOST_PAGES ? n : MOST_PAGES;
}

static uint64_t frames(const struct run *run)
{
	return area_frames(run, pages_each(run) * (run->threads + 2));
}

static int begin(struct worker *w)
{
	return area_map(w, w->area, pages_each(w->run));
}

static int step(struct worker *w)
{
	struct fl_mm *child;
	uint64_t t = op_begin(&w->writes);
	int err = fl_fork(&child, w->mm);

	op_end(&w->writes, t);
	if (err)
		return err;
	err = area_write(w, w->area, pages_each(w->run));
	fl_mm_destroy(child);
	return err;
}

static int host_begin_thread(struct worker *w)
{
	return host_map(w->host_area, pages_each(w->run));
}

/* Does nothing until it is killed, with its parent if need be. Does not return. */
static void be_child(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent)
		pause();
	_exit(0);
}

static int host_step(struct worker *w)
{
	pid_t self = getpid(), child;
	uint64_t t = op_begin(&w->writes);

	child = fork();
	if (!child)
		be_child(self);
	op_end(&w->writes, t);
	if (child < 0)
		return -errno;
	host_write(w, w->host_area, pages_each(w->run));
	kill(child, SIGKILL);
	return waitpid(child, NULL, 0) == child ? 0 : -errno;
}

static void host_end_thread(struct worker *w)
{
	host_unmap(w->host_area, pages_each(w->run));
}

const struct workload cow_storm = {
	.name = "cow-storm",
	.doc = "threads fork and then write to their pages, each of which has to be copied",
	.op = "writes",
	.writer = "forks",
	.time_writer = 1,
	.ours = { .frames = frames, .begin = begin, .step = step },
	.host = { .begin = host_begin_thread, .step = host_step, .end = host_end_thread },
};
