// SPDX-License-Identifier: MIT
/* atomic.c - cases for lib/rt/check/tsan_atomic.c; see case.h. */
#include "case.h"

#include <stdint.h>

static _Atomic uint8_t b;
static _Atomic uint16_t s;
static atomic_int w;
static _Atomic int64_t l;
static atomic_flag f = ATOMIC_FLAG_INIT;
static _Atomic(int *) p;
static int data, array[4];

/* Values wrap as their types do, whatever the width of an event. */
void values(void)
{
	int expected = 1;

	b = 250;
	assert(atomic_fetch_add(&b, 10) == 250 && b == 4);
	assert(atomic_fetch_sub(&b, 5) == 4 && b == 255);
	s = 1;
	assert(atomic_fetch_sub(&s, 2) == 1 && s == 0xffff);
	w = -5;
	assert(atomic_fetch_add(&w, 3) == -5 && w == -2);
	assert(atomic_fetch_and(&w, 0xff) == -2 && w == 0xfe);
	assert(atomic_fetch_or(&w, 1) == 0xfe && atomic_fetch_xor(&w, 0xf0) == 0xff && w == 0x0f);
	assert(__atomic_fetch_nand((int *)&w, 5, __ATOMIC_SEQ_CST) == 0x0f && w == ~5);
	assert(atomic_exchange(&w, 1) == ~5);
	assert(atomic_compare_exchange_strong(&w, &expected, 8) && w == 8 && expected == 1);
	assert(!atomic_compare_exchange_strong(&w, &expected, 9) && w == 8 && expected == 8);
	assert(atomic_compare_exchange_weak(&w, &expected, INT32_MIN) && w == INT32_MIN);
	l = INT64_MIN;
	assert(atomic_fetch_sub(&l, 1) == INT64_MIN && l == INT64_MAX);
	assert(!atomic_flag_test_and_set(&f) && atomic_flag_test_and_set(&f));
	atomic_flag_clear(&f);
	assert(!atomic_flag_test_and_set(&f));
	p = array;
	/* What atomic_fetch_add() does to a pointer, the compilers do not agree on. */
	assert(atomic_exchange(&p, array + 2) == array && p == array + 2);
}

static void *send(void *arg)
{
	data = 1;
	atomic_store_explicit(&w, 1, memory_order_release);
	return NULL;
}

static void *send_relaxed(void *arg)
{
	data = 1;
	atomic_store_explicit(&w, 1, RELAXED);
	return NULL;
}

static void *send_fence(void *arg)
{
	data = 1;
	atomic_thread_fence(memory_order_release);
	atomic_store_explicit(&w, 1, RELAXED);
	return NULL;
}

static void *receive(void *arg)
{
	if (atomic_load_explicit(&w, memory_order_acquire))
		assert(data == 1);
	return NULL;
}

static void *receive_fence(void *arg)
{
	if (!atomic_load_explicit(&w, RELAXED))
		return NULL;
	atomic_thread_fence(memory_order_acquire);
	assert(data == 1);
	return NULL;
}

void release_acquire(void)
{
	both(send, receive);
}

void relaxed_release(void)
{
	both(send_relaxed, receive);
}

void fences(void)
{
	both(send_fence, receive_fence);
}

/* Only a success acquires. */
static void *receive_failed(void *arg)
{
	int none = 5;

	if (!atomic_compare_exchange_strong_explicit(&w, &none, 6, memory_order_acquire, RELAXED) &&
	    none == 1)
		data = 2;
	return NULL;
}

static void *receive_failed_acquire(void *arg)
{
	int none = 5;

	if (!atomic_compare_exchange_strong_explicit(&w, &none, 6, memory_order_acquire,
						     memory_order_acquire) &&
	    none == 1)
		data = 2;
	return NULL;
}

void failed_exchange_relaxed(void)
{
	both(send, receive_failed);
}

void failed_exchange_acquires(void)
{
	both(send, receive_failed_acquire);
}

static atomic_int x, y;
static int a, c;

static void *buffer_x(void *arg)
{
	atomic_store(&x, 1);
	a = atomic_load(&y);
	return NULL;
}

static void *buffer_y(void *arg)
{
	atomic_store(&y, 1);
	c = atomic_load(&x);
	return NULL;
}

void sequentially_consistent(void)
{
	both(buffer_x, buffer_y);
	assert(a || c);
}

static void *buffer_x_weak(void *arg)
{
	atomic_store_explicit(&x, 1, memory_order_release);
	a = atomic_load_explicit(&y, memory_order_acquire);
	return NULL;
}

void not_with_acquire_release(void)
{
	both(buffer_x_weak, buffer_y);
	assert(a || c);
}

/* The expected value is a shared variable: it is read and, on failure, written. */
static int expected = 3;

static void *exchange_shared(void *arg)
{
	atomic_compare_exchange_strong(&x, &expected, 1);
	return NULL;
}

void shared_expectation(void)
{
	twice(exchange_shared);
}

static __int128 wide;

void too_wide(void)
{
	__int128 v;

	__atomic_load(&wide, &v, __ATOMIC_SEQ_CST);
}

static void *take_lock(void *arg)
{
	while (atomic_flag_test_and_set_explicit(&f, memory_order_acquire))
		;
	data++;
	atomic_flag_clear_explicit(&f, memory_order_release);
	return NULL;
}

void spin_lock(void)
{
	twice(take_lock);
	assert(data == 2);
}
