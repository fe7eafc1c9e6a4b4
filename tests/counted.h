/* SPDX-License-Identifier: MIT */
/*
 * counted.h - how many objects of fl_zalloc() there are: is all memory given back? Included by one source of a native program
 * that is linked with ${counted} (tests/CMakeLists.txt): the linker has these called in place of the library's (--wrap).
 */
#ifndef TESTS_COUNTED_H
#define TESTS_COUNTED_H

#include <stddef.h>

static long live; /* atomic */

void *__real_fl_zalloc(size_t size);
void *__real_fl_zalloc_aligned(size_t size, size_t align);
void __real_fl_free(void *p);
void *__wrap_fl_zalloc(size_t size);
void *__wrap_fl_zalloc_aligned(size_t size, size_t align);
void __wrap_fl_free(void *p);

void *__wrap_fl_zalloc(size_t size)
{
	__atomic_fetch_add(&live, 1, __ATOMIC_RELAXED);
	return __real_fl_zalloc(size);
}

void *__wrap_fl_zalloc_aligned(size_t size, size_t align)
{
	__atomic_fetch_add(&live, 1, __ATOMIC_RELAXED);
	return __real_fl_zalloc_aligned(size, align);
}

void __wrap_fl_free(void *p)
{
	if (p)
		__atomic_fetch_sub(&live, 1, __ATOMIC_RELAXED);
	__real_fl_free(p);
}

#endif
