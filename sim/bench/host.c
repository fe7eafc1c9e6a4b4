// SPDX-License-Identifier: MIT
/*
 * host.c - the host kernel's runs, in a process of its own that asks and answers by pipes.
 *
 * Forks of this process would make the simulator's memory copy-on-write, and faults of the simulator's own memory
 * would take the mmap_lock that is to be measured. No huge pages there: a run touches pages of 4 KiB.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "latency.h"

struct request {
	size_t workload;
	unsigned int threads;
	double seconds;
	uint64_t seed;
};
struct answer {
	int err;
	struct figures figures;
};

static pid_t pid = -1;
static int ask[2], answer[2];

static void serve(const struct options *opt)
{
	struct request q;
	struct answer a;

	while (read(ask[0], &q, sizeof(q)) == sizeof(q)) {
		struct run run = {
			.workload = workloads[q.workload],
			.side = &workloads[q.workload]->host,
			.opt = opt,
			.threads = q.threads,
			.seconds = q.seconds,
			.seed = q.seed,
		};

		a.err = engine_run(&run, &a.figures);
		if (write(answer[1], &a, sizeof(a)) != sizeof(a))
			break;
	}
	_exit(0);
}

int host_begin(const struct options *opt)
{
	if (sysconf(_SC_PAGESIZE) != BENCH_PAGE || pipe(ask) || pipe(answer))
		return -EOPNOTSUPP;
	pid = fork();
	if (!pid) {
		/* Ctrl-C is the other process's to decide. */
		signal(SIGINT, SIG_IGN);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
		close(ask[1]);
		close(answer[0]);
		serve(opt);
	}
	close(ask[0]);
	close(answer[1]);
	return pid > 0 ? 0 : -EAGAIN;
}

static size_t number_of(const struct workload *w)
{
	size_t i = 0;

	while (workloads[i] != w)
		i++;
	return i;
}

int host_run(struct run *run, struct figures *out)
{
	const struct request q = { number_of(run->workload), run->threads, run->seconds,
				   run->seed };
	struct answer a;
	ssize_t n;

	if (pid <= 0)
		return -EOPNOTSUPP;
	if (write(ask[1], &q, sizeof(q)) != sizeof(q))
		return -EPIPE;
	while ((n = read(answer[0], &a, sizeof(a))) < 0 && errno == EINTR)
		if (run->go_on && !run->go_on(run->arg, 0)) {
			host_end();
			return -EINTR;
		}
	if (n != sizeof(a))
		return -EPIPE;
	*out = a.figures;
	return a.err;
}

void host_end(void)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	close(ask[1]);
	close(answer[0]);
	pid = -1;
}
