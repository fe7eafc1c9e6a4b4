/* SPDX-License-Identifier: MIT */
/*
 * fail.h - which allocation of the calling thread is to fail (internal, both engines; mmu/alloc.h).
 *
 * Memory of the host, each thread's own: no access to it is an event. Under the check engine it is cleared
 * before each execution, and set-up code has one of its own.
 */
#ifndef FL_RT_FAIL_H
#define FL_RT_FAIL_H

#include <stdint.h>

struct alloc_site;

struct fl_rt_fail {
	unsigned int kinds;	       /* allocations of these count; 0: none fails */
	uint64_t space;		       /* so many are let pass before the first that fails */
	uint64_t interval;	       /* then every so many-th fails */
	uint64_t count;		       /* that were not let pass */
	uint64_t times;		       /* so many more; 0: no end */
	const struct alloc_site *site; /* where the last one failed; NULL: none did */
};

#ifdef FAULTLINE_CHECK
struct fl_rt_fail *fl_rt_fail(void);
struct fl_rt_fail *fl_rt_fail_set(void); /* by who changes it from nothing */
#else
extern __thread struct fl_rt_fail fl_native_fail __attribute__((tls_model("initial-exec")));

static inline struct fl_rt_fail *fl_rt_fail(void)
{
	return &fl_native_fail;
}

#define fl_rt_fail_set() fl_rt_fail()
#endif

#endif
