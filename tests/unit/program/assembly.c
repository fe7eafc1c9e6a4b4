// SPDX-License-Identifier: MIT
/* assembly.c - inline assembly that accesses memory: nobody sees it, and the verdict says so. */
#include "case.h"

static int n;

static void *increment(void *arg)
{
#ifdef __x86_64__
	__asm__ volatile("incl %0" : "+m"(n));
#else
	__asm__ volatile("ldr w9, %0\n\tadd w9, w9, #1\n\tstr w9, %0" : "+m"(n) : : "w9");
#endif
	return NULL;
}

void increments(void)
{
	twice(increment);
}

void increments_and_fails(void)
{
	twice(increment);
	assert(!"seen");
}
