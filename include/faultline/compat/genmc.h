/* SPDX-License-Identifier: MIT */
/*
 * genmc.h - for programs that were written for GenMC: its interface, on Faultline.
 *
 * Hints for GenMC's reductions mean nothing here. Equal threads are found without being declared
 * symmetric. Persistent memory and hazard pointers are not there.
 */
#ifndef FAULTLINE_COMPAT_GENMC_H
#define FAULTLINE_COMPAT_GENMC_H

#include <pthread.h>
#include <stddef.h>

#include <faultline/verifier.h>

typedef pthread_t __VERIFIER_thread_t;

static inline __VERIFIER_thread_t __VERIFIER_spawn(void *(*fn)(void *), void *arg)
{
	pthread_t id = 0;

	pthread_create(&id, NULL, fn, arg);
	return id;
}

static inline __VERIFIER_thread_t __VERIFIER_spawn_symmetric(void *(*fn)(void *), void *arg,
							     __VERIFIER_thread_t like)
{
	(void)like;
	return __VERIFIER_spawn(fn, arg);
}

static inline void *__VERIFIER_join(__VERIFIER_thread_t id)
{
	void *result = NULL;

	pthread_join(id, &result);
	return result;
}

static inline void __VERIFIER_join_symmetric(__VERIFIER_thread_t id)
{
	(void)__VERIFIER_join(id);
}

/* A loop that waits: an iteration that does not end it is not followed further. */
static inline void __VERIFIER_loop_begin(void)
{
}

static inline void __VERIFIER_spin_start(void)
{
}

static inline void __VERIFIER_spin_end(int done)
{
	__VERIFIER_assume(done);
}

#define __VERIFIER_local_write(s)                                                                  \
	do {                                                                                       \
		s;                                                                                 \
	} while (0)
#define __VERIFIER_final_write(s) __VERIFIER_local_write(s)
#define __VERIFIER_helped_CAS(c) __VERIFIER_local_write(c)
#define __VERIFIER_helping_CAS(c) __VERIFIER_local_write(c)
#define __VERIFIER_speculative_read(c) (c)
#define __VERIFIER_confirming_read(c) (c)
#define __VERIFIER_confirming_CAS(c) (c)
#define __VERIFIER_final_CAS(c) (c)

/* Code that may be left out, and is. */
#define __VERIFIER_optional(x)                                                                     \
	do {                                                                                       \
	} while (0)

#endif
