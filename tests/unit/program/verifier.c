// SPDX-License-Identifier: MIT
/* verifier.c - cases for include/faultline/{verifier.h,compat/genmc.h}; see case.h. */
#include "case.h"

#include <faultline/verifier.h>
#include <genmc.h>

static atomic_int x;
static int data;

void assumption(void)
{
	int n = __VERIFIER_nondet_int();

	__VERIFIER_assume(n > 0);
	assert(n > 0);
}

void every_value(void)
{
	int n = __VERIFIER_nondet_int();

	assert(n >= -1 && n <= 2);
	assert(__VERIFIER_nondet_uint() <= 3);
	assert(__VERIFIER_nondet_bool() <= 1);
	n = fl_choose(3);
	assert(n >= 0 && n < 3);
	n = __VERIFIER_nondet_int_range(-7, -5);
	assert(n >= -7 && n <= -5);
}

void negative_is_tried(void)
{
	assert(__VERIFIER_nondet_int() != -1);
}

void last_is_tried(void)
{
	assert(fl_choose(5) != 4);
}

void error(void)
{
	if (fl_choose(2))
		__VERIFIER_error();
}

void reached(void)
{
	if (fl_choose(2))
		reach_error();
}

void asserted(void)
{
	__VERIFIER_assert(fl_choose(2));
}

static void *add(void *arg)
{
	atomic_fetch_add(&x, 1);
	return &x;
}

void spawned(void)
{
	__VERIFIER_thread_t a = __VERIFIER_spawn(add, NULL);
	__VERIFIER_thread_t b = __VERIFIER_spawn_symmetric(add, NULL, a);

	assert(__VERIFIER_join(a) == &x);
	__VERIFIER_join_symmetric(b);
	assert(x == 2);
}

static void *set(void *arg)
{
	data = 1;
	atomic_store_explicit(&x, 1, memory_order_release);
	return NULL;
}

static void *spin(void *arg)
{
	int seen;

	for (__VERIFIER_loop_begin(); __VERIFIER_spin_start(),
				      seen = atomic_load_explicit(&x, memory_order_acquire),
				      __VERIFIER_spin_end(seen), !seen;)
		;
	assert(data == 1);
	return NULL;
}

void marked_loop(void)
{
	both(set, spin);
}
