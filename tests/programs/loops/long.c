/* SPDX-License-Identifier: MIT */
/*
 * long.c - an execution that is longer than the checker follows.
 *
 * N stores of one thread. With BUG, what comes after them fails; what comes before fails with BUG_BEFORE.
 */
#include <assert.h>
#include <stdatomic.h>

#ifndef N
#define N 1000
#endif

static atomic_int x;

int main(void)
{
#ifdef BUG_BEFORE
	assert(x);
#endif
	for (int i = 1; i <= N; i++)
		atomic_store_explicit(&x, i, memory_order_relaxed);
#ifdef BUG
	assert(!x);
#endif
	return 0;
}
