/* SPDX-License-Identifier: MIT */
/* osq.h - a queue of threads that spin: osq.c. */
#ifndef FL_RT_NATIVE_RWLOCK_OSQ_H
#define FL_RT_NATIVE_RWLOCK_OSQ_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Waits, as the CPU that the thread acts as, to be the first of @osq, at first 0. False: it is @end (fl_now_ns()), and
 * the caller is in the queue no more. Answers interrupts.
 */
bool fl_osq_lock(int *osq, int cpu, uint64_t end);
/* By the first: the next one is. */
void fl_osq_unlock(int *osq, int cpu);

#endif
