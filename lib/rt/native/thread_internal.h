/* SPDX-License-Identifier: MIT */
/* thread_internal.h - between thread.c and rcu.c of the native engine. Knows neither rt.h nor liburcu. */
#ifndef FL_RT_NATIVE_THREAD_INTERNAL_H
#define FL_RT_NATIVE_THREAD_INTERNAL_H

#include <stdbool.h>

/* Registers the calling thread as an RCU reader; false if it is one already. */
bool fl_native_rcu_register(void);
void fl_native_rcu_unregister(void);

/*
 * Around a call in which the thread sleeps and can't answer IPIs: in between, senders do what they
 * ask of its CPU themselves. sleep returns the CPU, or -1 if the thread has none, for wake.
 */
int fl_native_cpu_sleep(void);
void fl_native_cpu_wake(int cpu);

#endif
