// SPDX-License-Identifier: MIT
/* uninstrumented.c - an atomic operation that the compiler does not announce. */
#include "case.h"

static int n;

#ifdef __clang__
__attribute__((disable_sanitizer_instrumentation))
#else
__attribute__((no_sanitize("thread")))
#endif
__attribute__((noinline)) static void *
increment(void *arg)
{
	__atomic_fetch_add(&n, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

void increments(void)
{
	twice(increment);
}
