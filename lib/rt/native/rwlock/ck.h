/* SPDX-License-Identifier: MIT */
/*
 * ck.h - Concurrency Kit's locks inside the library: how they wait, and what ThreadSanitizer hears of them.
 *
 * They are inline functions that call ck_pr_stall() between two looks. Here that is a step of ours, which answers
 * interrupts and yields. Include this before their headers, and no other header of ck.
 *
 * Their atomic operations are inline assembly, which ThreadSanitizer does not see. FL_CK_ACQUIRED(lock) after a lock is
 * taken, and FL_CK_RELEASE(lock) before it is let go of, tell it.
 */
#ifndef FL_RT_NATIVE_RWLOCK_CK_H
#define FL_RT_NATIVE_RWLOCK_CK_H

#include <ck_pr.h>

#include <faultline/rwlock.h>
#include <faultline/rt/native/base.h>

/* Steps of the wait that the calling thread is in; ck_pr_stall() has no argument. */
static __thread unsigned int fl_ck_steps;

/* Between waits. */
static inline void fl_ck_begin(void)
{
	fl_ck_steps = 0;
}

static inline void fl_ck_stall(void)
{
	fl_wait(&fl_ck_steps);
}
#define ck_pr_stall() fl_ck_stall()

#if FL_TSAN__
#include <sanitizer/tsan_interface.h>
#define FL_CK_ACQUIRED(lock) __tsan_acquire(lock)
#define FL_CK_RELEASE(lock) __tsan_release(lock)
#else
#define FL_CK_ACQUIRED(lock) ((void)0)
#define FL_CK_RELEASE(lock) ((void)0)
#endif

#endif
