// SPDX-License-Identifier: MIT
/* verifier.c - include/faultline/verifier.h: assumptions, choices, errors. */
#include <faultline/verifier.h>

#include <limits.h>

#include "call.h"

#define DEFAULT_MIN (-1)
#define DEFAULT_MAX 2

int nondet_min, nondet_max;

static uint64_t choose(uint64_t n, const char *what, uintptr_t pc)
{
	static const struct fl_site site = { .text = "a choice" };

	if (outside())
		call_refuse("%s before main() begins", what);
	return n > 1 ? exec_choose(n, &site, pc) : 0;
}

static long any_signed(uintptr_t pc)
{
	long min = nondet_min, max = nondet_max;

	if (!min && !max) {
		min = DEFAULT_MIN;
		max = DEFAULT_MAX;
	}
	return min + (long)choose(max - min + 1, "__VERIFIER_nondet_int()", pc);
}

/* As many as there are of the signed ones, from 0 at least. */
static unsigned long any_unsigned(uintptr_t pc)
{
	long min = nondet_min, max = nondet_max;

	if (!min && !max) {
		min = 0;
		max = DEFAULT_MAX - DEFAULT_MIN;
	}
	if (min < 0)
		min = 0;
	if (max < min)
		max = min;
	return min + choose(max - min + 1, "__VERIFIER_nondet_uint()", pc);
}

static void assume(int condition)
{
	if (!condition && outside())
		call_refuse("an assumption before main() begins does not hold");
	if (!condition)
		exec_prune();
}

void fl_assume(int condition)
{
	assume(condition);
}

int fl_choose(int n)
{
	if (n < 1)
		call_refuse("fl_choose(%d): there is nothing to choose from", n);
	return (int)choose(n, "fl_choose()", PC);
}

void __VERIFIER_assume(int condition)
{
	assume(condition);
}

void __VERIFIER_assert(int condition)
{
	if (!condition)
		call_violation("verifier-error", "%s: __VERIFIER_assert() does not hold",
			       thread_name(current_thread));
}

void __VERIFIER_error(void)
{
	call_violation("verifier-error", "%s calls __VERIFIER_error()",
		       thread_name(current_thread));
}

void reach_error(void)
{
	call_violation("verifier-error", "%s calls reach_error()", thread_name(current_thread));
}

#define SIGNED(name, type)                                                                         \
	type __VERIFIER_nondet_##name(void)                                                        \
	{                                                                                          \
		return (type)any_signed(PC);                                                       \
	}
#define UNSIGNED(name, type)                                                                       \
	type __VERIFIER_nondet_##name(void)                                                        \
	{                                                                                          \
		return (type)any_unsigned(PC);                                                     \
	}

SIGNED(int, int)
SIGNED(long, long)
SIGNED(longlong, long long)
SIGNED(short, short)
SIGNED(char, char)
UNSIGNED(uint, unsigned int)
UNSIGNED(unsigned, unsigned int)
UNSIGNED(ulong, unsigned long)
UNSIGNED(ulonglong, unsigned long long)
UNSIGNED(ushort, unsigned short)
UNSIGNED(uchar, unsigned char)

bool __VERIFIER_nondet_bool(void)
{
	return choose(2, "__VERIFIER_nondet_bool()", PC);
}

int __VERIFIER_nondet_int_range(int min, int max)
{
	if (min > max)
		call_refuse("__VERIFIER_nondet_int_range(%d, %d): the range is empty", min, max);
	return min + (int)choose((uint64_t)max - min + 1, "__VERIFIER_nondet_int_range()", PC);
}
