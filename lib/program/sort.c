// SPDX-License-Identifier: MIT
/*
 * sort.c - qsort(): reads the array, sorts a copy, writes the array. The comparison function gets pointers into the copy,
 * which is the thread's own.
 */
#include <stdlib.h>
#include <string.h>

#include "call.h"

#define MAX_BYTES (64 << 10)

typedef int (*compare_fn)(const void *a, const void *b, void *arg);

/* Where @key belongs among the first @n elements: behind those that equal it. */
static size_t place_for(const char *v, size_t n, size_t size, const char *key, compare_fn compare,
			void *arg)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(v + middle * size, key, arg) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void sort(void *array, size_t n, size_t size, compare_fn compare, void *arg, uintptr_t pc)
{
	size_t bytes;

	if (n < 2 || !size)
		return;
	if (__builtin_mul_overflow(n, size, &bytes) || bytes > MAX_BYTES)
		call_refuse("qsort() of more than %d bytes", MAX_BYTES);

	char copy[bytes], key[size];

	if (outside())
		memcpy(copy, array, bytes);
	else
		call_read(copy, array, bytes, pc);
	for (size_t i = 1; i < n; i++) {
		size_t at;

		memcpy(key, copy + i * size, size);
		at = place_for(copy, i, size, key, compare, arg);
		memmove(copy + (at + 1) * size, copy + at * size, (i - at) * size);
		memcpy(copy + at * size, key, size);
	}
	call_write(array, copy, bytes, pc);
}

static int compare_two(const void *a, const void *b, void *arg)
{
	int (*const *compare)(const void *, const void *) = arg;

	return (*compare)(a, b);
}

CALL(void, qsort, void *array, size_t n, size_t size, int (*compare)(const void *, const void *))
{
	sort(array, n, size, compare_two, &compare, PC);
}

CALL(void, qsort_r, void *array, size_t n, size_t size, compare_fn compare, void *arg)
{
	sort(array, n, size, compare, arg, PC);
}
