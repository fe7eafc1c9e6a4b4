/* SPDX-License-Identifier: MIT */
/* check/cpu.h - simulated CPUs under the check engine: one fibre each. */
#ifndef FAULTLINE_RT_CHECK_CPU_H
#define FAULTLINE_RT_CHECK_CPU_H

#include <faultline/rt/ipi.h>

#define cpu_relax() ((void)0)

#endif
