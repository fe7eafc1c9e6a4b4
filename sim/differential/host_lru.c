// SPDX-License-Identifier: MIT
/* host_lru.c - see host_lru.h. madvise_cold() begins by emptying all batches of its CPU; the memory is nobody's. */
#define _GNU_SOURCE /* CPU affinity, MADV_COLD */
#include "host_lru.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#ifndef MADV_COLD
#define MADV_COLD 20
#endif

static char lru_page[4096] __attribute__((aligned(4096)));

void drain_lru(void)
{
	madvise(lru_page, sizeof(lru_page), MADV_COLD);
}

void drain_all_lru(void)
{
	int n = get_nprocs_conf();
	cpu_set_t before, one;

	if (sched_getaffinity(0, sizeof(before), &before))
		return;
	for (int cpu = 0; cpu < n && cpu < CPU_SETSIZE; cpu++) {
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (!sched_setaffinity(0, sizeof(one), &one))
			drain_lru();
	}
	sched_setaffinity(0, sizeof(before), &before);
}
