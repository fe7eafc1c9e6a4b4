/* SPDX-License-Identifier: MIT */
/*
 * nondet.c - values that the checker chooses, and assumptions.
 *
 * SV-COMP's rules for __VERIFIER functions; <faultline/verifier.h>.
 *
 * Holds: each value is tried, and executions in which the assumption is wrong do not count.
 * BUG_RANGE: the assertion fails for one of the values. BUG_ASSUME: the assumption lets that one through.
 * ERROR: __VERIFIER_error() where nothing comes to. BUG_ERROR: where something does.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

#include <faultline/verifier.h>

static atomic_int x, y;

static void *thread(void *arg)
{
	int v = __VERIFIER_nondet_int_range(1, 3);

#ifdef BUG_ASSUME
	__VERIFIER_assume(v != 1);
#else
	__VERIFIER_assume(v != 2);
#endif
	atomic_store(&x, v);
	return arg;
}

int main(void)
{
	pthread_t t;
	int v;

	pthread_create(&t, NULL, thread, NULL);
	if (__VERIFIER_nondet_bool())
		atomic_store(&y, 1);
	pthread_join(t, NULL);
	v = atomic_load(&x);
#ifdef BUG_RANGE
	assert(v != 3);
#endif
	assert(v != 2);
#if defined(ERROR)
	if (v == 2)
		__VERIFIER_error();
#elif defined(BUG_ERROR)
	if (v == 3 && atomic_load(&y))
		__VERIFIER_error();
#endif
	return 0;
}
