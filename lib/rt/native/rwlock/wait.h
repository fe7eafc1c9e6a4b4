/* SPDX-License-Identifier: MIT */
/* wait.h - how threads wait in the library's own reader-writer locks: a short while awake, then asleep. */
#ifndef FL_RT_NATIVE_RWLOCK_WAIT_H
#define FL_RT_NATIVE_RWLOCK_WAIT_H

#include <stdbool.h>
#include <stdint.h>

/* @word, at first 0: waits until fl_unpark(). An acquire, paired with the release there. */
void fl_park(int *word);
/*
 * In two steps, so that the second, a system call, needs no lock: is it asleep, so that fl_wake_up() is needed?
 * After the first the waiter may be gone, and @word with it. A wake-up for something else at that address does no
 * harm: who sleeps there looks again.
 */
bool fl_unpark(int *word);
void fl_wake_up(int *word);

/* Is the thread that acts as CPU @cpu asleep in a lock? A hint. */
bool fl_cpu_sleeps(int cpu);

uint64_t fl_now_ns(void);
/* For a loop: is it @end yet? The clock is looked at now and then. *@step: 0 at first. */
bool fl_time_is_up(unsigned int *step, uint64_t end);

#endif
