// SPDX-License-Identifier: MIT
/* harmless_assembly.c - inline assembly that leaves memory alone. */
#include "case.h"

static atomic_int flag;
static int sum;

static void *set(void *arg)
{
	sum = 1;
	__asm__ volatile("" : "+m"(sum) : : "memory");
	atomic_store(&flag, 1);
	return NULL;
}

static void *wait_for_it(void *arg)
{
	while (!atomic_load(&flag))
#ifdef __x86_64__
		__asm__ volatile("pause; rep; nop\n\trep nop" : : : "memory");
#else
		__asm__ volatile("yield\n\tnop" : : : "memory");
#endif
	assert(sum == 1);
	return NULL;
}

void orders_compiler_and_relaxes(void)
{
	both(set, wait_for_it);
}

void in_registers(void)
{
#ifdef __x86_64__
	int a = 6, b = 7;

	__asm__("1: imull %1, %0\n\tjo 1b" : "+r"(a) : "r"(b) : "cc");
	assert(a == 42);
#endif
}
