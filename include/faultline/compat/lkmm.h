/* SPDX-License-Identifier: MIT */
/*
 * lkmm.h - for programs that were written for GenMC's mode for the Linux-kernel memory model: the
 * kernel's primitives, on Faultline's. To be checked with --model lkmm.
 */
#ifndef FAULTLINE_COMPAT_LKMM_H
#define FAULTLINE_COMPAT_LKMM_H

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#ifndef FAULTLINE_CHECK
#define FAULTLINE_CHECK
#endif
#include <faultline/rt.h>

#endif
