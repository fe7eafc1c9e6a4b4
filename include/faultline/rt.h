/* SPDX-License-Identifier: MIT */
/*
 * rt.h - the primitives that all modelled code is written against.
 *
 * One contract, two engines. A file that includes this header and touches shared memory only through
 * it runs unchanged on real threads (native engine: C11 atomics, pthreads, liburcu) and under the
 * model checker (check engine: each operation is an event of the explored execution).
 * FAULTLINE_CHECK selects the check engine; `pkg-config --cflags faultline-check` defines it.
 *
 * Names and meanings are the Linux kernel's (Documentation/memory-barriers.txt,
 * Documentation/atomic_t.txt, tools/memory-model/):
 *
 *   READ_ONCE, WRITE_ONCE            marked, no order beyond same-location coherence
 *   value-returning RMW              fully ordered; _acquire, _release, _relaxed as named
 *   void RMW                         no order
 *   conditional RMW that fails       no order
 *   spin_lock / spin_unlock          acquire / release
 *   down_*, up_*, downgrade_write    acquire / release / release
 *
 * Plain C accesses are allowed where the kernel uses them; the check engine sees them through the
 * compiler's thread-sanitizer instrumentation and reports data races by the kernel's definition.
 *
 * This header defines kernel names (READ_ONCE, spin_lock, atomic_t, ...) as macros and inline
 * functions. Nothing else in the public API does, so include it only where you write modelled code.
 */
#ifndef FAULTLINE_RT_H
#define FAULTLINE_RT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <faultline/rt/types.h>
#include <faultline/rt/site.h>
#ifdef FAULTLINE_CHECK
#include <faultline/rt/check/base.h>
#else
#include <faultline/rt/native/base.h>
#endif
#include <faultline/rt/access.h>
#include <faultline/rt/atomic.h>
#include <faultline/rt/bitops.h>
#include <faultline/rt/refcount.h>
#ifdef FAULTLINE_CHECK
#include <faultline/rt/check/lock.h>
#include <faultline/rt/check/rcu.h>
#include <faultline/rt/check/cpu.h>
#else
#include <faultline/rt/native/lock.h>
#include <faultline/rt/native/rcu.h>
#include <faultline/rt/native/cpu.h>
#endif
#include <faultline/rt/seqcount.h>
#include <faultline/rt/alloc.h>

/* After <string.h>, so that its declarations stay whole. */
#ifdef FAULTLINE_CHECK
#include <string.h>
#undef memcpy
#undef memmove
#undef memset
#define memcpy(dst, src, n) fl_ev_memmove((dst), (src), (n))
#define memmove(dst, src, n) fl_ev_memmove((dst), (src), (n))
#define memset(dst, c, n) fl_ev_memset((dst), (c), (n))
#endif

#endif
