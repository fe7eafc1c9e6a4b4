/* SPDX-License-Identifier: MIT */
/* disturb.h - what others took of the processors while a run went on. */
#ifndef BENCH_DISTURB_H
#define BENCH_DISTURB_H

/* CPU time of the calling thread, and of the whole process, in seconds. */
double disturb_thread_cpu(void);
double disturb_process_cpu(void);
/* How long the calling thread could have run and did not, as the kernel counts; below 0: it does not say. */
double disturb_waited(void);
/* What the hypervisor took of all processors since the system's start, in seconds; 0 if there is none. */
double disturb_stolen(void);

/* What a run's threads noted, summed up. */
struct disturb {
	double wall;	/* of the run */
	double cpu;	/* of its threads */
	double process; /* of all threads of the process: what frees memory, say, is ours, too */
	double waited;	/* below 0: unknown */
	unsigned int threads, cores;
};
/* The part of the time that the threads should have had, and others had. */
double disturb_lost(const struct disturb *d);

#endif
