/* SPDX-License-Identifier: MIT */
/*
 * race.c - data races and what is none.
 *
 * ISO C11 5.1.2.4p25, 3.14 (memory locations).
 *
 * Holds: neighbouring bytes, array elements and struct members are different locations, creation and joining of a
 * thread order all, and two threads may read.
 * BUG_WRITES: two threads write one variable. BUG_READ: one reads it. BUG_SAME: both write the same value.
 * BUG_OVERLAP: one writes a byte of the other's word. BUG_BITS: two bit-fields in one unit.
 * BUG_JOIN: main() reads before it joins. BUG_LATE: main() writes after it created the thread.
 * BUG_MEMCPY: one copies the array while the other writes an element.
 */
#include <assert.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static union {
	uint32_t word;
	uint8_t byte[4];
} u;
static struct {
	unsigned int a : 4, b : 4;
} bits;
static int array[2], shared, common;

static void *first(void *arg)
{
	array[0] = 1;
	u.byte[0] = 1;
	assert(!common);
#if defined(BUG_WRITES) || defined(BUG_SAME) || defined(BUG_READ) || defined(BUG_JOIN) ||          \
	defined(BUG_LATE)
	shared = 1;
#endif
#ifdef BUG_BITS
	bits.a = 1;
#endif
	return arg;
}

static void *second(void *arg)
{
	array[1] = 1;
	u.byte[1] = 1;
	assert(!common);
#if defined(BUG_WRITES)
	shared = 2;
#elif defined(BUG_SAME)
	shared = 1;
#elif defined(BUG_READ)
	assert(shared <= 1);
#elif defined(BUG_OVERLAP)
	u.word = 0;
#elif defined(BUG_BITS)
	bits.b = 1;
#elif defined(BUG_MEMCPY)
	int copy[2];

	memcpy(copy, array, sizeof(copy));
#endif
	return arg;
}

int main(void)
{
	pthread_t t, v;

	shared = 0;
	pthread_create(&t, NULL, first, NULL);
	pthread_create(&v, NULL, second, NULL);
#if defined(BUG_JOIN)
	assert(shared <= 1);
#elif defined(BUG_LATE)
	shared = 5;
#endif
	pthread_join(t, NULL);
	pthread_join(v, NULL);
	assert(array[0] && array[1] && u.byte[0] == 1 && u.byte[1] == 1);
	assert(bits.a <= 1 && shared <= 1);
	return 0;
}
