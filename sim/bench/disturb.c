// SPDX-License-Identifier: MIT
/*
 * disturb.c - see disturb.h.
 *
 * With a core for each thread whoever waits for one waits for a stranger, or for a thread of ours that frees
 * memory after a grace period: that one's time is taken off. With fewer cores the threads wait for one another;
 * then what the process had is held against what the cores have.
 */
#define _GNU_SOURCE
#include "disturb.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static double clock_seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double disturb_thread_cpu(void)
{
	return clock_seconds(CLOCK_THREAD_CPUTIME_ID);
}

double disturb_process_cpu(void)
{
	return clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double disturb_waited(void)
{
	FILE *f = fopen("/proc/thread-self/schedstat", "re");
	unsigned long long ran, waited;
	int n;

	if (!f)
		return -1;
	n = fscanf(f, "%llu %llu", &ran, &waited);
	fclose(f);
	return n == 2 ? 1e-9 * (double)waited : -1;
}

double disturb_stolen(void)
{
	FILE *f = fopen("/proc/stat", "re");
	unsigned long long t[8] = { 0 };
	int n;

	if (!f)
		return 0;
	n = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3],
		   &t[4], &t[5], &t[6], &t[7]);
	fclose(f);
	return n == 8 ? (double)t[7] / (double)sysconf(_SC_CLK_TCK) : 0;
}

double disturb_lost(const struct disturb *d)
{
	double background = d->process > d->cpu ? d->process - d->cpu : 0, lost;

	if (d->wall <= 0)
		return 0;
	if (d->threads > d->cores)
		lost = 1 - d->process / (d->cores * d->wall);
	else if (d->waited >= 0)
		lost = (d->waited - background) / (d->threads * d->wall);
	else
		lost = 1 - d->process / (d->threads * d->wall);
	return lost > 0 ? lost : 0;
}
